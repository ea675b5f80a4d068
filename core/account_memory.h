#pragma once
// What the exporter remembers of an account, and how a poll or an edit changes it.
//
// Pure: (memory, reading or edit, now) → memory. The exporter commits the result to its store
// before it publishes it. The rules are those of the project's semantics page, S1 to S4 and S7,
// as far as they concern when an episode begins, changes and ends; what is sent about it is
// decided in core/episode.h, by the webhook.

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/available_credit.h"
#include "core/money.h"
#include "core/result.h"
#include "core/time.h"

namespace lowbalance {

// Names an account throughout: metrics, facts, stores, API.
struct AccountKey {
  std::string provider;
  std::string account_id;
  friend auto operator<=>(const AccountKey&, const AccountKey&) = default;
};

// The one level there is unless somebody adds another.
inline constexpr std::string_view kDefaultLevel = "warning";

// Providers and levels are used in label matchers and file names: 1 to 40 of a-z 0-9 _ -,
// beginning with a letter.
[[nodiscard]] bool IsValidName(std::string_view text);
// Account ids are the provider's: 1 to 128 bytes of valid UTF-8 without control characters and
// without white space at either end.
[[nodiscard]] bool IsValidAccountId(std::string_view text);

// Whether the account ever had costs. Bulk lists show yes and unknown.
enum class CostsIncurred { kUnknown, kNo, kYes };

// Whether the provider still lets the account be used. One that is frozen or closed counts as not
// enabled at every level, whatever its settings say, until it is active again.
enum class AccountStatus { kUnknown, kActive, kFrozen, kClosed };
inline constexpr std::array kAccountStatuses{AccountStatus::kActive, AccountStatus::kFrozen,
                                             AccountStatus::kClosed};
[[nodiscard]] std::string_view ToString(AccountStatus status);  // "active", …; "" if unknown.
// Empty for all other words.
[[nodiscard]] std::optional<AccountStatus> ParseAccountStatus(std::string_view text);

[[nodiscard]] bool IsStopped(AccountStatus status);  // Frozen or closed.

// The alert that the provider itself has for the account.
struct ProviderAlarm {
  bool enabled = false;
  std::optional<Money> threshold;  // In the account's currency; empty if none was ever set.
};

// What one poll saw of one account.
struct Reading {
  AccountKey account;
  std::string account_name;  // Empty if the source has none.
  std::string owner;         // Who the account belongs to, by name; empty if the source has none.
  AccountStatus status = AccountStatus::kUnknown;
  std::string currency;
  Money available_credit;  // As the provider states it, or the formula where it gives the terms.
  CreditTerms terms;
  CostsIncurred costs_incurred = CostsIncurred::kUnknown;
  // Where the source is told to take it over as the setting of kDefaultLevel.
  std::optional<ProviderAlarm> alarm;
  // When the provider says the data is of; `now` where it says nothing. A later instant than now
  // counts as now.
  std::optional<Time> as_of;
};

enum class EndReason { kRecovered, kDisabled, kThresholdLowered };
[[nodiscard]] std::string_view ToString(EndReason reason);  // "recovered", …
[[nodiscard]] std::optional<EndReason> ParseEndReason(std::string_view text);

struct Ended {
  Time at{};
  EndReason reason = EndReason::kRecovered;
  friend bool operator==(const Ended&, const Ended&) = default;
};

// One account at one level: the setting, and the episode if the account is low.
struct LevelMemory {
  bool enabled = false;
  std::optional<Money> threshold;
  // The currency the threshold was set in. Where it is not the account's any more, the setting
  // is suspended: it counts as disabled until somebody sets it anew, or the account is back in it.
  std::string currency;
  bool suspended = false;

  // Present only in an episode.
  std::optional<Time> low_since;
  std::optional<Time> first_change;
  std::optional<Time> overdue;
  // When and why the last episode ended; stays until the next one ends.
  std::optional<Ended> ended;

  friend bool operator==(const LevelMemory&, const LevelMemory&) = default;
};

struct AccountMemory {
  AccountKey account;
  std::string account_name;
  std::string owner;
  AccountStatus status = AccountStatus::kUnknown;
  std::string currency;                   // Empty until the first reading or setting.
  std::optional<Money> available_credit;  // Empty until a poll has succeeded.
  CreditTerms terms;
  CostsIncurred costs_incurred = CostsIncurred::kUnknown;
  bool up = false;                   // Did the last poll succeed?
  std::optional<Time> last_success;  // As of when the newest data is.
  std::optional<Time> changed;       // When available credit was last seen to change.
  Money spend_total;                 // Every decrease seen, added up; starts anew with a currency
  Money top_up_total;                // and stays at its last value where it would overflow.
  std::map<std::string, LevelMemory, std::less<>> levels;
  // The last instant noted along this account. Instants strictly increase: an instant is the
  // wall clock, or a millisecond after this one if the clock is not later.
  Time last_instant{};

  friend bool operator==(const AccountMemory&, const AccountMemory&) = default;
};

// Is the setting one that can be low: enabled, with a threshold, not suspended?
[[nodiscard]] bool IsActive(const LevelMemory& level);

// A poll saw the account. `reading.account` must be `memory.account`. Refuses a reading whose
// as_of is before the newest data known (an old file put back must not move the balance);
// the caller then treats it as a failed poll.
[[nodiscard]] Result<AccountMemory> Observe(AccountMemory memory, const Reading& reading, Time now);

// A poll did not see the account: nothing changes but `up`.
[[nodiscard]] AccountMemory ObserveFailure(AccountMemory memory);

// The provider said what it makes of the account, if not its balance. An episode of an account that
// is frozen or closed ends as disabled; one that is low when it is active again begins a new one,
// as if it had just been enabled.
[[nodiscard]] AccountMemory ObserveStatus(AccountMemory memory, AccountStatus status, Time now);

// A wish to change one level's setting. An empty field stays as it is.
struct SettingEdit {
  std::string level{kDefaultLevel};
  std::optional<bool> enabled;
  std::optional<Money> threshold;
  // The currency of the threshold; the account's if empty. Another than the account's is refused.
  std::string currency;
};

// Why an edit is refused, and for the sake of which of its fields.
struct EditError {
  std::string field;
  Bilingual message;
};

// Applies an edit. Setting what is set already changes nothing, and notes no instant. Refused:
// enabling without a threshold, a bad level name, a currency that is not the account's.
[[nodiscard]] tl::expected<AccountMemory, EditError> Edit(AccountMemory memory,
                                                          const SettingEdit& edit, Time now);

}  // namespace lowbalance
