#include "webhook/deliveries.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/webhook/parts.h"

namespace lowbalance {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

constexpr Deliveries::Expiry kExpiry{.alert = 5 * 24h, .reminder = 24h};

// An alert to a@example.com (delivery 1), b@example.com (2) and finance's inbox (3).
class DeliveriesTest : public testing::Test, public Parts {
 protected:
  void SendAll(Relay& relay) {
    while (dispatcher->SendDue(relay, now) <= now) {
    }
  }
  // a@example.com is refused for good; the others get theirs.
  void MakeDeadLetter() {
    Receive({LowFacts()});
    RecordingRelay relay([](const Message&, const std::string& to) -> Result<void> {
      if (to == "a@example.com") return GiveUp("550 no such user");
      return {};
    });
    SendAll(relay);
    (void)dispatcher->DeliverInternal(now);
    ASSERT_THAT(Parts::Deliveries(),
                ElementsAre("alert a@example.com dead 1", "alert b@example.com delivered 1",
                            "alert finance delivered 1"));
  }
  lowbalance::Deliveries Desk() { return lowbalance::Deliveries(*database); }
};

TEST_F(DeliveriesTest, ADeadLetterIsSentAgainToThatRecipientAlone) {
  MakeDeadLetter();
  now += 30 * 24h;  // Long after it expired.
  Open();
  const auto change = Desk().Resend(1, kExpiry, now);
  EXPECT_TRUE(change.known && change.changed && !change.refused) << change.reason.en;
  EXPECT_EQ(change.found.delivery.state, DeliveryState::kPending);
  EXPECT_EQ(change.found.delivery.expires, now + 5 * 24h);
  EXPECT_EQ(Parts::Deliveries().at(0), "alert a@example.com pending 0");
  EXPECT_TRUE(HasSample("lowbalance_webhook_dead_letters 0"));
  RecordingRelay relay;
  SendAll(relay);
  SendAll(relay);
  EXPECT_THAT(relay.sent(), ElementsAre("alert to a@example.com"));
  EXPECT_EQ(Parts::Deliveries().at(0), "alert a@example.com delivered 1");
}

TEST_F(DeliveriesTest, AskingTwiceSendsOnce) {
  MakeDeadLetter();
  EXPECT_TRUE(Desk().Resend(1, kExpiry, now).changed);
  const auto again = Desk().Resend(1, kExpiry, now + 1h);
  EXPECT_TRUE(!again.changed && !again.refused);
  EXPECT_EQ(again.reason.en, "it is waiting to be sent already");
  EXPECT_EQ(again.found.delivery.expires, now + 5 * 24h) << "untouched by the second";
  RecordingRelay relay;
  SendAll(relay);
  EXPECT_THAT(relay.sent(), SizeIs(1));
}

TEST_F(DeliveriesTest, WhatIsSentAgainBacksOffAnewAndExpiresAnew) {
  MakeDeadLetter();
  now += 10 * 24h;
  (void)Desk().Resend(1, kExpiry, now);
  const Time resent = now;
  RecordingRelay failing([](const Message&, const std::string&) { return Retry("451 later"); });
  SendAll(failing);
  EXPECT_EQ(Desk().Find({}).at(2).delivery.next_attempt, resent + 30s);
  while (now < resent + 5 * 24h) now = std::max(now + 1s, dispatcher->SendDue(failing, now));
  SendAll(failing);
  const auto dead = Desk().Find({.state = DeliveryState::kDead}).at(0).delivery;
  EXPECT_EQ(dead.id, 1);
  EXPECT_THAT(dead.last_error, HasSubstr("expired"));
}

TEST_F(DeliveriesTest, ADeadReminderGetsADayMore) {
  Receive({LowFacts()});
  RecordingRelay well;
  SendAll(well);
  now += 24h;
  Receive({LowFacts(kStart, now)});
  RecordingRelay refusing([](const Message&, const std::string&) { return GiveUp("550 no"); });
  SendAll(refusing);
  const auto change = Desk().Resend(4, kExpiry, now);
  EXPECT_TRUE(change.changed);
  EXPECT_EQ(change.found.message.kind, MessageKind::kReminder);
  EXPECT_EQ(change.found.delivery.expires, now + 24h);
}

TEST_F(DeliveriesTest, AnInternalMessageThatExpiredAppearsOnceWhenSentAgain) {
  Receive({LowFacts()});
  RecordingRelay relay;
  SendAll(relay);
  (void)dispatcher->DeliverInternal(now);
  now += 24h;
  Receive({LowFacts(kStart, now)});
  now += 24h;
  (void)dispatcher->DeliverInternal(now);
  ASSERT_EQ(Parts::Deliveries().at(5), "reminder finance dead 1");
  EXPECT_TRUE(Desk().Resend(6, kExpiry, now).changed);
  for (int i = 0; i < 3; ++i) (void)dispatcher->DeliverInternal(now);
  EXPECT_THAT(archive->FindInbox({}), SizeIs(2)) << "the alert and the reminder";
}

TEST_F(DeliveriesTest, RefusesWhatIsDeliveredCancelledOrNoLongerTrue) {
  MakeDeadLetter();
  const auto delivered = Desk().Resend(2, kExpiry, now);
  EXPECT_TRUE(delivered.refused && !delivered.changed);
  EXPECT_EQ(delivered.reason.en, "it has been delivered");

  EXPECT_FALSE(Desk().Resend(9, kExpiry, now).known);

  now += 1h;
  Receive({EndedFacts(now, now)});
  const auto ended = Desk().Resend(1, kExpiry, now);
  EXPECT_TRUE(ended.refused && !ended.changed);
  EXPECT_EQ(ended.reason.en, "the account's episode has ended: the message is no longer true");

  EXPECT_TRUE(Desk().Cancel(1, now).changed);
  const auto cancelled = Desk().Resend(1, kExpiry, now);
  EXPECT_TRUE(cancelled.refused);
  EXPECT_EQ(cancelled.reason.en, "it has been cancelled: nobody needs it any more");
  EXPECT_EQ(Parts::Deliveries().at(0), "alert a@example.com cancelled 1");
}

TEST_F(DeliveriesTest, RefusesADeadLetterOfAnEarlierEpisode) {
  MakeDeadLetter();
  now += 2h;
  Receive({LowFacts(kStart + 1h, now)});  // The end was never heard of.
  EXPECT_TRUE(Desk().Resend(1, kExpiry, now).refused);
}

TEST_F(DeliveriesTest, RefusesADeadRecoveryNoticeOnceTheAccountIsLowAgain) {
  Configure([](Config& changed) { changed.webhook.extra_notices = {.recovery = true}; });
  Receive({LowFacts()});
  RecordingRelay relay;
  SendAll(relay);
  now += 1h;
  Facts ended = EndedFacts(now, now);
  ended.available_credit = Money::FromUnits(250);
  Receive({ended});
  now += kExpiry.alert;
  SendAll(relay);
  std::int64_t dead = 0;
  for (const auto& found : Desk().Find({.state = DeliveryState::kDead})) {
    if (found.message.kind == MessageKind::kRecovery) dead = found.delivery.id;
  }
  ASSERT_NE(dead, 0);
  EXPECT_TRUE(Desk().Resend(dead, kExpiry, now).changed) << "still true";
  now += kExpiry.alert;
  SendAll(relay);
  Receive({LowFacts(now, now)});
  const auto low_again = Desk().Resend(dead, kExpiry, now);
  EXPECT_TRUE(low_again.refused && !low_again.changed);
  EXPECT_EQ(low_again.reason.en, "the account is low again: the message is no longer true");
}

TEST_F(DeliveriesTest, WhatIsSentAgainIsCancelledWhenItsEpisodeEnds) {
  MakeDeadLetter();
  EXPECT_TRUE(Desk().Resend(1, kExpiry, now).changed);
  now += 1h;
  Receive({EndedFacts(now, now)});
  RecordingRelay relay;
  SendAll(relay);
  EXPECT_THAT(relay.sent(), testing::IsEmpty());
  EXPECT_EQ(Parts::Deliveries().at(0), "alert a@example.com cancelled 0");
}

TEST_F(DeliveriesTest, CancelsWhatIsPendingOrDeadAndNothingElse) {
  MakeDeadLetter();
  EXPECT_TRUE(Desk().Cancel(1, now).changed);
  EXPECT_TRUE(HasSample("lowbalance_webhook_dead_letters 0"));
  const auto again = Desk().Cancel(1, now);
  EXPECT_TRUE(!again.changed && !again.refused);
  EXPECT_EQ(again.reason.en, "it is cancelled already");
  EXPECT_TRUE(Desk().Cancel(2, now).refused);
  EXPECT_FALSE(Desk().Cancel(9, now).known);
}

TEST_F(DeliveriesTest, FindsByStateAndContactInPages) {
  MakeDeadLetter();
  Facts other = LowFacts();
  other.account.account_id = "18";
  other.contact = "ops";
  Receive({other});
  const auto ids = [](const std::vector<lowbalance::Deliveries::Found>& found) {
    std::vector<std::int64_t> all;
    for (const auto& one : found) all.push_back(one.delivery.id);
    return all;
  };
  EXPECT_THAT(ids(Desk().Find({})), ElementsAre(4, 3, 2, 1));
  EXPECT_THAT(ids(Desk().Find({.before = 4, .limit = 2})), ElementsAre(3, 2));
  EXPECT_THAT(ids(Desk().Find({.state = DeliveryState::kDead})), ElementsAre(1));
  EXPECT_THAT(ids(Desk().Find({.contact = "ops"})), ElementsAre(4));
  EXPECT_THAT(ids(Desk().Find({.state = DeliveryState::kDead, .contact = "ops"})), ElementsAre());
  const auto one = Desk().Find({.contact = "ops"}).at(0);
  EXPECT_EQ(one.message.key.account.account_id, "18");
  EXPECT_EQ(one.delivery.recipient, "ops@example.com");
}

TEST_F(DeliveriesTest, WhatCannotBeNotedLeavesItDead) {
  MakeDeadLetter();
  Break("deliveries");
  EXPECT_THROW((void)Desk().Resend(1, kExpiry, now), StoreError);
  Mend("deliveries");
  EXPECT_EQ(Parts::Deliveries().at(0), "alert a@example.com dead 1");
}

}  // namespace
}  // namespace lowbalance
