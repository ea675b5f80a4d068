// lowbalance accounts enable, disable and threshold.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/accounts.h"
#include "cli/json_text.h"
#include "core/text.h"

namespace lowbalance::cli {
namespace {

using nlohmann::json;

struct EditOptions {
  ApiOptions api;
  std::vector<std::string> accounts;
  std::string level{kDefaultLevel};
  std::optional<bool> enabled;
  std::optional<std::string> select;  // Empty text: every account.
  bool include_without_costs = false;
  bool leave_out_provisioned = false;
  std::vector<std::string> thresholds;  // One, or with `select` one for each currency: "USD=500".
  std::string currency;
  bool dry_run = false;
};

std::string Setting(const json& alert) {
  if (!alert.is_object()) return "not set";
  std::string text = TextOf(alert, "enabled") == "yes" ? "enabled" : "disabled";
  const std::string threshold = AmountOf(alert, "threshold", TextOf(alert, "currency"));
  if (!threshold.empty()) text += ", threshold " + threshold;
  if (TextOf(alert, "suspended") == "yes") text += ", suspended";
  return text;
}

// What an edit did, as a person reads it.
std::string Report(const std::string& level, const json& answer) {
  const json before = answer.contains("before") ? answer["before"] : json();
  const json after = answer.contains("after") ? answer["after"] : json();
  if (TextOf(answer, "changed") != "yes") return level + ": unchanged (" + Setting(after) + ")";
  return level + ": " + (TextOf(answer, "dry_run") == "yes" ? "would be " : "") + Setting(after) +
         " (before: " + Setting(before) + ")";
}

std::string ParseThreshold(const std::string& text) {
  const auto threshold = Money::Parse(text);
  if (!threshold) throw Stop(kUsage, "--threshold: " + threshold.error().message);
  return threshold->ToString();
}

// The accounts that a selection means, all of them or none.
int EditSelected(const EditOptions& options) {
  json body{{"select", *options.select}, {"level", options.level}, {"dry_run", options.dry_run}};
  if (options.enabled) body["enabled"] = *options.enabled;
  if (!options.currency.empty()) body["currency"] = options.currency;
  if (options.include_without_costs) body["include_without_costs"] = true;
  if (options.leave_out_provisioned) body["leave_out_provisioned"] = true;
  for (const std::string& text : options.thresholds) {
    const std::size_t equals = text.find('=');
    if (equals != std::string::npos) {
      body["thresholds"][text.substr(0, equals)] = ParseThreshold(text.substr(equals + 1));
    } else if (options.thresholds.size() == 1) {
      body["threshold"] = ParseThreshold(text);
    } else {
      throw Stop(kUsage, "--threshold: give one amount, or one for each currency: USD=500");
    }
  }
  return EditMany(options.api, body);
}

// One account's refusal leaves the others as they are asked for; the exit code tells of it.
int Edit(const EditOptions& options) {
  if (options.accounts.empty() != options.select.has_value()) {
    throw Stop(kUsage, "name accounts, or give --select");
  }
  std::vector<AccountKey> keys;
  for (const std::string& text : options.accounts) keys.push_back(ParseAccount(text));
  if (!IsValidName(options.level)) {
    throw Stop(kUsage, "--level: not a level's name: " + Quoted(options.level));
  }
  if (options.select) return EditSelected(options);
  json edit = json::object();
  if (options.enabled) edit["enabled"] = *options.enabled;
  if (options.thresholds.size() > 1) throw Stop(kUsage, "--threshold: given twice");
  if (!options.thresholds.empty()) edit["threshold"] = ParseThreshold(options.thresholds.front());
  if (!options.currency.empty()) {
    const auto currency = ParseCurrency(options.currency);
    if (!currency) throw Stop(kUsage, "--currency: " + currency.error().message);
    edit["currency"] = *currency;
  }
  if (options.dry_run) edit["dry_run"] = true;

  const ApiClient client(options.api);
  json results = json::array();
  int code = kDone;
  for (const AccountKey& key : keys) {
    const std::string name = key.provider + "/" + key.account_id;
    const auto response =
        client.Send("PATCH", PathOf(key) + "/alerts/" + PercentEncode(options.level), edit.dump());
    std::string wrong;
    json answer;
    if (!response) {
      wrong = response.error().message;
    } else if (response->status / 100 != 2) {
      wrong = Complaint(*response);
    } else {
      answer = json::parse(response->body, nullptr, /*allow_exceptions=*/false);
      if (!answer.is_object()) wrong = "the server's answer is not a JSON object";
    }
    if (!wrong.empty()) {
      code = std::max(code, response ? kFailed : kUnreachable);
      results.push_back({{"account", name}, {"error", wrong}});
      std::fprintf(stderr, "lowbalance: %s: %s\n", name.c_str(), wrong.c_str());
      continue;
    }
    if (!options.api.json()) {
      std::printf("%s %s\n", name.c_str(), Report(options.level, answer).c_str());
    }
    results.push_back({{"account", name}, {"result", answer}});
  }
  if (options.api.json()) std::printf("%s", Pretty({{"results", results}}).c_str());
  return code;
}

// enable, disable and threshold differ in what they set.
void AddEdit(CLI::App& accounts, const std::string& name, const std::string& what,
             std::optional<bool> enabled, const std::string& example, Run& run) {
  auto options = std::make_shared<EditOptions>();
  options->enabled = enabled;
  CLI::App* command = accounts.add_subcommand(name, what);
  AddAccountKeys(*command, options->accounts)->required(false);
  command
      ->add_option("--select", options->select,
                   "Instead of accounts: all that a selection means, like "
                   "provider=alibaba,contact=finance. All are edited, or none.")
      ->type_name("SELECTION");
  command->add_flag("--include-without-costs", options->include_without_costs,
                    "With --select: accounts known to have incurred no costs too.");
  command->add_flag("--leave-out-provisioned", options->leave_out_provisioned,
                    "With --select: leave out what the configuration file sets, instead of "
                    "refusing.");
  if (enabled.value_or(true)) {
    CLI::Option* threshold =
        command
            ->add_option("--threshold", options->thresholds,
                         "Alert below this amount, in the account's currency." +
                             std::string(enabled ? " Needed unless one is set already." : "") +
                             " With --select also one for each currency: USD=500.")
            ->type_name("AMOUNT")
            ->allow_extra_args(false);
    if (!enabled) threshold->required();
    command
        ->add_option("--currency", options->currency,
                     "The currency of the threshold; refused if it is not the account's.")
        ->type_name("CODE");
  }
  command->add_option("--level", options->level, "Which of the account's alerts.")
      ->type_name("NAME")
      ->capture_default_str();
  command->add_flag("--dry-run", options->dry_run, "Say what would change, and change nothing.");
  AddExporterApi(*command, options->api);
  command->footer(
      "Each account that is named is edited by itself; where one is refused the others are "
      "not, and the exit code is 1. With --select, one refusal refuses all.\n\nExamples:\n" +
      example);
  command->callback([options, &run] { run = [options] { return Edit(*options); }; });
}

}  // namespace

// Provider and id are split at the first slash; an id may have more of them.
AccountKey ParseAccount(const std::string& text) {
  const auto slash = text.find('/');
  AccountKey key;
  if (slash != std::string::npos) key = {text.substr(0, slash), text.substr(slash + 1)};
  if (!IsValidName(key.provider) || !IsValidAccountId(key.account_id)) {
    throw Stop(kUsage, "not an account like alibaba/17: " + Quoted(text));
  }
  return key;
}

std::string PathOf(const AccountKey& key) {
  return "/api/v1/accounts/" + PercentEncode(key.provider) + "/" + PercentEncode(key.account_id);
}

std::string AmountOf(const json& object, std::string_view name, const std::string& currency) {
  const std::string amount = TextOf(object, name);
  return amount.empty() || currency.empty() ? amount : amount + " " + currency;
}

CLI::Option* AddAccountKeys(CLI::App& command, std::vector<std::string>& accounts) {
  return command.add_option("ACCOUNT", accounts, "PROVIDER/ACCOUNT_ID; may be repeated.")
      ->required();
}

void AddExporterApi(CLI::App& command, ApiOptions& options) {
  AddApiOptions(command, options, "http://127.0.0.1:10380", "LOWBALANCE_EXPORTER_URL");
}

void AddAccountEdits(CLI::App& accounts, Run& run) {
  AddEdit(accounts, "enable", "Switch alerts on.", true,
          "  lowbalance accounts enable alibaba/17 alibaba/18 --threshold 100 --currency USD\n"
          "  lowbalance accounts enable alibaba/17 --level critical --threshold 20 --dry-run\n"
          "  lowbalance accounts enable --select 'provider=alibaba,contact=finance' --threshold "
          "500 --dry-run",
          run);
  AddEdit(accounts, "disable", "Switch alerts off; the threshold is kept.", false,
          "  lowbalance accounts disable alibaba/17", run);
  AddEdit(accounts, "threshold", "Set thresholds; on or off stays as it is.", std::nullopt,
          "  lowbalance accounts threshold alibaba/17 --threshold 250", run);
}

}  // namespace lowbalance::cli
