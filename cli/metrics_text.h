#pragma once
// A program's /metrics, as far as a person's question needs it.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lowbalance::cli {

struct Sample {
  std::map<std::string, std::string, std::less<>> labels;
  double value = 0;
};

// The samples of one family in the Prometheus text format. Lines that are not of the form are
// skipped: this asks, it does not judge.
[[nodiscard]] std::vector<Sample> SamplesOf(std::string_view text, std::string_view name);

// The value of a family's first sample; empty if it has none.
[[nodiscard]] std::optional<double> ValueOf(std::string_view text, std::string_view name);
// The values of all of its samples that have these labels, added up.
[[nodiscard]] double SumOf(std::string_view text, std::string_view name,
                           const std::map<std::string, std::string, std::less<>>& labels = {});

}  // namespace lowbalance::cli
