#pragma once
// Back-tests as text for people and JSON for scripts. Pure.

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "cli/backtest.h"
#include "config/config.h"

namespace lowbalance::cli {

struct BacktestSubject {
  std::string account;  // "provider/id"; empty where the history is a file's alone.
  std::string level;
  // Who would have been told; null where no configuration says.
  const Contact* contact = nullptr;
};

// One threshold: every message, then what it came to. Several: a table to compare them.
[[nodiscard]] std::string BacktestText(const History& history, const BacktestSubject& subject,
                                       const std::vector<Backtest>& tests);
[[nodiscard]] nlohmann::ordered_json BacktestJson(const History& history,
                                                  const BacktestSubject& subject,
                                                  const std::vector<Backtest>& tests);

}  // namespace lowbalance::cli
