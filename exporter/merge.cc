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

// An account that the poll did not show.
void PutUnseen(Merged& merged, const AccountPtr& account, std::string_view source) {
  if (account->source != source) {
    merged.next.accounts.push_back(account);
    return;
  }
  Account after = Failed(*account);
  after.released = true;
  merged.problems.emplace(account->memory.account, "the source no longer contains it");
  Put(merged, account, std::move(after));
}

void PutSeen(Merged& merged, const AccountPtr& account, const AccountRules& rules,
             std::string_view source, const Reading& reading, Time now) {
  Account after;
  if (account) {
    after = *account;
  } else {
    after.memory.account = reading.account;
    rules.Decorate(after);
  }
  const bool others = account && !account->source.empty() && account->source != source &&
                      !account->released && rules.sources.contains(account->source);
  if (others) {
    merged.problems.emplace(reading.account, "it is read from source " + account->source);
    merged.next.accounts.push_back(account);
    return;
  }
  auto observed = Observe(after.memory, reading, now);
  if (observed) {
    after.memory = std::move(*observed);
    after.source = source;
    after.released = false;
  } else {
    after.memory = ObserveFailure(std::move(after.memory));
    merged.problems.emplace(reading.account, observed.error().message);
  }
  Put(merged, account, std::move(after));
}

// Applies the settings that stand in the configuration, and notes the edits they come to.
void ApplySettings(Merged& merged, Account& account, const AccountConfig& config,
                   const std::string& file, Time now) {
  for (const ProvisionedSetting& setting : config.settings) {
    auto provisioned = Provision(account.memory, setting, now);
    if (!provisioned) {
      merged.problems.emplace(config.account, provisioned.error().message);
      continue;
    }
    if (*provisioned == account.memory) continue;
    EditRecord edit{.at = now,
                    .who = file,
                    .through = "file",
                    .account = config.account,
                    .level = setting.level,
                    .to = provisioned->levels.at(setting.level)};
    const auto was = account.memory.levels.find(setting.level);
    if (was != account.memory.levels.end()) edit.from = was->second;
    merged.edits.push_back(std::move(edit));
    account.memory = std::move(*provisioned);
  }
}

}  // namespace

Merged MergeReadings(const Snapshot& before, const AccountRules& rules, std::string_view source,
                     std::vector<Reading> readings, Time now) {
  std::stable_sort(readings.begin(), readings.end(),
                   [](const Reading& a, const Reading& b) { return a.account < b.account; });
  // A source shows each account once.
  assert(
      std::adjacent_find(readings.begin(), readings.end(), [](const Reading& a, const Reading& b) {
        return a.account == b.account;
      }) == readings.end());
  Merged merged;
  merged.next.accounts.reserve(before.accounts.size() + readings.size());
  auto account = before.accounts.begin();
  for (const Reading& reading : readings) {
    while (account != before.accounts.end() && (*account)->memory.account < reading.account) {
      PutUnseen(merged, *account++, source);
    }
    const bool known =
        account != before.accounts.end() && (*account)->memory.account == reading.account;
    PutSeen(merged, known ? *account++ : nullptr, rules, source, reading, now);
  }
  while (account != before.accounts.end()) PutUnseen(merged, *account++, source);
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
    if (config != nullptr) ApplySettings(merged, after, *config, rules.file, now);
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

Merged MergeEdit(const Snapshot& before, AccountPtr account, AccountMemory memory,
                 EditRecord edit) {
  Merged merged;
  merged.next = before;
  Account after = *account;
  after.memory = std::move(memory);
  auto changed = std::make_shared<const Account>(std::move(after));
  const auto at = before.LowerBound(account->memory.account) - before.accounts.begin();
  merged.next.accounts.at(static_cast<std::size_t>(at)) = changed;
  merged.changes.push_back({.before = std::move(account), .after = std::move(changed)});
  merged.edits.push_back(std::move(edit));
  return merged;
}

}  // namespace lowbalance
