#pragma once
// The intervals that rules, route and webhook must agree on, from one place in the configuration.
//
// A demo or a test scales all of them down together; nothing in the code knows about a scale.

#include <chrono>
#include <limits>
#include <string>

#include "core/time.h"

namespace lowbalance {

struct Pipeline {
  // How often Prometheus evaluates the rules; also Alertmanager's group_interval.
  Millis evaluation = std::chrono::minutes{1};
  // How often Alertmanager repeats what it knows: the webhook decides only when it hears.
  Millis heartbeat = std::chrono::minutes{15};
  // S9: facts evaluated longer ago than this decide nothing.
  Millis facts_max_age = std::chrono::minutes{10};
  // S9: billing data older than this decides nothing. BillingDataStale fires then too.
  Millis billing_data_max_age = std::chrono::hours{6};
  // The stretch of history that the burn rate is taken over.
  Millis burn_rate_window = std::chrono::hours{24};

  // What follows from the above.
  [[nodiscard]] Millis group_wait() const { return evaluation / 6; }
  // How long LowBalanceEnded fires: long enough for several heartbeats to carry it.
  [[nodiscard]] Millis ended_hold() const { return heartbeat * 4; }
  [[nodiscard]] Millis watchdog_repeat() const { return heartbeat / 3; }
};

// S13. When reminders of an alert are due.
struct Cadence {
  Millis every = std::chrono::hours{24};
  int at_most = 5;  // 0 means none, kUnlimited for as long as the account stays low.
  bool stop_when_overdue = true;

  static constexpr int kUnlimited = std::numeric_limits<int>::max();
  [[nodiscard]] bool unlimited() const { return at_most == kUnlimited; }
};

// Messages beside alert and reminders, each at most once per episode.
struct ExtraNotices {
  bool recovery = false;  // S6: the episode ended because available credit is back.
  bool overdue = false;   // S7: available credit has fallen below zero.
};

}  // namespace lowbalance
