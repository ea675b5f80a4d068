// Alertmanager's notification: what is read says no more than the body does, reads the same when it
// is written anew, and decides the same however often it comes.

#include "webhook/payload.h"

#include <algorithm>

#include "core/text.h"
#include "tests/fuzz/fuzz.h"

namespace lowbalance::fuzz {
namespace {

std::string Json(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string json = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20) {
      json += std::string("\\u00") + kDigits[byte / 16] + kDigits[byte % 16];
    } else {
      if (c == '"' || c == '\\') json += '\\';
      json += c;
    }
  }
  return json + "\"";
}

std::string Json(const std::map<std::string, std::string, std::less<>>& texts) {
  std::string json;
  for (const auto& [name, text] : texts) {
    json += (json.empty() ? "" : ",") + Json(name) + ":" + Json(text);
  }
  return "{" + json + "}";
}

std::string Json(const Payload& payload) {
  std::string alerts;
  for (const Alert& alert : payload.alerts) {
    alerts += (alerts.empty() ? "" : ",") + std::string("{\"status\":") + Json(alert.status) +
              ",\"labels\":" + Json(alert.labels) + ",\"annotations\":" + Json(alert.annotations) +
              "}";
  }
  return "{\"version\":\"4\",\"receiver\":" + Json(payload.receiver) +
         ",\"status\":" + Json(payload.status) + ",\"alerts\":[" + alerts + "]}";
}

bool Same(const Alert& a, const Alert& b) {
  return a.status == b.status && a.labels == b.labels && a.annotations == b.annotations;
}

void CheckTexts(const Payload& payload, std::size_t size) {
  std::size_t total = payload.receiver.size() + payload.status.size();
  bool valid = IsValidUtf8(payload.receiver) && IsValidUtf8(payload.status);
  for (const Alert& alert : payload.alerts) {
    total += alert.status.size();
    valid = valid && IsValidUtf8(alert.status);
    for (const auto* texts : {&alert.labels, &alert.annotations}) {
      for (const auto& [name, text] : *texts) {
        total += name.size() + text.size();
        valid = valid && IsValidUtf8(name) && IsValidUtf8(text);
      }
    }
  }
  PROMISE(valid && total <= size && payload.alerts.size() <= size);
}

// When the newest of the alerts was evaluated, so that what they say is fresh.
Time EvaluatedAt(const std::vector<Alert>& alerts) {
  Time at = TimeFromMillis(1'700'000'000'000);
  for (const Alert& alert : alerts) {
    if (const auto facts = ReadFacts(alert)) {
      at = std::max(at, facts->evaluated_at);
    } else {
      PROMISE_MESSAGE(facts.error().message, 2000);
    }
  }
  return at;
}

void TryPlan(const std::vector<Alert>& alerts) {
  const DecisionLimits limits{.facts_max_age = std::chrono::hours{24},
                              .billing_data_max_age = std::chrono::hours{24 * 365}};
  const Time now = EvaluatedAt(alerts);
  const Plan plan = MakePlan(alerts, {}, limits, now);
  PROMISE(plan.messages.size() + plan.bad_alerts.size() <= 2 * alerts.size());
  Episodes known;
  for (const Plan::State& state : plan.states) {
    known[state.key.account][state.key.level] = state.episode;
  }
  const Plan again = MakePlan(alerts, known, limits, now);
  PROMISE(again.messages.empty() && again.cancellations.empty());
  PROMISE(again.bad_alerts.size() == plan.bad_alerts.size());
  PROMISE(again.ChangesStore() == !again.bad_alerts.empty());
}

}  // namespace

void Try(std::string_view input) {
  const auto payload = ParsePayload(input);
  if (!payload) {
    PROMISE_MESSAGE(payload.error().message, 200);
    for (const std::string_view where :
         {"not JSON in UTF-8 at byte ", "a number out of range at byte "}) {
      const int at = NumberAfter(payload.error().message, where);
      PROMISE(at <= static_cast<int>(input.size()) + 1);
    }
    return;
  }
  CheckTexts(*payload, input.size());
  const std::string written = Json(*payload);
  const auto read = ParsePayload(written);
  PROMISE_OF(written, read && read->receiver == payload->receiver &&
                          read->status == payload->status &&
                          std::equal(read->alerts.begin(), read->alerts.end(),
                                     payload->alerts.begin(), payload->alerts.end(), Same));
  TryPlan(payload->alerts);
}

}  // namespace lowbalance::fuzz
