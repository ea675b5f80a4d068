// Settings that are the provider's, and accounts that it has stopped.

#include <gtest/gtest.h>

#include "exporter/accounts.h"
#include "exporter/merge.h"
#include "tests/exporter/helpers.h"

namespace lowbalance {
namespace {

using std::chrono::minutes;

Reading WithAlarm(std::string_view credit, std::optional<ProviderAlarm> alarm, Time now) {
  Reading reading = ReadingOf("17", credit, now);
  reading.alarm = alarm;
  return reading;
}

class ProviderAlarmTest : public testing::Test {
 protected:
  ProviderAlarmTest() {
    rules_.file = "lowbalance.yml";
    rules_.sources = {"cloud"};
    rules_.alarm_sources = {"cloud"};
  }

  Merged Poll(const Reading& reading) {
    Merged merged = MergeFetched(snapshot_, rules_, "cloud", {.readings = {reading}}, Next());
    snapshot_ = merged.next;
    return merged;
  }
  Merged Poll(std::string_view credit, std::optional<ProviderAlarm> alarm) {
    return Poll(WithAlarm(credit, alarm, now_ + minutes{1}));
  }
  Time Next() { return now_ += minutes{1}; }
  const Account& Now() const { return *snapshot_.accounts.at(0); }
  const LevelMemory& Level() const { return Now().memory.levels.at("warning"); }

  AccountRules rules_;
  Snapshot snapshot_;
  Time now_ = kNoon;
};

TEST_F(ProviderAlarmTest, BecomesTheReadOnlySettingOfItsAccount) {
  const Merged first = Poll("90", ProviderAlarm{true, Amount("100")});
  EXPECT_TRUE(Level().enabled);
  EXPECT_EQ(Level().threshold, Amount("100"));
  EXPECT_EQ(Level().currency, "USD");
  EXPECT_TRUE(Now().IsProvisioned("warning"));
  ASSERT_EQ(first.edits.size(), 1);
  EXPECT_EQ(first.edits[0].who, "cloud");
  EXPECT_EQ(first.edits[0].through, "source");
  EXPECT_EQ(Level().low_since, now_) << "enabled while low";
  EXPECT_EQ(Level().first_change, std::nullopt);

  EXPECT_TRUE(Poll("90", ProviderAlarm{true, Amount("100")}).edits.empty()) << "nothing new";
  EXPECT_EQ(Poll("90", ProviderAlarm{true, Amount("80")}).edits.size(), 1);
  EXPECT_EQ(Level().ended->reason, EndReason::kThresholdLowered);
  Poll("90", ProviderAlarm{false, Amount("80")});
  EXPECT_FALSE(Level().enabled);
  // Where this poll could not ask, the last setting stays.
  Poll("90", ProviderAlarm{true, Amount("80")});
  EXPECT_TRUE(Poll("90", std::nullopt).edits.empty());
  EXPECT_TRUE(Level().enabled);
}

TEST_F(ProviderAlarmTest, OneThatWasNeverSetIsOff) {
  EXPECT_TRUE(Poll("90", ProviderAlarm{false, std::nullopt}).edits.empty());
  EXPECT_TRUE(Now().memory.levels.empty());
  Poll("90", ProviderAlarm{true, Amount("100")});
  Poll("90", ProviderAlarm{false, std::nullopt});
  EXPECT_FALSE(Level().enabled);
  EXPECT_EQ(Level().threshold, Amount("100"));
}

TEST_F(ProviderAlarmTest, ASettingInTheFileGoesBeforeIt) {
  rules_.accounts[{"demo", "17"}] = {.account = {"demo", "17"},
                                     .settings = {{.threshold = Amount("50")}}};
  snapshot_ = MergeRules(snapshot_, rules_, Next()).next;
  Poll("90", ProviderAlarm{true, Amount("100")});
  EXPECT_EQ(Level().threshold, Amount("50"));
  EXPECT_TRUE(Now().IsProvisioned("warning"));
}

TEST_F(ProviderAlarmTest, IsNotTakenOverFromASourceThatIsNotToldTo) {
  rules_.alarm_sources.clear();
  EXPECT_TRUE(Poll("90", ProviderAlarm{true, Amount("100")}).edits.empty());
  EXPECT_TRUE(Now().memory.levels.empty());
  EXPECT_FALSE(Now().IsProvisioned("warning"));
}

TEST_F(ProviderAlarmTest, AnAccountThatIsStoppedEndsItsEpisode) {
  Poll("150", ProviderAlarm{true, Amount("100")});
  Poll("90", ProviderAlarm{true, Amount("100")});
  ASSERT_EQ(Level().low_since, now_);
  // Its balance cannot be had any more, but what became of it is known.
  const Fetched closed{.failures = {{.account = {"demo", "17"},
                                     .message = "no permission",
                                     .status = AccountStatus::kClosed}}};
  snapshot_ = MergeFetched(snapshot_, rules_, "cloud", closed, Next()).next;
  EXPECT_FALSE(Now().memory.up);
  EXPECT_EQ(Now().memory.status, AccountStatus::kClosed);
  EXPECT_EQ(Now().memory.available_credit, Amount("90"));
  EXPECT_EQ(Level().ended, (Ended{now_, EndReason::kDisabled}));
  EXPECT_TRUE(Level().enabled);
}

TEST_F(ProviderAlarmTest, IsRefusedToAnEditorWithAReason) {
  const TempFolder folder;
  Store store(
      {.url = "sqlite:" + (folder / "e.db").string(), .migrations = AccountStore::Migrations()});
  AccountStore account_store(store);
  Accounts accounts(account_store);
  accounts.Configure(rules_, now_);
  accounts.ApplyFetched(
      "cloud", {.readings = {WithAlarm("90", ProviderAlarm{true, Amount("100")}, now_)}}, now_);
  const auto refused = accounts.ApplyEdit(
      {.account = {"demo", "17"}, .edit = {.threshold = Amount("50")}, .who = "alice"}, Next());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().why, EditRefusal::Why::kProvisioned);
  EXPECT_EQ(refused.error().message.en,
            "read-only: the setting is the provider's own, which source cloud imports; change it "
            "there");
  // At another level everybody may set what they like.
  EXPECT_TRUE(
      accounts.ApplyEdit({.account = {"demo", "17"},
                          .edit = {.level = "critical", .enabled = true, .threshold = Amount("50")},
                          .who = "alice"},
                         Next()));
}

}  // namespace
}  // namespace lowbalance
