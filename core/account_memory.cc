#include "core/account_memory.h"

#include <algorithm>
#include <utility>

#include "core/text.h"

namespace lowbalance {
namespace {

// The instant of an event: the wall clock, or a millisecond after the account's last instant.
Time NoteInstant(AccountMemory& memory, Time now) {
  memory.last_instant = std::max(now, memory.last_instant + Millis{1});
  return memory.last_instant;
}

bool IsLow(const AccountMemory& memory, const LevelMemory& level) {
  const std::optional<Money>& credit = memory.available_credit;
  return !IsStopped(memory.status) && IsActive(level) && credit && *credit < *level.threshold;
}

void BeginEpisode(LevelMemory& level, Time at, bool crossing, Money credit) {
  level.low_since = at;
  if (crossing) level.first_change = at;
  if (credit < Money{}) level.overdue = at;
}

void EndEpisode(LevelMemory& level, Time at, EndReason reason) {
  level.low_since.reset();
  level.first_change.reset();
  level.overdue.reset();
  level.ended = Ended{at, reason};
}

// Adds the size of the step from `before` to `after` to one of the two counters.
void Count(AccountMemory& memory, Money before, Money after) {
  const bool spent = after < before;
  const auto step = spent ? Money::Subtract(before, after) : Money::Subtract(after, before);
  if (!step) return;
  Money& total = spent ? memory.spend_total : memory.top_up_total;
  total = Money::Add(total, *step).value_or(total);
}

// The account's first currency, or another than before: what was said in the old one no longer
// holds, a setting in the old one is suspended, and one in the new one holds again.
void ChangeCurrency(AccountMemory& memory, const std::string& currency, Time now) {
  memory.currency = currency;
  memory.available_credit.reset();
  memory.changed.reset();
  memory.spend_total = Money{};
  memory.top_up_total = Money{};
  for (auto& [name, level] : memory.levels) {
    if (level.currency.empty()) level.currency = currency;
    level.suspended = level.threshold && level.currency != currency;
    if (!level.suspended) continue;
    if (level.low_since) EndEpisode(level, NoteInstant(memory, now), EndReason::kDisabled);
  }
}

}  // namespace

bool IsValidName(std::string_view text) {
  return !text.empty() && text.size() <= 40 && text[0] >= 'a' && text[0] <= 'z' &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
         });
}

bool IsValidAccountId(std::string_view text) {
  return !text.empty() && text.size() <= 128 && IsValidUtf8(text) && !HasControlCharacters(text) &&
         text.front() != ' ' && text.back() != ' ';
}

std::string_view ToString(AccountStatus status) {
  switch (status) {
    case AccountStatus::kUnknown:
      return "";
    case AccountStatus::kActive:
      return "active";
    case AccountStatus::kFrozen:
      return "frozen";
    case AccountStatus::kClosed:
      return "closed";
  }
  return "";
}

std::optional<AccountStatus> ParseAccountStatus(std::string_view text) {
  for (const AccountStatus status : kAccountStatuses) {
    if (ToString(status) == text) return status;
  }
  return std::nullopt;
}

bool IsStopped(AccountStatus status) {
  return status == AccountStatus::kFrozen || status == AccountStatus::kClosed;
}

std::string_view ToString(EndReason reason) {
  switch (reason) {
    case EndReason::kRecovered:
      return "recovered";
    case EndReason::kDisabled:
      return "disabled";
    case EndReason::kThresholdLowered:
      return "threshold_lowered";
  }
  return "";
}

std::optional<EndReason> ParseEndReason(std::string_view text) {
  for (const EndReason reason :
       {EndReason::kRecovered, EndReason::kDisabled, EndReason::kThresholdLowered}) {
    if (ToString(reason) == text) return reason;
  }
  return std::nullopt;
}

bool IsActive(const LevelMemory& level) {
  return level.enabled && level.threshold && !level.suspended;
}

