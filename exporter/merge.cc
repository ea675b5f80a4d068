#include "exporter/merge.h"

#include <algorithm>
#include <cassert>
#include <memory>
#include <utility>

namespace lowbalance {
namespace {

// Adds an account to the result: as it was where it did not change.
void Put(Merged& merged, const AccountPtr& before, Account after) {
  if (before && *before == after) {
    merged.next.accounts.push_back(before);
    return;
  }
  auto changed = std::make_shared<const Account>(std::move(after));
  merged.next.accounts.push_back(changed);
  merged.changes.push_back({.before = before, .after = std::move(changed)});
}

Account Failed(const Account& account) {
  Account after = account;
  after.memory = ObserveFailure(std::move(after.memory));
  return after;
}

// Applies a setting that is nobody's to edit here, and notes the edit it comes to.
void ApplySetting(Merged& merged, Account& account, const ProvisionedSetting& setting,
                  const std::string& who, const std::string& through, Time now) {
  auto provisioned = Provision(account.memory, setting, now);
  if (!provisioned) {
    const EditError& error = provisioned.error();
    merged.problems.emplace(account.memory.account, error.field + ": " + error.message.en);
    return;
  }
  if (*provisioned == account.memory) return;
  EditRecord edit{.at = now,
                  .who = who,
                  .through = through,
                  .account = account.memory.account,
                  .level = setting.level,
                  .to = provisioned->levels.at(setting.level)};
  const auto was = account.memory.levels.find(setting.level);
  if (was != account.memory.levels.end()) edit.from = was->second;
  merged.edits.push_back(std::move(edit));
  account.memory = std::move(*provisioned);
}

// The provider's own alert, which the source was told to take over. One that was never set there
// is off here, at the threshold there was, if any.
void ApplyAlarm(Merged& merged, Account& account, const ProviderAlarm& alarm, Time now) {
  std::optional<Money> threshold = alarm.threshold;
  if (!threshold) {
    const auto level = account.memory.levels.find(kDefaultLevel);
    if (level == account.memory.levels.end() || !level->second.enabled) return;
    threshold = level->second.threshold;
  }
  ApplySetting(
      merged, account,
      {.enabled = alarm.enabled, .threshold = *threshold, .currency = account.memory.currency},
      account.source, "source", now);
}

// An account that the poll did not show. `complete`: so the source no longer has it.
void PutUnseen(Merged& merged, const AccountPtr& account, std::string_view source, bool complete) {
  if (account->source != source) {
    merged.next.accounts.push_back(account);
    return;
  }
  Account after = Failed(*account);
  after.released = complete || account->released;
  merged.problems.emplace(account->memory.account, complete ? "the source no longer contains it"
                                                            : "the source was not read to its end");
  Put(merged, account, std::move(after));
}

// What the poll has to say of one account: one of the two.
struct Shown {
  const Reading* reading = nullptr;
  const AccountFailure* failure = nullptr;

