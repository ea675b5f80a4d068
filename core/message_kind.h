#pragma once
// What a message is about.

#include <optional>
#include <string_view>

namespace lowbalance {

// Alert, reminder, recovery and overdue belong to an episode of an account at a level; watchdog and
// test belong to no account. The words stand in the store, the API, the metrics and the mails'
// headers, so they are never changed.
enum class MessageKind {
  kAlert,     // S1, S2: the first message of an episode.
  kReminder,  // S5: numbered from 1.
  kRecovery,  // S6: available credit is back at the threshold or more; only where asked for.
  kOverdue,   // S7: available credit has fallen below zero; only where asked for.
  kWatchdog,  // To the operator contact, about the pipeline itself.
  kTest,      // To one contact, to see whether messages arrive.
};
inline constexpr int kMessageKindCount = 6;

[[nodiscard]] std::string_view ToString(MessageKind kind);  // "alert", …
[[nodiscard]] std::optional<MessageKind> ParseMessageKind(std::string_view text);

// Whether a message of this kind is about an account.
[[nodiscard]] constexpr bool IsAboutAccount(MessageKind kind) {
  return kind != MessageKind::kWatchdog && kind != MessageKind::kTest;
}

}  // namespace lowbalance
