#include "exporter/accounts.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "base/log.h"
#include "core/text.h"

namespace lowbalance {
namespace {

// More lines than this about one poll tell nobody anything.
constexpr std::size_t kLoggedProblems = 20;
// Accounts whose history is read while nobody else may commit: a few milliseconds.
constexpr std::size_t kLoadedAtOnce = 200;
// Enough to see who was faster.
constexpr int kMostConflicts = 1000;

bool IsStale(const Account& account, Millis stale_after, Time now) {
  const auto& last = account.memory.last_success;
  return !last || now - *last > stale_after;
}

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
  {
    const std::lock_guard lock(burn_mutex_);
    for (const AccountChange& change : merged.changes) burn_rates_.Note(change, now);
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
  stale_after_ = rules.billing_data_max_age;
  {
    const std::lock_guard burn_lock(burn_mutex_);
    burn_rates_.SetWindow(rules.burn_rate_window);
  }
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
  const Editor editor{
      .who = request.who, .through = request.through, .only_contact = request.only_contact};
  const std::lock_guard lock(mutex_);
  const auto before = snapshot();
  const AccountPtr account = before->Find(request.account);
  if (!account || !editor.Sees(*account)) {
    return tl::make_unexpected(UnknownAccount(request.account));
  }
  auto edited = EditAccount(
      account, rules_,
      {.account = request.account, .edit = request.edit, .version = request.version}, editor, now);
  if (!edited) {
    if (edited.error().why == EditRefusal::Why::kStale) {
      edited.error().message += WhoChanged(request.account);
    }
    return tl::make_unexpected(std::move(edited.error()));
  }
  EditOutcome outcome{.before = account, .after = edited->after, .effect = edited->effect};
  if (!edited->record || request.dry_run) return outcome;
  CommitAndPublish(
      MergeEdits(*before, {{.before = account, .after = edited->after}}, {*edited->record}), now);
  return outcome;
}

BulkOutcome Accounts::ApplyBulk(const BulkRequest& request, Time now) {
  if (request.edit.select && request.edit.select->NeedsRunway()) {
    LoadBurnRates(snapshot()->accounts, now);
  }
  const std::lock_guard lock(mutex_);
  const auto before = snapshot();
  const auto view_of = [&](const Account& account) {
    AccountView view{.stale = IsStale(account, stale_after_, now)};
    const std::lock_guard burn_lock(burn_mutex_);
    const BurnRates::Rate rate = burn_rates_.Of(account, now);
    view.burn_rate = rate.per_day;
    view.runway = rate.runway;
    return view;
  };
  BulkOutcome outcome{
      .plan = PlanBulkEdit(*before, rules_, request.edit, request.editor, view_of, now)};
  BulkPlan& plan = outcome.plan;
  const std::int64_t last = store_.LastEdit();
  outcome.basis = std::to_string(last) + "-" + plan.basis;
  for (BulkItem& item : plan.items) {
    if (item.refusal.why == EditRefusal::Why::kStale &&
        item.outcome == BulkItem::Outcome::kRefused) {
      item.refusal.message += WhoChanged(item.account);
    }
  }
  if (!request.basis.empty()) {
    const std::size_t dash = request.basis.find('-');
    outcome.moved =
        request.basis.substr(std::min(dash, request.basis.size() - 1) + 1) != plan.basis;
    if (outcome.moved) outcome.conflicts = EditsSince(request.basis.substr(0, dash), plan);
  }
  if (request.dry_run || outcome.moved || !plan.Applicable()) return outcome;
  outcome.applied = true;
  if (plan.edited.empty()) return outcome;
  std::vector<AccountChange> changes;
  changes.reserve(plan.edited.size());
  for (const EditedAccount& edited : plan.edited) {
    changes.push_back({.before = edited.before, .after = edited.after});
  }
  CommitAndPublish(MergeEdits(*before, std::move(changes), plan.records), now);
  return outcome;
}

// The edits that the store has noted since, of accounts that the plan is about.
std::vector<EditRecord> Accounts::EditsSince(const std::string& id, const BulkPlan& plan) {
  std::int64_t newer = 0;
  std::from_chars(id.data(), id.data() + id.size(), newer);
  std::set<AccountKey> accounts;
  for (const BulkItem& item : plan.items) accounts.insert(item.account);
  std::vector<EditRecord> edits = store_.FindEdits({.newer = newer, .limit = kMostConflicts});
  std::erase_if(edits, [&](const EditRecord& edit) { return !accounts.contains(edit.account); });
  return edits;
}

// ": alice set it … at … through the console"; empty where no edit is known.
Bilingual Accounts::WhoChanged(const AccountKey& account) {
  const auto edits = store_.FindEdits(
      {.provider = account.provider, .account_id = account.account_id, .limit = 1});
  if (edits.empty()) return {};
  Bilingual text{": ", "："};
  text += Describe(edits.front());
  return text;
}

std::vector<AccountView> Accounts::Views(std::span<const AccountPtr> accounts, bool runway,
                                         Time now) {
  if (runway) LoadBurnRates(accounts, now);
  std::vector<AccountView> views(accounts.size());
  const Millis stale_after = stale_after_;
  const std::lock_guard lock(burn_mutex_);
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    views[i].stale = IsStale(*accounts[i], stale_after, now);
    if (!runway) continue;
    const BurnRates::Rate rate = burn_rates_.Of(*accounts[i], now);
    views[i].burn_rate = rate.per_day;
    views[i].runway = rate.runway;
  }
  return views;
}

// In steps, so that polls get their turn.
void Accounts::LoadBurnRates(std::span<const AccountPtr> accounts, Time now) {
  std::vector<AccountKey> unknown;
  Millis window{};
  {
    const std::lock_guard lock(burn_mutex_);
    window = burn_rates_.window();
    for (const AccountPtr& account : accounts) {
      if (!burn_rates_.Knows(account->memory.account)) unknown.push_back(account->memory.account);
    }
  }
  for (std::size_t i = 0; i < unknown.size(); i += kLoadedAtOnce) {
    const std::lock_guard lock(mutex_);
    const std::lock_guard burn_lock(burn_mutex_);
    for (std::size_t j = i; j < std::min(i + kLoadedAtOnce, unknown.size()); ++j) {
      burn_rates_.Load(unknown[j], store_.FindChanges(unknown[j], now - window), now);
    }
  }
}

std::vector<EditRecord> Accounts::Edits(const EditFilter& filter) {
  const std::lock_guard lock(mutex_);
  return store_.FindEdits(filter);
}

std::vector<CreditChange> Accounts::History(const AccountKey& account, Time since) {
  const std::lock_guard lock(mutex_);
  return store_.FindChanges(account, since);
}

}  // namespace lowbalance
