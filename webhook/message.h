#pragma once
// What people read: messages worded in a language, as mail (text and HTML) and as internal message.
//
// Pure. All wording comes from config/wording.h; this puts the facts into it.

#include <string>
#include <string_view>

#include "config/config.h"
#include "core/pipeline.h"
#include "webhook/plan.h"
#include "webhook/time_zone.h"

namespace lowbalance {

struct WordedMessage {
  std::string subject;   // One line without control characters, at most a few hundred bytes.
  std::string text;      // Of the mail. Lines ended by '\n'.
  std::string html;      // Of the mail: a whole document in UTF-8; loads nothing from elsewhere.
  std::string internal;  // The internal message's text; its title is the subject.
};

// For whom a message is worded.
struct Reader {
  const Wording* wording = nullptr;  // Owned by the configuration.
  TimeZone time_zone;
  // The zone that was wanted, where it is not known and UTC stands in for it: the message says so.
  std::string unknown_time_zone;
};

// The contact as a reader. A language without a wording reads as English. Reads the zone's file; a
// zone that is not known is noted in the reader.
[[nodiscard]] Reader ReaderOf(const Config& config, const Contact& contact);

// An alert, reminder, recovery or overdue notice.
[[nodiscard]] WordedMessage WordMessage(const PlannedMessage& message, const Config& config,
                                        const Reader& reader);

// To the operators: nothing was heard of the pipeline since `last_heard`, which is empty where
// nothing ever was, for `silence`.
[[nodiscard]] WordedMessage WordWatchdog(std::optional<Time> last_heard, Millis silence,
                                         const Reader& reader);

// To the operators: the pipeline is heard again, after `silence`.
[[nodiscard]] WordedMessage WordHeardAgain(Millis silence, const Reader& reader);

// To one contact, by request.
[[nodiscard]] WordedMessage WordTest(std::string_view contact, const Reader& reader);

}  // namespace lowbalance
