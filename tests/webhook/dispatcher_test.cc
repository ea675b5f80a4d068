#include "webhook/dispatcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <latch>

#include "tests/webhook/parts.h"

namespace lowbalance {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// Messages to a@example.com and b@example.com, and to finance's inbox.
class DispatcherTest : public testing::Test, public Parts {
 protected:
  // Everything that is due now, in the order it is taken.
  void SendAll(Relay& relay) {
    for (int i = 0; i < 100; ++i) {
      if (dispatcher->SendDue(relay, now) > now) return;
    }
    FAIL() << "there is no end to it";
  }
  // Lets time pass until `end`, sending whatever falls due.
  void RunUntil(Relay& relay, Time end) {
    while (true) {
      const Time next = dispatcher->SendDue(relay, now);
      if (next >= end) break;
      now = std::max(next, now);
    }
    now = end;
  }
};

RecordingRelay::Answer Failing(const std::string& recipient, Error::Kind kind) {
  return [recipient, kind](const Message&, const std::string& to) -> Result<void> {
    if (to != recipient) return {};
    return tl::make_unexpected(Error{kind, "the server said no to " + to});
  };
}

TEST_F(DispatcherTest, SendsToEveryRecipientOnce) {
  Receive({LowFacts()});
  RecordingRelay relay;
  SendAll(relay);
  (void)dispatcher->DeliverInternal(now);
  (void)dispatcher->DeliverInternal(now);
  SendAll(relay);
  EXPECT_THAT(relay.sent(), ElementsAre("alert to a@example.com", "alert to b@example.com"));
  EXPECT_THAT(Deliveries(),
              ElementsAre("alert a@example.com delivered 1", "alert b@example.com delivered 1",
                          "alert finance delivered 1"));
  ASSERT_THAT(archive->FindInbox({}), SizeIs(1));
  const InboxEntry entry = archive->FindInbox({.recipients = {"finance"}}).at(0);
  EXPECT_EQ(entry.title, "Low balance: account 17 has 90.00 USD, below 100.00 USD");
  EXPECT_FALSE(entry.read);
  EXPECT_TRUE(HasSample("lowbalance_webhook_pending_deliveries 0"));
  EXPECT_FALSE(HasSample("lowbalance_webhook_oldest_undelivered_timestamp_seconds 1763881920"));
}

TEST_F(DispatcherTest, BacksOffAndKeepsTrying) {
  Receive({LowFacts()});
  RecordingRelay relay(Failing("a@example.com", Error::Kind::kRetry));
  std::vector<Millis> attempts;
  for (int i = 0; i < 10; ++i) {
    const std::size_t before = relay.sent().size();
    SendAll(relay);
    if (relay.sent().size() > before) attempts.push_back(now - kStart);
    now = dispatcher->SendDue(relay, now);
  }
  // 30 s doubled up to 30 min.
  EXPECT_THAT(attempts, ElementsAre(0s, 30s, 90s, 210s, 450s, 930s, 1890s, 3690s, 5490s, 7290s));
  EXPECT_THAT(Deliveries(),
              ElementsAre("alert a@example.com pending 10", "alert b@example.com delivered 1",
                          "alert finance pending 0"))
      << "one recipient's failure is its own";
  const Delivery failing = archive->FindMessages({}).at(0).deliveries.at(0);
  EXPECT_EQ(failing.last_error, "the server said no to a@example.com");
  EXPECT_EQ(failing.next_attempt, kStart + 9090s);
  EXPECT_TRUE(
      HasSample("lowbalance_webhook_deliveries_total{outcome=\"retry\",relay=\"email\"} 10"));
}

TEST_F(DispatcherTest, ARefusalForGoodIsADeadLetterAtOnce) {
  Receive({LowFacts()});
  RecordingRelay relay(Failing("a@example.com", Error::Kind::kGiveUp));
  SendAll(relay);
  RunUntil(relay, now + 24h);
  EXPECT_THAT(relay.sent(), ElementsAre("alert to a@example.com", "alert to b@example.com"));
  EXPECT_EQ(Deliveries().at(0), "alert a@example.com dead 1");
  EXPECT_EQ(archive->FindMessages({.state = DeliveryState::kDead}).size(), 1U);
  EXPECT_TRUE(HasSample("lowbalance_webhook_dead_letters 1"));
  EXPECT_TRUE(HasSample("lowbalance_webhook_deliveries_total{outcome=\"dead\",relay=\"email\"} 1"));
}

TEST_F(DispatcherTest, TheWayToTheRecipientIsMeasured) {
  Receive({LowFacts()});
  now += 20s;
  RecordingRelay relay;
  SendAll(relay);
  ASSERT_EQ(relay.sent().size(), 2U);
  EXPECT_TRUE(HasSample("lowbalance_webhook_delivery_latency_seconds_sum{relay=\"email\"} 40"));
}

TEST_F(DispatcherTest, AnAlertIsTriedForFiveDays) {
  Receive({LowFacts()});
  RecordingRelay relay(Failing("a@example.com", Error::Kind::kRetry));
  RunUntil(relay, kStart + 5 * 24h);
  EXPECT_EQ(Deliveries().at(0).rfind("alert a@example.com pending", 0), 0U);
  const std::size_t tried = relay.sent().size();
  EXPECT_GT(tried, 200U);
  SendAll(relay);
  EXPECT_EQ(relay.sent().size(), tried) << "not at the instant it expires, nor later";
  EXPECT_EQ(Deliveries().at(0).rfind("alert a@example.com dead", 0), 0U);
  const Delivery dead = archive->FindMessages({}).at(0).deliveries.at(0);
  EXPECT_EQ(dead.last_error, "expired; the last attempt: the server said no to a@example.com");
  EXPECT_EQ(dead.finished, kStart + 5 * 24h);
}

TEST_F(DispatcherTest, AReminderIsTriedUntilTheNextIsDue) {
  Receive({LowFacts()});
  RecordingRelay well;
  SendAll(well);
  now += 24h + 10min;
  Receive({LowFacts(kStart, now)});
  RecordingRelay relay(Failing("a@example.com", Error::Kind::kRetry));
  RunUntil(relay, kStart + 48h);
  SendAll(relay);
  EXPECT_EQ(archive->FindMessages({}).at(0).deliveries.at(0).finished, kStart + 48h);
  EXPECT_EQ(Deliveries().at(3).rfind("reminder a@example.com dead", 0), 0U);
}

TEST_F(DispatcherTest, AnAlertThatWasNeverTriedIsTriedThoughItHasExpired) {
  Receive({LowFacts()});
  now += 6 * 24h;  // The webhook was away.
  Open();
  RecordingRelay relay(Failing("b@example.com", Error::Kind::kRetry));
  SendAll(relay);
  EXPECT_THAT(relay.sent(), ElementsAre("alert to a@example.com", "alert to b@example.com"));
  (void)dispatcher->DeliverInternal(now);
  EXPECT_THAT(Deliveries(), ElementsAre("alert a@example.com delivered 1",
                                        "alert b@example.com dead 1", "alert finance delivered 1"));
}

TEST_F(DispatcherTest, AnExpiredReminderIsNotSent) {
  Receive({LowFacts()});
  RecordingRelay relay;
  SendAll(relay);
  (void)dispatcher->DeliverInternal(now);
  now += 24h;
  Receive({LowFacts(kStart, now)});
  now += 24h;  // The webhook was away.
  Open();
  SendAll(relay);
  (void)dispatcher->DeliverInternal(now);
  EXPECT_THAT(relay.sent(), SizeIs(2)) << "the alert's";
  EXPECT_EQ(Deliveries().at(3), "reminder a@example.com dead 0");
  EXPECT_EQ(Deliveries().at(5), "reminder finance dead 1");
  EXPECT_THAT(archive->FindInbox({}), SizeIs(1));
  EXPECT_EQ(archive->FindMessages({}).at(0).deliveries.at(0).last_error,
            "expired before it was tried");
}

TEST_F(DispatcherTest, WhatIsCancelledIsNotSent) {
  Receive({LowFacts()});
  now += 1h;
  Receive({EndedFacts(now, now)});
  RecordingRelay relay;
  SendAll(relay);
  (void)dispatcher->DeliverInternal(now);
  EXPECT_THAT(relay.sent(), IsEmpty());
  EXPECT_THAT(archive->FindInbox({}), IsEmpty());
}

TEST_F(DispatcherTest, WhatWasCancelledOnItsWayIsToldAsItWent) {
  Receive({LowFacts()});
  RecordingRelay relay([this](const Message&, const std::string& to) -> Result<void> {
    if (to == "a@example.com") {
      now += 1min;
      Receive({EndedFacts(now, now)});
      return {};
    }
    return Retry("no");
  });
  (void)dispatcher->SendDue(relay, now);
  EXPECT_THAT(Deliveries(),
              ElementsAre("alert a@example.com delivered 1", "alert b@example.com cancelled 0",
                          "alert finance cancelled 0"));
}

TEST_F(DispatcherTest, AFailureOfWhatWasCancelledOnItsWayLeavesItCancelled) {
  Receive({LowFacts()});
  RecordingRelay relay([this](const Message&, const std::string&) -> Result<void> {
    Receive({EndedFacts(now + 1ms, now)});
    return Retry("no");
  });
  SendAll(relay);
  EXPECT_THAT(relay.sent(), SizeIs(1));
  EXPECT_EQ(Deliveries().at(0), "alert a@example.com cancelled 0");
}

TEST_F(DispatcherTest, AClockSetBackDoesNotStopTheQueue) {
  Receive({LowFacts()});
  RecordingRelay failing(Failing("a@example.com", Error::Kind::kRetry));
  SendAll(failing);
  now -= 3h;
  EXPECT_LE(dispatcher->SendDue(failing, now), now + 30min);
  RecordingRelay relay;
  RunUntil(relay, now + 30min);
  EXPECT_THAT(relay.sent(), ElementsAre("alert to a@example.com"));
  EXPECT_EQ(Deliveries().at(0).rfind("alert a@example.com delivered", 0), 0U);
}

TEST_F(DispatcherTest, FirstAttemptsGoBeforeRepeatedOnes) {
  Receive({LowFacts()});
  RecordingRelay failing([](const Message&, const std::string&) { return Retry("no"); });
  SendAll(failing);
  Facts later = LowFacts();
  later.account.account_id = "18";
  later.contact = "ops";
  now += 1h;
  later.evaluated_at = later.last_success = now;
  Receive({later});
  RecordingRelay relay;
  SendAll(relay);
  EXPECT_THAT(relay.sent(), ElementsAre("alert to ops@example.com", "alert to a@example.com",
                                        "alert to b@example.com"));
}

TEST_F(DispatcherTest, OneThatHangsLeavesOthersFree) {
  // Six accounts' alerts to a@, b@; both of a@'s may be on their way, and the others still go.
  std::vector<Facts> facts(6, LowFacts());
  for (std::size_t i = 0; i < facts.size(); ++i) facts[i].account.account_id = std::to_string(i);
  Receive(facts);
  const RetryPolicy policy{30s, 30min};
  std::vector<DeliveryQueue::Claim> claims;
  while (auto claim = queue->Take(policy, now).claim) claims.push_back(*claim);
  ASSERT_EQ(claims.size(), 4U);
  std::map<std::string, int> counts;
  for (const auto& claim : claims) ++counts[claim.delivery.recipient];
  EXPECT_EQ(counts["a@example.com"], DeliveryQueue::kPerRecipientMax);
  EXPECT_EQ(counts["b@example.com"], DeliveryQueue::kPerRecipientMax);
  EXPECT_GT(queue->NextDue(kRelayEmail, policy, now), now) << "no worker spins meanwhile";
  queue->Release(claims[0]);
  EXPECT_EQ(queue->Take(policy, now).claim->delivery.id, claims[0].delivery.id);
}

TEST_F(DispatcherTest, WhatIsSentButCannotBeNotedIsNotSentAgain) {
  Receive({LowFacts()});
  RecordingRelay relay;
  Break("deliveries");
  EXPECT_THROW((void)dispatcher->SendDue(relay, now), StoreError);
  for (int i = 0; i < 5; ++i) EXPECT_THROW((void)dispatcher->SendDue(relay, now), StoreError);
  EXPECT_THAT(relay.sent(), SizeIs(1)) << "and nothing else while nothing can be noted";
  Mend("deliveries");
  SendAll(relay);
  EXPECT_THAT(relay.sent(), ElementsAre("alert to a@example.com", "alert to b@example.com"));
  EXPECT_EQ(Deliveries().at(0), "alert a@example.com delivered 1");
}

TEST_F(DispatcherTest, AKillBetweenSendingAndNotingRepeatsThatOneMail) {
  Receive({LowFacts()});
  RecordingRelay relay;
  Break("deliveries");
  EXPECT_THROW((void)dispatcher->SendDue(relay, now), StoreError);
  Close();
  Mend("deliveries");
  Open();
  SendAll(relay);
  EXPECT_THAT(relay.sent(), ElementsAre("alert to a@example.com", "alert to a@example.com",
                                        "alert to b@example.com"));
}

TEST_F(DispatcherTest, AnInternalMessageAppearsExactlyOnce) {
  Receive({LowFacts()});
  // Whichever half cannot be written, the other is not either.
  for (const char* const table : {"inbox", "deliveries"}) {
    Break(table);
    EXPECT_THROW((void)dispatcher->DeliverInternal(now), StoreError);
    EXPECT_EQ(Count("SELECT COUNT(*) FROM inbox"), 0);
    EXPECT_EQ(Count("SELECT COUNT(*) FROM deliveries WHERE state = 'pending'"), 3);
    Mend(table);
  }
  for (int i = 0; i < 3; ++i) {
    (void)dispatcher->DeliverInternal(now);
    Open();
  }
  EXPECT_EQ(Count("SELECT COUNT(*) FROM inbox"), 1);
}

TEST_F(DispatcherTest, ABurstOfInternalMessagesIsDeliveredInOneGo) {
  std::vector<Facts> facts(450, LowFacts());
  for (std::size_t i = 0; i < facts.size(); ++i) facts[i].account.account_id = std::to_string(i);
  Receive(facts);
  while (dispatcher->DeliverInternal(now) <= now) {
  }
  EXPECT_EQ(Count("SELECT COUNT(*) FROM inbox"), 450);
  EXPECT_TRUE(HasSample(
      "lowbalance_webhook_deliveries_total{outcome=\"delivered\",relay=\"internal\"} 450"));
}

// Holds every Send until it is let go or aborted.
class HangingRelay : public Relay {
 public:
  Result<void> Send(const Message&, const std::string&) override {
    std::unique_lock lock(mutex_);
    hanging_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return aborted_; });
    return Retry("aborted");
  }
  void Abort() override {
    const std::lock_guard lock(mutex_);
    aborted_ = true;
    changed_.notify_all();
  }
  void WaitUntilHanging() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return hanging_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool hanging_ = false;
  bool aborted_ = false;
};

