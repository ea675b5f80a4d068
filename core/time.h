#pragma once
// Instants of the wall clock, in milliseconds, and the few ways we write them down.
//
// Nothing in core/ reads a clock: whoever decides is told the time. Durations that are measured
// (time-outs, latencies) use std::chrono::steady_clock and never meet a Time.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"

namespace lowbalance {

using Millis = std::chrono::milliseconds;
using Time = std::chrono::time_point<std::chrono::system_clock, Millis>;

[[nodiscard]] constexpr Time TimeFromMillis(std::int64_t ms) { return Time{Millis{ms}}; }
[[nodiscard]] constexpr std::int64_t ToMillis(Time t) { return t.time_since_epoch().count(); }

// Seconds since 1970 with exactly three decimals, as metrics and facts carry instants:
// "1700000000.000". Exact, unlike a detour through double.
[[nodiscard]] std::string FormatSeconds(Time t);

// The reverse. Accepts up to three decimals and more if they are zeros; refuses exponents, signs
// other than a leading '-', and instants outside the years 1970 to 9999.
[[nodiscard]] Result<Time> ParseSeconds(std::string_view text);

// "2026-11-23T07:12:00Z", with milliseconds only where there are any. UTC.
[[nodiscard]] std::string FormatRfc3339(Time t);

// RFC 3339 with any offset and any number of decimals (cut to milliseconds), e.g.
// "2026-11-23T15:12:00.5+08:00". A time without an offset is refused: it would be a guess.
[[nodiscard]] Result<Time> ParseRfc3339(std::string_view text);

// Durations as people write them in configuration files and stories: sums of d, h, m, s and ms
// terms, each unit at most once and larger ones first ("1d2h", "26h30m", "250ms", "0s").
[[nodiscard]] Result<Millis> ParseDuration(std::string_view text);

// The shortest such text, in the form Prometheus and Alertmanager read too: "15m", "1h30m",
// "250ms", "0s". Days are written as hours' multiples only when whole: "1d".
[[nodiscard]] std::string FormatDuration(Millis d);

// As stories print offsets: hours, minutes and seconds, "122h", "1h2m", "0h".
[[nodiscard]] std::string FormatOffset(Millis d);

}  // namespace lowbalance
