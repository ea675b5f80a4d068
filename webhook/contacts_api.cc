#include "webhook/contacts_api.h"

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "base/log.h"
#include "core/text.h"
#include "webhook/compose.h"
#include "webhook/message.h"
#include "webhook/receiver.h"

namespace lowbalance {
namespace {

using Json = nlohmann::ordered_json;

// Of that name, if the request may see it; else null.
const Contact* FindVisible(const Config& config, const HttpRequest& request,
                           const std::string& name) {
  if (request.grant.role == Role::kContact && request.grant.contact != name) return nullptr;
  const Contact* const found = config.FindContact(name);
  return found != nullptr && found->name == name ? found : nullptr;
}

HttpResponse NoSuchContact(const HttpRequest& request, const std::string& name) {
  const std::string quoted = Quoted(name);
  return JsonError(request, 404, {"there is no contact " + quoted, "没有联系人 " + quoted});
}

HttpResponse List(const Config& config, const HttpRequest& request) {
  Json list = Json::array();
  for (const Contact& contact : config.contacts) {
    if (FindVisible(config, request, contact.name) == nullptr) continue;
    list.push_back({{"name", contact.name},
                    {"email", contact.email},
                    {"internal", contact.internal},
                    {"language", contact.language},
                    {"time_zone", contact.time_zone}});
  }
  return JsonOk(Json{{"contacts", std::move(list)}}.dump());
}

// An account that there is not, as low as it takes.
PlannedMessage Example(MessageKind kind, int number, const Contact& contact, const Cadence& cadence,
                       Time now) {
  PlannedMessage planned;
  Facts& facts = planned.facts;
  facts.account = {.provider = "example", .account_id = "1234567890"};
  facts.level = kDefaultLevel;
  facts.account_name = "Example";
  facts.contact = contact.name;
  facts.currency = "USD";
  facts.available_credit = Money::FromUnits(kind == MessageKind::kOverdue ? -12 : 432);
  facts.threshold = Money::FromUnits(500);
  facts.evaluated_at = now;
  facts.last_success = now;
  planned.low_since = now - number * cadence.every;
  facts.low_since = planned.low_since;
  facts.first_change = planned.low_since;
  planned.alerted_at = planned.low_since;
  planned.notice = {.kind = kind, .number = number};
  planned.last_reminder = number;
  planned.overdue = kind == MessageKind::kOverdue;
  if (kind == MessageKind::kOverdue) facts.overdue = now;
  if (kind == MessageKind::kRecovery) {
    facts.kind = AlertKind::kLowBalanceEnded;
    facts.available_credit = Money::FromUnits(2345);
    facts.ended = Ended{now, EndReason::kRecovered};
  }
  return planned;
}

HttpResponse Preview(const Config& config, const HttpRequest& request, Time now) {
  const std::string& name = request.params.at("name");
  const Contact* const contact = FindVisible(config, request, name);
  if (contact == nullptr) return NoSuchContact(request, name);
  const auto body = nlohmann::json::parse(request.body, nullptr, /*allow_exceptions=*/false);
  if (!body.is_object()) return JsonError(400, "the body is not a JSON object");
  MessageKind kind = MessageKind::kAlert;
  int number = 0;
  for (const auto& [key, value] : body.items()) {
    if (key == "kind") {
      const auto parsed =
          value.is_string() ? ParseMessageKind(value.get<std::string>()) : std::nullopt;
      if (!parsed || *parsed == MessageKind::kWatchdog) {
        return JsonError(400, "must be alert, reminder, recovery, overdue or test", "kind");
      }
      kind = *parsed;
    } else if (key == "number") {
      if (!value.is_number_unsigned() || value.get<std::uint64_t>() > 1000) {
        return JsonError(400, "must be a number from 0 to 1000", "number");
      }
      number = value.get<int>();
    } else {
      return JsonError(400, "unknown key " + Quoted(key), key);
    }
  }
  if (kind == MessageKind::kReminder && number == 0) number = 1;
  if (kind != MessageKind::kReminder) number = 0;
  const Cadence& cadence = config.webhook.reminders;
  const Reader reader = ReaderOf(config, *contact);
  const WordedMessage worded =
      kind == MessageKind::kTest
          ? WordTest(contact->name, reader)
          : WordMessage(Example(kind, number, *contact, cadence, now), config, reader);
  return JsonOk(Json{{"subject", worded.subject},
                     {"text", worded.text},
                     {"html", worded.html},
                     {"internal", worded.internal}}
                    .dump());
}

}  // namespace

void AddContactsApi(HttpServer& server, Outbox& outbox, const LiveConfig& config,
                    WebhookMetrics& metrics, const Clock& clock,
                    const std::function<void()>& queued) {
  server.Route("GET", "/api/v1/contacts", Access::kLogin,
               [&config](const HttpRequest& request) { return List(*config.Get(), request); });
  server.Route("POST", "/api/v1/contacts/{name}/preview", Access::kLogin,
               [&config, clock](const HttpRequest& request) {
                 return Preview(*config.Get(), request, clock());
               });
  server.Route(
      "POST", "/api/v1/contacts/{name}/test", Access::kAdministrator,
      [&outbox, &config, &metrics, clock, queued](const HttpRequest& request) {
        const auto configured = config.Get();
        const std::string& name = request.params.at("name");
        const Contact* const contact = FindVisible(*configured, request, name);
        if (contact == nullptr) return NoSuchContact(request, name);
        const Time now = clock();
        NewMessage message;
        message.message = MessageOf(MessageKind::kTest, contact->name,
                                    WordTest(contact->name, ReaderOf(*configured, *contact)), now);
        message.expires = now + configured->webhook.alert_expiry;
        message.recipients = RecipientsOf(*contact);
        const Outbox::Committed committed = outbox.Add({std::move(message)}, now);
        // Two within a millisecond are one.
        if (committed.messages > 0) metrics.CountMessage(MessageKind::kTest);
        log::Info("test message", {{"user", request.user}, {"contact", contact->name}});
        queued();
        return JsonOk(Json{{"contact", contact->name}, {"queued", committed.messages > 0}}.dump());
      });
}

}  // namespace lowbalance
