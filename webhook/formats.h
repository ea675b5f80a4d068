#pragma once
// Amounts, instants and durations as a language writes them. Pure.

#include <chrono>
#include <string>
#include <string_view>

#include "config/wording.h"
#include "core/money.h"
#include "core/time.h"
#include "webhook/time_zone.h"

namespace lowbalance {

// "1,234.50 USD", "-0.005 USD": thousands separators, at least two decimals, more only where
// needed to stay exact.
[[nodiscard]] std::string FormatAmount(Money amount, std::string_view currency,
                                       const Wording& wording);

// "23 Nov 2025, 15:12 (UTC+08:00)".
[[nodiscard]] std::string FormatInstant(Time at, const TimeZone& zone, const Wording& wording);

// "5 days", "36 hours", "90 seconds": in the largest unit it is a whole number of.
[[nodiscard]] std::string FormatSpan(Millis span, const Wording& wording);

// "every hour", "every 36 hours": likewise, for what comes again and again.
[[nodiscard]] std::string FormatInterval(Millis every, const Wording& wording);
// How long something lasts that is not known exactly: "about 5 days", "less than two hours".
[[nodiscard]] std::string FormatRoughly(Millis span, const Wording& wording);

// A name that stands in a sentence: one line of at most `max` bytes, and where it is written from
// right to left, in marks that keep it from turning its neighbours around.
[[nodiscard]] std::string NameInSentence(std::string_view name, std::size_t max);

}  // namespace lowbalance
