#include "exporter/account_store.h"

#include <soci/soci.h>

#include <chrono>
#include <map>
#include <utility>

#include "core/text.h"
#include "exporter/schema.h"
#include "exporter/soci_types.h"

namespace lowbalance {
namespace {

using std::chrono::days;

// Within this the history keeps every change; of older days the last change each.
constexpr days kKeepEveryChange{35};

[[noreturn]] void Corrupt(const AccountKey& account, const std::string& what) {
  throw StoreError("the store holds account " + Quoted(account.account_id) + " of " +
                   Quoted(account.provider) + " with " + what);
}

// The statements of one commit, each prepared when first needed and bound to one row's variables.
class Writer {
 public:
  explicit Writer(soci::session& sql) : sql_(sql) {}

  void PutAccount(const Account& account);
  void PutLevel(const AccountKey& key, const std::string& name, const LevelMemory& level);
  void PutChange(const AccountMemory& memory, Time at, std::optional<Time> last);
  void PutEdit(const EditRecord& edit);
  void Forget(const AccountKey& key);

 private:
  void ThinChanges(const AccountKey& key, std::optional<Time> last, Time at);

  soci::session& sql_;

  Account account_;
  long long costs_incurred_ = 0;
  long long status_ = 0;
  std::optional<soci::statement> put_account_;

  AccountKey key_;
  std::string level_name_;
  LevelMemory level_;
  std::optional<Time> ended_at_;
  std::string ended_reason_;
  soci::indicator has_reason_ = soci::i_null;
  std::optional<soci::statement> put_level_;

  AccountMemory changed_;
  Time changed_at_{};
  std::optional<soci::statement> put_change_;

