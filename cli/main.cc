// The command line: `lowbalance COMMAND …`.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "core/text.h"

namespace {

using namespace lowbalance;
using namespace lowbalance::cli;

// The command that was asked for, as far as the words were understood.
const CLI::App& Asked(const CLI::App& app) {
  const CLI::App* asked = &app;
  while (!asked->get_subcommands().empty()) asked = asked->get_subcommands().front();
  return *asked;
}

// Says what the first word is that was not understood, and the word that may have been meant.
int ComplainOfWord(const CLI::App& app) {
  const std::vector<std::string> words = app.remaining(/*recurse=*/true);
  const std::string word = words.empty() ? "" : words.front();
  const CLI::App& asked = Asked(app);
  const bool option = word.starts_with('-');
  std::vector<std::string> known;
  if (option) {
    for (const CLI::Option* const o : asked.get_options()) {
      for (const std::string& name : o->get_lnames()) known.push_back("--" + name);
    }
  } else {
    for (const CLI::App* const command : asked.get_subcommands(/*filter=*/nullptr)) {
      known.push_back(command->get_name());
    }
  }
  std::string text = (option          ? "unknown option "
                      : known.empty() ? "unexpected "
                                      : "unknown command ") +
                     Quoted(word);
  if (const auto near = NearestWord(word.substr(0, word.find('=')), known); !near.empty()) {
    text += "; did you mean " + std::string(near) + "?";
  }
  std::string name;
  for (const CLI::App* a = &asked; a != nullptr; a = a->get_parent()) {
    name = a->get_name() + (name.empty() ? "" : " ") + name;
  }
  std::fprintf(stderr, "lowbalance: %s\nRun %s --help for more.\n", text.c_str(), name.c_str());
  return kUsage;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{
      "Low Balance Alerts for Prometheus and Alertmanager: checks and generates configuration, "
      "edits alerts, shows messages, and plays through what would be sent.",
      "lowbalance"};
  app.set_version_flag("--version", "lowbalance " LOWBALANCE_VERSION);
  app.set_help_all_flag("--help-all", "The help of all commands.");
  app.require_subcommand(0, 1);  // Missing ones are told below, unknown ones by the parser.
  app.footer(
      "`lowbalance COMMAND --help` shows examples.\n"
      "Exit codes: 0 done; 1 refused, failed or different; 2 wrong command line, configuration or "
      "file; 3 the server cannot be reached.\n\n"
      "Examples:\n"
      "  lowbalance check --config.file /etc/lowbalance/lowbalance.yml\n"
      "  lowbalance accounts list --state low\n"
      "  lowbalance simulate --from history.csv --threshold 50,100,200");

  Run run;
  AddCheck(app, run);
  AddDoctor(app, run);
  AddSources(app, run);
  AddRules(app, run);
  AddRoute(app, run);
  AddAccounts(app, run);
  AddMessages(app, run);
  AddSimulate(app, run);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ExtrasError&) {
    return ComplainOfWord(app);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? kDone : kUsage;
  }
  if (!run) {
    std::fprintf(stderr, "%s", Asked(app).help().c_str());
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
