#include "webhook/receiver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/webhook/parts.h"

namespace lowbalance {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

class ReceiverTest : public testing::Test, public Parts {};

TEST_F(ReceiverTest, AnAlertIsStoredForEveryRecipientBeforeTheAnswer) {
  EXPECT_EQ(Receive({LowFacts()}), 200);
  EXPECT_THAT(Deliveries(),
              ElementsAre("alert a@example.com pending 0", "alert b@example.com pending 0",
                          "alert finance pending 0"));
  EXPECT_EQ(wakes, 1);
  EXPECT_TRUE(HasSample("lowbalance_webhook_decisions_total{reason=\"alert\"} 1"));
  EXPECT_TRUE(HasSample("lowbalance_webhook_messages_total{kind=\"alert\"} 1"));
  EXPECT_TRUE(HasSample("lowbalance_webhook_pending_deliveries 3"));
  EXPECT_TRUE(HasSample("lowbalance_webhook_oldest_undelivered_timestamp_seconds 1763881920"));
  EXPECT_TRUE(HasSample("lowbalance_webhook_last_notification_timestamp_seconds 1763881920"));
}

TEST_F(ReceiverTest, ARestartRemembersAndRepeatsNothing) {
  Receive({LowFacts()});
  for (int i = 0; i < 3; ++i) {
    Open();
    EXPECT_EQ(Receive({LowFacts()}), 200);
    now += 15min;
    EXPECT_EQ(Receive({LowFacts(kStart, now)}), 200);
  }
  EXPECT_EQ(Count("SELECT COUNT(*) FROM messages"), 1);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM deliveries"), 3);
}

TEST_F(ReceiverTest, EveryStateSurvivesARestart) {
  Facts waiting = LowFacts();
  waiting.account.account_id = "18";
  waiting.first_change.reset();
  Facts overdue = LowFacts();
  overdue.account.account_id = "账户 19";
  overdue.overdue = kStart;
  Facts covered = LowFacts();
  covered.level = "higher";
  covered.threshold = Money::FromUnits(200);
  Facts ended = EndedFacts(kStart, kStart, EndReason::kThresholdLowered);
  ended.account.account_id = "20";
  Receive({LowFacts(), waiting, overdue, covered, ended});
  now += 25h;
  Receive({LowFacts(kStart, now)});
  const Episodes before = outbox->Find("", "");
  EXPECT_EQ(before.size(), 4U);
  EXPECT_EQ(before.at({"demo", "17"}).at("warning").last_reminder, 1);
  EXPECT_TRUE(before.at({"demo", "17"}).at("higher").covered);
  EXPECT_TRUE(before.at({"demo", "账户 19"}).at("warning").overdue);
  EXPECT_EQ(before.at({"demo", "20"}).at("warning").ended,
            (Ended{kStart, EndReason::kThresholdLowered}));
  Open();
  EXPECT_EQ(outbox->Find("", ""), before);
}

TEST_F(ReceiverTest, WhatChangesNothingWritesNothing) {
  Receive({LowFacts()});
  now += 19min;  // At 07:31: when it was heard is written down each half hour.
  Receive({LowFacts(kStart, now)});
  // From here on any write would fail.
  for (const char* const table : {"episodes", "messages", "deliveries"}) Break(table);
  for (int i = 0; i < 5; ++i) {
    now += 5min;
    EXPECT_EQ(Receive({LowFacts(kStart, now)}), 200);
    EXPECT_EQ(Receive({LowFacts(kStart, now)}), 200) << "the same again";
  }
  EXPECT_EQ(receiver->Receive(Body({})).status, 200);
  EXPECT_EQ(wakes, 1);
  EXPECT_EQ(outbox->Find("", "").at({"demo", "17"}).at("warning").newest_evaluation, now);
}

TEST_F(ReceiverTest, TheWayFromThePollIsMeasuredForAlertsAlone) {
  EXPECT_EQ(Receive({LowFacts(now - 90s, now)}), 200);
  EXPECT_TRUE(HasSample("lowbalance_webhook_decision_latency_seconds_sum 90"));
  const Time low_since = now - 90s;
  now += 24h + 10min;
  EXPECT_EQ(Receive({LowFacts(low_since, now)}), 200);
  EXPECT_TRUE(HasSample("lowbalance_webhook_messages_total{kind=\"reminder\"} 1"));
  EXPECT_TRUE(HasSample("lowbalance_webhook_decision_latency_seconds_count 1"));
}

TEST_F(ReceiverTest, AFailedCommitAnswers503AndLeavesNothingHalfDone) {
  Facts other = LowFacts();
  other.account.account_id = "18";
  other.contact = "ops";
  for (const char* const table : {"episodes", "messages", "deliveries"}) {
    SCOPED_TRACE(table);
    Break(table);
    EXPECT_EQ(Receive({LowFacts(), other}), 503);
    EXPECT_EQ(Count("SELECT COUNT(*) FROM episodes"), 0);
    EXPECT_EQ(Count("SELECT COUNT(*) FROM messages"), 0);
    EXPECT_EQ(Count("SELECT COUNT(*) FROM deliveries"), 0);
    EXPECT_THAT(outbox->Find("", ""), IsEmpty()) << "nothing is remembered that is not stored";
    EXPECT_EQ(wakes, 0);
    Mend(table);
  }
  // Alertmanager sends it again.
  EXPECT_EQ(Receive({LowFacts(), other}), 200);
  EXPECT_THAT(Deliveries(),
              ElementsAre("alert a@example.com pending 0", "alert b@example.com pending 0",
                          "alert finance pending 0", "alert ops@example.com pending 0"));
  EXPECT_TRUE(HasSample("lowbalance_webhook_decisions_total{reason=\"alert\"} 2"));
}

TEST_F(ReceiverTest, AFailedCommitOfAReminderOrAnEndCanBeMadeUpFor) {
  Receive({LowFacts()});
  now += 24h;
  Break("messages");
  EXPECT_EQ(Receive({LowFacts(kStart, now)}), 503);
  Mend("messages");
  EXPECT_EQ(Receive({LowFacts(kStart, now)}), 200);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM messages WHERE number = 1"), 1);
  Break("episodes");
  EXPECT_EQ(Receive({EndedFacts(now, now)}), 503);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM deliveries WHERE state = 'cancelled'"), 0);
  Mend("episodes");
  EXPECT_EQ(Receive({EndedFacts(now, now)}), 200);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM deliveries WHERE state = 'cancelled'"), 6);
}

TEST_F(ReceiverTest, AnEndCancelsThisAccountsPendingMessagesVisibly) {
  Facts other = LowFacts();
  other.account.account_id = "18";
  Facts critical = LowFacts(kStart + 1s);
  critical.account.account_id = "19";
  critical.level = "critical";
  Receive({LowFacts(), other, critical});
  now += 1h;
  Receive({EndedFacts(now, now)});
  EXPECT_EQ(Count("SELECT COUNT(*) FROM deliveries WHERE state = 'cancelled'"), 3);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM deliveries d JOIN messages m ON m.id = d.message_id "
                  "WHERE d.state = 'cancelled' AND m.account_id = '17'"),
            3);
  EXPECT_TRUE(
      HasSample("lowbalance_webhook_deliveries_total{outcome=\"cancelled\",relay=\"email\"} 2"));
  EXPECT_TRUE(
      HasSample("lowbalance_webhook_deliveries_total{outcome=\"cancelled\",relay=\"internal\"} 1"));
}

