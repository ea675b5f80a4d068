// What AccountStore tells of the past: the audit of edits and the history of available credit.

#include <soci/soci.h>

#include <exception>
#include <optional>
#include <utility>

#include "exporter/account_store.h"
#include "exporter/soci_types.h"

namespace lowbalance {
namespace {

// A setting as the audit keeps it, at one end of an edit.
struct AuditedSetting {
  std::optional<bool> enabled;
  std::optional<Money> threshold;
  std::string currency;
  soci::indicator has_currency = soci::i_null;

  [[nodiscard]] std::optional<LevelMemory> ToLevel() const {
    if (!enabled) return std::nullopt;
    return LevelMemory{.enabled = *enabled,
                       .threshold = threshold,
                       .currency = has_currency == soci::i_ok ? currency : ""};
  }
};

}  // namespace

std::vector<EditRecord> AccountStore::FindEdits(const EditFilter& filter) try {
  using soci::into;
  using soci::use;
  // Conditions that do not filter leave the statement: an account's edits are found by its index.
  std::string where = " WHERE 1 = 1";
  const auto when = [&](bool given, const char* condition) {
    if (given) where += std::string(" AND ") + condition;
  };
  when(!filter.provider.empty(), "provider = :provider");
  when(!filter.account_id.empty(), "account_id = :account_id");
  when(!filter.who.empty(), "who = :who");
  when(!filter.through.empty(), "through = :through");
  when(filter.since.has_value(), "at >= :since");
  when(filter.until.has_value(), "at < :until");
  when(filter.before.has_value(), "id < :before");
  when(filter.newer.has_value(), "id > :newer");

  EditRecord row;
  long long id = 0;
  AuditedSetting from;
  AuditedSetting to;
  soci::statement read(store_.session());
  const std::string provider = filter.provider;
  const std::string account_id = filter.account_id;
  const std::string who = filter.who;
  const std::string through = filter.through;
  const Time since = filter.since.value_or(Time{});
  const Time until = filter.until.value_or(Time{});
  const auto before = static_cast<long long>(filter.before.value_or(0));
  const auto newer = static_cast<long long>(filter.newer.value_or(0));
  const int limit = filter.limit;
  read.exchange(into(id));
  read.exchange(into(row.at));
  read.exchange(into(row.who));
  read.exchange(into(row.through));
  read.exchange(into(row.account.provider));
  read.exchange(into(row.account.account_id));
  read.exchange(into(row.level));
  read.exchange(into(from.enabled));
  read.exchange(into(from.threshold));
  read.exchange(into(from.currency, from.has_currency));
  read.exchange(into(to.enabled));
  read.exchange(into(to.threshold));
  read.exchange(into(to.currency, to.has_currency));
  if (!filter.provider.empty()) read.exchange(use(provider, "provider"));
  if (!filter.account_id.empty()) read.exchange(use(account_id, "account_id"));
  if (!filter.who.empty()) read.exchange(use(who, "who"));
  if (!filter.through.empty()) read.exchange(use(through, "through"));
  if (filter.since) read.exchange(use(since, "since"));
  if (filter.until) read.exchange(use(until, "until"));
  if (filter.before) read.exchange(use(before, "before"));
  if (filter.newer) read.exchange(use(newer, "newer"));
  read.exchange(use(limit, "most"));
  read.alloc();
  read.prepare(
      "SELECT id, at, who, through, provider, account_id, level, from_enabled, from_threshold, "
      "from_currency, to_enabled, to_threshold, to_currency FROM edits" +
      where + " ORDER BY id DESC LIMIT :most");
  read.define_and_bind();
  read.execute();
  std::vector<EditRecord> found;
  while (read.fetch()) {
    row.id = id;
    row.from = from.ToLevel();
    row.to = to.ToLevel().value_or(LevelMemory{});
    found.push_back(row);
  }
  return found;
} catch (const std::exception& e) {
  throw StoreError(store_.Explain(e));
}

std::int64_t AccountStore::LastEdit() try {
  long long id = 0;
  store_.session() << "SELECT COALESCE(MAX(id), 0) FROM edits", soci::into(id);
  return id;
} catch (const std::exception& e) {
  throw StoreError(store_.Explain(e));
}

std::vector<CreditChange> AccountStore::FindChanges(const AccountKey& account, Time since) try {
  using soci::into;
  using soci::use;
  CreditChange row;
  soci::statement read =
      (store_.session().prepare
           << "SELECT at, currency, available_credit FROM changes WHERE provider = :provider AND "
              "account_id = :account_id AND at >= (SELECT COALESCE(MAX(at), 0) FROM changes WHERE "
              "provider = :provider2 AND account_id = :account_id2 AND at <= :since) ORDER BY at",
       into(row.at), into(row.currency), into(row.available_credit),
       use(account.provider, "provider"), use(account.account_id, "account_id"),
       use(account.provider, "provider2"), use(account.account_id, "account_id2"),
       use(since, "since"));
  read.execute();
  std::vector<CreditChange> found;
  while (read.fetch()) found.push_back(row);
  return found;
} catch (const std::exception& e) {
  throw StoreError(store_.Explain(e));
}

}  // namespace lowbalance
