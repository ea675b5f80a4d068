// lowbalance accounts: the exporter's accounts and their alerts.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/api_client.h"
#include "cli/commands.h"
#include "cli/json_text.h"
#include "cli/table.h"
#include "core/account_memory.h"
#include "core/text.h"

namespace lowbalance::cli {
namespace {

using nlohmann::json;

constexpr int kPage = 1000;

struct ListOptions {
  ApiOptions api;
  std::string provider;
  std::string account_id;
  std::string contact;
  std::string state;
};

struct ShowOptions {
  ApiOptions api;
  std::vector<std::string> accounts;
};

struct EditOptions {
  ApiOptions api;
  std::vector<std::string> accounts;
  std::string level{kDefaultLevel};
  std::optional<bool> enabled;
  std::string threshold;
  std::string currency;
  bool dry_run = false;
};

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

std::string NameOf(const json& account) {
  return TextOf(account, "provider") + "/" + TextOf(account, "account_id");
}

std::string Amount(const json& object, std::string_view name, const std::string& currency) {
  const std::string amount = TextOf(object, name);
  return amount.empty() || currency.empty() ? amount : amount + " " + currency;
}

int List(const ListOptions& options) {
  const ApiClient client(options.api);
  json accounts = json::array();
  std::string after;
  do {
    const json page =
        ParseAnswer(client.Get("/api/v1/accounts" + QueryString({{"limit", std::to_string(kPage)},
                                                                 {"after", after},
                                                                 {"provider", options.provider},
                                                                 {"account_id", options.account_id},
                                                                 {"contact", options.contact},
                                                                 {"state", options.state}})));
    for (const json& account : ListOf(page, "accounts")) accounts.push_back(account);
    const std::string next = TextOf(page, "next");
    if (next == after) break;  // A server that never ends is not followed for ever.
    after = next;
  } while (!after.empty());

  if (options.api.json()) {
    std::printf("%s", Pretty({{"accounts", accounts}}).c_str());
    return kDone;
  }
  std::vector<std::vector<std::string>> rows;
  for (const json& account : accounts) {
    const std::string currency = TextOf(account, "currency");
    std::vector<std::string> row{NameOf(account), TextOf(account, "account_name"),
                                 TextOf(account, "contact"),
                                 Amount(account, "available_credit", currency)};
    const json alerts = ListOf(account, "alerts");
    for (const json& alert : alerts) {
      std::vector<std::string> cells = row;
      cells.insert(cells.end(), {TextOf(alert, "threshold"), TextOf(alert, "level"),
                                 TextOf(alert, "state"), TextOf(account, "last_success")});
      rows.push_back(std::move(cells));
    }
    if (alerts.empty()) {
      row.insert(row.end(), {"", "", "no alert", TextOf(account, "last_success")});
      rows.push_back(std::move(row));
    }
  }
  std::printf("%s", Table({"ACCOUNT", "NAME", "CONTACT", ">AVAILABLE CREDIT", ">THRESHOLD", "LEVEL",
                           "STATE", "AS OF"},
                          rows)
                        .c_str());
  return kDone;
}

void PrintAccount(const json& account) {
  const std::string currency = TextOf(account, "currency");
  const auto line = [](std::string_view name, const std::string& value) {
    if (!value.empty())
      std::printf("  %-26s %s\n", (std::string(name) + ":").c_str(), value.c_str());
  };
  std::printf("%s\n", NameOf(account).c_str());
  line("name", TextOf(account, "account_name"));
  line("contact", TextOf(account, "contact"));
  line("source", TextOf(account, "source"));
  const std::string credit = Amount(account, "available_credit", currency);
  line("available credit", credit.empty() ? "unknown" : credit);
  if (account.contains("terms") && account["terms"].is_object()) {
    for (const CreditTermInfo& term : kCreditTerms) {
      std::string name(term.name);
      std::replace(name.begin(), name.end(), '_', ' ');
      line("  " + name, Amount(account["terms"], term.name, currency));
    }
  }
  line("  unexplained", Amount(account, "unexplained_amount", currency));
  line("costs incurred", TextOf(account, "costs_incurred"));
  line("spent since first seen", Amount(account, "spend_total", currency));
  line("topped up since first seen", Amount(account, "top_up_total", currency));
  line("last poll succeeded", TextOf(account, "up"));
  line("as of", TextOf(account, "last_success"));
  line("last change", TextOf(account, "changed"));
  for (const json& alert : ListOf(account, "alerts")) {
    std::string text = TextOf(alert, "state");
    const std::string threshold = Amount(alert, "threshold", TextOf(alert, "currency"));
    if (!threshold.empty()) text += ", threshold " + threshold;
    if (TextOf(alert, "provisioned") == "yes") text += ", set in the configuration file";
    line("alert " + TextOf(alert, "level"), text);
    line("  low since", TextOf(alert, "low_since"));
    line("  first change", TextOf(alert, "first_change"));
    line("  overdue since", TextOf(alert, "overdue_since"));
    if (alert.contains("ended") && alert["ended"].is_object()) {
      line("  last ended", TextOf(alert["ended"], "at") + ", " + TextOf(alert["ended"], "reason"));
    }
  }
}

int Show(const ShowOptions& options) {
  std::vector<AccountKey> keys;
  for (const std::string& text : options.accounts) keys.push_back(ParseAccount(text));
  const ApiClient client(options.api);
  json accounts = json::array();
  for (const AccountKey& key : keys) accounts.push_back(ParseAnswer(client.Get(PathOf(key))));
  if (options.api.json()) {
    std::printf("%s",
                Pretty(accounts.size() == 1 ? accounts[0] : json{{"accounts", accounts}}).c_str());
  } else {
    for (const json& account : accounts) PrintAccount(account);
  }
  return kDone;
}

std::string Setting(const json& alert) {
  if (!alert.is_object()) return "not set";
  std::string text = TextOf(alert, "enabled") == "yes" ? "enabled" : "disabled";
  const std::string threshold = Amount(alert, "threshold", TextOf(alert, "currency"));
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
      code = kFailed;
      results.push_back({{"account", name}, {"error", wrong}});
      std::fprintf(stderr, "lowbalance: %s: %s\n", name.c_str(), wrong.c_str());
      continue;
    }
    if (!options.api.json()) {
      std::printf("%s %s\n", name.c_str(), Report(options.level, answer).c_str());
    }
    answer["account_key"] = name;
    results.push_back({{"account", name}, {"result", answer}});
  }
  if (options.api.json()) std::printf("%s", Pretty({{"results", results}}).c_str());
  return code;
}

