#pragma once
// Texts from outside, cut down to what may be kept in a store, a header or a line.

#include <map>
#include <string>
#include <string_view>

namespace lowbalance {

inline constexpr std::size_t kFactsKeptMax = 8192;
inline constexpr std::size_t kErrorKeptMax = 1000;

// At most `max` bytes, cut between characters and then ending in "…". Control characters, other
// line ends and marks that turn the direction of writing become blanks; where the text is not
// UTF-8, its bytes beyond ASCII become '?'. For text that people read.
[[nodiscard]] std::string OneLine(std::string_view text, std::size_t max);

// A JSON object of at most 64 labels, each name and value cut at 256 bytes.
[[nodiscard]] std::string LabelsAsJson(
    const std::map<std::string, std::string, std::less<>>& labels);

}  // namespace lowbalance
