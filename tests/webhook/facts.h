#pragma once
// Alerts as Alertmanager brings them, with facts that are well unless a test says otherwise.

#include <chrono>
#include <string>
#include <utility>

#include "core/contract.h"
#include "webhook/plan.h"

namespace lowbalance {

inline constexpr Time kStart = TimeFromMillis(1'763'881'920'000);  // 2025-11-23T07:12:00Z

// Account 17 of demo: 90 of 100 USD, below since `low_since` and changed then.
inline Facts LowFacts(Time low_since = kStart, Time evaluated_at = kStart) {
  Facts facts;
  facts.account = {"demo", "17"};
  facts.level = "warning";
  facts.currency = "USD";
  facts.evaluated_at = evaluated_at;
  facts.available_credit = Money::FromUnits(90);
  facts.threshold = Money::FromUnits(100);
  facts.low_since = low_since;
  // There was an episode before, as with most accounts.
  facts.ended = Ended{low_since - std::chrono::minutes{1}, EndReason::kRecovered};
  facts.first_change = low_since;
  facts.changed = low_since;
  facts.last_success = evaluated_at;
  facts.contact = "finance";
  return facts;
}

inline Facts EndedFacts(Time at, Time evaluated_at, EndReason reason = EndReason::kRecovered) {
  Facts facts = LowFacts(kStart, evaluated_at);
  facts.kind = AlertKind::kLowBalanceEnded;
  facts.low_since.reset();
  facts.first_change.reset();
  facts.ended = Ended{at, reason};
  return facts;
}

inline Alert ToAlert(const Facts& facts) {
  Alert alert;
  alert.labels = {
      {"alertname", facts.kind == AlertKind::kLowBalance ? "LowBalance" : "LowBalanceEnded"},
      {"provider", facts.account.provider},
      {"account_id", facts.account.account_id},
      {"level", facts.level},
      {"currency", facts.currency},
      {"severity", "warning"},
      {"shard", "7"}};
  alert.annotations = {{"summary", "low"}, {"lowbalance_facts", FormatFacts(facts)}};
  return alert;
}

}  // namespace lowbalance
