#include "exporter/accounts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <soci/soci.h>

#include <memory>

#include "tests/exporter/helpers.h"

namespace lowbalance {
namespace {

using std::chrono::minutes;

class AccountsTest : public testing::Test {
 protected:
  AccountsTest() {
    for (const char* name : {"a", "b"}) config_.exporter.sources.push_back({.name = name});
    config_.file = "lowbalance.yml";
    config_.default_contact = "finance";
    Restart();
  }

  // As a process that starts on the store another has left.
  void Restart() {
    accounts_.reset();
    account_store_.reset();
    store_.reset();
    store_ = std::make_unique<Store>(Store::Options{.url = "sqlite:" + (folder_ / "e.db").string(),
                                                    .migrations = AccountStore::Migrations()});
    account_store_ = std::make_unique<AccountStore>(*store_);
    accounts_ = std::make_unique<Accounts>(*account_store_);
    Configure();
  }
  void Configure() { accounts_->Configure(MakeAccountRules(config_), now_); }

  void Poll(const std::string& source, std::vector<std::pair<std::string, std::string>> credits) {
    now_ += minutes{1};
    std::vector<Reading> readings;
    for (const auto& [id, credit] : credits) readings.push_back(ReadingOf(id, credit, now_));
    accounts_->ApplyFetched(source, {.readings = std::move(readings)}, now_);
  }
  void Fail(const std::string& source) {
    now_ += minutes{1};
    accounts_->ApplyFailure(source, now_);
  }
  tl::expected<EditOutcome, EditRefusal> Set(const std::string& id, std::string_view threshold,
                                             bool dry_run = false) {
    now_ += minutes{1};
    return accounts_->ApplyEdit({.account = {"demo", id},
                                 .edit = {.enabled = true, .threshold = Amount(threshold)},
                                 .who = "alice",
                                 .dry_run = dry_run},
                                now_);
  }

  [[nodiscard]] AccountPtr Find(const std::string& id) const {
    return accounts_->snapshot()->Find({"demo", id});
  }
  // The accounts as one line: id, source, credit, up or failing.
  [[nodiscard]] std::string Seen() const {
    std::string line;
    for (const AccountPtr& account : accounts_->snapshot()->accounts) {
      const AccountMemory& m = account->memory;
      line += (line.empty() ? "" : ", ") + m.account.account_id + " " + account->source + " " +
              (m.available_credit ? m.available_credit->ToString() : "?") +
              (m.up ? " up" : " failing");
    }
    return line;
  }

  long long Count(const std::string& table) {
    long long count = 0;
    store_->session() << "SELECT COUNT(*) FROM " << table, soci::into(count);
    return count;
  }

