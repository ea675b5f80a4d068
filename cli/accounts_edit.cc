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
  std::string threshold;
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

// One account's refusal leaves the others as they are asked for; the exit code tells of it.
int Edit(const EditOptions& options) {
  std::vector<AccountKey> keys;
  for (const std::string& text : options.accounts) keys.push_back(ParseAccount(text));
  if (!IsValidName(options.level)) {
    throw Stop(kUsage, "--level: not a level's name: " + Quoted(options.level));
  }
  json edit = json::object();
  if (options.enabled) edit["enabled"] = *options.enabled;
  if (!options.threshold.empty()) {
    const auto threshold = Money::Parse(options.threshold);
    if (!threshold) throw Stop(kUsage, "--threshold: " + threshold.error().message);
    edit["threshold"] = threshold->ToString();
  }
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
  AddAccountKeys(*command, options->accounts);
  if (enabled.value_or(true)) {
    CLI::Option* threshold =
        command
            ->add_option("--threshold", options->threshold,
                         "Alert below this amount, in the account's currency." +
                             std::string(enabled ? " Needed unless one is set already." : ""))
            ->type_name("AMOUNT");
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
      "Each account is edited by itself; where one is refused the others are not, and "
      "the exit code is 1.\n\nExamples:\n" +
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

void AddAccountKeys(CLI::App& command, std::vector<std::string>& accounts) {
  command.add_option("ACCOUNT", accounts, "PROVIDER/ACCOUNT_ID; may be repeated.")->required();
}

void AddExporterApi(CLI::App& command, ApiOptions& options) {
  AddApiOptions(command, options, "http://127.0.0.1:10380", "LOWBALANCE_EXPORTER_URL");
}

void AddAccountEdits(CLI::App& accounts, Run& run) {
  AddEdit(accounts, "enable", "Switch alerts on.", true,
          "  lowbalance accounts enable alibaba/17 alibaba/18 --threshold 100 --currency USD\n"
          "  lowbalance accounts enable alibaba/17 --level critical --threshold 20 --dry-run",
          run);
  AddEdit(accounts, "disable", "Switch alerts off; the threshold is kept.", false,
          "  lowbalance accounts disable alibaba/17", run);
  AddEdit(accounts, "threshold", "Set thresholds; on or off stays as it is.", std::nullopt,
          "  lowbalance accounts threshold alibaba/17 --threshold 250", run);
}

}  // namespace lowbalance::cli
