#pragma once
// A message as the store holds it, from what was decided and how it is worded. Pure.

#include <string>

#include "webhook/message.h"
#include "webhook/records.h"

namespace lowbalance {

// An alert, reminder, recovery or overdue notice; `contact` is the name of whom it is for.
[[nodiscard]] Message MessageOf(const PlannedMessage& planned, const std::string& contact,
                                const Config& config, const Reader& reader, Time now);

// A watchdog or test message, which is about no account.
[[nodiscard]] Message MessageOf(MessageKind kind, const std::string& contact, WordedMessage worded,
                                Time now);

}  // namespace lowbalance