  const TempFolder folder_;
  Config config_;
  Time now_ = kNoon;
  std::unique_ptr<Store> store_;
  std::unique_ptr<AccountStore> account_store_;
  std::unique_ptr<Accounts> accounts_;
};

TEST_F(AccountsTest, PollsShowAccounts) {
  EXPECT_EQ(Seen(), "");
  Poll("a", {{"2", "5"}, {"1", "7"}});
  EXPECT_EQ(Seen(), "1 a 7 up, 2 a 5 up");
  EXPECT_EQ(Find("1")->contact, "finance");
  EXPECT_EQ(Find("1")->memory.last_success, now_);
}

TEST_F(AccountsTest, AFailedPollChangesNothingButUp) {
  Poll("a", {{"1", "7"}});
  Poll("b", {{"2", "5"}});
  AccountMemory want = Find("1")->memory;
  want.up = false;
  Fail("a");
  EXPECT_EQ(Seen(), "1 a 7 failing, 2 b 5 up");
  EXPECT_EQ(Find("1")->memory, want);
  Poll("a", {{"1", "7"}});
  EXPECT_EQ(Seen(), "1 a 7 up, 2 b 5 up");
}

TEST_F(AccountsTest, AnAccountThatIsGoneFromItsSourceStaysAndFails) {
  Poll("a", {{"1", "7"}, {"2", "5"}});
  Poll("a", {{"2", "4"}});
  EXPECT_EQ(Seen(), "1 a 7 failing, 2 a 4 up");
  Poll("a", {{"1", "6"}, {"2", "4"}});
  EXPECT_EQ(Seen(), "1 a 6 up, 2 a 4 up");
}

TEST_F(AccountsTest, OlderDataIsAFailureOfThatAccountAlone) {
  Poll("a", {{"1", "7"}, {"2", "5"}});
  const Time first = now_;
  now_ += minutes{1};
  accounts_->ApplyFetched(
      "a", {.readings = {ReadingOf("1", "1000", first - minutes{1}), ReadingOf("2", "4", now_)}},
      now_);
  EXPECT_EQ(Seen(), "1 a 7 failing, 2 a 4 up");
  EXPECT_EQ(Find("1")->memory.last_success, first);
}

TEST_F(AccountsTest, AnAccountThatCouldNotBeAskedAboutStaysItsSources) {
  Poll("a", {{"1", "7"}, {"2", "5"}});
  now_ += minutes{1};
  accounts_->ApplyFetched("a",
                          {.readings = {ReadingOf("2", "4", now_)},
                           .failures = {{{"demo", "1"}, "no permission"},
                                        {{"demo", "3"}, "closed", AccountStatus::kClosed}}},
                          now_);
  EXPECT_EQ(Seen(), "1 a 7 failing, 2 a 4 up, 3 a ? failing");
  EXPECT_EQ(Find("1")->memory.status, AccountStatus::kUnknown);
  EXPECT_EQ(Find("3")->memory.status, AccountStatus::kClosed);
  Poll("b", {{"1", "100"}, {"3", "100"}});
  EXPECT_EQ(Seen(), "1 a 7 failing, 2 a 4 up, 3 a ? failing");
  Restart();
  EXPECT_EQ(Seen(), "1 a 7 failing, 2 a 4 up, 3 a ? failing");
}

TEST_F(AccountsTest, ASourceNotReadToItsEndLosesNoAccount) {
  Poll("a", {{"1", "7"}, {"2", "5"}});
  now_ += minutes{1};
  accounts_->ApplyFetched("a", {.readings = {ReadingOf("2", "4", now_)}, .complete = false}, now_);
  Poll("b", {{"1", "100"}});
  EXPECT_EQ(Seen(), "1 a 7 failing, 2 a 4 up") << "the account is still a's";
  Poll("a", {{"2", "4"}});
  Poll("b", {{"1", "100"}});
  EXPECT_EQ(Seen(), "1 b 100 up, 2 a 4 up") << "now it is not";
}

TEST_F(AccountsTest, TheSecondSourceOfAnAccountIsRefused) {
  Poll("a", {{"1", "7"}});
  Poll("b", {{"1", "100"}, {"2", "5"}});
  EXPECT_EQ(Seen(), "1 a 7 up, 2 b 5 up");
  Restart();
  Poll("b", {{"1", "100"}, {"2", "5"}});
  EXPECT_EQ(Seen(), "1 a 7 up, 2 b 5 up") << "a restart decides nothing anew";
  Fail("a");
  Poll("b", {{"1", "100"}, {"2", "5"}});
  EXPECT_EQ(Seen(), "1 a 7 failing, 2 b 5 up") << "not even while the first fails";
}

TEST_F(AccountsTest, AnAccountMayMoveToAnotherSource) {
  Poll("a", {{"1", "7"}, {"2", "5"}});
  Poll("a", {{"2", "5"}});
  Poll("b", {{"1", "6"}});
  EXPECT_EQ(Seen(), "1 b 6 up, 2 a 5 up");
  Poll("a", {{"2", "5"}});
  EXPECT_EQ(Seen(), "1 b 6 up, 2 a 5 up");
  EXPECT_EQ(Find("1")->memory.spend_total, Amount("1")) << "one history";
}

TEST_F(AccountsTest, AnAccountThatIsBackInItsSourceIsThatSourcesAgain) {
  Poll("a", {{"1", "7"}, {"2", "5"}});
  Poll("a", {{"2", "5"}});
  Poll("a", {{"1", "7"}, {"2", "5"}});
  Poll("b", {{"1", "6"}});
  EXPECT_EQ(Seen(), "1 a 7 up, 2 a 5 up");
}

TEST_F(AccountsTest, AccountsOfASourceThatIsNoLongerConfiguredFailAndAreFree) {
  Poll("a", {{"1", "7"}});
  config_.exporter.sources.erase(config_.exporter.sources.begin());
  Configure();
  EXPECT_EQ(Seen(), "1 a 7 failing");
  Poll("a", {{"1", "8"}, {"3", "8"}});
  EXPECT_EQ(Seen(), "1 a 7 failing") << "a poll that was under way is ignored";
  Poll("b", {{"1", "6"}});
  EXPECT_EQ(Seen(), "1 b 6 up");
}

TEST_F(AccountsTest, AnEpisodeSurvivesARestart) {
  Poll("a", {{"1", "150"}});
  ASSERT_TRUE(Set("1", "100"));
  Poll("a", {{"1", "90"}});
  Poll("a", {{"1", "-1"}});
  const AccountMemory before = Find("1")->memory;
  ASSERT_TRUE(before.levels.at("warning").overdue);
  Restart();
  EXPECT_EQ(Find("1")->memory, before);
  Poll("a", {{"1", "-1"}});
  EXPECT_EQ(Find("1")->memory.levels, before.levels);
}

TEST_F(AccountsTest, AFailedCommitPublishesNothingAndTheNextTriesAgain) {
  Poll("a", {{"1", "150"}, {"2", "5"}});
  ASSERT_TRUE(Set("1", "100"));
  const auto before = accounts_->snapshot();
  store_->session() << "CREATE TRIGGER refuse BEFORE INSERT ON accounts WHEN NEW.account_id = '2' "
                       "BEGIN SELECT RAISE(ABORT, 'no room'); END";
  EXPECT_ANY_THROW(Poll("a", {{"1", "90"}, {"2", "4"}}));
  EXPECT_ANY_THROW(Fail("a"));
  EXPECT_ANY_THROW((void)Set("2", "10"));
  EXPECT_EQ(accounts_->snapshot(), before);

  store_->session() << "DROP TRIGGER refuse";
  Poll("a", {{"1", "90"}, {"2", "4"}});
  EXPECT_EQ(Seen(), "1 a 90 up, 2 a 4 up");
  EXPECT_EQ(Find("1")->memory.changed, now_) << "seen now, as the crossing it is";
  EXPECT_EQ(Find("1")->memory.levels.at("warning").first_change, now_);
}

TEST_F(AccountsTest, APollThatShowsNothingNewWritesNothingAndPublishesNothing) {
  Poll("a", {{"1", "150"}});
  const auto before = accounts_->snapshot();
  store_->session() << "CREATE TRIGGER refuse BEFORE INSERT ON accounts BEGIN "
                       "SELECT RAISE(ABORT, 'no writing'); END";
  accounts_->ApplyFetched("a", {.readings = {ReadingOf("1", "150", now_)}}, now_ + minutes{1});
  EXPECT_EQ(accounts_->snapshot(), before);
}

TEST_F(AccountsTest, WhatDidNotChangeIsShared) {
  Poll("a", {{"1", "7"}, {"2", "5"}});
  Poll("b", {{"3", "1"}});
  const AccountPtr one = Find("1");
  ASSERT_TRUE(Set("2", "10"));
  Poll("b", {{"3", "0"}});
  EXPECT_EQ(Find("1"), one);
}

TEST_F(AccountsTest, EditsAreAppliedAndAudited) {
  Poll("a", {{"1", "90"}});
  const auto outcome = Set("1", "100");
  ASSERT_TRUE(outcome) << outcome.error().message.en;
  EXPECT_TRUE(outcome->before->memory.levels.empty());
  EXPECT_EQ(outcome->after, Find("1"));
  EXPECT_EQ(Find("1")->memory.levels.at("warning").low_since, now_);
  EXPECT_EQ(Count("edits"), 1);
  const auto again = Set("1", "100");
  ASSERT_TRUE(again);
  EXPECT_EQ(again->before, again->after);
  EXPECT_EQ(Count("edits"), 1) << "what changes nothing is no edit";
}

TEST_F(AccountsTest, ADryRunOnlySays) {
  Poll("a", {{"1", "90"}});
  const auto before = accounts_->snapshot();
  const auto outcome = Set("1", "100", /*dry_run=*/true);
  ASSERT_TRUE(outcome);
  EXPECT_TRUE(outcome->after->memory.levels.at("warning").low_since);
  EXPECT_EQ(accounts_->snapshot(), before);
  EXPECT_EQ(Count("edits"), 0);
}

TEST_F(AccountsTest, RefusesEdits) {
  using Why = EditRefusal::Why;
  config_.exporter.accounts = {
      {.account = {"demo", "2"}, .settings = {{.threshold = Amount("10")}}, .line = 12}};
  Configure();
  Poll("a", {{"1", "90"}, {"2", "90"}});
  const struct {
    const char* name;
    std::string id;
    SettingEdit edit;
    Why why;
    std::string field;
    Bilingual message;
  } cases[] = {
      {"no such account",
       "3",
       {.enabled = false},
       Why::kUnknownAccount,
       "account_id",
       {"there is no account \"3\" of \"demo\"", "\"demo\" 中没有账户 \"3\""}},
      {"provisioned",
       "2",
       {.enabled = false},
       Why::kProvisioned,
       "",
       {"read-only: the setting stands in lowbalance.yml, line 12; change it there and reload",
        "只读：该设置写在 lowbalance.yml 第 12 行，请在那里修改并重新加载"}},
      {"enabled without a threshold",
       "1",
       {.enabled = true},
       Why::kNotAllowed,
       "threshold",
       {"needed to enable the alert at level warning", "开启级别 warning 的预警需要先设置阈值"}},
      {"a level that is no name",
       "1",
       {.level = "War ning", .threshold = Amount("1")},
       Why::kNotAllowed,
       "level",
       {"not a name of a-z, 0-9, _ and -: \"War ning\"",
        "名称只能由 a-z、0-9、_ 和 - 组成：\"War ning\""}},
      {"another currency",
       "1",
       {.threshold = Amount("1"), .currency = "EUR"},
       Why::kNotAllowed,
       "currency",
       {"the account's amounts are in USD, not in EUR", "账户的币种是 USD，不是 EUR"}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto before = accounts_->snapshot();
    const auto outcome =
        accounts_->ApplyEdit({.account = {"demo", c.id}, .edit = c.edit, .who = "alice"}, now_);
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().why, c.why);
    EXPECT_EQ(outcome.error().field, c.field);
    EXPECT_EQ(outcome.error().message.en, c.message.en);
    EXPECT_EQ(outcome.error().message.zh, c.message.zh);
    EXPECT_EQ(accounts_->snapshot(), before);
  }
}

TEST_F(AccountsTest, AnotherLevelOfAProvisionedAccountIsEditable) {
  config_.exporter.accounts = {
      {.account = {"demo", "1"}, .settings = {{.threshold = Amount("10")}}}};
  Configure();
  Poll("a", {{"1", "90"}});
  const auto outcome = accounts_->ApplyEdit(
      {.account = {"demo", "1"},
       .edit = {.level = "critical", .enabled = true, .threshold = Amount("5")},
       .who = "alice"},
      now_);
  EXPECT_TRUE(outcome) << outcome.error().message.en;
}

TEST_F(AccountsTest, AListedAccountIsKnownBeforeItIsPolled) {
  config_.exporter.accounts = {{.account = {"demo", "1"},
                                .contact = "ops",
                                .settings = {{.threshold = Amount("100"), .currency = "USD"}}}};
  Configure();
  EXPECT_EQ(Seen(), "1  ? failing");
  EXPECT_EQ(Find("1")->contact, "ops");
  EXPECT_EQ(Find("1")->memory.levels.at("warning").threshold, Amount("100"));
  EXPECT_EQ(Count("edits"), 1);
  Poll("a", {{"1", "150"}});
  EXPECT_EQ(Seen(), "1 a 150 up");
  Restart();
  EXPECT_EQ(Count("edits"), 1) << "a restart edits nothing";
}

TEST_F(AccountsTest, AListedAccountThatNoSourceShowedIsForgottenWithItsListing) {
  config_.exporter.accounts = {{.account = {"demo", "1"}}, {.account = {"demo", "typo"}}};
  Configure();
  Poll("a", {{"1", "150"}});
  EXPECT_EQ(Seen(), "1 a 150 up, typo  ? failing");
  config_.exporter.accounts.clear();
  Configure();
  EXPECT_EQ(Seen(), "1 a 150 up");
  Restart();
  EXPECT_EQ(Seen(), "1 a 150 up");
}

TEST_F(AccountsTest, ASettingTakenOutOfTheFileStaysAndIsEditable) {
  config_.exporter.accounts = {
      {.account = {"demo", "1"}, .settings = {{.threshold = Amount("100")}}}};
  Configure();
  Poll("a", {{"1", "90"}});
  const LevelMemory before = Find("1")->memory.levels.at("warning");
  ASSERT_TRUE(before.low_since);
  EXPECT_TRUE(Find("1")->IsProvisioned("warning"));
  config_.exporter.accounts.clear();
  Configure();
  EXPECT_EQ(Find("1")->memory.levels.at("warning"), before);
  EXPECT_FALSE(Find("1")->IsProvisioned("warning"));
  EXPECT_TRUE(Set("1", "80"));
}

}  // namespace
}  // namespace lowbalance
