#include "cli/simulated_exporter.h"

#include <algorithm>
#include <utility>

namespace lowbalance {
namespace {

constexpr std::string_view kProvider = "story";

// What the generated rule of that kind would say of one level: nothing, or its facts. The
// comparisons are those of the rules' expressions and not of the memory's own state.
std::optional<Facts> Fires(AlertKind kind, const AccountMemory& memory, const std::string& level,
                           const Pipeline& pipeline, Time now) {
  const LevelMemory& setting = memory.levels.at(level);
  if (!memory.available_credit || !memory.last_success || !setting.threshold) return std::nullopt;
  if (kind == AlertKind::kLowBalance) {
    if (!IsActive(setting) || *memory.available_credit >= *setting.threshold) return std::nullopt;
  } else if (!setting.ended || now - setting.ended->at >= pipeline.ended_hold()) {
    return std::nullopt;
  }
  return Facts{.kind = kind,
               .account = memory.account,
               .level = level,
               .currency = setting.currency,
               .evaluated_at = now,
               .available_credit = *memory.available_credit,
               .threshold = *setting.threshold,
               .low_since = setting.low_since,
               .first_change = setting.first_change,
               .overdue = setting.overdue,
               .ended = setting.ended,
               .changed = memory.changed,
               .last_success = *memory.last_success,
               .terms = memory.terms};
}

}  // namespace

SimulatedExporter::SimulatedExporter(const Story& story) {
  for (const StoryAccount& account : story.accounts) {
    AccountMemory memory;
    memory.account = {std::string(kProvider), account.id};
    accounts_.push_back({.memory = std::move(memory), .currency = account.currency});
  }
}

Result<void> SimulatedExporter::Poll(Time now) {
  if (!up_) return {};
  for (Account& account : accounts_) {
    if (!account.credit) continue;
    if (account.poll_fails) {
      account.memory = ObserveFailure(std::move(account.memory));
      continue;
    }
    auto memory = Observe(account.memory,
                          Reading{.account = account.memory.account,
                                  .currency = account.currency,
                                  .available_credit = *account.credit},
                          now);
    if (!memory) return tl::make_unexpected(memory.error());
    account.memory = std::move(*memory);
  }
  return {};
}

Result<void> SimulatedExporter::Edit(const StoryEvent& event, Time now) {
  Account& account = Find(event.account);
  SettingEdit edit{.level = event.level, .currency = account.currency};
  if (event.kind == StoryEvent::Kind::kDisable) {
    edit.enabled = false;
  } else {
    edit.threshold = event.amount;
    if (event.kind == StoryEvent::Kind::kEnable) edit.enabled = true;
  }
  auto memory = lowbalance::Edit(account.memory, edit, now);
  if (!memory) return Reject(memory.error().field + ": " + memory.error().message.en);
  account.memory = std::move(*memory);
  return {};
}

void SimulatedExporter::SetCredit(const StoryEvent& event) {
  Find(event.account).credit = event.amount;
}

void SimulatedExporter::SetPollFails(const StoryEvent& event, bool fails) {
  for (Account& account : accounts_) {
    if (event.account.empty() || event.account == account.memory.account.account_id) {
      account.poll_fails = fails;
    }
  }
}

void SimulatedExporter::SetUp(bool up) { up_ = up; }

std::vector<Facts> SimulatedExporter::Firing(AlertKind kind, const Pipeline& pipeline,
                                             Time now) const {
  std::vector<Facts> firing;
  if (!up_) return firing;
  for (const Account& account : accounts_) {
    for (const auto& [level, setting] : account.memory.levels) {
      if (auto facts = Fires(kind, account.memory, level, pipeline, now)) {
        firing.push_back(std::move(*facts));
      }
    }
  }
  return firing;
}

SimulatedExporter::Account& SimulatedExporter::Find(std::string_view id) {
  return *std::find_if(accounts_.begin(), accounts_.end(), [&](const Account& account) {
    return account.memory.account.account_id == id;
  });
}

}  // namespace lowbalance
