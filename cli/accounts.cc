// lowbalance accounts list and show: the exporter's accounts and their alerts.

#include "cli/accounts.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/api_client.h"
#include "cli/commands.h"
#include "cli/json_text.h"
#include "cli/table.h"
#include "core/available_credit.h"

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
  std::string select;
};

struct ShowOptions {
  ApiOptions api;
  std::vector<std::string> accounts;
};

std::string NameOf(const json& account) {
  return TextOf(account, "provider") + "/" + TextOf(account, "account_id");
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
                                                                 {"state", options.state},
                                                                 {"select", options.select}})));
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
                                 AmountOf(account, "available_credit", currency)};
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
  line("owner", TextOf(account, "owner"));
  const std::string status = TextOf(account, "status");
  line("status", status == "unknown" ? "" : status);
  line("contact", TextOf(account, "contact"));
  line("source", TextOf(account, "source"));
  const std::string credit = AmountOf(account, "available_credit", currency);
  line("available credit", credit.empty() ? "unknown" : credit);
  if (account.contains("terms") && account["terms"].is_object()) {
    for (const CreditTermInfo& term : kCreditTerms) {
      std::string name(term.name);
      std::replace(name.begin(), name.end(), '_', ' ');
      line("  " + name, AmountOf(account["terms"], term.name, currency));
    }
  }
  line("  unexplained", AmountOf(account, "unexplained_amount", currency));
  line("costs incurred", TextOf(account, "costs_incurred"));
  line("spent since first seen", AmountOf(account, "spend_total", currency));
  line("topped up since then", AmountOf(account, "top_up_total", currency));
  line("last poll succeeded", TextOf(account, "up"));
  line("as of", TextOf(account, "last_success"));
  line("last change", TextOf(account, "changed"));
  for (const json& alert : ListOf(account, "alerts")) {
    std::string text = TextOf(alert, "state");
    const std::string threshold = AmountOf(alert, "threshold", TextOf(alert, "currency"));
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
    std::printf("%s", Pretty({{"accounts", accounts}}).c_str());
  } else {
    for (const json& account : accounts) PrintAccount(account);
  }
  return kDone;
}

}  // namespace

void AddAccounts(CLI::App& app, Run& run) {
  CLI::App* accounts = app.add_subcommand(
      "accounts", "Show accounts and switch their alerts, through the exporter's API.");
  accounts->require_subcommand(0, 1);

  auto list = std::make_shared<ListOptions>();
  CLI::App* command = accounts->add_subcommand("list", "All accounts, or some of them.");
  command->add_option("--provider", list->provider, "Only this provider's.")->type_name("NAME");
  command->add_option("--account-id", list->account_id, "Only those of this id.")->type_name("ID");
  command->add_option("--contact", list->contact, "Only those of this contact.")->type_name("NAME");
  command->add_option("--state", list->state, "Only those with an alert in this state.")
      ->check(CLI::IsMember({"disabled", "ok", "low", "overdue", "suspended", "unknown"}));
  command
      ->add_option("--select", list->select,
                   "Only those meant by a selection, like provider=alibaba,low.")
      ->type_name("SELECTION");
  AddExporterApi(*command, list->api);
  command->footer(
      "Examples:\n"
      "  lowbalance accounts list --state low\n"
      "  lowbalance accounts list --select 'provider=alibaba,contact=finance,!stale,runway<7d'\n"
      "  lowbalance accounts list --output json | jq -r '.accounts[].account_id'");
  command->callback([list, &run] { run = [list] { return List(*list); }; });

  auto show = std::make_shared<ShowOptions>();
  command = accounts->add_subcommand("show", "Everything known about an account.");
  AddAccountKeys(*command, show->accounts);
  AddExporterApi(*command, show->api);
  command->footer(
      "Examples:\n"
      "  lowbalance accounts show alibaba/17\n"
      "  lowbalance accounts show alibaba/17 --output json | jq -r '.accounts[].contact'");
  command->callback([show, &run] { run = [show] { return Show(*show); }; });

  AddAccountEdits(*accounts, run);
  AddAccountFiles(*accounts, run);
}

}  // namespace lowbalance::cli
