#include "exporter/account_store.h"

#include <gtest/gtest.h>
#include <soci/soci.h>

#include <memory>

#include "tests/exporter/helpers.h"

namespace lowbalance {
namespace {

using std::chrono::days;
using std::chrono::hours;

AccountPtr Share(Account account) { return std::make_shared<const Account>(std::move(account)); }

// Every field other than its default.
Account Full() {
  Account account;
  AccountMemory& m = account.memory;
  m.account = {"demo", "17 'quoted' 北京"};
  m.account_name = "Acme \"Ltd\"; DROP TABLE accounts; --\nline 2";
  m.owner = "Acme Holding";
  m.status = AccountStatus::kClosed;
  m.currency = "USD";
  m.available_credit = Amount("-9223372036854.775808");
  m.terms = {.cash_balance = Amount("1"),
             .credit_limit = Amount("2"),
             .credit_refunds = Amount("0"),
             .unsettled_current_month = Amount("-4"),
             .unsettled_previous_months = Amount("0.000001")};
  m.costs_incurred = CostsIncurred::kYes;
  m.up = true;
  m.last_success = kNoon;
  m.changed = kNoon + Millis{1};
  m.spend_total = Amount("9223372036854.775807");
  m.top_up_total = Amount("6");
  m.last_instant = kNoon + Millis{2};
  m.levels["critical"] = {.enabled = false, .currency = "EUR", .suspended = true};
  m.levels["warning"] = {.enabled = true,
                         .threshold = Amount("99.9"),
                         .currency = "USD",
                         .low_since = kNoon + Millis{3},
                         .first_change = kNoon + Millis{4},
                         .overdue = kNoon + Millis{5},
                         .ended = Ended{kNoon + Millis{6}, EndReason::kThresholdLowered}};
  account.source = "bills";
  return account;
}

class AccountStoreTest : public testing::Test {
 protected:
  AccountStoreTest() { Open(); }

  void Open() {
    accounts_.reset();
    store_.reset();
    store_ = std::make_unique<Store>(Store::Options{.url = "sqlite:" + (folder_ / "e.db").string(),
                                                    .migrations = AccountStore::Migrations()});
    accounts_ = std::make_unique<AccountStore>(*store_);
  }

  void Commit(const AccountChange& change, Time now = kNoon) {
    accounts_->Commit({&change, 1}, {}, now);
  }

  // The history of one account, oldest first.
  std::vector<std::pair<Time, std::string>> History() {
    std::vector<std::pair<Time, std::string>> history;
    soci::rowset<soci::row> rows =
        (store_->session().prepare
         << "SELECT at, available_credit, currency FROM changes ORDER BY at");
    for (const soci::row& row : rows) {
      history.emplace_back(
          TimeFromMillis(row.get<long long>(0)),
          Money::FromMillionths(row.get<long long>(1)).ToString() + row.get<std::string>(2));
    }
    return history;
  }

