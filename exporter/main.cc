// lowbalance-exporter: polls balances, remembers what alerts need, serves /metrics and the API.

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/web_config.h"
#include "config/config.h"
#include "exporter/service.h"

namespace {

using namespace lowbalance;

// As Prometheus' programs: 2 says that the configuration or the start is at fault.
constexpr int kCannotStart = 2;

struct Flags {
  std::string config_file = "lowbalance.yml";
  std::string listen_address;
  std::string web_config_file;
  std::string log_level = "info";
  std::string log_format = "logfmt";
  bool check = false;
};

void Declare(CLI::App& app, Flags& flags) {
  app.add_option("--config.file", flags.config_file, "The configuration file.")
      ->capture_default_str();
  app.add_option("--web.listen-address", flags.listen_address,
                 "Where to listen, instead of exporter.listen_address.");
  app.add_option("--web.config.file", flags.web_config_file,
                 "TLS and users, instead of exporter.web_config_file.");
  app.add_option("--log.level", flags.log_level, "debug, info, warn or error.")
      ->capture_default_str();
  app.add_option("--log.format", flags.log_format, "logfmt or json.")->capture_default_str();
  app.add_flag("--check", flags.check,
               "Check the configuration and the store, say what is wrong, and exit.");
  app.set_version_flag("--version", "lowbalance-exporter " LOWBALANCE_VERSION);
}

ConfigResult Load(const Flags& flags) {
  ConfigResult loaded = LoadConfig(flags.config_file);
  ServerConfig& server = loaded.config.exporter.server;
  if (!flags.listen_address.empty()) server.listen_address = flags.listen_address;
  if (!flags.web_config_file.empty()) server.web_config_file = flags.web_config_file;
  return loaded;
}

// Everything that is wrong, each on a line of its own.
std::vector<std::string> Mistakes(const ConfigResult& loaded) {
  std::vector<Mistake> mistakes = loaded.mistakes;
  const auto& web_config_file = loaded.config.exporter.server.web_config_file;
  if (!web_config_file.empty()) (void)LoadWebConfig(web_config_file, &mistakes);
  std::vector<std::string> lines;
  for (const Mistake& mistake : mistakes) lines.push_back(mistake.ToString());
  return lines;
}

int Complain(const std::vector<std::string>& mistakes) {
  for (const std::string& mistake : mistakes) std::fprintf(stderr, "%s\n", mistake.c_str());
  return mistakes.empty() ? 0 : kCannotStart;
}

int Check(const Flags& flags) {
  const ConfigResult loaded = Load(flags);
  std::vector<std::string> mistakes = Mistakes(loaded);
  if (loaded.mistakes.empty()) {
    const std::string wrong = Store::Check(ExporterStore(loaded.config));
    if (!wrong.empty()) mistakes.push_back(wrong);
  }
  if (mistakes.empty()) std::printf("%s: well\n", flags.config_file.c_str());
  return Complain(mistakes);
}

// The signals that we wait for instead of being interrupted by them.
sigset_t WaitedSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  return signals;
}

bool ToldToStop() {
  sigset_t pending;
  sigpending(&pending);
  return sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGINT) == 1;
}

// Returns when the program is to stop.
void ServeUntilTold(ExporterService& service, const sigset_t& signals) {
  while (true) {
    int signal = 0;
    if (sigwait(&signals, &signal) != 0) continue;
    if (signal != SIGHUP) return;
    try {
      (void)service.Reload();
    } catch (const std::exception&) {
      // Logged and counted by Reload; the old configuration goes on.
    }
  }
}

int Run(const Flags& flags) {
  const ConfigResult loaded = Load(flags);
  if (const auto mistakes = Mistakes(loaded); !mistakes.empty()) return Complain(mistakes);

  // Before there are threads, so that all of them leave these to ServeUntilTold.
  const sigset_t signals = WaitedSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  log::Info("starting", {{"program", "lowbalance-exporter"},
                         {"version", LOWBALANCE_VERSION},
                         {"config", flags.config_file}});
  ExporterService service(loaded.config, {.clock = SystemClock(),
                                          .load_config = [&flags] { return Load(flags); },
                                          .stop_waiting = ToldToStop});
  service.Start();
  ServeUntilTold(service, signals);
  log::Info("stopping");
  service.Stop();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Polls the balances of cloud accounts and serves them to Prometheus.");
  Flags flags;
  Declare(app, flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : kCannotStart;
  }
  const auto level = log::ParseLevel(flags.log_level);
  const auto format = log::ParseFormat(flags.log_format);
  if (!level) return Complain({"--log.level: " + level.error().message});
  if (!format) return Complain({"--log.format: " + format.error().message});
  log::Configure(*level, *format);
  try {
    return flags.check ? Check(flags) : Run(flags);
  } catch (const std::exception& e) {
    if (ToldToStop()) return 0;
    log::Error("cannot start", {{"error", e.what()}});
    return kCannotStart;
  }
}