Result<AccountMemory> Observe(AccountMemory memory, const Reading& reading, Time now) {
  const Time as_of = std::min(reading.as_of.value_or(now), now);
  // What is known as of later than now was learnt before the clock was set back: it tells nothing
  // about which of the two is older (S11), and readings are not refused until it catches up.
  const bool comparable = memory.last_success && *memory.last_success <= now;
  if (reading.as_of && comparable && as_of < *memory.last_success) {
    return Reject("account " + memory.account.account_id + " as of " + FormatRfc3339(as_of) +
                  " is older than what is known, as of " + FormatRfc3339(*memory.last_success));
  }
  if (memory.currency != reading.currency) ChangeCurrency(memory, reading.currency, now);

  const bool was_stopped = IsStopped(memory.status);
  const std::optional<Money> before = memory.available_credit;
  const Money credit = reading.available_credit;
  const bool change = before && *before != credit;

  memory.account_name = reading.account_name;
  memory.owner = reading.owner;
  memory.status = reading.status;
  memory.available_credit = credit;
  memory.terms = reading.terms;
  if (reading.costs_incurred != CostsIncurred::kUnknown) {
    memory.costs_incurred = reading.costs_incurred;
  }
  memory.up = true;
  memory.last_success = as_of;

  // One instant for all that this poll is the cause of, noted only if it is the cause of anything.
  std::optional<Time> noted;
  const auto at = [&] {
    if (!noted) noted = NoteInstant(memory, now);
    return *noted;
  };
  if (change) {
    memory.changed = at();
    Count(memory, *before, credit);
  }
  for (auto& [name, level] : memory.levels) {
    const bool low = IsLow(memory, level);
    if (!level.low_since && low) {
      // Credit that fell while the account was stopped crossed nothing that anybody watched.
      BeginEpisode(level, at(), change && !was_stopped, credit);
    } else if (level.low_since && !low) {
      EndEpisode(level, at(),
                 IsStopped(memory.status) ? EndReason::kDisabled : EndReason::kRecovered);
    } else if (low) {
      if (change && !level.first_change) level.first_change = at();
      if (credit < Money{} && !level.overdue) level.overdue = at();
    }
  }
  return memory;
}

AccountMemory ObserveFailure(AccountMemory memory) {
  memory.up = false;
  return memory;
}

AccountMemory ObserveStatus(AccountMemory memory, AccountStatus status, Time now) {
  if (memory.status == status) return memory;
  memory.status = status;
  std::optional<Time> noted;
  for (auto& [name, level] : memory.levels) {
    const bool low = IsLow(memory, level);
    if (low == level.low_since.has_value()) continue;
    if (!noted) noted = NoteInstant(memory, now);
    if (low) {
      BeginEpisode(level, *noted, /*crossing=*/false, *memory.available_credit);
    } else {
      EndEpisode(level, *noted, EndReason::kDisabled);
    }
  }
  return memory;
}

tl::expected<AccountMemory, EditError> Edit(AccountMemory memory, const SettingEdit& edit,
                                            Time now) {
  const auto refuse = [](std::string field, Bilingual message) {
    return tl::make_unexpected(EditError{std::move(field), std::move(message)});
  };
  if (!IsValidName(edit.level)) {
    return refuse("level", {"not a name of a-z, 0-9, _ and -: " + Quoted(edit.level),
                            "名称只能由 a-z、0-9、_ 和 - 组成：" + Quoted(edit.level)});
  }
  if (!edit.currency.empty() && !memory.currency.empty() && edit.currency != memory.currency) {
    return refuse("currency",
                  {"the account's amounts are in " + memory.currency + ", not in " + edit.currency,
                   "账户的币种是 " + memory.currency + "，不是 " + edit.currency});
  }
  LevelMemory level;
  if (const auto found = memory.levels.find(edit.level); found != memory.levels.end()) {
    level = found->second;
  }
  const LevelMemory before = level;
  if (edit.threshold) {
    level.threshold = edit.threshold;
    level.currency = memory.currency.empty() ? edit.currency : memory.currency;
    level.suspended = false;
  }
  level.enabled = edit.enabled.value_or(level.enabled);
  if (level.enabled && !level.threshold) {
    return refuse("threshold", {"needed to enable the alert at level " + edit.level,
                                "开启级别 " + edit.level + " 的预警需要先设置阈值"});
  }
  if (level.enabled && level.suspended && edit.enabled.value_or(false)) {
    return refuse(
        "threshold",
        {"the setting at level " + edit.level + " is suspended, as it is in " + level.currency +
             " and the account in " + memory.currency + "; set a threshold in " + memory.currency,
         "级别 " + edit.level + " 的设置已暂停：阈值以 " + level.currency + " 设置，而账户币种是 " +
             memory.currency + "；请以 " + memory.currency + " 重新设置阈值"});
  }
  if (level == before) return memory;

  const bool low = IsLow(memory, level);
  if (!level.low_since && low) {
    BeginEpisode(level, NoteInstant(memory, now), /*crossing=*/false, *memory.available_credit);
  } else if (level.low_since && !low) {
    EndEpisode(level, NoteInstant(memory, now),
               level.enabled ? EndReason::kThresholdLowered : EndReason::kDisabled);
  }
  memory.levels[edit.level] = std::move(level);
  return memory;
}

}  // namespace lowbalance
