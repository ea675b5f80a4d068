#pragma once
// Small questions about text that several parts ask.

#include <span>
#include <string>
#include <string_view>

namespace lowbalance {

[[nodiscard]] bool IsValidUtf8(std::string_view text);

// Bytes below 0x20, and 0x7f. Text that comes from outside and goes into a header, a log line or
// a label is held against this first.
[[nodiscard]] bool HasControlCharacters(std::string_view text);

// The text as it may stand in an error or a log line: at most `max` bytes, cut between
// characters, in double quotes, with control characters and bad UTF-8 as \xNN.
[[nodiscard]] std::string Quoted(std::string_view text, std::size_t max = 60);

// Go's strconv.Quote and Unquote, which Prometheus' templates write with %q and PromQL and YAML's
// double-quoted strings read. GoUnquote refuses (false) anything that is not one double-quoted
// Go string.
[[nodiscard]] std::string GoQuote(std::string_view text);
[[nodiscard]] bool GoUnquote(std::string_view quoted, std::string* text);

// The candidate that differs least from `word`, for "unknown key X: did you mean Y?"; empty where
// none is near.
[[nodiscard]] std::string_view NearestWord(std::string_view word,
                                           std::span<const std::string> candidates);

}  // namespace lowbalance
