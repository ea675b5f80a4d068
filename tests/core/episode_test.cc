#include "core/episode.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace lowbalance {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

using Known = std::map<std::string, Episode, std::less<>>;

constexpr Time kStart = TimeFromMillis(1'700'000'000'000);
constexpr Time At(int hour, int minute = 0) { return kStart + hours{hour} + minutes{minute}; }

const DecisionLimits kLimits{.cadence = {},
                             .facts_max_age = minutes{10},
                             .billing_data_max_age = hours{6},
                             .unheard_max = hours{1}};

// Low since At(0) by a crossing, evaluated and polled just now.
Facts Low(Time now, const char* threshold = "100", const char* level = "warning") {
  return {.kind = AlertKind::kLowBalance,
          .account = {"demo", "17"},
          .level = level,
          .currency = "USD",
          .evaluated_at = now,
          .available_credit = Money::FromUnits(90),
          .threshold = Money::Parse(threshold).value(),
          .low_since = At(0),
          .first_change = At(0),
          .last_success = now};
}

Facts EndedAt(Time at, EndReason reason, Time now, const char* level = "warning") {
  Facts facts = Low(now, "100", level);
  facts.kind = AlertKind::kLowBalanceEnded;
  facts.low_since.reset();
  facts.first_change.reset();
  facts.ended = Ended{at, reason};
  return facts;
}

// The webhook in miniature: remembers what Decide says to remember.
class Webhook {
 public:
  explicit Webhook(DecisionLimits limits = kLimits) : limits_(limits) {}

  std::vector<Decision> HearAll(const std::vector<Facts>& facts, Time now) {
    auto decisions = Decide(limits_, known_, facts, now);
    for (std::size_t i = 0; i < facts.size(); ++i) {
      if (decisions[i].next) known_[facts[i].level] = *decisions[i].next;
    }
    return decisions;
  }
  Decision Hear(const Facts& facts, Time now) { return HearAll({facts}, now).front(); }
  Decision HearLow(Time now) { return Hear(Low(now), now); }
  const Episode& episode(const char* level = "warning") const { return known_.at(level); }

 private:
  const DecisionLimits limits_;
  Known known_;
};

TEST(DecideTest, OneAlertThenFiveRemindersADayApartThenSilence) {
  Webhook webhook;
  const struct {
    int hour;
    int minute;
    Reason reason;
    int number;
  } timeline[] = {
      {1, 0, Reason::kAlert, 0},
      {1, 1, Reason::kReminderNotDue, -1},
      {24, 59, Reason::kReminderNotDue, -1},
      {25, 0, Reason::kReminder, 1},
      {25, 15, Reason::kReminderNotDue, -1},
      {49, 7, Reason::kReminder, 2},
      {73, 0, Reason::kReminder, 3},
      {97, 0, Reason::kReminder, 4},
      {121, 0, Reason::kReminder, 5},
      {121, 1, Reason::kRemindersExhausted, -1},
      {145, 0, Reason::kRemindersExhausted, -1},
      {500, 0, Reason::kRemindersExhausted, -1},
  };
  for (const auto& step : timeline) {
    SCOPED_TRACE(std::to_string(step.hour) + "h" + std::to_string(step.minute));
    const Decision decision = webhook.HearLow(At(step.hour, step.minute));
    EXPECT_EQ(ToString(decision.reason), ToString(step.reason));
    EXPECT_EQ(decision.notice.value_or(Notice{.number = -1}).number, step.number);
  }
  EXPECT_EQ(webhook.episode().alerted_at, At(1)) << "reminders count from the alert";
}

TEST(DecideTest, MissedRemindersAreSkippedAndTheLateOneStaysWithinItsDay) {
  Webhook webhook;
  webhook.HearLow(At(1));
  EXPECT_EQ(webhook.HearLow(At(96, 59)).notice, (Notice{MessageKind::kReminder, 3}))
      << "a minute before its day is over";
  EXPECT_EQ(webhook.HearLow(At(97)).notice, (Notice{MessageKind::kReminder, 4}));
  Webhook late;
  late.HearLow(At(1));
  EXPECT_EQ(late.HearLow(At(145)).reason, Reason::kRemindersExhausted) << "from 6 × 24 h on none";
}