TEST_F(ReceiverTest, ANewEpisodeCancelsTheOldOnesMessagesButNotItsOwn) {
  Receive({LowFacts()});
  now += 1h;
  Receive({LowFacts(now, now)});
  EXPECT_THAT(Deliveries(),
              ElementsAre("alert a@example.com cancelled 0", "alert b@example.com cancelled 0",
                          "alert finance cancelled 0", "alert a@example.com pending 0",
                          "alert b@example.com pending 0", "alert finance pending 0"));
}

TEST_F(ReceiverTest, ContactsDecideWhoHears) {
  Facts unknown = LowFacts();
  unknown.account.account_id = "18";
  unknown.contact = "nobody\nknows";
  Facts unnamed = LowFacts();
  unnamed.account.account_id = "19";
  unnamed.contact = "";
  Facts ops = LowFacts();
  ops.account.account_id = "20";
  ops.contact = "ops";
  Receive({unknown, unnamed, ops});
  auto found = archive->FindMessages({});
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[2].message.contact, "finance");
  EXPECT_EQ(found[2].deliveries.size(), 3U);
  EXPECT_EQ(found[1].message.contact, "finance");
  EXPECT_EQ(found[0].message.contact, "ops");
  ASSERT_EQ(found[0].deliveries.size(), 1U);
  EXPECT_EQ(found[0].deliveries[0].recipient, "ops@example.com");
  EXPECT_EQ(found[0].message.subject.rfind("余额不足", 0), 0U) << "in the contact's language";
  EXPECT_TRUE(HasSample("lowbalance_webhook_unknown_contacts_total 1"));
}