void AddKeys(CLI::App& command, std::vector<std::string>& accounts) {
  command.add_option("ACCOUNT", accounts, "PROVIDER/ACCOUNT_ID; may be repeated.")->required();
}

void AddApi(CLI::App& command, ApiOptions& options) {
  AddApiOptions(command, options, "http://127.0.0.1:10380", "LOWBALANCE_EXPORTER_URL");
}

// enable, disable and threshold differ in what they set.
void AddEdit(CLI::App& accounts, const std::string& name, const std::string& what,
             std::optional<bool> enabled, const std::string& example, Run& run) {
  auto options = std::make_shared<EditOptions>();
  options->enabled = enabled;
  CLI::App* command = accounts.add_subcommand(name, what);
  AddKeys(*command, options->accounts);
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
  AddApi(*command, options->api);
  command->footer(
      "Each account is edited by itself; where one is refused the others are not, and "
      "the exit code is 1.\n\nExamples:\n" +
      example);
  command->callback([options, &run] { run = [options] { return Edit(*options); }; });
}

}  // namespace

void AddAccounts(CLI::App& app, Run& run) {
  CLI::App* accounts = app.add_subcommand(
      "accounts", "Show accounts and switch their alerts, through the exporter's API.");
  accounts->require_subcommand(1);

  auto list = std::make_shared<ListOptions>();
  CLI::App* command = accounts->add_subcommand("list", "All accounts, or some of them.");
  command->add_option("--provider", list->provider, "Only this provider's.")->type_name("NAME");
  command->add_option("--account-id", list->account_id, "Only those of this id.")->type_name("ID");
  command->add_option("--contact", list->contact, "Only those of this contact.")->type_name("NAME");
  command->add_option("--state", list->state, "Only those with an alert in this state.")
      ->check(CLI::IsMember({"disabled", "ok", "low", "overdue", "suspended", "unknown"}));
  AddApi(*command, list->api);
  command->footer(
      "Examples:\n"
      "  lowbalance accounts list --state low\n"
      "  lowbalance accounts list --output json | jq -r '.accounts[].account_id'");
  command->callback([list, &run] { run = [list] { return List(*list); }; });

  auto show = std::make_shared<ShowOptions>();
  command = accounts->add_subcommand("show", "Everything known about an account.");
  AddKeys(*command, show->accounts);
  AddApi(*command, show->api);
  command->footer("Examples:\n  lowbalance accounts show alibaba/17");
  command->callback([show, &run] { run = [show] { return Show(*show); }; });

  AddEdit(*accounts, "enable", "Switch alerts on.", true,
          "  lowbalance accounts enable alibaba/17 alibaba/18 --threshold 100 --currency USD\n"
          "  lowbalance accounts enable alibaba/17 --level critical --threshold 20 --dry-run",
          run);
  AddEdit(*accounts, "disable", "Switch alerts off; the threshold is kept.", false,
          "  lowbalance accounts disable alibaba/17", run);
  AddEdit(*accounts, "threshold", "Set thresholds; on or off stays as it is.", std::nullopt,
          "  lowbalance accounts threshold alibaba/17 --threshold 250", run);
}

}  // namespace lowbalance::cli