TEST(DecideTest, NothingBeforeTheFirstChange) {
  Webhook webhook;
  Facts facts = Low(At(1));
  facts.first_change.reset();
  EXPECT_EQ(webhook.Hear(facts, At(1)).reason, Reason::kAwaitingFirstChange);
  facts.evaluated_at = facts.last_success = At(99);
  EXPECT_EQ(webhook.Hear(facts, At(99)).reason, Reason::kAwaitingFirstChange);
  EXPECT_EQ(webhook.HearLow(At(100)).reason, Reason::kAlert);
  EXPECT_EQ(webhook.episode().alerted_at, At(100));
}

TEST(DecideTest, OverdueStopsRemindersForTheEpisodeButNotTheAlert) {
  Webhook webhook;
  Facts facts = Low(At(1));
  facts.overdue = At(0);
  EXPECT_EQ(webhook.Hear(facts, At(1)).reason, Reason::kAlert);
  facts.evaluated_at = facts.last_success = At(25);
  EXPECT_EQ(webhook.Hear(facts, At(25)).reason, Reason::kOverdue);
  EXPECT_EQ(webhook.HearLow(At(49)).reason, Reason::kOverdue) << "though the facts forgot it";

  DecisionLimits other_vendor = kLimits;
  other_vendor.cadence.stop_when_overdue = false;
  Webhook going_on(other_vendor);
  facts.evaluated_at = facts.last_success = At(1);
  going_on.Hear(facts, At(1));
  facts.evaluated_at = facts.last_success = At(25);
  EXPECT_EQ(going_on.Hear(facts, At(25)).reason, Reason::kReminder);
}

TEST(DecideTest, AnEndEndsAndANewEpisodeStartsAnew) {
  const struct {
    EndReason end;
    Reason reason;
  } cases[] = {{EndReason::kRecovered, Reason::kRecovered},
               {EndReason::kDisabled, Reason::kDisabled},
               {EndReason::kThresholdLowered, Reason::kThresholdLowered}};
  for (const auto& c : cases) {
    SCOPED_TRACE(ToString(c.reason));
    Webhook webhook;
    webhook.HearLow(At(1));
    const Decision end = webhook.Hear(EndedAt(At(2), c.end, At(2)), At(2));
    EXPECT_EQ(end.reason, c.reason);
    EXPECT_FALSE(end.notice);
    EXPECT_EQ(end.cancel_before, At(2));
    EXPECT_EQ(webhook.Hear(EndedAt(At(2), c.end, At(2, 15)), At(2, 15)).reason, Reason::kDuplicate);
    EXPECT_EQ(webhook.Hear(Low(At(2)), At(2, 16)).reason, Reason::kDuplicate)
        << "a delayed alert of the episode that is over";

    Facts relapse = Low(At(3));
    relapse.low_since = relapse.first_change = At(3);
    EXPECT_EQ(webhook.Hear(relapse, At(3)).reason, Reason::kAlert);
    EXPECT_EQ(webhook.Hear(EndedAt(At(2), c.end, At(3)), At(3)).reason, Reason::kDuplicate)
        << "the old end does not end the new episode";
  }
}

TEST(DecideTest, AnEpisodeWhoseEndWasNeverHeardGivesWayToTheNext) {
  Webhook webhook;
  webhook.HearLow(At(1));
  Facts next = Low(At(30));
  next.low_since = next.first_change = At(30);
  next.ended = Ended{At(20), EndReason::kRecovered};
  const Decision decision = webhook.Hear(next, At(30));
  EXPECT_EQ(decision.reason, Reason::kAlert);
  EXPECT_EQ(decision.cancel_before, At(30));
  EXPECT_EQ(webhook.Hear(Low(At(29, 59)), At(30, 1)).reason, Reason::kDuplicate)
      << "the earlier episode does not come back";
  EXPECT_EQ(webhook.Hear(next, At(30, 2)).reason, Reason::kDuplicate);
}

