// lowbalance rules: the Prometheus rule file.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>

#include "cli/commands.h"
#include "cli/config_option.h"
#include "core/alert_rules.h"
#include "core/contract.h"
#include "core/text.h"

namespace lowbalance::cli {
namespace {

struct Options {
  std::string config_file;
  std::vector<std::string> labels;
  std::string runbook_base;
};

// Labels that are an alert's identity, or that Prometheus gives it.
constexpr std::array<std::string_view, 7> kTaken{kLabelProvider, kLabelAccountId, kLabelCurrency,
                                                 kLabelLevel,    kLabelShard,     "severity",
                                                 "alertname"};

bool IsLabelName(std::string_view name) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !name.empty() && is_letter(name[0]) && std::all_of(name.begin(), name.end(), [&](char c) {
    return is_letter(c) || (c >= '0' && c <= '9');
  });
}

int Print(const Options& options) {
  RuleOptions rules{.pipeline = ConfigOrDefaults(options.config_file).pipeline};
  for (const std::string& label : options.labels) {
    const auto equals = label.find('=');
    const std::string name = label.substr(0, equals);
    if (equals == std::string::npos || !IsLabelName(name) || name.starts_with("__")) {
      throw Stop(kUsage, "--label: not of the form name=value: " + Quoted(label));
    }
    if (std::find(kTaken.begin(), kTaken.end(), name) != kTaken.end()) {
      throw Stop(kUsage, "--label: the alerts have a label of this name: " + Quoted(name));
    }
    const std::string value = label.substr(equals + 1);
    // A template in a label would make it change, and every change is a new alert.
    if (!IsValidUtf8(value) || HasControlCharacters(value) ||
        value.find("{{") != std::string::npos) {
      throw Stop(kUsage, "--label: not a plain text: " + Quoted(value));
    }
    if (!rules.extra_labels.emplace(name, value).second) {
      throw Stop(kUsage, "--label: given twice: " + Quoted(name));
    }
  }
  if (!options.runbook_base.empty()) {
    if (!IsValidUtf8(options.runbook_base) || HasControlCharacters(options.runbook_base)) {
      throw Stop(kUsage, "--runbook-base: not a plain text: " + Quoted(options.runbook_base));
    }
    rules.runbook_base = options.runbook_base;
  }
  const std::string text = AlertRules(rules);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return kDone;
}

}  // namespace

void AddRules(CLI::App& app, Run& run) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("rules", "Print the Prometheus rule file for this configuration.");
  AddConfigOption(*command, options->config_file);
  command->add_option("--label", options->labels, "A label on every alert; may be repeated.")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  command
      ->add_option("--runbook-base", options->runbook_base,
                   "Where runbook_url points; '#' and the alert's name are added.")
      ->type_name("URL");
  command->footer(
      "Without --config.file, and where there is no lowbalance.yml, the intervals are the "
      "defaults.\n\nExamples:\n"
      "  lowbalance rules > /etc/prometheus/rules/lowbalance.yml\n"
      "  lowbalance rules --label namespace=billing --runbook-base https://wiki/runbooks");
  command->callback([options, &run] { run = [options] { return Print(*options); }; });
}

}  // namespace lowbalance::cli
