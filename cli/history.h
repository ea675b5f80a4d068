#pragma once
// What an account's available credit was over time: what a back-test plays.
//
// Pure.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/money.h"
#include "core/result.h"
#include "core/time.h"

namespace lowbalance {

struct HistorySample {
  Time at{};
  // Holds until the next sample. Empty: from here on it was not known.
  std::optional<Money> credit;
  friend bool operator==(const HistorySample&, const HistorySample&) = default;
};

struct History {
  std::string name;                    // Of the file or server, for messages.
  std::string currency;                // Empty if it does not say.
  std::vector<HistorySample> samples;  // At least one with a credit; in the order of time.
};

// A CSV file with a header, LF or CRLF, whose columns are `time` (RFC 3339, or seconds since 1970)
// and `available_credit`, in any order; other columns are skipped. An empty amount is one that was
// not known. Later lines are later. Every mistake is named, "name:line: ", up to twenty of them.
[[nodiscard]] Result<History> ParseHistoryCsv(std::string_view text, std::string name);

// Says so if the history is of no use for a back-test: nothing in it, or longer than ten years.
[[nodiscard]] Result<void> CheckHistory(const History& history);

}  // namespace lowbalance