TEST_F(DispatcherTest, TheLoopsSendWhatComesAndStopWithoutLosingAny) {
  std::latch two_sent(2);
  std::vector<std::unique_ptr<Relay>> relays;
  auto hanging = std::make_unique<HangingRelay>();
  HangingRelay* const hangs = hanging.get();
  relays.push_back(std::move(hanging));
  Receive({LowFacts()});
  dispatcher->Start(std::move(relays));
  hangs->WaitUntilHanging();
  dispatcher->Stop(Millis{0});
  EXPECT_EQ(Count("SELECT COUNT(*) FROM deliveries WHERE relay = 'email' AND state = 'pending' "
                  "AND attempts = 0"),
            2)
      << "aborted and untouched";

  Open();
  relays.clear();
  for (int i = 0; i < 2; ++i) {
    relays.push_back(std::make_unique<RecordingRelay>(
        [&two_sent](const Message&, const std::string&) -> Result<void> {
          two_sent.count_down();
          return {};
        }));
  }
  dispatcher->Start(std::move(relays));
  two_sent.wait();
  dispatcher->Stop(5s);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM deliveries WHERE relay = 'email' AND state = 'delivered'"),
            2);
}

TEST(RetryWaitTest, DoublesUpToTheLongest) {
  const RetryPolicy policy{30s, 30min};
  const struct {
    int failures;
    double jitter;
    Millis want;
  } cases[] = {{1, 1.0, 30s},   {1, 0.0, 24s},      {2, 1.0, 60s},
               {6, 1.0, 16min}, {7, 1.0, 30min},    {7, 0.0, 24min},
               {8, 0.5, 27min}, {1000, 1.0, 30min}, {1000000, 0.0, 24min}};
  for (const auto& c : cases) {
    EXPECT_EQ(RetryWait(policy, c.failures, c.jitter), c.want) << c.failures << " " << c.jitter;
  }
}

}  // namespace
}  // namespace lowbalance