// Two exporters with stores of their own: one of them saw the fall at 0h, the other at 2h.
TEST(DecideTest, TwoInstantsOfOneStretchAreOneEpisode) {
  const auto seen_at_2 = [](Time now) {
    Facts facts = Low(now);
    facts.low_since = facts.first_change = At(2);
    facts.ended = Ended{At(-50), EndReason::kRecovered};
    return facts;
  };
  const struct {
    const char* name;
    bool later_first;
  } cases[] = {{"the earlier is heard first", false}, {"the later is heard first", true}};
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Webhook webhook;
    const auto one = [&](Time now) { return c.later_first ? seen_at_2(now) : Low(now); };
    const auto other = [&](Time now) { return c.later_first ? Low(now) : seen_at_2(now); };
    EXPECT_EQ(webhook.Hear(one(At(3)), At(3)).reason, Reason::kAlert);
    const Decision decision = webhook.Hear(other(At(3, 1)), At(3, 1));
    EXPECT_EQ(decision.reason, Reason::kReminderNotDue);
    EXPECT_FALSE(decision.cancel_before);
    EXPECT_EQ(webhook.Hear(other(At(27)), At(27)).notice, (Notice{MessageKind::kReminder, 1}))
        << "the exporter of the first instant is away";
    EXPECT_EQ(webhook.Hear(one(At(28)), At(28)).reason, Reason::kReminderNotDue);
    // Both have seen it recover, one after the other; then it falls again.
    EXPECT_EQ(webhook.Hear(EndedAt(At(30), EndReason::kRecovered, At(30)), At(30)).reason,
              Reason::kRecovered);
    EXPECT_EQ(webhook.Hear(other(At(29, 59)), At(30, 1)).reason, Reason::kDuplicate);
    Facts relapse = Low(At(33));
    relapse.low_since = relapse.first_change = At(32);
    relapse.ended = Ended{At(31), EndReason::kRecovered};
    EXPECT_EQ(webhook.Hear(relapse, At(33)).reason, Reason::kAlert);
  }
}

// The exporter lost its store over a recovery: it has no end to tell, and a new beginning.
TEST(DecideTest, AnEpisodeUnheardOfIsNotTakenForTheNextOne) {
  Webhook webhook;
  EXPECT_EQ(webhook.HearLow(At(1)).reason, Reason::kAlert);
  EXPECT_EQ(webhook.HearLow(At(2)).reason, Reason::kReminderNotDue);
  const auto low_since = [](Time since, Time now) {
    Facts facts = Low(now);
    facts.low_since = facts.first_change = since;
    return facts;
  };
  Webhook at_once = webhook;
  EXPECT_EQ(at_once.Hear(low_since(At(3), At(3)), At(3)).reason, Reason::kReminderNotDue)
      << "within the hour it is the stretch that was heard of";
  EXPECT_EQ(at_once.Hear(low_since(At(3), At(26)), At(26)).notice,
            (Notice{MessageKind::kReminder, 1}));

  const Decision decision = webhook.Hear(low_since(At(3, 1), At(3, 1)), At(3, 1));
  EXPECT_EQ(decision.reason, Reason::kAlert);
  EXPECT_EQ(decision.cancel_before, At(3, 1));
  EXPECT_EQ(webhook.Hear(low_since(At(3, 1), At(27, 1)), At(27, 1)).notice,
            (Notice{MessageKind::kReminder, 1}))
      << "however long it has been low";
}

// A Prometheus that lags behind evaluates the episode before once more.
TEST(DecideTest, AnEarlierInstantBringsNoAlertAbout) {
  Webhook webhook;
  Facts awaiting = Low(At(30));
  awaiting.low_since = At(30);
  awaiting.first_change.reset();
  EXPECT_EQ(webhook.Hear(awaiting, At(30)).reason, Reason::kAwaitingFirstChange);
  EXPECT_EQ(webhook.Hear(Low(At(30, 1)), At(30, 1)).reason, Reason::kDuplicate);

  Facts changed = Low(At(31));
  changed.low_since = At(30);
  changed.first_change = At(31);
  EXPECT_EQ(webhook.Hear(changed, At(31)).reason, Reason::kAlert);
  Facts lagging = Low(At(31, 1));
  lagging.overdue = At(3);
  EXPECT_EQ(webhook.Hear(lagging, At(31, 1)).reason, Reason::kReminderNotDue);
  EXPECT_FALSE(webhook.episode().overdue) << "that was in the episode before";
}

TEST(DecideTest, AnEndHeardBeforeItsEpisodeKeepsTheLateAlertAway) {
  Webhook webhook;
  EXPECT_EQ(webhook.Hear(EndedAt(At(2), EndReason::kRecovered, At(2)), At(2)).reason,
            Reason::kRecovered);
  EXPECT_EQ(webhook.Hear(Low(At(1, 59)), At(2, 1)).reason, Reason::kDuplicate);
}

