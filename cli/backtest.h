#pragma once
// What would have been sent over a history had the threshold been this: the history played through
// the code that exporter and webhook run (cli/simulation.h).
//
// Pure.

#include <optional>
#include <string>
#include <vector>

#include "cli/history.h"
#include "cli/simulation.h"
#include "core/money.h"
#include "core/result.h"
#include "core/time.h"

namespace lowbalance {

struct BacktestMessage {
  Time at{};
  Notice notice;
  Money credit;  // As it was then.
};

// The account's available credit fell below zero.
struct BacktestOverdue {
  Time at{};
  // The alert that had been sent by then since the account was low; empty if there was none.
  std::optional<Time> alerted;
};

struct Backtest {
  Money threshold;
  std::vector<BacktestMessage> messages;
  std::vector<BacktestOverdue> overdue;
  Millis low{};  // For how long available credit was known to be below the threshold.

  [[nodiscard]] int Count(MessageKind kind) const;  // Of the messages.
  // The shortest time between an alert and what it was to prevent; empty if it never came to that,
  // or if there was an occasion without an alert.
  [[nodiscard]] std::optional<Millis> shortest_notice() const;
  [[nodiscard]] bool unwarned() const;  // Was there such an occasion?
};

struct BacktestOptions {
  std::string level{kDefaultLevel};
  ExtraNotices extra;
  SimulationOptions simulation;
};

// The setting is taken to have been there from the beginning. Refused: a threshold that the
// exporter would refuse.
[[nodiscard]] Result<Backtest> RunBacktest(const History& history, Money threshold,
                                           const BacktestOptions& options);

}  // namespace lowbalance