  const TempFolder folder_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<AccountStore> accounts_;
};

TEST_F(AccountStoreTest, EverythingComesBackAsItWas) {
  Account bare;
  bare.memory.account = {"a", "1"};
  Commit({.before = nullptr, .after = Share(Full())});
  Commit({.before = nullptr, .after = Share(bare)});
  Open();
  const std::vector<Account> loaded = accounts_->Load();
  ASSERT_EQ(loaded.size(), 2);
  EXPECT_EQ(loaded[0], bare);
  EXPECT_EQ(loaded[1], Full());
}

TEST_F(AccountStoreTest, WhatIsNoLongerKnownComesBackUnknown) {
  const AccountPtr full = Share(Full());
  Commit({.before = nullptr, .after = full});
  Account cleared;
  cleared.memory.account = full->memory.account;
  cleared.memory.levels["critical"] = {};
  cleared.memory.levels["warning"] = {};
  Commit({.before = full, .after = Share(cleared)});
  Open();
  EXPECT_EQ(accounts_->Load(), std::vector{cleared});
}

TEST_F(AccountStoreTest, AForgottenAccountDoesNotComeBack) {
  const AccountPtr full = Share(Full());
  Commit({.before = nullptr, .after = full});
  Commit({.before = full, .after = nullptr});
  Open();
  EXPECT_TRUE(accounts_->Load().empty());
}

TEST_F(AccountStoreTest, KeepsTheHistoryOfAmounts) {
  Account account;
  account.memory.account = {"demo", "17"};
  const auto step = [&](std::string_view credit, std::optional<Time> changed, Time now,
                        std::string currency) {
    const AccountPtr before = account.source.empty() ? nullptr : Share(account);
    account.source = "bills";
    account.memory.available_credit = Amount(credit);
    account.memory.currency = std::move(currency);
    account.memory.changed = changed;
    account.memory.last_success = now;
    Commit({.before = before, .after = Share(account)}, now);
  };
  step("100", std::nullopt, kNoon, "USD");
  step("100", std::nullopt, kNoon + hours{1}, "USD");
  step("90", kNoon + hours{2}, kNoon + hours{2}, "USD");
  step("90", kNoon + hours{2}, kNoon + hours{3}, "USD");
  step("90", std::nullopt, kNoon + hours{4}, "EUR");
  const std::vector<std::pair<Time, std::string>> want = {
      {kNoon, "100USD"}, {kNoon + hours{2}, "90USD"}, {kNoon + hours{4}, "90EUR"}};
  EXPECT_EQ(History(), want);
}

// Two changes a day, with a week's pause, for a hundred days: of the last 35 days all are there, of
// the days before that the last.
TEST_F(AccountStoreTest, ThinsTheHistoryWithAge) {
  Account account;
  account.memory.account = {"demo", "17"};
  account.memory.currency = "USD";
  AccountPtr before;
  std::vector<AccountChange> changes;
  constexpr int kDays = 100;
  const auto paused = [](int day) { return day >= 60 && day < 67; };
  for (int day = 0; day < kDays; ++day) {
    if (paused(day)) continue;
    for (const int hour : {0, 6}) {
      account.memory.available_credit = Money::FromUnits(day * 10 + hour);
      account.memory.changed = kNoon + days{day} + hours{hour};
      const AccountPtr after = Share(account);
      changes.push_back({.before = before, .after = after});
      before = after;
    }
  }
  accounts_->Commit(changes, {}, kNoon + days{kDays});
  std::vector<std::pair<Time, std::string>> want;
  for (int day = 0; day < kDays; ++day) {
    if (paused(day)) continue;
    for (const int hour : {0, 6}) {
      const bool old = day < kDays - 1 - 35;
      if (old && hour == 0) continue;
      want.emplace_back(kNoon + days{day} + hours{hour}, std::to_string(day * 10 + hour) + "USD");
    }
  }
  EXPECT_EQ(History(), want);
}

TEST_F(AccountStoreTest, AFullDiskIsToldWithTheFileAndTheRemedy) {
  store_->session() << "PRAGMA max_page_count = 20";
  std::vector<AccountChange> changes;
  for (int i = 0; i < 2000; ++i) {
    Account account = Full();
    account.memory.account.account_id = std::to_string(i);
    changes.push_back({.before = nullptr, .after = Share(account)});
  }
  std::string said;
  try {
    accounts_->Commit(changes, {}, kNoon);
  } catch (const StoreError& e) {
    said = e.what();
  }
  EXPECT_EQ(said, "store " + (folder_ / "e.db").string() +
                      ": cannot grow: the disk is full; free some space");
  EXPECT_TRUE(accounts_->Load().empty());
}

TEST_F(AccountStoreTest, AStoreOfTheFirstVersionIsTakenOver) {
  const std::string url = "sqlite:" + (folder_ / "old.db").string();
  {
    Store old({.url = url, .migrations = AccountStore::Migrations().first(1)});
    old.session() << "INSERT INTO accounts VALUES ('demo', '17', 'bills', 'Acme', 'USD', 90000000, "
                     "NULL, NULL, NULL, NULL, NULL, 2, 1, 1000, NULL, 0, 0, 1000)";
  }
  Store store({.url = url, .migrations = AccountStore::Migrations()});
  const std::vector<Account> accounts = AccountStore(store).Load();
  ASSERT_EQ(accounts.size(), 1);
  EXPECT_EQ(accounts[0].memory.available_credit, Amount("90"));
  EXPECT_EQ(accounts[0].memory.account_name, "Acme");
  EXPECT_EQ(accounts[0].memory.owner, "");
  EXPECT_EQ(accounts[0].memory.status, AccountStatus::kUnknown);
}

TEST_F(AccountStoreTest, KeepsTheAuditOfEdits) {
  EditRecord first{.at = kNoon,
                   .who = "alice",
                   .through = "api",
                   .account = {"demo", "17"},
                   .level = "warning",
                   .to = {.enabled = true, .threshold = Amount("100"), .currency = "USD"}};
  EditRecord second = first;
  second.at = kNoon + hours{1};
  second.from = first.to;
  second.to.enabled = false;
  accounts_->Commit({}, {&first, 1}, kNoon);
  Open();
  accounts_->Commit({}, {&second, 1}, kNoon);
  std::vector<std::string> lines;
  soci::rowset<std::string> rows =
      (store_->session().prepare
       << "SELECT id || ' ' || at || ' ' || who || ' ' || through || ' ' || provider || '/' || "
          "account_id || ' ' || level || ' ' || COALESCE(from_enabled || ':' || from_threshold || "
          "from_currency, '-') || ' ' || to_enabled || ':' || to_threshold || to_currency "
          "FROM edits ORDER BY id");
  for (const std::string& line : rows) lines.push_back(line);
  const std::vector<std::string> want = {
      "1 1795435200000 alice api demo/17 warning - 1:100000000USD",
      "2 1795438800000 alice api demo/17 warning 1:100000000USD 0:100000000USD"};
  EXPECT_EQ(lines, want);
}

TEST_F(AccountStoreTest, ACommitIsWholeOrNot) {
  const AccountPtr full = Share(Full());
  Commit({.before = nullptr, .after = full});
  store_->session() << "CREATE TRIGGER refuse BEFORE INSERT ON levels BEGIN "
                       "SELECT RAISE(ABORT, 'no room'); END";
  Account changed = *full;
  changed.memory.available_credit = Amount("1");
  changed.memory.levels["warning"].enabled = false;
  EXPECT_ANY_THROW(Commit({.before = full, .after = Share(changed)}));
  EXPECT_EQ(accounts_->Load(), std::vector{Full()});
  store_->session() << "DROP TRIGGER refuse";
  Commit({.before = full, .after = Share(changed)});
  EXPECT_EQ(accounts_->Load(), std::vector{changed});
}

TEST_F(AccountStoreTest, WhatChangesNothingWritesNothing) {
  const AccountPtr full = Share(Full());
  Commit({.before = nullptr, .after = full});
  Account decorated = *full;
  decorated.contact = "finance";
  decorated.released = true;
  long long before = 0;
  long long after = 0;
  store_->session() << "SELECT total_changes()", soci::into(before);
  Commit({.before = full, .after = Share(decorated)});
  store_->session() << "SELECT total_changes()", soci::into(after);
  EXPECT_EQ(before, after);
}

TEST_F(AccountStoreTest, ARowThatWeDidNotWriteIsNamed) {
  Commit({.before = nullptr, .after = Share(Full())});
  store_->session() << "UPDATE levels SET ended_reason = 'bored' WHERE level = 'warning'";
  try {
    (void)accounts_->Load();
    FAIL() << "loaded";
  } catch (const StoreError& e) {
    EXPECT_STREQ(e.what(),
                 "the store holds account \"17 'quoted' 北京\" of \"demo\" with the end reason "
                 "\"bored\"");
  }
}

}  // namespace
}  // namespace lowbalance