  long long next_edit_ = 0;
  EditRecord edit_;
  std::optional<bool> from_enabled_;
  std::optional<Money> from_threshold_;
  std::string from_currency_;
  soci::indicator has_from_ = soci::i_null;
  std::optional<soci::statement> put_edit_;
};

void Writer::PutAccount(const Account& account) {
  using soci::use;
  account_ = account;
  costs_incurred_ = static_cast<long long>(account.memory.costs_incurred);
  status_ = static_cast<long long>(account.memory.status);
  if (!put_account_) {
    AccountMemory& m = account_.memory;
    put_account_.emplace(
        (sql_.prepare
             << "INSERT INTO accounts (provider, account_id, source, account_name, owner, status, "
                "currency, available_credit, cash_balance, credit_limit, credit_refunds, "
                "unsettled_current_month, unsettled_previous_months, costs_incurred, up, "
                "last_success, changed, spend_total, top_up_total, last_instant) VALUES (:provider,"
                " :account_id, :source, :account_name, :owner, :status, :currency, "
                ":available_credit, "
                ":cash_balance, :credit_limit, :credit_refunds, :unsettled_current_month, "
                ":unsettled_previous_months, :costs_incurred, :up, :last_success, :changed, "
                ":spend_total, :top_up_total, :last_instant) ON CONFLICT (provider, account_id) "
                "DO UPDATE SET source = excluded.source, account_name = excluded.account_name, "
                "owner = excluded.owner, status = excluded.status, currency = excluded.currency, "
                "available_credit = excluded.available_credit, "
                "cash_balance = excluded.cash_balance, credit_limit = excluded.credit_limit, "
                "credit_refunds = excluded.credit_refunds, unsettled_current_month = "
                "excluded.unsettled_current_month, unsettled_previous_months = "
                "excluded.unsettled_previous_months, costs_incurred = excluded.costs_incurred, "
                "up = excluded.up, last_success = excluded.last_success, changed = "
                "excluded.changed, spend_total = excluded.spend_total, top_up_total = "
                "excluded.top_up_total, last_instant = excluded.last_instant",
         use(m.account.provider), use(m.account.account_id), use(account_.source),
         use(m.account_name), use(m.owner), use(status_), use(m.currency), use(m.available_credit),
         use(m.terms.cash_balance), use(m.terms.credit_limit), use(m.terms.credit_refunds),
         use(m.terms.unsettled_current_month), use(m.terms.unsettled_previous_months),
         use(costs_incurred_), use(m.up), use(m.last_success), use(m.changed), use(m.spend_total),
         use(m.top_up_total), use(m.last_instant)));
  }
  put_account_->execute(true);
}

void Writer::PutLevel(const AccountKey& key, const std::string& name, const LevelMemory& level) {
  using soci::use;
  key_ = key;
  level_name_ = name;
  level_ = level;
  ended_at_ = level.ended ? std::optional(level.ended->at) : std::nullopt;
  ended_reason_ = level.ended ? ToString(level.ended->reason) : "";
  has_reason_ = level.ended ? soci::i_ok : soci::i_null;
  if (!put_level_) {
    put_level_.emplace(
        (sql_.prepare
             << "INSERT INTO levels (provider, account_id, level, enabled, threshold, currency, "
                "suspended, low_since, first_change, overdue, ended_at, ended_reason) VALUES "
                "(:provider, :account_id, :level, :enabled, :threshold, :currency, :suspended, "
                ":low_since, :first_change, :overdue, :ended_at, :ended_reason) ON CONFLICT "
                "(provider, account_id, level) DO UPDATE SET enabled = excluded.enabled, "
                "threshold = excluded.threshold, currency = excluded.currency, suspended = "
                "excluded.suspended, low_since = excluded.low_since, first_change = "
                "excluded.first_change, overdue = excluded.overdue, ended_at = "
                "excluded.ended_at, ended_reason = excluded.ended_reason",
         use(key_.provider), use(key_.account_id), use(level_name_), use(level_.enabled),
         use(level_.threshold), use(level_.currency), use(level_.suspended), use(level_.low_since),
         use(level_.first_change), use(level_.overdue), use(ended_at_),
         use(ended_reason_, has_reason_)));
  }
  put_level_->execute(true);
}

void Writer::PutChange(const AccountMemory& memory, Time at, std::optional<Time> last) {
  using soci::use;
  changed_ = memory;
  changed_at_ = at;
  if (!put_change_) {
    put_change_.emplace(
        (sql_.prepare
             << "INSERT INTO changes (provider, account_id, at, currency, available_credit) VALUES "
                "(:provider, :account_id, :at, :currency, :available_credit) ON CONFLICT "
                "(provider, account_id, at) DO UPDATE SET currency = excluded.currency, "
                "available_credit = excluded.available_credit",
         use(changed_.account.provider), use(changed_.account.account_id), use(changed_at_),
         use(changed_.currency), use(changed_.available_credit)));
  }
  put_change_->execute(true);
  ThinChanges(memory.account, last, at);
}

// An account's first change of a day thins the days that have grown old since its last change:
// little work at a time, and none for accounts that stand still.
void Writer::ThinChanges(const AccountKey& key, std::optional<Time> last, Time at) {
  using std::chrono::floor;
  const Time until = floor<days>(at) - kKeepEveryChange;
  const Time from = last ? Time{floor<days>(*last) - kKeepEveryChange} : Time{};
  if (from >= until) return;
  sql_ << "DELETE FROM changes WHERE provider = :provider AND account_id = :account_id AND at >= "
          ":since AND at < :until AND EXISTS (SELECT 1 FROM changes later WHERE later.provider = "
          "changes.provider AND later.account_id = changes.account_id AND later.at > changes.at "
          "AND later.at < (changes.at / 86400000 + 1) * 86400000)",
      soci::use(key.provider), soci::use(key.account_id), soci::use(from), soci::use(until);
}

void Writer::PutEdit(const EditRecord& edit) {
  using soci::use;
  if (next_edit_ == 0) {
    sql_ << "SELECT COALESCE(MAX(id), 0) + 1 FROM edits", soci::into(next_edit_);
  }
  edit_ = edit;
  from_enabled_.reset();
  from_threshold_.reset();
  from_currency_.clear();
  has_from_ = edit.from ? soci::i_ok : soci::i_null;
  if (edit.from) {
    from_enabled_ = edit.from->enabled;
    from_threshold_ = edit.from->threshold;
    from_currency_ = edit.from->currency;
  }
  if (!put_edit_) {
    put_edit_.emplace(
        (sql_.prepare
             << "INSERT INTO edits (id, at, who, through, provider, account_id, level, "
                "from_enabled, from_threshold, from_currency, to_enabled, to_threshold, "
                "to_currency) VALUES (:id, :at, :who, :through, :provider, :account_id, :level, "
                ":from_enabled, :from_threshold, :from_currency, :to_enabled, :to_threshold, "
                ":to_currency)",
         use(next_edit_), use(edit_.at), use(edit_.who), use(edit_.through),
         use(edit_.account.provider), use(edit_.account.account_id), use(edit_.level),
         use(from_enabled_), use(from_threshold_), use(from_currency_, has_from_),
         use(edit_.to.enabled), use(edit_.to.threshold), use(edit_.to.currency)));
  }
  put_edit_->execute(true);
  ++next_edit_;
}

void Writer::Forget(const AccountKey& key) {
  for (const char* table : {"accounts", "levels", "changes"}) {
    sql_ << "DELETE FROM " << table << " WHERE provider = :provider AND account_id = :account_id",
        soci::use(key.provider), soci::use(key.account_id);
  }
}

// The instant at which the history has a new amount; empty if it has none.
std::optional<Time> NewAmount(const AccountMemory* before, const AccountMemory& after, Time now) {
  if (!after.available_credit) return std::nullopt;
  if (after.changed && (before == nullptr || before->changed != after.changed)) {
    return after.changed;
  }
  const bool first =
      before == nullptr || !before->available_credit || before->currency != after.currency;
  return first ? std::optional(now) : std::nullopt;
}

bool DiffersInStore(const AccountChange& change) {
  if (!change.before || !change.after) return true;
  return change.before->source != change.after->source ||
         change.before->memory != change.after->memory;
}

// Does the account's own row differ? An edit mostly changes a level's alone.
bool RowDiffers(const AccountChange& change) {
  if (!change.before || change.before->source != change.after->source) return true;
  AccountMemory before = change.before->memory;
  before.levels = change.after->memory.levels;
  return before != change.after->memory;
}

void Write(Writer& writer, const AccountChange& change, Time now) {
  if (!change.after) return writer.Forget(change.before->memory.account);
  const AccountMemory& after = change.after->memory;
  const AccountMemory* before = change.before ? &change.before->memory : nullptr;
  if (RowDiffers(change)) writer.PutAccount(*change.after);
  for (const auto& [name, level] : after.levels) {
    if (before != nullptr) {
      const auto was = before->levels.find(name);
      if (was != before->levels.end() && was->second == level) continue;
    }
    writer.PutLevel(after.account, name, level);
  }
  if (const auto at = NewAmount(before, after, now)) {
    writer.PutChange(after, *at, before == nullptr ? std::nullopt : before->changed);
  }
}

}  // namespace

std::span<const std::string_view> AccountStore::Migrations() { return kExporterMigrations; }

AccountStore::AccountStore(Store& store) : store_(store) {}

void AccountStore::Commit(std::span<const AccountChange> changes, std::span<const EditRecord> edits,
                          Time now) {
  try {
    WriteAll(changes, edits, now);
  } catch (const std::exception& e) {
    throw StoreError(store_.Explain(e));
  }
}

void AccountStore::WriteAll(std::span<const AccountChange> changes,
                            std::span<const EditRecord> edits, Time now) {
  std::optional<soci::transaction> transaction;
  std::optional<Writer> writer;
  const auto begin = [&] {
    if (transaction) return;
    transaction.emplace(store_.session());
    writer.emplace(store_.session());
  };
  for (const AccountChange& change : changes) {
    if (!DiffersInStore(change)) continue;
    begin();
    Write(*writer, change, now);
  }
  for (const EditRecord& edit : edits) {
    begin();
    writer->PutEdit(edit);
  }
  if (transaction) transaction->commit();
}

std::vector<Account> AccountStore::Load() try {
  using soci::into;
  soci::session& sql = store_.session();
  std::map<AccountKey, Account> accounts;

  Account row;
  AccountMemory& m = row.memory;
  long long costs_incurred = 0;
  long long status = 0;
  soci::statement read_accounts =
      (sql.prepare << "SELECT provider, account_id, source, account_name, owner, status, currency, "
                      "available_credit, cash_balance, credit_limit, credit_refunds, "
                      "unsettled_current_month, unsettled_previous_months, costs_incurred, up, "
                      "last_success, changed, spend_total, top_up_total, last_instant "
                      "FROM accounts",
       into(m.account.provider), into(m.account.account_id), into(row.source), into(m.account_name),
       into(m.owner), into(status), into(m.currency), into(m.available_credit),
       into(m.terms.cash_balance), into(m.terms.credit_limit), into(m.terms.credit_refunds),
       into(m.terms.unsettled_current_month), into(m.terms.unsettled_previous_months),
       into(costs_incurred), into(m.up), into(m.last_success), into(m.changed), into(m.spend_total),
       into(m.top_up_total), into(m.last_instant));
  read_accounts.execute();
  while (read_accounts.fetch()) {
    if (costs_incurred < 0 || costs_incurred > static_cast<long long>(CostsIncurred::kYes)) {
      Corrupt(m.account, "costs_incurred " + std::to_string(costs_incurred));
    }
    m.costs_incurred = static_cast<CostsIncurred>(costs_incurred);
    if (status < 0 || status > static_cast<long long>(AccountStatus::kClosed)) {
      Corrupt(m.account, "status " + std::to_string(status));
    }
    m.status = static_cast<AccountStatus>(status);
    accounts.emplace(m.account, row);
  }

  AccountKey key;
  std::string name;
  LevelMemory level;
  std::optional<Time> ended_at;
  std::string reason;
  soci::indicator has_reason = soci::i_null;
  soci::statement read_levels =
      (sql.prepare << "SELECT provider, account_id, level, enabled, threshold, currency, "
                      "suspended, low_since, first_change, overdue, ended_at, ended_reason "
                      "FROM levels",
       into(key.provider), into(key.account_id), into(name), into(level.enabled),
       into(level.threshold), into(level.currency), into(level.suspended), into(level.low_since),
       into(level.first_change), into(level.overdue), into(ended_at), into(reason, has_reason));
  read_levels.execute();
  while (read_levels.fetch()) {
    level.ended.reset();
    if (ended_at) {
      const auto parsed = ParseEndReason(has_reason == soci::i_ok ? reason : "");
      if (!parsed) Corrupt(key, "the end reason " + Quoted(reason));
      level.ended = Ended{*ended_at, *parsed};
    }
    const auto account = accounts.find(key);
    if (account == accounts.end()) Corrupt(key, "a level but no account");
    account->second.memory.levels.emplace(name, level);
  }

  std::vector<Account> loaded;
  loaded.reserve(accounts.size());
  for (auto& [unused, account] : accounts) loaded.push_back(std::move(account));
  return loaded;
} catch (const std::exception& e) {
  throw StoreError(store_.Explain(e));
}

}  // namespace lowbalance
