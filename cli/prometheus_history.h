#pragma once
// An account's available credit as a Prometheus server remembers it, through its HTTP API.

#include <functional>
#include <string>
#include <string_view>

#include "cli/history.h"
#include "core/account_memory.h"
#include "core/result.h"
#include "core/time.h"

namespace lowbalance {

struct PrometheusRange {
  AccountKey account;
  std::string currency;  // Empty: the one there is.
  Time from{};
  Time to{};
  Millis step{};  // Whole seconds.
};

// Answers a request for a path with the body of a 2xx response; throws where there is none.
using HttpGet = std::function<std::string(const std::string& path)>;

// Asks for the range in as many parts as Prometheus' limit of 11,000 points a query makes of it.
// Where there are several series (two exporters, a pod that was replaced), the greatest counts, as
// it does in the alert rules. Where there is none at an instant, the amount was not known then.
// Refused: an answer that is no matrix, no series at all, series in several currencies of which
// `currency` picks none.
[[nodiscard]] Result<History> FetchHistory(const PrometheusRange& range, const HttpGet& get);

}  // namespace lowbalance
