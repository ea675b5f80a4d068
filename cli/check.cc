// lowbalance check: every mistake of the configuration, at once.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/config_checks.h"
#include "cli/config_option.h"
#include "cli/json_text.h"
#include "core/text.h"

namespace lowbalance::cli {
namespace {

using nlohmann::ordered_json;

struct Options {
  std::string file;
  std::string output = "text";
};

void PrintSummary(const Config& config) {
  const auto line = [](const char* name, const std::string& text) {
    std::printf("  %-10s %s\n", name, text.c_str());
  };
  std::size_t settings = 0;
  for (const AccountConfig& account : config.exporter.accounts) settings += account.settings.size();
  const Cadence& reminders = config.webhook.reminders;
  const std::string email = config.webhook.email.url.empty() ? "none" : config.webhook.email.url;
  std::printf("%s: no mistakes\n", config.file.c_str());
  line("exporter", config.exporter.server.listen_address + ", " + config.exporter.server.store_url);
  line("sources", std::to_string(config.exporter.sources.size()) + "; " +
                      Count(config.exporter.accounts.size(), "account") + " and " +
                      Count(settings, "alert") + " set in the file");
  line("webhook", config.webhook.server.listen_address + ", " + config.webhook.server.store_url);
  line("e-mail", email);
  line("contacts",
       std::to_string(config.contacts.size()) +
           (config.default_contact.empty() ? "" : "; default " + config.default_contact));
  std::string cadence = "none";
  if (reminders.at_most > 0) {
    cadence = "every " + FormatDuration(reminders.every) +
              (reminders.unlimited() ? ", without end"
                                     : ", at most " + std::to_string(reminders.at_most)) +
              (reminders.stop_when_overdue ? ", none once overdue" : "");
  }
  line("reminders", cadence);
}

void PrintJson(const std::string& file, const ConfigFindings& found) {
  ordered_json result = {{"file", file},
                         {"ok", found.mistakes.empty()},
                         {"mistakes", ordered_json::array()},
                         {"warnings", ordered_json::array()}};
  for (const Mistake& mistake : found.mistakes) {
    result["mistakes"].push_back(
        {{"file", mistake.file},
         {"line", mistake.line > 0 ? ordered_json(mistake.line) : ordered_json()},
         {"key", mistake.key},
         {"message", mistake.message}});
  }
  for (const ConfigWarning& warning : found.warnings) {
    result["warnings"].push_back({{"key", warning.key}, {"message", warning.message}});
  }
  std::printf("%s", PrettyInOrder(result).c_str());
}

void PrintText(const ConfigFindings& found) {
  for (const ConfigWarning& warning : found.warnings) {
    std::fprintf(stderr, "warning: %s: %s\n", warning.key.c_str(), warning.message.c_str());
  }
  for (const Mistake& mistake : found.mistakes) {
    std::fprintf(stderr, "%s\n", mistake.ToString().c_str());
  }
  if (!found.mistakes.empty()) return;
  PrintSummary(found.config);
  if (!found.warnings.empty()) {
    std::printf("  %s\n", Count(found.warnings.size(), "warning").c_str());
  }
}

int Check(const Options& options) {
  const std::string file = options.file.empty() ? std::string(kDefaultConfigFile) : options.file;
  const ConfigFindings found = ExamineConfig(file, Examine::kAll);
  if (options.output == "json") {
    PrintJson(file, found);
  } else {
    PrintText(found);
  }
  return found.mistakes.empty() ? kDone : kUsage;
}

}  // namespace

void AddCheck(CLI::App& app, Run& run) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("check", "Check the configuration and name every mistake in it.");
  AddConfigOption(*command, options->file);
  command->add_option("--output", options->output, "text for people, json for scripts.")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command->footer(
      "Mistakes are printed as file:line: key: message, and the exit code is 2. Warnings, such as "
      "a secret that cannot be read by whoever runs this, leave it at 0.\n\nExamples:\n"
      "  lowbalance check\n"
      "  lowbalance check --config.file /etc/lowbalance/lowbalance.yml\n"
      "  lowbalance check --output json | jq -r '.mistakes[].message'");
  command->callback([options, &run] { run = [options] { return Check(*options); }; });
}

}  // namespace lowbalance::cli
