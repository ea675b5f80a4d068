// S6 and S7's notices, which are sent only where they are asked for.

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "core/episode.h"

namespace lowbalance {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr Time kStart = TimeFromMillis(1'700'000'000'000);
constexpr Time At(int hour, int minute = 0) { return kStart + hours{hour} + minutes{minute}; }

DecisionLimits Limits(ExtraNotices extra = {.recovery = true, .overdue = true}) {
  return {.cadence = {},
          .extra = extra,
          .facts_max_age = minutes{10},
          .billing_data_max_age = hours{6}};
}

// Low since At(0) by a crossing.
Facts Low(Time now, const char* credit, const char* threshold = "100",
          const char* level = "warning") {
  Facts facts{.kind = AlertKind::kLowBalance,
              .account = {"demo", "17"},
              .level = level,
              .currency = "USD",
              .evaluated_at = now,
              .available_credit = Money::Parse(credit).value(),
              .threshold = Money::Parse(threshold).value(),
              .low_since = At(0),
              .first_change = At(0),
              .last_success = now};
  if (facts.available_credit < Money()) facts.overdue = now;
  return facts;
}

Facts EndedAt(Time at, Time now, const char* credit = "250", const char* threshold = "100",
              const char* level = "warning", EndReason reason = EndReason::kRecovered) {
  Facts facts = Low(now, credit, threshold, level);
  facts.kind = AlertKind::kLowBalanceEnded;
  facts.low_since.reset();
  facts.first_change.reset();
  facts.overdue.reset();
  facts.ended = Ended{at, reason};
  return facts;
}

class Webhook {
 public:
  explicit Webhook(DecisionLimits limits = Limits()) : limits_(limits) {}

  // "alert", "reminder 2", or the reason in brackets where nothing is sent; one for each fact.
  std::string Hear(const std::vector<Facts>& facts, Time now) {
    const auto decisions = Decide(limits_, known_, facts, now);
    std::string text;
    for (std::size_t i = 0; i < facts.size(); ++i) {
      const Decision& decision = decisions[i];
      if (decision.next) known_[facts[i].level] = *decision.next;
      if (i > 0) text += ", ";
      text += decision.notice ? ToString(*decision.notice)
                              : "(" + std::string(ToString(decision.reason)) + ")";
    }
    return text;
  }
  std::string Hear(const Facts& facts, Time now) { return Hear(std::vector{facts}, now); }
  void Change(DecisionLimits limits) { limits_ = limits; }
  const Episode& episode() const { return known_.at("warning"); }