TEST(DecideTest, OldFactsAreNotDecidedOnAndTheAlertIsNotLost) {
  const struct {
    const char* name;
    minutes evaluated_ago;
    minutes billing_ago;
    Reason reason;
  } cases[] = {
      {"both fresh", minutes{0}, minutes{0}, Reason::kAlert},
      {"evaluated ten minutes ago is still current", minutes{10}, minutes{10}, Reason::kAlert},
      {"evaluated a little longer ago", minutes{11}, minutes{11}, Reason::kStaleFacts},
      {"billing data of six hours ago is still current", minutes{0}, hours{6}, Reason::kAlert},
      {"billing data a little older", minutes{0}, hours{6} + minutes{1}, Reason::kStaleBillingData},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Webhook webhook;
    const Time now = At(10);
    Facts facts = Low(now - c.evaluated_ago);
    facts.last_success = now - c.billing_ago;
    EXPECT_EQ(ToString(webhook.Hear(facts, now).reason), ToString(c.reason));
    if (c.reason == Reason::kAlert) continue;
    EXPECT_EQ(webhook.episode().reason, c.reason);
    EXPECT_EQ(webhook.HearLow(At(200)).reason, Reason::kAlert) << "late, not dropped";
  }
}

TEST(DecideTest, RepeatsAreDuplicatesAndLeaveTheAccountItsReason) {
  Webhook webhook;
  const Facts facts = Low(At(1));
  webhook.Hear(facts, At(1));
  EXPECT_EQ(webhook.Hear(facts, At(1, 1)).reason, Reason::kDuplicate);
  EXPECT_EQ(webhook.Hear(facts, At(1, 2)).reason, Reason::kDuplicate);
  EXPECT_EQ(webhook.Hear(facts, At(1, 20)).reason, Reason::kStaleFacts) << "the pipeline is stuck";
  EXPECT_EQ(webhook.HearLow(At(1, 30)).reason, Reason::kReminderNotDue);
  EXPECT_EQ(webhook.Hear(Low(At(1, 25)), At(1, 31)).reason, Reason::kDuplicate) << "out of order";
  EXPECT_EQ(webhook.episode().reason, Reason::kReminderNotDue);
}

TEST(DecideTest, AReminderThatFallsDueBetweenTwoRepeatsOfOneEvaluationIsSent) {
  Webhook webhook;
  webhook.HearLow(At(1));
  const Facts facts = Low(At(24, 59));
  EXPECT_EQ(webhook.Hear(facts, At(24, 59)).reason, Reason::kReminderNotDue);
  EXPECT_EQ(webhook.Hear(facts, At(25, 1)).notice, (Notice{MessageKind::kReminder, 1}));
  EXPECT_EQ(webhook.Hear(facts, At(25, 2)).reason, Reason::kDuplicate);
}

TEST(DecideTest, AClockSetBackDelaysAndNeverRepeats) {
  Webhook webhook;
  webhook.HearLow(At(10));
  EXPECT_EQ(webhook.HearLow(At(8)).reason, Reason::kReminderNotDue) << "two hours back";
  EXPECT_EQ(webhook.HearLow(At(33, 59)).reason, Reason::kReminderNotDue);
  EXPECT_EQ(webhook.HearLow(At(34)).notice, (Notice{MessageKind::kReminder, 1}));
}

TEST(DecideTest, AClockSetForwardByDaysSendsOneReminder) {
  Webhook webhook;
  webhook.HearLow(At(1));
  EXPECT_EQ(webhook.HearLow(At(80)).notice, (Notice{MessageKind::kReminder, 3}));
  EXPECT_EQ(webhook.HearLow(At(80, 1)).reason, Reason::kReminderNotDue);
  EXPECT_EQ(webhook.HearLow(At(25)).reason, Reason::kReminderNotDue) << "set right again";
  EXPECT_EQ(webhook.HearLow(At(97)).notice, (Notice{MessageKind::kReminder, 4}));
}