TEST_F(ReceiverTest, WithoutContactsThereIsAMessageAndNobodyToSendItTo) {
  Configure([](Config& c) {
    c.contacts.clear();
    c.default_contact.clear();
  });
  EXPECT_EQ(Receive({LowFacts()}), 200);
  const auto found = archive->FindMessages({});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].message.contact, "");
  EXPECT_THAT(found[0].deliveries, IsEmpty());
}

TEST_F(ReceiverTest, AnAddressThatStandsTwiceHearsOnce) {
  Configure([](Config& c) {
    c.contacts[0].email = {"a@example.com", "a@example.com"};
    c.contacts[0].internal = {"a@example.com"};
  });
  Receive({LowFacts()});
  EXPECT_THAT(Deliveries(),
              ElementsAre("alert a@example.com pending 0", "alert a@example.com pending 0"))
      << "once by e-mail and once in the inbox";
}

TEST_F(ReceiverTest, RecipientsAreFixedWhenTheMessageIsMade) {
  Receive({LowFacts()});
  Configure([](Config& c) { c.contacts[0].email = {"new@example.com"}; });
  RecordingRelay relay;
  for (int i = 0; i < 3; ++i) (void)dispatcher->SendDue(relay, now);
  EXPECT_THAT(relay.sent(), ElementsAre("alert to a@example.com", "alert to b@example.com"));
  now += 24h;
  Receive({LowFacts(kStart, now)});
  (void)dispatcher->SendDue(relay, now);
  EXPECT_EQ(relay.sent().back(), "reminder 1 to new@example.com");
}

TEST_F(ReceiverTest, BadAlertsAreKeptCountedAndTheOthersHandled) {
  Alert bad = ToAlert(LowFacts());
  bad.labels["account_id"] = "16";
  bad.annotations["lowbalance_facts"] = "evaluated_at=soon";
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(receiver->Receive(Body({bad, ToAlert(LowFacts())})).status, 200);
    now += 1min;
  }
  EXPECT_EQ(Deliveries().size(), 3U);
  const auto kept = archive->FindBadAlerts(10);
  ASSERT_EQ(kept.size(), 1U) << "one that repeats is one";
  EXPECT_EQ(kept[0].facts, "evaluated_at=soon");
  EXPECT_EQ(kept[0].times, 3);
  EXPECT_EQ(kept[0].first_seen, kStart);
  EXPECT_EQ(kept[0].last_seen, kStart + 2min);
  EXPECT_NE(kept[0].error.find("evaluated_at"), std::string::npos);
  EXPECT_NE(kept[0].labels.find("\"account_id\":\"16\""), std::string::npos);
  EXPECT_TRUE(HasSample("lowbalance_webhook_decisions_total{reason=\"bad_facts\"} 3"));
}

