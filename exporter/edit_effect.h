#pragma once
// What an edit of a setting comes to, in words a person can act on before saying OK. Pure.

#include <string>
#include <string_view>

#include "core/account_memory.h"

namespace lowbalance {

enum class EditEffect {
  kUnchanged,           // Nothing differs.
  kWillWatch,           // Enabled, and available credit is at or above the threshold.
  kFirstChange,         // Low at once (S2): the first alert waits for the next change.
  kFirstChangeOverdue,  // The same below zero: one alert, and no reminders (S7).
  kGoesOn,              // Low before and after (S3 b): what was due stays due.
  kNoLongerLow,         // The episode ends with the edit (S3 c).
  kSwitchedOff,         // Disabled, and it was not low.
  kSwitchedOffLow,      // Disabled, which ends an episode (S4).
  kStaysOff,            // A threshold for later: the alert is disabled before and after.
  kStopped,             // Enabled, and the provider has frozen or closed the account.
  kUnknownCredit,       // Enabled, and available credit is not known yet.
};

// `first_change_overdue`, …: as the API writes it.
[[nodiscard]] std::string_view ToString(EditEffect effect);

// The sentence, in English: "available credit is already below this threshold: …".
[[nodiscard]] std::string_view Sentence(EditEffect effect);

// `before` and `after` are one account before and after an edit of the level.
[[nodiscard]] EditEffect EffectOf(const AccountMemory& before, const AccountMemory& after,
                                  std::string_view level);

// Names the settings of all levels as they are: two accounts' differ where somebody would see
// another threshold, currency or switch. 16 hexadecimal digits, the same after a restart.
[[nodiscard]] std::string SettingsVersion(const AccountMemory& account);

}  // namespace lowbalance