  [[nodiscard]] const AccountKey& key() const {
    return reading != nullptr ? reading->account : failure->account;
  }
};

std::vector<Shown> InOrder(const Fetched& fetched) {
  std::vector<Shown> shown;
  shown.reserve(fetched.readings.size() + fetched.failures.size());
  for (const Reading& reading : fetched.readings) shown.push_back({.reading = &reading});
  for (const AccountFailure& failure : fetched.failures) shown.push_back({.failure = &failure});
  std::sort(shown.begin(), shown.end(),
            [](const Shown& a, const Shown& b) { return a.key() < b.key(); });
  // A source shows each account once.
  assert(std::adjacent_find(shown.begin(), shown.end(), [](const Shown& a, const Shown& b) {
           return a.key() == b.key();
         }) == shown.end());
  return shown;
}

void PutShown(Merged& merged, const AccountPtr& account, const AccountRules& rules,
              std::string_view source, const Shown& shown, Time now) {
  const AccountKey& key = shown.key();
  const bool owned = account && !account->source.empty() && !account->released &&
                     rules.sources.contains(account->source);
  if (owned && account->source != source) {
    merged.problems.emplace(key, "it is read from source " + account->source);
    merged.next.accounts.push_back(account);
    return;
  }
  Account after;
  if (account) {
    after = *account;
  } else {
    after.memory.account = key;
    rules.Decorate(after);
  }
  std::string problem;
  if (shown.reading != nullptr) {
    auto observed = Observe(after.memory, *shown.reading, now);
    if (observed) {
      after.memory = std::move(*observed);
    } else {
      problem = observed.error().message;
    }
  } else {
    problem = shown.failure->message;
  }
  if (problem.empty()) {
    after.source = source;
    after.released = false;
    rules.Decorate(after);
    const auto& alarm = shown.reading->alarm;
    if (alarm && rules.ImportsAlarm(after)) ApplyAlarm(merged, after, *alarm, now);
  } else {
    if (shown.failure != nullptr && shown.failure->status != AccountStatus::kUnknown) {
      after.memory = ObserveStatus(std::move(after.memory), shown.failure->status, now);
    }
    after.memory = ObserveFailure(std::move(after.memory));
    // An account that nobody has shown yet is at least known to be there.
    if (after.source.empty()) after.source = source;
    merged.problems.emplace(key, std::move(problem));
  }
  Put(merged, account, std::move(after));
}

}  // namespace

Merged MergeFetched(const Snapshot& before, const AccountRules& rules, std::string_view source,
                    const Fetched& fetched, Time now) {
  const std::vector<Shown> all = InOrder(fetched);
  Merged merged;
  merged.next.accounts.reserve(before.accounts.size() + all.size());
  auto account = before.accounts.begin();
  for (const Shown& shown : all) {
    while (account != before.accounts.end() && (*account)->memory.account < shown.key()) {
      PutUnseen(merged, *account++, source, fetched.complete);
    }
    const bool known =
        account != before.accounts.end() && (*account)->memory.account == shown.key();
    PutShown(merged, known ? *account++ : nullptr, rules, source, shown, now);
  }
  while (account != before.accounts.end()) PutUnseen(merged, *account++, source, fetched.complete);
  return merged;
}

Merged MergeFailure(const Snapshot& before, std::string_view source) {
  Merged merged;
  merged.next.accounts.reserve(before.accounts.size());
  for (const AccountPtr& account : before.accounts) {
    if (account->source == source) {
      Put(merged, account, Failed(*account));
    } else {
      merged.next.accounts.push_back(account);
    }
  }
  return merged;
}

Merged MergeRules(const Snapshot& before, const AccountRules& rules, Time now) {
  Merged merged;
  merged.next.accounts.reserve(before.accounts.size() + rules.accounts.size());
  auto listed = rules.accounts.begin();
  const auto put = [&](const AccountPtr& account, const AccountConfig* config) {
    Account after;
    if (account) after = *account;
    if (!account) after.memory.account = config->account;
    rules.Decorate(after);
    if (config != nullptr) {
      for (const ProvisionedSetting& setting : config->settings) {
        ApplySetting(merged, after, setting, rules.file, "file", now);
      }
    }
    if (!after.source.empty() && !rules.sources.contains(after.source)) after = Failed(after);
    Put(merged, account, std::move(after));
  };
  for (const AccountPtr& account : before.accounts) {
    const AccountKey& key = account->memory.account;
    for (; listed != rules.accounts.end() && listed->first < key; ++listed) {
      put(nullptr, &listed->second);
    }
    if (listed != rules.accounts.end() && listed->first == key) {
      put(account, &listed->second);
      ++listed;
    } else if (account->source.empty()) {
      merged.changes.push_back({.before = account, .after = nullptr});
    } else {
      put(account, nullptr);
    }
  }
  for (; listed != rules.accounts.end(); ++listed) put(nullptr, &listed->second);
  return merged;
}

Merged MergeEdits(const Snapshot& before, std::vector<AccountChange> changes,
                  std::vector<EditRecord> edits) {
  Merged merged;
  merged.next = before;
  for (const AccountChange& change : changes) {
    const auto at = before.LowerBound(change.before->memory.account) - before.accounts.begin();
    merged.next.accounts.at(static_cast<std::size_t>(at)) = change.after;
  }
  merged.changes = std::move(changes);
  merged.edits = std::move(edits);
  return merged;
}

}  // namespace lowbalance
