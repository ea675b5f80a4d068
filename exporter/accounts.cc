#include "exporter/accounts.h"

#include <cassert>
#include <utility>

#include "base/log.h"
#include "core/text.h"

namespace lowbalance {
namespace {

// More lines than this about one poll tell nobody anything.
constexpr std::size_t kLoggedProblems = 20;

// Says when an account begins or ends to be low.
void LogLevels(const AccountChange& change) {
  if (!change.after) return;
  const AccountMemory& after = change.after->memory;
  for (const auto& [name, level] : after.levels) {
    LevelMemory before;
    if (change.before) {
      const auto& levels = change.before->memory.levels;
      if (const auto found = levels.find(name); found != levels.end()) before = found->second;
    }
    const std::string credit = after.available_credit ? after.available_credit->ToString(2) : "";
    const std::string threshold = level.threshold ? level.threshold->ToString(2) : "";
    if (level.low_since && level.low_since != before.low_since) {
      log::Info("available credit is below the threshold",
                {{"provider", after.account.provider},
                 {"account_id", after.account.account_id},
                 {"level", name},
                 {"available_credit", credit},
                 {"threshold", threshold},
                 {"currency", after.currency},
                 {"low_since", FormatRfc3339(*level.low_since)}});
    }
    if (level.ended && level.ended != before.ended) {
      log::Info("available credit is no longer below the threshold",
                {{"provider", after.account.provider},
                 {"account_id", after.account.account_id},
                 {"level", name},
                 {"available_credit", credit},
                 {"threshold", threshold},
                 {"currency", after.currency},
                 {"reason", std::string(ToString(level.ended->reason))}});
    }
    if (level.suspended && !before.suspended) {
      log::Warn("setting suspended: it is in another currency than the account",
                {{"provider", after.account.provider},
                 {"account_id", after.account.account_id},
                 {"level", name},
                 {"setting_currency", level.currency},
                 {"account_currency", after.currency}});
    }
  }
}

}  // namespace

Accounts::Accounts(AccountStore& store) : store_(store) {
  auto loaded = std::make_shared<Snapshot>();
  for (Account& account : store_.Load()) {
    loaded->accounts.push_back(std::make_shared<const Account>(std::move(account)));
  }
  published_ = std::move(loaded);
}

std::shared_ptr<const Snapshot> Accounts::snapshot() const {
  const std::lock_guard lock(published_mutex_);
  return published_;
}

void Accounts::CommitAndPublish(Merged merged, Time now) {
  if (merged.changes.empty()) return;
  store_.Commit(merged.changes, merged.edits, now);
  auto next = std::make_shared<const Snapshot>(std::move(merged.next));
  {
    // The old snapshot is let go of outside the lock: it may be the last to hold many accounts.
    const std::lock_guard lock(published_mutex_);
    published_.swap(next);
  }
  for (const AccountChange& change : merged.changes) LogLevels(change);
}

void Accounts::LogProblems(const std::string& source,
                           const std::map<AccountKey, std::string>& problems) {
  auto& known = problems_[source];
  std::size_t fresh = 0;
  for (const auto& [key, problem] : problems) {
    if (known.contains(key) || ++fresh > kLoggedProblems) continue;
    log::Warn("account not taken from its source", {{"source", source},
                                                    {"provider", key.provider},
                                                    {"account_id", key.account_id},
                                                    {"reason", problem}});
  }
  std::size_t gone = 0;
  for (const auto& [key, problem] : known) {
    if (problems.contains(key) || ++gone > kLoggedProblems) continue;
    log::Info("account taken from its source again",
              {{"source", source}, {"provider", key.provider}, {"account_id", key.account_id}});
  }
  if (fresh > kLoggedProblems || gone > kLoggedProblems) {
    log::Warn("more accounts changed alike", {{"source", source},
                                              {"not_taken", std::to_string(fresh)},
                                              {"taken_again", std::to_string(gone)}});
  }
  known = problems;
}

void Accounts::Configure(const AccountRules& rules, Time now) {
  const std::lock_guard lock(mutex_);
  Merged merged = MergeRules(*snapshot(), rules, now);
  const std::size_t edits = merged.edits.size();
  for (const auto& [key, problem] : merged.problems) {
    log::Error("setting of the configuration file refused", {{"file", rules.file},
                                                             {"provider", key.provider},
                                                             {"account_id", key.account_id},
                                                             {"reason", problem}});
  }
  CommitAndPublish(std::move(merged), now);
  rules_ = rules;
  std::erase_if(problems_, [this](const auto& of) { return !rules_.sources.contains(of.first); });
  if (edits > 0) {
    log::Info("settings of the configuration file applied",
              {{"file", rules.file}, {"settings", std::to_string(edits)}});
  }
}

void Accounts::ApplyFetched(const std::string& source, const Fetched& fetched, Time now) {
  const std::lock_guard lock(mutex_);
  if (!rules_.sources.contains(source)) return;
  Merged merged = MergeFetched(*snapshot(), rules_, source, fetched, now);
  const std::map<AccountKey, std::string> problems = std::move(merged.problems);
  CommitAndPublish(std::move(merged), now);
  LogProblems(source, problems);
}

void Accounts::ApplyFailure(const std::string& source, Time now) {
  const std::lock_guard lock(mutex_);
  if (!rules_.sources.contains(source)) return;
  CommitAndPublish(MergeFailure(*snapshot(), source), now);
}

tl::expected<EditOutcome, EditRefusal> Accounts::ApplyEdit(const EditRequest& request, Time now) {
  using Why = EditRefusal::Why;
  const std::lock_guard lock(mutex_);
  const auto before = snapshot();
  const AccountPtr account = before->Find(request.account);
  if (!account) {
    return tl::make_unexpected(EditRefusal{Why::kUnknownAccount, "",
                                           "there is no account " +
                                               Quoted(request.account.account_id) + " of " +
                                               Quoted(request.account.provider)});
  }
  if (account->IsProvisioned(request.edit.level)) {
    if (rules_.ImportsAlarm(*account) && request.edit.level == kDefaultLevel) {
      return tl::make_unexpected(
          EditRefusal{Why::kProvisioned, "",
                      "read-only: the setting is the provider's own, which source " +
                          account->source + " imports; change it there"});
    }
    const auto listed = rules_.accounts.find(request.account);
    const int line = listed == rules_.accounts.end() ? 0 : listed->second.line;
    return tl::make_unexpected(EditRefusal{Why::kProvisioned, "",
                                           "read-only: the setting stands in " + rules_.file +
                                               (line > 0 ? ", line " + std::to_string(line) : "") +
                                               "; change it there and reload"});
  }
  auto edited = Edit(account->memory, request.edit, now);
  if (!edited) {
    // The error begins with the field it is about: "currency: the account's …".
    const std::string& message = edited.error().message;
    const std::size_t colon = message.find(": ");
    assert(colon != std::string::npos);
    return tl::make_unexpected(
        EditRefusal{Why::kNotAllowed, message.substr(0, colon), message.substr(colon + 2)});
  }
  if (*edited == account->memory) return EditOutcome{.before = account, .after = account};

  EditRecord record{.at = now,
                    .who = request.who,
                    .through = "api",
                    .account = request.account,
                    .level = request.edit.level,
                    .to = edited->levels.at(request.edit.level)};
  const auto& levels = account->memory.levels;
  if (const auto was = levels.find(request.edit.level); was != levels.end()) {
    record.from = was->second;
  }
  Merged merged = MergeEdit(*before, account, std::move(*edited), std::move(record));
  EditOutcome outcome{.before = account, .after = merged.changes.front().after};
  if (!request.dry_run) CommitAndPublish(std::move(merged), now);
  return outcome;
}

}  // namespace lowbalance
