#include "webhook/plan.h"

#include <gtest/gtest.h>

#include "tests/webhook/facts.h"

namespace lowbalance {
namespace {

using namespace std::chrono_literals;

const DecisionLimits kLimits{.cadence = {},
                             .extra = {.recovery = true},
                             .facts_max_age = 10min,
                             .billing_data_max_age = 6h,
                             .unheard_max = 24h};

// Plans, and remembers as the webhook does.
class PlanTest : public testing::Test {
 protected:
  Plan Hear(const std::vector<Alert>& alerts, Time now) {
    Plan plan = MakePlan(alerts, known_, kLimits, now);
    for (const auto& state : plan.states) {
      known_[state.key.account][state.key.level] = state.episode;
    }
    return plan;
  }
  Plan Hear(const Facts& facts, Time now) { return Hear(std::vector{ToAlert(facts)}, now); }

  Episodes known_;
};

std::vector<Reason> Reasons(const Plan& plan) {
  std::vector<Reason> reasons;
  for (const Decided& decided : plan.decisions) reasons.push_back(decided.reason);
  return reasons;
}

TEST_F(PlanTest, AnAlertBecomesAMessageAndAState) {
  const Plan plan = Hear(LowFacts(), kStart + 1min);
  ASSERT_EQ(plan.messages.size(), 1U);
  EXPECT_EQ(plan.messages[0].notice, Notice{MessageKind::kAlert});
  EXPECT_EQ(plan.messages[0].low_since, kStart);
  EXPECT_EQ(plan.messages[0].alerted_at, kStart + 1min);
  EXPECT_EQ(plan.messages[0].facts, LowFacts());
  ASSERT_EQ(plan.states.size(), 1U);
  EXPECT_TRUE(plan.states[0].worth_storing);
  EXPECT_EQ(plan.states[0].episode.alerted_at, kStart + 1min);
  ASSERT_EQ(plan.decisions.size(), 1U);
  EXPECT_TRUE(plan.decisions[0].changed);
  EXPECT_EQ(plan.decisions[0].reason, Reason::kAlert);
  EXPECT_EQ(plan.decisions[0].notice, Notice{MessageKind::kAlert});
  EXPECT_EQ(plan.decisions[0].key, (EpisodeKey{{"demo", "17"}, "warning"}));
  EXPECT_TRUE(plan.ChangesStore());
}

TEST_F(PlanTest, AHeartbeatWithNothingNewWritesNothing) {
  Hear(LowFacts(), kStart + 1min);
  // The first heartbeat after the alert moves the reason on; from then on there is nothing.
  const Plan first = Hear(LowFacts(kStart, kStart + 15min), kStart + 15min);
  EXPECT_EQ(Reasons(first), std::vector{Reason::kReminderNotDue});
  EXPECT_TRUE(first.decisions[0].changed);
  for (int i = 2; i < 5; ++i) {
    const Time now = kStart + i * 15min;
    const Plan plan = Hear(LowFacts(kStart, now), now);
    EXPECT_FALSE(plan.ChangesStore());
    EXPECT_EQ(Reasons(plan), std::vector{Reason::kReminderNotDue});
    EXPECT_FALSE(plan.decisions[0].changed);
    ASSERT_EQ(plan.states.size(), 1U) << "remembered all the same";
    EXPECT_EQ(plan.states[0].episode.newest_evaluation, now);
  }
}

TEST_F(PlanTest, ARepeatedNotificationIsADuplicate) {
  Hear(LowFacts(), kStart + 1min);
  const Plan again = Hear(LowFacts(), kStart + 2min);
  EXPECT_EQ(Reasons(again), std::vector{Reason::kDuplicate});
  EXPECT_FALSE(again.ChangesStore());
  EXPECT_FALSE(again.decisions[0].changed);
}

TEST_F(PlanTest, AReminderSaysWhenTheAlertWas) {
  Hear(LowFacts(), kStart);
  Facts facts = LowFacts(kStart, kStart + 49h);
  facts.overdue.reset();
  const Plan plan = Hear(facts, kStart + 49h);
  ASSERT_EQ(plan.messages.size(), 1U);
  EXPECT_EQ(plan.messages[0].notice, (Notice{MessageKind::kReminder, 2}));
  EXPECT_EQ(plan.messages[0].alerted_at, kStart);
  EXPECT_EQ(plan.decisions[0].notice, (Notice{MessageKind::kReminder, 2}));
}

TEST_F(PlanTest, OnlyFiringAlertsOfOurNamesDecide) {
  Alert resolved = ToAlert(LowFacts());
  resolved.status = "resolved";
  Alert ended = ToAlert(EndedFacts(kStart, kStart));
  ended.status = "resolved";
  Alert watchdog;
  watchdog.labels = {{"alertname", "LowbalanceWatchdog"}};
  Alert foreign = ToAlert(LowFacts());
  foreign.labels["alertname"] = "NodeDown";
  Alert odd = ToAlert(LowFacts());
  odd.status = "pending";
  const Plan plan = Hear({resolved, ended, watchdog, foreign, odd, Alert{}}, kStart);
  EXPECT_TRUE(plan.decisions.empty());
  EXPECT_TRUE(plan.states.empty());
  EXPECT_TRUE(plan.bad_alerts.empty());
  EXPECT_FALSE(plan.ChangesStore());
  EXPECT_TRUE(plan.watchdog);
  const decltype(plan.counts) want{{{"LowBalance", "resolved"}, 1},
                                   {{"LowBalance", "other"}, 1},
                                   {{"LowBalanceEnded", "resolved"}, 1},
                                   {{"LowbalanceWatchdog", "firing"}, 1},
                                   {{"other", "firing"}, 2}};
  EXPECT_EQ(plan.counts, want);
}

TEST_F(PlanTest, AResolvedWatchdogIsNoSignOfLife) {
  Alert watchdog;
  watchdog.labels = {{"alertname", "LowbalanceWatchdog"}};
  watchdog.status = "resolved";
  EXPECT_FALSE(Hear({watchdog}, kStart).watchdog);
}

TEST_F(PlanTest, ABadAlertIsKeptAndTheOthersAreHandled) {
  const struct {
    const char* name;
    std::function<void(Alert&)> spoil;
    const char* want;
  } cases[] = {
      {"no facts", [](Alert& a) { a.annotations.erase("lowbalance_facts"); },
       "the annotation lowbalance_facts is missing"},
      {"empty facts", [](Alert& a) { a.annotations["lowbalance_facts"] = ""; },
       "the fact evaluated_at is missing"},
      {"a template that failed",
       [](Alert& a) { a.annotations["lowbalance_facts"] = "<error expanding template: x>"; },
       "Prometheus could not write the facts: \"<error expanding template: x>\""},
      {"no provider", [](Alert& a) { a.labels.erase("provider"); },
       "the label provider is missing"},
      {"no account", [](Alert& a) { a.labels["account_id"] = ""; },
       "the label account_id is missing"},
      {"no level", [](Alert& a) { a.labels.erase("level"); }, "the label level is missing"},
      {"a level that is no name", [](Alert& a) { a.labels["level"] = "War ning"; },
       "the label level is not a valid one: \"War ning\""},
      {"a provider that is no name", [](Alert& a) { a.labels["provider"] = "../x"; },
       "the label provider is not a valid one: \"../x\""},
      {"an account id with a line end", [](Alert& a) { a.labels["account_id"] = "1\n2"; },
       "the label account_id is not a valid one: \"1\\x0a2\""},
      {"no currency", [](Alert& a) { a.labels.erase("currency"); },
       "the label currency is missing"},
      {"a currency that is none", [](Alert& a) { a.labels["currency"] = "us dollars"; },
       "the label currency is not a valid one: \"us dollars\""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Alert bad = ToAlert(LowFacts());
    bad.labels["account_id"] = "16";
    c.spoil(bad);
    const std::vector<Alert> alerts{bad, ToAlert(LowFacts())};
    const Plan plan = MakePlan(alerts, {}, kLimits, kStart);
    ASSERT_EQ(plan.bad_alerts.size(), 1U);
    EXPECT_EQ(plan.bad_alerts[0].error, c.want);
    EXPECT_EQ(plan.bad_alerts[0].alert.labels, bad.labels);
    EXPECT_EQ(Reasons(plan), (std::vector{Reason::kBadFacts, Reason::kAlert}));
    ASSERT_EQ(plan.messages.size(), 1U);
    EXPECT_EQ(plan.messages[0].facts.account.account_id, "17");
    EXPECT_TRUE(plan.ChangesStore());
  }
}

TEST_F(PlanTest, OfTwoAlertsOfOneAccountTheOneEvaluatedLaterCounts) {
  Facts newer = LowFacts(kStart, kStart + 2s);
  newer.available_credit = Money::FromUnits(80);
  for (const bool newer_first : {true, false}) {
    Alert a = ToAlert(newer_first ? newer : LowFacts());
    Alert b = ToAlert(newer_first ? LowFacts() : newer);
    a.labels["namespace"] = "a";
    b.labels["namespace"] = "b";
    const Plan plan = MakePlan(std::vector{a, b}, {}, kLimits, kStart + 3s);
    EXPECT_EQ(Reasons(plan), (std::vector{Reason::kDuplicate, Reason::kAlert}));
    ASSERT_EQ(plan.messages.size(), 1U);
    EXPECT_EQ(plan.messages[0].facts.available_credit, Money::FromUnits(80));
  }
}

TEST_F(PlanTest, AccountsAreDecidedOneByOne) {
  Facts other_provider = LowFacts();
  other_provider.account.provider = "cloud";
  Facts waiting = LowFacts();
  waiting.account.account_id = "18";
  waiting.first_change.reset();
  Facts critical = LowFacts();
  critical.level = "critical";
  critical.threshold = Money::FromUnits(95);
  const Plan plan = Hear(
      {ToAlert(LowFacts()), ToAlert(other_provider), ToAlert(waiting), ToAlert(critical)}, kStart);
  // In the order of accounts; within one, of the alerts.
  EXPECT_EQ(Reasons(plan), (std::vector{Reason::kAlert, Reason::kCoveredByLowerLevel,
                                        Reason::kAlert, Reason::kAwaitingFirstChange}));
  ASSERT_EQ(plan.messages.size(), 2U);
  EXPECT_EQ(plan.messages[0].facts.account.provider, "cloud");
  EXPECT_EQ(plan.messages[1].facts.level, "critical");
  EXPECT_EQ(plan.states.size(), 4U);
}

TEST_F(PlanTest, AnEndCancelsWhatIsPending) {
  Hear(LowFacts(), kStart);
  const Plan plan = Hear(EndedFacts(kStart + 1h, kStart + 1h), kStart + 1h);
  EXPECT_EQ(Reasons(plan), std::vector{Reason::kRecovered});
  EXPECT_EQ(plan.decisions[0].low_since, kStart) << "the episode that ended";
  ASSERT_EQ(plan.cancellations.size(), 1U);
  EXPECT_EQ(plan.cancellations[0].before, kStart + 1h);
  EXPECT_TRUE(plan.ChangesStore());
  EXPECT_FALSE(Hear(EndedFacts(kStart + 1h, kStart + 2h), kStart + 2h).ChangesStore());
}

TEST_F(PlanTest, ARecoveryKnowsWhetherAnotherLevelIsLow) {
  const auto recovered = [](const char* level, Time at) {
    Facts facts = EndedFacts(at, at);
    facts.level = level;
    facts.available_credit = Money::FromUnits(150);
    return facts;
  };
  Facts critical = LowFacts();
  critical.level = "critical";
  Hear({ToAlert(LowFacts()), ToAlert(critical)}, kStart);
  Plan plan = Hear(recovered("critical", kStart + 1h), kStart + 1h);
  ASSERT_EQ(plan.messages.size(), 1U);
  EXPECT_TRUE(plan.messages[0].another_level_low);

  Hear(LowFacts(kStart + 2h, kStart + 2h), kStart + 2h);
  plan = Hear(recovered("warning", kStart + 3h), kStart + 3h);
  ASSERT_EQ(plan.messages.size(), 1U);
  EXPECT_FALSE(plan.messages[0].another_level_low);
}

TEST_F(PlanTest, AnEndOfWhatWasNeverHeardOfHasNoStart) {
  const Plan plan = Hear(EndedFacts(kStart, kStart), kStart);
  ASSERT_EQ(plan.decisions.size(), 1U);
  EXPECT_EQ(plan.decisions[0].low_since, std::nullopt);
}

TEST_F(PlanTest, AnEndAndANewEpisodeInOneNotificationLeaveTheNewOne) {
  Hear(LowFacts(), kStart);
  const Plan plan = Hear(
      {ToAlert(LowFacts(kStart + 2h, kStart + 3h)), ToAlert(EndedFacts(kStart + 1h, kStart + 3h))},
      kStart + 3h);
  EXPECT_EQ(Reasons(plan), (std::vector{Reason::kRecovered, Reason::kAlert}));
  ASSERT_EQ(plan.states.size(), 1U);
  EXPECT_EQ(plan.states[0].episode.low_since, kStart + 2h);
  EXPECT_FALSE(plan.states[0].episode.ended);
  ASSERT_EQ(plan.messages.size(), 1U);
  EXPECT_EQ(plan.messages[0].low_since, kStart + 2h);
}

TEST_F(PlanTest, ANewEpisodeIsALineInTheLogThoughItsReasonIsTheSame) {
  Facts first = LowFacts();
  first.first_change.reset();
  EXPECT_TRUE(Hear(first, kStart).decisions[0].changed);
  Facts second = LowFacts(kStart + 1h, kStart + 1h);
  second.first_change.reset();
  const Plan plan = Hear(second, kStart + 1h);
  EXPECT_EQ(Reasons(plan), std::vector{Reason::kAwaitingFirstChange});
  EXPECT_TRUE(plan.decisions[0].changed);
}

TEST(LimitsOfTest, ComeFromTheConfiguration) {
  Config config;
  config.webhook.reminders = {.every = 36s, .at_most = 3, .stop_when_overdue = false};
  config.pipeline.facts_max_age = 7s;
  config.pipeline.billing_data_max_age = 9s;
  const DecisionLimits limits = LimitsOf(config);
  EXPECT_EQ(limits.cadence.every, 36s);
  EXPECT_EQ(limits.cadence.at_most, 3);
  EXPECT_FALSE(limits.cadence.stop_when_overdue);
  EXPECT_EQ(limits.facts_max_age, 7s);
  EXPECT_EQ(limits.billing_data_max_age, 9s);
}

}  // namespace
}  // namespace lowbalance
