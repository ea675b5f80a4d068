// The command line: `lowbalance COMMAND …`.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "cli/commands.h"

int main(int argc, char** argv) {
  using namespace lowbalance::cli;

  CLI::App app{
      "Low Balance Alerts for Prometheus and Alertmanager: checks and generates configuration, "
      "edits alerts, shows messages, and plays through what would be sent.",
      "lowbalance"};
  app.set_version_flag("--version", "lowbalance " LOWBALANCE_VERSION);
  app.set_help_all_flag("--help-all", "The help of all commands.");
  app.require_subcommand(0, 1);  // Missing ones are told below, unknown ones by the parser.
  app.footer(
      "`lowbalance COMMAND --help` shows examples.\n"
      "Exit codes: 0 done, 1 refused or failed, 2 wrong command line, configuration or file.");

  Run run;
  AddCheck(app, run);
  AddRules(app, run);
  AddRoute(app, run);
  AddAccounts(app, run);
  AddMessages(app, run);
  AddSimulate(app, run);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? kDone : kUsage;
  }
  if (!run) {
    const CLI::App* asked = &app;
    while (!asked->get_subcommands().empty()) asked = asked->get_subcommands().front();
    std::fprintf(stderr, "%s", asked->help().c_str());
    return kUsage;
  }
  try {
    return run();
  } catch (const Stop& e) {
    std::fprintf(stderr, "lowbalance: %s\n", e.what());
    return e.exit_code;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "lowbalance: %s\n", e.what());
    return kFailed;
  }
}