TEST_F(ReceiverTest, OnlyTheNewestBadAlertsAreKept) {
  const auto bad = [](int i) {
    Alert alert = ToAlert(LowFacts());
    alert.labels["account_id"] = std::to_string(i);
    alert.annotations.clear();
    return alert;
  };
  std::vector<Alert> many;
  for (int i = 0; i < Outbox::kBadAlertsMax + 500; ++i) many.push_back(bad(i));
  EXPECT_EQ(receiver->Receive(Body(many)).status, 200);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM bad_alerts"), Outbox::kBadAlertsMax);
  now += 1min;
  EXPECT_EQ(receiver->Receive(Body({bad(9999)})).status, 200);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM bad_alerts"), Outbox::kBadAlertsMax);
  EXPECT_NE(archive->FindBadAlerts(1).at(0).labels.find("\"9999\""), std::string::npos);
}

TEST_F(ReceiverTest, WhatIsNoNotificationIsRefusedForGood) {
  for (const char* const body : {"", "{}", "[]", R"({"version":"5","alerts":[]})", "\xff"}) {
    const HttpResponse response = receiver->Receive(body);
    EXPECT_EQ(response.status, 400) << body;
    EXPECT_NE(response.body.find("not an Alertmanager notification of version 4"),
              std::string::npos);
  }
}

TEST_F(ReceiverTest, TheWatchdogIsHeard) {
  Alert watchdog;
  watchdog.labels = {{"alertname", "LowbalanceWatchdog"}};
  EXPECT_FALSE(HasSample("lowbalance_webhook_last_watchdog_timestamp_seconds 1763881920"));
  EXPECT_EQ(receiver->Receive(Body({watchdog})).status, 200);
  EXPECT_TRUE(HasSample("lowbalance_webhook_last_watchdog_timestamp_seconds 1763881920"));
  EXPECT_TRUE(HasSample(
      "lowbalance_webhook_alerts_total{alertname=\"LowbalanceWatchdog\",status=\"firing\"} 1"));
}

TEST_F(ReceiverTest, ADayAtAHeartbeatOf15MinutesSendsOneReminder) {
  Receive({LowFacts()});
  for (; now < kStart + 47h; now += 15min) EXPECT_EQ(Receive({LowFacts(kStart, now)}), 200);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM messages"), 2);
}

TEST_F(ReceiverTest, TheSameAlertFromManySidesAtOnceIsSentOnce) {
  const std::string body = Body({ToAlert(LowFacts())});
  std::vector<std::jthread> threads;
  std::atomic<int> well{0};
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 10; ++j) {
        if (receiver->Receive(body).status == 200) ++well;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(well, 80);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM messages"), 1);
  EXPECT_TRUE(HasSample("lowbalance_webhook_decisions_total{reason=\"duplicate\"} 79"));
}

TEST_F(ReceiverTest, AMessageThatIsThereAlreadyIsNotSentAgain) {
  // As if somebody had lost the episodes but not the messages.
  Receive({LowFacts()});
  Sql("DELETE FROM episodes");
  Open();
  EXPECT_EQ(Receive({LowFacts()}), 200);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM messages"), 1);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM deliveries"), 3);
}

TEST_F(ReceiverTest, ARecoveryNoticeIsStoredOnceAndCancelledByTheNextEpisode) {
  Configure([](Config& changed) { changed.webhook.extra_notices = {.recovery = true}; });
  Receive({LowFacts()});
  const Time end = kStart + 1h;
  now = end;
  const Facts ended = [&] {
    Facts facts = EndedFacts(end, end);
    facts.available_credit = Money::FromUnits(250);
    return facts;
  }();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Receive({ended}), 200);
  // The alert's deliveries are cancelled by the end, the notice's are not.
  EXPECT_EQ(Count("SELECT COUNT(*) FROM messages WHERE kind = 'recovery'"), 1);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM deliveries WHERE state = 'cancelled'"), 3);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM deliveries WHERE state = 'pending'"), 3);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM messages WHERE kind = 'recovery' AND low_since = " +
                  std::to_string(ToMillis(kStart))),
            1)
      << "of the episode it ends";
  now = end + 1h;
  Receive({LowFacts(now, now)});
  EXPECT_EQ(Count("SELECT COUNT(*) FROM deliveries WHERE state = 'cancelled'"), 6)
      << "what is no longer true is not said";
}

}  // namespace
}  // namespace lowbalance