TEST(DecideTest, OfTwoLevelsDueAtOnceOnlyTheLowestThresholdIsSent) {
  Webhook webhook;
  const auto both = [](Time now) {
    return std::vector<Facts>{Low(now, "100", "warning"), Low(now, "20", "critical")};
  };
  auto decisions = webhook.HearAll(both(At(1)), At(1));
  EXPECT_EQ(decisions[0].reason, Reason::kCoveredByLowerLevel);
  EXPECT_EQ(decisions[1].reason, Reason::kAlert);
  decisions = webhook.HearAll(both(At(25)), At(25));
  EXPECT_EQ(decisions[0].reason, Reason::kCoveredByLowerLevel);
  EXPECT_EQ(decisions[1].notice, (Notice{MessageKind::kReminder, 1}));
  // The lower one recovers: the higher one goes on by its own clock, and what was covered was sent.
  EXPECT_EQ(webhook.Hear(EndedAt(At(26), EndReason::kRecovered, At(26), "critical"), At(26)).reason,
            Reason::kRecovered);
  EXPECT_EQ(webhook.HearLow(At(26)).reason, Reason::kReminderNotDue);
  EXPECT_EQ(webhook.HearLow(At(49)).notice, (Notice{MessageKind::kReminder, 2}));
}

TEST(DecideTest, EqualThresholdsAreOrderedByName) {
  Webhook webhook;
  const auto decisions =
      webhook.HearAll({Low(At(1), "100", "zebra"), Low(At(1), "100", "alpha")}, At(1));
  EXPECT_EQ(decisions[0].reason, Reason::kCoveredByLowerLevel);
  EXPECT_EQ(decisions[1].reason, Reason::kAlert);
}

TEST(DecideTest, ALowerLevelThatWasNotAlertedCoversNothing) {
  Webhook webhook;
  Facts awaiting = Low(At(1), "20", "critical");
  awaiting.first_change.reset();
  const auto decisions = webhook.HearAll({awaiting, Low(At(1))}, At(1));
  EXPECT_EQ(decisions[0].reason, Reason::kAwaitingFirstChange);
  EXPECT_EQ(decisions[1].reason, Reason::kAlert);
}

TEST(DecideTest, ALowerLevelWhoseEndWasLostDoesNotSilenceTheHigherOne) {
  Webhook webhook;
  webhook.HearAll({Low(At(1)), Low(At(1), "20", "critical")}, At(1));
  EXPECT_EQ(webhook.HearLow(At(25)).notice, (Notice{MessageKind::kReminder, 1}))
      << "critical is not in the picture any more";
}

TEST(DecideTest, ARepeatedPictureIsNotWorthAWrite) {
  Webhook webhook;
  webhook.HearLow(At(1));
  webhook.HearLow(At(1, 1));
  const Episode before = webhook.episode();
  const Decision decision = webhook.HearLow(At(1, 16));
  ASSERT_TRUE(decision.next);
  EXPECT_FALSE(IsWorthStoring(kLimits, before, *decision.next));
  EXPECT_TRUE(IsWorthStoring(kLimits, before, *webhook.HearLow(At(1, 50)).next))
      << "now and then, so that a restart remembers about when it was heard";
  EXPECT_TRUE(IsWorthStoring(kLimits, before, *webhook.HearLow(At(25)).next));
}

TEST(NextReminderTest, IsWhatAPersonWouldWaitFor) {
  const Cadence cadence;
  Episode episode{.low_since = At(0)};
  EXPECT_EQ(NextReminder(cadence, episode, At(1)), std::nullopt) << "not alerted";
  episode.alerted_at = At(1);
  EXPECT_EQ(NextReminder(cadence, episode, At(2)), At(25));
  EXPECT_EQ(NextReminder(cadence, episode, At(60)), At(73)) << "missed ones are not made up";
  episode.last_reminder = 5;
  EXPECT_EQ(NextReminder(cadence, episode, At(122)), std::nullopt);
  episode.last_reminder = 1;
  episode.overdue = true;
  EXPECT_EQ(NextReminder(cadence, episode, At(26)), std::nullopt);
}

TEST(ReasonTest, WordsRoundTrip) {
  for (int i = 0; i < kReasonCount; ++i) {
    const auto reason = static_cast<Reason>(i);
    EXPECT_EQ(ParseReason(ToString(reason)), reason);
  }
  EXPECT_EQ(ParseReason("because"), std::nullopt);
}

}  // namespace
}  // namespace lowbalance
