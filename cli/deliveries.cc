#include "cli/deliveries.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/api_client.h"
#include "cli/json_text.h"
#include "cli/messages.h"
#include "cli/table.h"

namespace lowbalance::cli {
namespace {

using nlohmann::json;

struct ListOptions {
  ApiOptions api;
  std::string state;
  std::string contact;
  int limit = 50;
};

struct ChangeOptions {
  ApiOptions api;
  std::vector<std::uint64_t> ids;
  bool all_dead = false;
  std::string contact;
  std::string verb;  // Of the path: "resend" or "cancel".
  std::string done;  // What to say where it was done.
};

constexpr const char* kPath = "/api/v1/deliveries";

int List(const ListOptions& options) {
  const ApiClient client(options.api);
  std::string more;
  const json deliveries =
      FetchPages(client, kPath, "deliveries", options.limit,
                 {{"state", options.state}, {"contact", options.contact}}, &more);
  TellWhetherMore(deliveries.size(), more, kMore);
  if (options.api.json()) {
    std::printf("%s", Pretty({{"deliveries", deliveries}}).c_str());
    return kDone;
  }
  std::vector<std::vector<std::string>> rows;
  for (const json& d : deliveries) {
    rows.push_back({TextOf(d, "id"), TextOf(d, "message_id"), TextOf(d, "created"), KindOf(d),
                    AccountOf(d), TextOf(d, "relay"), TextOf(d, "recipient"), TextOf(d, "contact"),
                    TextOf(d, "state"), TextOf(d, "attempts"), TextOf(d, "last_error")});
  }
  std::printf("%s", Table({">DELIVERY", ">MESSAGE", "CREATED", "KIND", "ACCOUNT", "RELAY",
                           "RECIPIENT", "CONTACT", "STATE", ">TRIES", "LAST ERROR"},
                          rows)
                        .c_str());
  return kDone;
}

// "delivery 7, alert of demo/17 to a@example.com"
std::string Describe(const std::string& id, const json& delivery) {
  std::string text = "delivery " + id;
  if (!delivery.is_object()) return text;
  text += ", " + KindOf(delivery);
  const std::string account = AccountOf(delivery);
  if (!account.empty()) text += " of " + account;
  return text + " to " + TextOf(delivery, "recipient");
}

struct Counts {
  int done = 0;
  int already = 0;
  int refused = 0;
  int unanswered = 0;
};

// Asks for one change; adds a line for a script to `results`.
void ChangeOne(const ApiClient& client, const ChangeOptions& options, const std::string& id,
               Counts& counts, json& results) {
  // The body says nothing; a POST has one.
  const auto response = client.Send("POST", kPath + ("/" + id + "/" + options.verb), "{}");
  json answer;
  std::string wrong;
  if (!response) {
    wrong = response.error().message;
  } else if (response->status / 100 != 2) {
    wrong = Complaint(*response);
  } else {
    answer = json::parse(response->body, nullptr, /*allow_exceptions=*/false);
    if (!answer.is_object()) wrong = "the server's answer is not a JSON object";
  }
  if (!wrong.empty()) {
    ++(response ? counts.refused : counts.unanswered);
    results.push_back({{"delivery", id}, {"error", wrong}});
    std::fprintf(stderr, "lowbalance: delivery %s: %s\n", id.c_str(), wrong.c_str());
    return;
  }
  const bool changed = TextOf(answer, "changed") == "yes";
  ++(changed ? counts.done : counts.already);
  results.push_back({{"delivery", id}, {"changed", changed}});
  if (options.api.json()) return;
  const json delivery = answer.contains("delivery") ? answer["delivery"] : json();
  std::printf("%s: %s\n", Describe(id, delivery).c_str(),
              (changed ? options.done : TextOf(answer, "reason")).c_str());
}

int Change(const ChangeOptions& options) {
  if (options.all_dead == !options.ids.empty()) {
    throw Stop(kUsage, "name deliveries, or give --all-dead; one of the two");
  }
  if (!options.contact.empty() && !options.all_dead) {
    throw Stop(kUsage, "--contact narrows down --all-dead and goes with it alone");
  }
  const ApiClient client(options.api);
  std::vector<std::string> ids;
  for (const std::uint64_t id : options.ids) ids.push_back(std::to_string(id));
  if (options.all_dead) {
    const json dead = FetchPages(client, kPath, "deliveries", kNoLimit,
                                 {{"state", "dead"}, {"contact", options.contact}});
    for (const json& delivery : dead) ids.push_back(TextOf(delivery, "id"));
    // In the order in which they were made.
    std::reverse(ids.begin(), ids.end());
  }
  Counts counts;
  json results = json::array();
  for (const std::string& id : ids) ChangeOne(client, options, id, counts, results);
  if (options.api.json()) {
    std::printf("%s", Pretty({{"results", results}}).c_str());
  } else if (ids.empty()) {
    std::printf("there is no dead letter%s\n",
                options.contact.empty() ? "" : (" for " + options.contact).c_str());
  } else if (ids.size() > 1) {
    std::printf("%d %s, %d already, %d refused", counts.done, options.done.c_str(), counts.already,
                counts.refused);
    if (counts.unanswered > 0) std::printf(", %d without an answer", counts.unanswered);
    std::printf("\n");
  }
  if (counts.unanswered > 0) return kUnreachable;
  return counts.refused == 0 ? kDone : kFailed;
}

void AddChange(CLI::App& messages, const std::string& verb, const std::string& done,
               const std::string& what, const std::string& footer, Run& run) {
  auto options = std::make_shared<ChangeOptions>();
  options->verb = verb;
  options->done = done;
  CLI::App* command = messages.add_subcommand(verb, what);
  command->add_option("DELIVERY", options->ids,
                      "As `messages deliveries` and `messages show` print it; may be repeated.");
  command->add_flag("--all-dead", options->all_dead, "All dead letters.");
  command->add_option("--contact", options->contact, "With --all-dead: only this contact's.")
      ->type_name("NAME");
  AddWebhookApi(*command, options->api);
  command->footer(footer);
  command->callback([options, &run] { run = [options] { return Change(*options); }; });
}

}  // namespace

void AddDeliveries(CLI::App& messages, Run& run) {
  auto list = std::make_shared<ListOptions>();
  CLI::App* command = messages.add_subcommand("deliveries", "Single deliveries, the newest first.");
  command->add_option("--state", list->state, "Only those in this state.")
      ->check(CLI::IsMember({"pending", "delivered", "dead", "cancelled"}));
  command->add_option("--contact", list->contact, "Only this contact's.")->type_name("NAME");
  command->add_option("--limit", list->limit, "At most so many.")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  AddWebhookApi(*command, list->api);
  command->footer(
      "Examples:\n"
      "  lowbalance messages deliveries --state dead\n"
      "  lowbalance messages deliveries --state pending --contact finance");
  command->callback([list, &run] { run = [list] { return List(*list); }; });

  AddChange(messages, "resend", "queued again",
            "Have dead letters sent again, to the recipients they had.",
            "A dead letter is tried again at once, with a new time of expiry and the Message-ID it "
            "had; asking twice sends once. What was delivered or cancelled is refused, and so is a "
            "dead letter whose episode has ended. The exit code is 1 if any was refused.\n\n"
            "Examples:\n"
            "  lowbalance messages resend 7 12\n"
            "  lowbalance messages resend --all-dead --contact finance",
            run);
  AddChange(messages, "cancel", "cancelled",
            "Have done with dead or pending deliveries that nobody needs.",
            "A cancelled delivery stays visible and is never tried again.\n\n"
            "Examples:\n"
            "  lowbalance messages cancel 7\n"
            "  lowbalance messages cancel --all-dead --contact former",
            run);
}

}  // namespace lowbalance::cli
