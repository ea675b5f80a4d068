// lowbalance messages: what the webhook sent, and to whom.

#include "cli/messages.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/api_client.h"
#include "cli/commands.h"
#include "cli/deliveries.h"
#include "cli/json_text.h"
#include "cli/table.h"

namespace lowbalance::cli {
namespace {

using nlohmann::json;

struct ListOptions {
  ApiOptions api;
  std::string provider;
  std::string account_id;
  std::string state;
  int limit = 50;
};

struct ShowOptions {
  ApiOptions api;
  std::uint64_t id = 0;
};

struct InboxOptions {
  ApiOptions api;
  std::string recipient;
  int limit = 50;
};

// "2 delivered, 1 pending".
std::string Outcome(const json& message) {
  std::map<std::string, int> counts;
  for (const json& delivery : ListOf(message, "deliveries")) ++counts[TextOf(delivery, "state")];
  std::string text;
  for (const auto& [state, count] : counts) {
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + state;
  }
  return text.empty() ? "no recipient" : text;
}

int List(const ListOptions& options) {
  const ApiClient client(options.api);
  std::string more;
  const json messages = FetchPages(client, "/api/v1/messages", "messages", options.limit,
                                   {{"provider", options.provider},
                                    {"account_id", options.account_id},
                                    {"state", options.state}},
                                   &more);
  TellWhetherMore(messages.size(), more, kMore);
  if (options.api.json()) {
    std::printf("%s", Pretty({{"messages", messages}}).c_str());
    return kDone;
  }
  std::vector<std::vector<std::string>> rows;
  for (const json& m : messages) {
    rows.push_back({TextOf(m, "id"), TextOf(m, "created"), KindOf(m), AccountOf(m),
                    TextOf(m, "level"), TextOf(m, "available_credit"), TextOf(m, "threshold"),
                    TextOf(m, "currency"), TextOf(m, "contact"), Outcome(m)});
  }
  std::printf("%s", Table({">ID", "CREATED", "KIND", "ACCOUNT", "LEVEL", ">AVAILABLE CREDIT",
                           ">THRESHOLD", "CURRENCY", "CONTACT", "DELIVERIES"},
                          rows)
                        .c_str());
  return kDone;
}

// A text of several lines keeps its lines.
void PrintText(const std::string& text, std::string_view indent) {
  for (std::size_t start = 0; start < text.size();) {
    const auto end = std::min(text.find('\n', start), text.size());
    std::printf("%s%s\n", std::string(indent).c_str(),
                Plain(text.substr(start, end - start)).c_str());
    start = end + 1;
  }
}

std::string RawText(const json& message) {
  const auto found = message.find("text");
  return found != message.end() && found->is_string() ? found->get<std::string>() : "";
}

int Show(const ShowOptions& options) {
  const ApiClient client(options.api);
  const json message = ParseAnswer(client.Get("/api/v1/messages/" + std::to_string(options.id)));
  if (options.api.json()) {
    std::printf("%s", Pretty(message).c_str());
    return kDone;
  }
  const std::string account = AccountOf(message);
  const std::string low_since = TextOf(message, "low_since");
  std::printf(
      "%s %s%s, to %s\ncreated %s%s\nsubject: %s\n\n", KindOf(message).c_str(),
      TextOf(message, "id").c_str(),
      account.empty() ? "" : (" of " + account + ", level " + TextOf(message, "level")).c_str(),
      TextOf(message, "contact").c_str(), TextOf(message, "created").c_str(),
      low_since.empty() ? "" : (", low since " + low_since).c_str(),
      TextOf(message, "subject").c_str());
  PrintText(RawText(message), "  ");
  std::vector<std::vector<std::string>> rows;
  for (const json& d : ListOf(message, "deliveries")) {
    rows.push_back({TextOf(d, "id"), TextOf(d, "relay"), TextOf(d, "recipient"), TextOf(d, "state"),
                    TextOf(d, "attempts"), TextOf(d, "finished"), TextOf(d, "next_attempt"),
                    TextOf(d, "last_error")});
  }
  std::printf("\n%s", Table({">DELIVERY", "RELAY", "RECIPIENT", "STATE", ">TRIES", "FINISHED",
                             "NEXT TRY", "LAST ERROR"},
                            rows)
                          .c_str());
  return kDone;
}

int Inbox(const InboxOptions& options) {
  const ApiClient client(options.api);
  std::string more;
  const json messages = FetchPages(client, "/api/v1/inbox", "messages", options.limit,
                                   {{"recipient", options.recipient}}, &more);
  TellWhetherMore(messages.size(), more, kMore);
  if (options.api.json()) {
    std::printf("%s", Pretty({{"messages", messages}}).c_str());
    return kDone;
  }
  for (const json& m : messages) {
    std::printf("%s  %s  to %s%s\n  %s\n", TextOf(m, "id").c_str(), TextOf(m, "at").c_str(),
                TextOf(m, "recipient").c_str(), TextOf(m, "read") == "yes" ? "" : "  (unread)",
                TextOf(m, "title").c_str());
    PrintText(RawText(m), "    ");
  }
  return kDone;
}

}  // namespace

std::string KindOf(const json& message) {
  const std::string kind = TextOf(message, "kind");
  return kind == "reminder" ? kind + " " + TextOf(message, "number") : kind;
}

std::string AccountOf(const json& message) {
  const std::string provider = TextOf(message, "provider");
  return provider.empty() ? "" : provider + "/" + TextOf(message, "account_id");
}

void AddWebhookApi(CLI::App& command, ApiOptions& options) {
  AddApiOptions(command, options, "http://127.0.0.1:10381", "LOWBALANCE_WEBHOOK_URL");
}

void AddMessages(CLI::App& app, Run& run) {
  CLI::App* messages =
      app.add_subcommand("messages", "Show what was sent to whom, through the webhook's API.");
  messages->require_subcommand(0, 1);

  auto list = std::make_shared<ListOptions>();
  CLI::App* command = messages->add_subcommand("list", "Messages, the newest first.");
  command->add_option("--provider", list->provider, "Only this provider's.")->type_name("NAME");
  command->add_option("--account-id", list->account_id, "Only this account's.")->type_name("ID");
  command->add_option("--state", list->state, "Only those with a delivery in this state.")
      ->check(CLI::IsMember({"pending", "delivered", "dead", "cancelled"}));
  command->add_option("--limit", list->limit, "At most so many.")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  AddWebhookApi(*command, list->api);
  command->footer(
      "Examples:\n"
      "  lowbalance messages list --account-id 17\n"
      "  lowbalance messages list --state dead --output json");
  command->callback([list, &run] { run = [list] { return List(*list); }; });

  auto show = std::make_shared<ShowOptions>();
  command = messages->add_subcommand("show", "One message: its text, and each delivery.");
  command->add_option("ID", show->id, "As `messages list` prints it.")->required();
  AddWebhookApi(*command, show->api);
  command->footer("Examples:\n  lowbalance messages show 42");
  command->callback([show, &run] { run = [show] { return Show(*show); }; });

  auto inbox = std::make_shared<InboxOptions>();
  command = messages->add_subcommand("inbox", "Internal messages, the newest first.");
  command->add_option("--recipient", inbox->recipient, "Only this recipient's.")->type_name("NAME");
  command->add_option("--limit", inbox->limit, "At most so many.")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  AddWebhookApi(*command, inbox->api);
  command->footer("Examples:\n  lowbalance messages inbox --recipient finance");
  command->callback([inbox, &run] { run = [inbox] { return Inbox(*inbox); }; });

  AddMessagesPreview(*messages, run);
  AddDeliveries(*messages, run);
}

}  // namespace lowbalance::cli
