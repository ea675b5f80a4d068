#include "core/account_memory.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace lowbalance {
namespace {

using std::chrono::hours;

constexpr Time kStart = TimeFromMillis(1'700'000'000'000);
constexpr Time At(int hour) { return kStart + hours{hour}; }

Reading Credit(const char* amount, const char* currency = "USD") {
  return {.account = {"demo", "17"},
          .account_name = "Acme",
          .currency = currency,
          .available_credit = Money::Parse(amount).value()};
}

// One account, driven by hand.
class Account {
 public:
  Account() { memory_.account = {"demo", "17"}; }
  Account& Polled(const char* amount, Time now) {
    memory_ = Observe(memory_, Credit(amount), now).value();
    return *this;
  }
  Account& Edited(SettingEdit edit, Time now) {
    memory_ = lowbalance::Edit(memory_, edit, now).value();
    return *this;
  }
  Account& Enabled(const char* threshold, Time now, const char* level = "warning") {
    return Edited({.level = level, .enabled = true, .threshold = Money::Parse(threshold).value()},
                  now);
  }
  const AccountMemory& memory() const { return memory_; }
  const LevelMemory& level(const char* name = "warning") const { return memory_.levels.at(name); }

 private:
  AccountMemory memory_;
};

TEST(AccountMemoryTest, ACrossingBeginsAnEpisodeAndIsItsFirstChange) {
  const Account account = Account().Polled("150", At(0)).Enabled("100", At(1)).Polled("90", At(2));
  EXPECT_EQ(account.level().low_since, At(2));
  EXPECT_EQ(account.level().first_change, At(2));
  EXPECT_EQ(account.level().overdue, std::nullopt);
  EXPECT_EQ(account.memory().changed, At(2));
}

TEST(AccountMemoryTest, AFrozenOrClosedAccountIsNotLow) {
  for (const AccountStatus status : {AccountStatus::kFrozen, AccountStatus::kClosed}) {
    SCOPED_TRACE(ToString(status));
    const Account low = Account().Polled("150", At(0)).Enabled("100", At(1)).Polled("90", At(2));
    Reading reading = Credit("80");
    reading.status = status;

    AccountMemory seen = Observe(low.memory(), reading, At(3)).value();
    EXPECT_EQ(seen.status, status);
    EXPECT_EQ(seen.levels.at("warning").low_since, std::nullopt);
    EXPECT_EQ(seen.levels.at("warning").ended, (Ended{At(3), EndReason::kDisabled}));
    EXPECT_TRUE(seen.levels.at("warning").enabled) << "the setting stays";
    seen = Observe(std::move(seen), reading, At(4)).value();
    EXPECT_EQ(seen.levels.at("warning").ended, (Ended{At(3), EndReason::kDisabled}));
    seen = Edit(std::move(seen), {.threshold = Money::FromUnits(200)}, At(4)).value();
    EXPECT_EQ(seen.levels.at("warning").low_since, std::nullopt);

    // As when somebody enables it: the alert waits for the first change.
    reading = Credit("70");
    reading.status = AccountStatus::kActive;
    seen = Observe(std::move(seen), reading, At(5)).value();
    EXPECT_EQ(seen.levels.at("warning").low_since, At(5));
    EXPECT_EQ(seen.levels.at("warning").first_change, std::nullopt);
  }
}

TEST(AccountMemoryTest, AStatusMayBeKnownWithoutABalance) {
  const Account low = Account().Polled("150", At(0)).Enabled("100", At(1)).Polled("90", At(2));
  EXPECT_EQ(ObserveStatus(low.memory(), AccountStatus::kUnknown, At(3)), low.memory());
  EXPECT_EQ(ObserveStatus(low.memory(), AccountStatus::kActive, At(3)).levels, low.memory().levels);
  const AccountMemory closed = ObserveStatus(low.memory(), AccountStatus::kClosed, At(3));
  EXPECT_EQ(closed.levels.at("warning").low_since, std::nullopt);
  EXPECT_EQ(closed.levels.at("warning").ended, (Ended{At(3), EndReason::kDisabled}));
  const AccountMemory again = ObserveStatus(closed, AccountStatus::kActive, At(4));
  EXPECT_EQ(again.levels.at("warning").low_since, At(4));
  EXPECT_EQ(again.levels.at("warning").first_change, std::nullopt);
}

TEST(AccountMemoryTest, EqualToTheThresholdIsNotLow) {
  Account account = Account().Polled("150", At(0)).Enabled("100", At(0)).Polled("100.00", At(1));
  EXPECT_EQ(account.level().low_since, std::nullopt);
  EXPECT_EQ(account.Polled("99.99", At(2)).level().low_since, At(2));
}

TEST(AccountMemoryTest, EnablingWhileLowWaitsForTheFirstChange) {
  Account account = Account().Polled("80", At(0)).Enabled("100", At(1));
  EXPECT_EQ(account.level().low_since, At(1));
  EXPECT_EQ(account.level().first_change, std::nullopt);
  EXPECT_EQ(account.Polled("80", At(2)).level().first_change, std::nullopt) << "no change";
  EXPECT_EQ(account.Polled("95", At(3)).level().first_change, At(3)) << "in either direction";
  EXPECT_EQ(account.Polled("94", At(4)).level().first_change, At(3)) << "once seen it stays";
  EXPECT_EQ(account.level().low_since, At(1));
}

TEST(AccountMemoryTest, TheFirstValueEverSeenIsNoChange) {
  const Account account = Account().Enabled("100", At(0)).Polled("90", At(1));
  EXPECT_EQ(account.level().low_since, At(1));
  EXPECT_EQ(account.level().first_change, std::nullopt);
  EXPECT_EQ(account.memory().changed, std::nullopt);
  EXPECT_EQ(account.level().currency, "USD") << "the account's, as none was named";
}

TEST(AccountMemoryTest, AnEpisodeEndsForOneOfThreeReasons) {
  const Account low = Account().Polled("150", At(0)).Enabled("100", At(0)).Polled("90", At(1));
  Account recovered = low;
  recovered.Polled("100", At(2));
  EXPECT_EQ(recovered.level().ended, (Ended{At(2), EndReason::kRecovered}));
  EXPECT_EQ(recovered.level().low_since, std::nullopt);
  EXPECT_EQ(recovered.level().first_change, std::nullopt);

  Account disabled = low;
  disabled.Edited({.enabled = false}, At(2));
  EXPECT_EQ(disabled.level().ended, (Ended{At(2), EndReason::kDisabled}));
  disabled.Edited({.enabled = true}, At(3));
  EXPECT_EQ(disabled.level().low_since, At(3)) << "enabled again: a new episode, as when low";
  EXPECT_EQ(disabled.level().first_change, std::nullopt);
  EXPECT_EQ(disabled.level().ended, (Ended{At(2), EndReason::kDisabled})) << "the last one";

  Account lowered = low;
  lowered.Edited({.threshold = Money::FromUnits(90)}, At(2));
  EXPECT_EQ(lowered.level().ended, (Ended{At(2), EndReason::kThresholdLowered}));
}

TEST(AccountMemoryTest, AnEditThatLeavesItLowIsNoBreak) {
  Account account = Account().Polled("150", At(0)).Enabled("100", At(0)).Polled("90", At(1));
  account.Edited({.threshold = Money::FromUnits(120)}, At(2));
  EXPECT_EQ(account.level().low_since, At(1));
  EXPECT_EQ(account.level().first_change, At(1));
  EXPECT_EQ(account.level().ended, std::nullopt);
}

TEST(AccountMemoryTest, SettingTheSameAgainChangesNothing) {
  Account account = Account().Polled("150", At(0)).Enabled("100", At(0)).Polled("90", At(1));
  const AccountMemory before = account.memory();
  EXPECT_EQ(account.Enabled("100.00", At(5)).memory(), before);
}

TEST(AccountMemoryTest, OverdueIsWhenItWasFirstSeenBelowZeroInTheEpisode) {
  Account account = Account().Polled("150", At(0)).Enabled("100", At(0)).Polled("0", At(1));
  EXPECT_EQ(account.level().overdue, std::nullopt) << "zero is not below zero";
  EXPECT_EQ(account.Polled("-0.01", At(2)).level().overdue, At(2));
  EXPECT_EQ(account.Polled("20", At(3)).level().overdue, At(2)) << "it does not go away";
  EXPECT_EQ(account.Polled("150", At(4)).Polled("50", At(5)).level().overdue, std::nullopt);
  EXPECT_EQ(Account().Polled("-5", At(0)).Enabled("100", At(1)).level().overdue, At(1));
}

TEST(AccountMemoryTest, InstantsStrictlyIncreaseWhateverTheClockDoes) {
  Account account = Account().Polled("150", At(9)).Enabled("100", At(9)).Polled("90", At(10));
  account.Polled("120", At(2)).Polled("80", At(2));  // The clock was set back by eight hours.
  EXPECT_EQ(account.level().ended->at, At(10) + Millis{1});
  EXPECT_EQ(account.level().low_since, At(10) + Millis{2});
  EXPECT_EQ(account.memory().last_success, At(2)) << "an age, not an instant of the account";
  account.Polled("120", At(11));
  EXPECT_EQ(account.level().ended->at, At(11)) << "and the clock again once it is later";
}

TEST(AccountMemoryTest, EachLevelHasItsOwnEpisode) {
  Account account = Account().Polled("150", At(0)).Enabled("100", At(0));
  account.Enabled("20", At(0), "critical").Polled("90", At(1)).Polled("15", At(2));
  EXPECT_EQ(account.level("warning").low_since, At(1));
  EXPECT_EQ(account.level("critical").low_since, At(2));
  EXPECT_EQ(account.level("critical").first_change, At(2));
  account.Polled("60", At(3));
  EXPECT_EQ(account.level("critical").ended, (Ended{At(3), EndReason::kRecovered}));
  EXPECT_EQ(account.level("warning").low_since, At(1));
}

TEST(AccountMemoryTest, AFailedPollChangesNothingButUp) {
  const Account account = Account().Polled("150", At(0)).Enabled("100", At(0)).Polled("90", At(1));
  AccountMemory expected = account.memory();
  ASSERT_TRUE(expected.up);
  expected.up = false;
  EXPECT_EQ(ObserveFailure(account.memory()), expected);
}

TEST(AccountMemoryTest, SpendAndTopUpsAreCountedApart) {
  Account account = Account().Polled("150", At(0)).Polled("90", At(1)).Polled("190", At(2));
  account.Polled("189.5", At(3)).Polled("189.5", At(4));
  EXPECT_EQ(account.memory().spend_total.ToString(), "60.5");
  EXPECT_EQ(account.memory().top_up_total.ToString(), "100");
}

TEST(AccountMemoryTest, AnotherCurrencySuspendsTheSettingUntilItIsSetAnew) {
  Account account = Account().Polled("150", At(0)).Enabled("100", At(0)).Polled("90", At(1));
  AccountMemory memory = Observe(account.memory(), Credit("50", "CNY"), At(2)).value();
  const LevelMemory& level = memory.levels.at("warning");
  EXPECT_TRUE(level.suspended);
  EXPECT_FALSE(IsActive(level));
  EXPECT_EQ(level.ended, (Ended{At(2), EndReason::kDisabled}));
  EXPECT_EQ(level.low_since, std::nullopt);
  EXPECT_EQ(level.currency, "USD") << "what the amount was meant in";
  EXPECT_EQ(memory.spend_total, Money{}) << "a counter in another currency starts anew";
  EXPECT_EQ(memory.changed, std::nullopt) << "the first value in it is no change";

  const Bilingual refusal = Edit(memory, {.enabled = true}, At(3)).error().message;
  EXPECT_EQ(
      refusal.en,
      "the setting at level warning is suspended, as it is in USD and the account in CNY; set "
      "a threshold in CNY");
  EXPECT_EQ(refusal.zh,
            "级别 warning 的设置已暂停：阈值以 USD 设置，而账户币种是 CNY；请以 CNY 重新设置阈值");
  memory = Edit(memory, {.threshold = Money::FromUnits(100)}, At(3)).value();
  EXPECT_TRUE(IsActive(memory.levels.at("warning")));
  EXPECT_EQ(memory.levels.at("warning").currency, "CNY");
  EXPECT_EQ(memory.levels.at("warning").low_since, At(3));
}

TEST(AccountMemoryTest, ASettingHoldsAgainWhenItsCurrencyIsBack) {
  Account account = Account().Polled("150", At(0)).Enabled("100", At(0)).Polled("90", At(1));
  AccountMemory memory = Observe(account.memory(), Credit("90", "CNY"), At(2)).value();
  memory = Observe(std::move(memory), Credit("90"), At(3)).value();
  const LevelMemory& level = memory.levels.at("warning");
  EXPECT_TRUE(IsActive(level));
  EXPECT_EQ(level.low_since, At(3)) << "as if it had just been enabled";
  EXPECT_EQ(level.first_change, std::nullopt);
}

TEST(AccountMemoryTest, RefusesWhatCannotBeMeant) {
  const Account account = Account().Polled("150", At(0));
  const struct {
    SettingEdit edit;
    const char* message;
    const char* chinese;
  } cases[] = {
      {{.enabled = true},
       "threshold: needed to enable the alert at level warning",
       "开启级别 warning 的预警需要先设置阈值"},
      {{.level = "Very Low", .threshold = Money{}},
       "level: not a name of a-z, 0-9, _ and -: \"Very Low\"",
       "名称只能由 a-z、0-9、_ 和 - 组成：\"Very Low\""},
      {{.threshold = Money{}, .currency = "CNY"},
       "currency: the account's amounts are in USD, not in CNY",
       "账户的币种是 USD，不是 CNY"},
  };
  for (const auto& c : cases) {
    const auto edited = Edit(account.memory(), c.edit, At(1));
    ASSERT_FALSE(edited) << c.message;
    EXPECT_EQ(edited.error().field + ": " + edited.error().message.en, c.message);
    EXPECT_EQ(edited.error().message.zh, c.chinese);
  }
}

TEST(AccountMemoryTest, AThresholdInAnotherCurrencyThanTheFirstReadingIsSuspended) {
  Account account;
  account.Edited({.enabled = true, .threshold = Money::FromUnits(100), .currency = "CNY"}, At(0));
  account.Polled("50", At(1));
  EXPECT_TRUE(account.level().suspended);
  EXPECT_EQ(account.level().low_since, std::nullopt);
}

TEST(AccountMemoryTest, OldDataMovesNothing) {
  Account account;
  Reading reading = Credit("150");
  reading.as_of = At(5);
  AccountMemory memory = Observe(account.memory(), reading, At(6)).value();
  EXPECT_EQ(memory.last_success, At(5));
  reading = Credit("20");
  reading.as_of = At(4);
  EXPECT_EQ(Observe(memory, reading, At(7)).error().message,
            "account 17 as of 2023-11-15T02:13:20Z is older than what is known, as of "
            "2023-11-15T03:13:20Z");
  reading.as_of = At(9);
  EXPECT_EQ(Observe(memory, reading, At(8)).value().last_success, At(8)) << "not from the future";
}

TEST(AccountMemoryTest, AClockSetBackHoldsUpNoReading) {
  Account account;
  Reading reading = Credit("150");
  reading.as_of = At(15);
  AccountMemory memory = Observe(account.memory(), reading, At(15)).value();
  reading = Credit("20");
  reading.as_of = At(4);  // Written an hour before it is polled, by the clock that was set back.
  memory = Observe(memory, reading, At(5)).value();
  EXPECT_EQ(memory.available_credit, Money::FromUnits(20));
  EXPECT_EQ(memory.last_success, At(4));
  reading.as_of = At(3);
  EXPECT_FALSE(Observe(memory, reading, At(5)).has_value()) << "from here on it can tell again";
}

TEST(NamesTest, AreWhatMatchersAndFilesCanHold) {
  for (const char* good : {"warning", "a", "level-2", "very_low"}) EXPECT_TRUE(IsValidName(good));
  for (const char* bad : {"", "1st", "Low", "a b", "a\"b", ".*", "é"}) {
    EXPECT_FALSE(IsValidName(bad)) << bad;
  }
  for (const char* good : {"17", "1234567890123456", "账户/1", "a b"}) {
    EXPECT_TRUE(IsValidAccountId(good)) << good;
  }
  for (const char* bad : {"", " 17", "17 ", "1\n7", "\xff"}) EXPECT_FALSE(IsValidAccountId(bad));
  EXPECT_FALSE(IsValidAccountId(std::string(129, '1')));
}

}  // namespace
}  // namespace lowbalance
