#pragma once
// What people read: the wording of alerts and reminders, in each language.
//
// Pure. All wording stands in webhook/phrases.cc; this puts the facts into it.

#include <string>
#include <string_view>

#include "core/money.h"
#include "core/pipeline.h"
#include "webhook/plan.h"
#include "webhook/time_zone.h"

namespace lowbalance {

struct Wording {
  std::string subject;  // One line without control characters, at most 200 bytes or so.
  std::string text;     // Lines ended by '\n'.
  std::string html;     // A whole document in UTF-8; loads nothing from elsewhere.
};

struct Reader {
  std::string language = "en";  // One that is not known reads as "en".
  TimeZone time_zone;
  // The zone that was wanted, where it is not known and UTC stands in for it: the message says so.
  std::string unknown_time_zone;
};

[[nodiscard]] Wording WordMessage(const PlannedMessage& message, const Cadence& cadence,
                                  const Reader& reader);

// "1,234.50 USD", "-0.005 USD": thousands separators, at least two decimals, more only where
// needed to stay exact.
[[nodiscard]] std::string FormatAmount(Money amount, std::string_view currency);

}  // namespace lowbalance