 private:
  DecisionLimits limits_;
  std::map<std::string, Episode, std::less<>> known_;
};

TEST(RecoveryNoticeTest, FollowsAnAlertOnce) {
  Webhook webhook;
  EXPECT_EQ(webhook.Hear(Low(At(0), "90"), At(0)), "alert");
  EXPECT_EQ(webhook.Hear(EndedAt(At(9), At(9)), At(9)), "recovery");
  EXPECT_EQ(webhook.Hear(EndedAt(At(9), At(9)), At(9, 1)), "(duplicate)") << "delivered again";
  EXPECT_EQ(webhook.Hear(EndedAt(At(9), At(9, 15)), At(9, 15)), "(duplicate)") << "a heartbeat";
  EXPECT_EQ(webhook.episode().reason, Reason::kRecovered);
}

TEST(RecoveryNoticeTest, IsNotSentUnasked) {
  Webhook webhook(Limits({}));
  webhook.Hear(Low(At(0), "90"), At(0));
  EXPECT_EQ(webhook.Hear(EndedAt(At(9), At(9)), At(9)), "(recovered)");
  webhook.Change(Limits());
  EXPECT_EQ(webhook.Hear(EndedAt(At(9), At(9, 15)), At(9, 15)), "(duplicate)")
      << "asked for after it was decided on";
}

TEST(RecoveryNoticeTest, NeedsAnAlertThatWasSent) {
  Webhook unheard;
  EXPECT_EQ(unheard.Hear(EndedAt(At(9), At(9)), At(9)), "(recovered)");
  Webhook waiting;
  Facts facts = Low(At(0), "90");
  facts.first_change.reset();
  EXPECT_EQ(waiting.Hear(facts, At(0)), "(awaiting_first_change)");
  EXPECT_EQ(waiting.Hear(EndedAt(At(9), At(9)), At(9)), "(recovered)");
  // The end of an episode that nobody heard of, after one that was told to be over.
  Webhook twice;
  twice.Hear(Low(At(0), "90"), At(0));
  EXPECT_EQ(twice.Hear(EndedAt(At(9), At(9)), At(9)), "recovery");
  EXPECT_EQ(twice.Hear(EndedAt(At(20), At(20)), At(20)), "(recovered)");
}

TEST(RecoveryNoticeTest, IsForARecoveryAlone) {
  for (const EndReason reason : {EndReason::kDisabled, EndReason::kThresholdLowered}) {
    Webhook webhook;
    webhook.Hear(Low(At(0), "90"), At(0));
    EXPECT_EQ(webhook.Hear(EndedAt(At(9), At(9), "90", "100", "warning", reason), At(9)),
              reason == EndReason::kDisabled ? "(disabled)" : "(threshold_lowered)");
  }
}

TEST(RecoveryNoticeTest, IsNotSentWhenTheAccountIsLowAgain) {
  Webhook webhook;
  webhook.Hear(Low(At(0), "90"), At(0));
  EXPECT_EQ(webhook.Hear(EndedAt(At(9), At(9, 20), "80"), At(9, 20)), "(recovered)");
  // Heard of after the next episode.
  Webhook late;
  late.Hear(Low(At(0), "90"), At(0));
  Facts next = Low(At(10), "70");
  next.low_since = next.first_change = At(10);
  next.ended = Ended{At(9), EndReason::kRecovered};
  EXPECT_EQ(late.Hear(next, At(10)), "alert");
  EXPECT_EQ(late.Hear(EndedAt(At(9), At(10)), At(10, 1)), "(duplicate)");
  EXPECT_EQ(late.Hear(EndedAt(At(11), At(11)), At(11)), "recovery") << "of the next episode";
}

TEST(RecoveryNoticeTest, IsPutOffWhileTheDataIsOld) {
  Webhook webhook;
  webhook.Hear(Low(At(0), "90"), At(0));
  EXPECT_EQ(webhook.Hear(EndedAt(At(9), At(9)), At(9, 11)), "(stale_facts)");
  Facts ended = EndedAt(At(9), At(9, 30));
  ended.last_success = At(3);
  EXPECT_EQ(webhook.Hear(ended, At(9, 30)), "(stale_billing_data)");
  EXPECT_TRUE(webhook.episode().ended) << "it is over however old the data is";
  EXPECT_EQ(webhook.Hear(ended, At(9, 31)), "(duplicate)");
  EXPECT_EQ(webhook.Hear(EndedAt(At(9), At(9, 45)), At(9, 45)), "recovery");
  EXPECT_EQ(webhook.Hear(EndedAt(At(9), At(10)), At(10)), "(duplicate)");
}

TEST(RecoveryNoticeTest, OfTwoLevelsAtOnceTheHigherThresholdSpeaks) {
  Webhook webhook;
  EXPECT_EQ(webhook.Hear(Low(At(0), "90"), At(0)), "alert");
  EXPECT_EQ(webhook.Hear({Low(At(1), "40"), Low(At(1), "40", "50", "critical")}, At(1)),
            "(covered_by_lower_level), alert");
  EXPECT_EQ(
      webhook.Hear({EndedAt(At(9), At(9)), EndedAt(At(9), At(9), "250", "50", "critical")}, At(9)),
      "recovery, (recovered)");
  // A level whose alert only counted as sent has nothing to take back.
  Webhook covered;
  EXPECT_EQ(covered.Hear({Low(At(0), "40"), Low(At(0), "40", "50", "critical")}, At(0)),
            "(covered_by_lower_level), alert");
  EXPECT_EQ(
      covered.Hear({EndedAt(At(9), At(9)), EndedAt(At(9), At(9), "250", "50", "critical")}, At(9)),
      "(recovered), recovery");
}

TEST(OverdueNoticeTest, IsSentOnceAndStopsTheReminders) {
  Webhook webhook;
  EXPECT_EQ(webhook.Hear(Low(At(0), "90"), At(0)), "alert");
  EXPECT_EQ(webhook.Hear(Low(At(24), "40"), At(24)), "reminder 1");
  EXPECT_EQ(webhook.Hear(Low(At(30), "-1"), At(30)), "overdue");
  EXPECT_EQ(webhook.episode().reason, Reason::kOverdue);
  EXPECT_EQ(webhook.Hear(Low(At(48), "-2"), At(48)), "(overdue)");
  Facts back = Low(At(50), "5");
  back.overdue = At(30);
  EXPECT_EQ(webhook.Hear(back, At(50)), "(overdue)");
  EXPECT_EQ(webhook.Hear(Low(At(60), "-3"), At(60)), "(overdue)") << "below zero again";
}

TEST(OverdueNoticeTest, IsNotSentUnasked) {
  Webhook webhook(Limits({}));
  webhook.Hear(Low(At(0), "90"), At(0));
  EXPECT_EQ(webhook.Hear(Low(At(30), "-1"), At(30)), "(overdue)");
  webhook.Change(Limits());
  EXPECT_EQ(webhook.Hear(Low(At(31), "-1"), At(31)), "(overdue)") << "asked for afterwards";
}

TEST(OverdueNoticeTest, IsNotNeededWhereTheAlertSaidIt) {
  Webhook webhook;
  EXPECT_EQ(webhook.Hear(Low(At(0), "-5"), At(0)), "alert");
  EXPECT_EQ(webhook.Hear(Low(At(1), "-6"), At(1)), "(overdue)");
}

TEST(OverdueNoticeTest, WaitsForTheAlert) {
  Webhook webhook;
  Facts facts = Low(At(0), "-5");
  facts.first_change.reset();
  EXPECT_EQ(webhook.Hear(facts, At(0)), "(awaiting_first_change)");
  // The change lifts it above zero, so the alert does not say overdue; then it falls below again.
  Facts lifted = Low(At(1), "5");
  lifted.overdue = At(0);
  EXPECT_EQ(webhook.Hear(lifted, At(1)), "alert");
  EXPECT_EQ(webhook.Hear(Low(At(2), "-1"), At(2)), "overdue");
}

TEST(OverdueNoticeTest, IsAboutNow) {
  Webhook webhook;
  webhook.Hear(Low(At(0), "90"), At(0));
  Facts lifted = Low(At(2), "5");
  lifted.overdue = At(1);
  EXPECT_EQ(webhook.Hear(lifted, At(2)), "(overdue)") << "no longer below zero";
  EXPECT_EQ(webhook.Hear(Low(At(3), "-1"), At(3)), "overdue");
}

TEST(OverdueNoticeTest, IsPutOffWhileTheDataIsOld) {
  Webhook webhook;
  webhook.Hear(Low(At(0), "90"), At(0));
  Facts facts = Low(At(8), "-1");
  facts.last_success = At(1);
  EXPECT_EQ(webhook.Hear(facts, At(8)), "(stale_billing_data)");
  EXPECT_EQ(webhook.Hear(Low(At(9), "-1"), At(9, 11)), "(stale_facts)");
  EXPECT_EQ(webhook.Hear(Low(At(10), "-1"), At(10)), "overdue");
}

TEST(OverdueNoticeTest, TakesThePlaceOfAReminderDueAtTheSameTime) {
  DecisionLimits limits = Limits();
  limits.cadence.stop_when_overdue = false;
  Webhook webhook(limits);
  webhook.Hear(Low(At(0), "90"), At(0));
  EXPECT_EQ(webhook.Hear(Low(At(25), "-1"), At(25)), "overdue");
  EXPECT_EQ(webhook.Hear(Low(At(26), "-1"), At(26)), "(reminder_not_due)");
  EXPECT_EQ(webhook.Hear(Low(At(48), "-1"), At(48)), "reminder 2");
}

TEST(OverdueNoticeTest, OfTwoLevelsTheLowerThresholdSpeaks) {
  Webhook webhook;
  webhook.Hear(Low(At(0), "90"), At(0));
  webhook.Hear({Low(At(1), "40"), Low(At(1), "40", "50", "critical")}, At(1));
  EXPECT_EQ(webhook.Hear({Low(At(2), "-1"), Low(At(2), "-1", "50", "critical")}, At(2)),
            "(covered_by_lower_level), overdue");
  EXPECT_EQ(webhook.Hear({EndedAt(At(3), At(3), "60", "50", "critical"), Low(At(3), "60")}, At(3)),
            "recovery, (overdue)");
  EXPECT_EQ(webhook.Hear(Low(At(4), "-1"), At(4)), "(overdue)") << "counted as told";
}

TEST(UnlimitedCadenceTest, RemindsForAsLongAsItIsLow) {
  DecisionLimits limits = Limits({});
  limits.cadence = {.at_most = Cadence::kUnlimited, .stop_when_overdue = false};
  Webhook webhook(limits);
  EXPECT_EQ(webhook.Hear(Low(At(0), "90"), At(0)), "alert");
  EXPECT_EQ(webhook.Hear(Low(At(24), "90"), At(24)), "reminder 1");
  EXPECT_EQ(webhook.Hear(Low(At(24 * 2000), "90"), At(24 * 2000)), "reminder 2000");
  EXPECT_EQ(NextReminder(limits.cadence, webhook.episode(), At(24 * 2000)), At(24 * 2001));
}

}  // namespace
}  // namespace lowbalance
