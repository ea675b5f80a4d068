// lowbalance doctor: the whole chain, from the configuration to the mail server.

#include <sys/ioctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "cli/commands.h"
#include "cli/config_option.h"
#include "cli/doctor_run.h"

namespace lowbalance::cli {
namespace {

struct Options {
  DoctorOptions doctor;
  std::string output = "text";
};

int Columns() {
  constexpr int kNoTerminal = 1000;
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kNoTerminal;
  return size.ws_col;
}

int Examine(const Options& options) {
  const Examined examined = RunDoctor(options.doctor);
  const Findings& findings = examined.findings;
  const std::string text =
      options.output == "json" ? FindingsJson(findings) : FindingsText(findings, Columns());
  std::fwrite(text.data(), 1, text.size(), stdout);
  int code = findings.Count(Verdict::kFail) == 0 ? kDone : kFailed;
  if (!examined.config_is_good) code = kUsage;
  if (examined.something_hangs) {
    std::fflush(stdout);
    std::_Exit(code);
  }
  return code;
}

void AddServer(CLI::App& command, const std::string& name, const std::string& who,
               const std::string& url_help, ApiOptions& options) {
  std::string variable = "LOWBALANCE_" + name + "_URL";
  for (char& c : variable) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  command.add_option("--" + name + ".url", options.url, url_help)
      ->type_name("URL")
      ->envname(variable);
  command.add_option("--" + name + ".user", options.user, "Who asks " + who + ".")
      ->type_name("NAME");
  command
      .add_option("--" + name + ".password-file", options.password_file,
                  "A file with that user's password.")
      ->type_name("FILE");
  command
      .add_option("--" + name + ".bearer-token-file", options.bearer_token_file,
                  "Or a file with a token.")
      ->type_name("FILE");
  command
      .add_option("--" + name + ".ca-file", options.ca_file,
                  "Certificates to trust for " + who + ". Default: the system's")
      ->type_name("FILE");
}

}  // namespace

void AddDoctor(CLI::App& app, Run& run) {
  auto options = std::make_shared<Options>();
  DoctorOptions& doctor = options->doctor;
  doctor.services.timeout = "10s";
  doctor.prometheus.url = "http://127.0.0.1:9090";
  CLI::App* command = app.add_subcommand(
      "doctor", "Check the whole chain, and say what is wrong and what to do about it.");
  AddConfigOption(*command, doctor.config_file);
  AddClientOptions(*command, doctor.services);
  command->get_option("--timeout")->description("How long to wait for each check.");
  command
      ->add_option("--exporter.url", doctor.exporter_url,
                   "Where the exporter is. Default: as the configuration says")
      ->type_name("URL")
      ->envname("LOWBALANCE_EXPORTER_URL");
  command
      ->add_option("--webhook.url", doctor.webhook_url,
                   "Where the webhook is. Default: as the configuration says")
      ->type_name("URL")
      ->envname("LOWBALANCE_WEBHOOK_URL");
  AddServer(*command, "prometheus", "Prometheus",
            "Where Prometheus is. Default: " + doctor.prometheus.url, doctor.prometheus);
  AddServer(*command, "alertmanager", "Alertmanager",
            "Where Alertmanager is. Default: the first that Prometheus sends to",
            doctor.alertmanager);
  command
      ->add_option("--route.url", doctor.route_url,
                   "The webhook as Alertmanager reaches it: the --url of `lowbalance route`. "
                   "Default: the webhook's, and /api/v1/alerts")
      ->type_name("URL");
  command
      ->add_option("--skip", doctor.skip,
                   "Do not look at these: stores, sources or mail; may be repeated.")
      ->check(CLI::IsMember({"stores", "sources", "mail"}))
      ->allow_extra_args(false);
  command
      ->add_option("--send-test", doctor.send_test,
                   "Really send this contact a test message, and wait until it has arrived.")
      ->type_name("CONTACT");
  command->add_option("--output", options->output, "text for people, json for scripts.")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command->footer(
      "Nothing is changed and nothing is sent, but for --send-test. Sources are asked once, as the "
      "exporter does; the mail server is asked whether it would take mail for the contacts. The "
      "exit code is 1 if a check failed, 2 if the configuration has mistakes; warnings leave it at "
      "0.\n\nExamples:\n"
      "  lowbalance doctor --config.file /etc/lowbalance/lowbalance.yml\n"
      "  lowbalance doctor --prometheus.url http://prometheus:9090 --skip mail\n"
      "  lowbalance doctor --output json | jq -r '.checks[] | select(.verdict == \"FAIL\") | "
      ".check'");
  command->callback([options, &run] { run = [options] { return Examine(*options); }; });
}

}  // namespace lowbalance::cli
