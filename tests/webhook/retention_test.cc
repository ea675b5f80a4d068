#include "webhook/retention.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/webhook/parts.h"

namespace lowbalance {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::SizeIs;

constexpr Millis kDay = 24h;

// Messages to a@example.com and b@example.com, and to finance's inbox; kept for 30 days.
class RetentionTest : public testing::Test, public Parts {
 protected:
  RetentionTest() {
    Configure([](Config& c) { c.webhook.retention = 30 * kDay; });
  }
  static Facts Low(const std::string& id, Time since) {
    Facts facts = LowFacts(since, since);
    facts.account.account_id = id;
    return facts;
  }
  // An alert, and its end half an hour later.
  void HaveEpisode(const std::string& id) {
    ASSERT_EQ(Receive({Low(id, now)}), 200);
    Deliver();
    now += 30min;
    Facts ended = EndedFacts(now, now);
    ended.account.account_id = id;
    ASSERT_EQ(Receive({ended}), 200);
  }
  void Deliver() {
    RecordingRelay relay;
    while (dispatcher->SendDue(relay, now) <= now) {
    }
    (void)dispatcher->DeliverInternal(now);
  }
  Time Look() {
    return Retention(config, *database, [this] { return now; }).Look(now);
  }
  // The accounts whose messages are known, the newest first.
  std::vector<std::string> Known() {
    std::vector<std::string> accounts;
    for (const auto& [message, deliveries] : archive->FindMessages({.limit = 1000})) {
      accounts.push_back(message.key.account.account_id);
      EXPECT_THAT(deliveries, SizeIs(3));
    }
    return accounts;
  }
};

TEST_F(RetentionTest, WhatIsOlderIsForgottenWithAllThatBelongsToIt) {
  HaveEpisode("1");
  now += 10 * kDay;
  HaveEpisode("2");
  now += 10 * kDay;
  HaveEpisode("3");
  EXPECT_EQ(Look(), now + 1h);
  EXPECT_THAT(Known(), ElementsAre("3", "2", "1")) << "nothing is that old yet";
  now += 10 * kDay;
  HaveEpisode("4");
  EXPECT_EQ(Look(), now + 1h);
  EXPECT_THAT(Known(), ElementsAre("4", "3", "2"));
  EXPECT_EQ(Count("SELECT COUNT(*) FROM deliveries"), 9);
  EXPECT_THAT(archive->FindInbox({}), SizeIs(3));
  Configure([](Config& c) { c.webhook.retention = 15 * kDay; });
  (void)Look();
  EXPECT_THAT(Known(), ElementsAre("4", "3")) << "a reload takes effect";
}

TEST_F(RetentionTest, AClockThatIsAheadForgetsNothing) {
  HaveEpisode("1");
  HaveEpisode("2");
  now += 4000 * kDay;
  (void)Look();
  EXPECT_THAT(Known(), ElementsAre("2", "1"));
}

TEST_F(RetentionTest, ADeadLetterStaysAsLongAfterItIsOne) {
  HaveEpisode("1");
  Sql("UPDATE deliveries SET state = 'dead', finished = finished + 5 * 86400000 WHERE id = 1");
  now += 31 * kDay;
  HaveEpisode("2");
  (void)Look();
  EXPECT_THAT(Known(), ElementsAre("2", "1"));
  now += 5 * kDay;
  HaveEpisode("3");
  (void)Look();
  EXPECT_THAT(Known(), ElementsAre("3", "2"));
}

TEST_F(RetentionTest, WhatGoesOnIsKeptHoweverOldItIs) {
  ASSERT_EQ(Receive({Low("1", now)}), 200);
  HaveEpisode("2");
  HaveEpisode("3");
  now += 400 * kDay;
  HaveEpisode("4");
  // As if the mail server had hung all the while.
  Sql("UPDATE deliveries SET state = 'pending', finished = NULL WHERE id = 4");
  (void)Look();
  EXPECT_THAT(Known(), ElementsAre("4", "2", "1"));
  Sql("UPDATE episodes SET ended_at = low_since + 1 WHERE account_id = '1'");
  Deliver();
  now += 31 * kDay;
  HaveEpisode("5");
  (void)Look();
  EXPECT_THAT(Known(), ElementsAre("5")) << "once they are over, they go too";
}

TEST_F(RetentionTest, NoIdIsGivenTwice) {
  const auto newest = [this](const char* table) {
    return Count(std::string("SELECT MAX(id) FROM ") + table);
  };
  // The newest in the inbox is not the newest that was delivered, nor that the newest message.
  HaveEpisode("1");
  HaveEpisode("2");
  Facts by_mail = Low("3", now);
  by_mail.contact = "ops";
  ASSERT_EQ(Receive({by_mail}), 200);
  Deliver();
  Sql("UPDATE episodes SET ended_at = low_since + 1");
  Sql("INSERT INTO messages SELECT 9, created + 40 * 86400000, '', '', '', 0, 'test', 0, '', '', "
      "0, "
      "0, '', '', '', '', '' FROM messages WHERE id = 3");
  now += 400 * kDay;
  const std::vector<int> before{newest("messages"), newest("deliveries"), newest("inbox")};
  (void)Look();
  EXPECT_EQ(Count("SELECT COUNT(*) FROM messages WHERE id = 1"), 0);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM messages WHERE id IN (2, 3, 9)"), 3);
  EXPECT_THAT((std::vector{newest("messages"), newest("deliveries"), newest("inbox")}),
              testing::ElementsAreArray(before));
}

TEST_F(RetentionTest, ManyGoInStepsThatLeaveRoomForNotifications) {
  std::vector<Facts> many;
  for (int i = 0; i < 450; ++i) many.push_back(Low(std::to_string(i), now));
  ASSERT_EQ(Receive(many), 200);
  Sql("UPDATE episodes SET ended_at = low_since + 1");
  Sql("UPDATE deliveries SET state = 'delivered', finished = next_attempt");
  now += 31 * kDay;
  HaveEpisode("new");
  EXPECT_LT(Look(), now + 1s);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM messages"), 251);
  EXPECT_LT(Look(), now + 1s);
  EXPECT_EQ(Look(), now + 1h);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM messages"), 1);
}

TEST_F(RetentionTest, AStoreThatFailsForgetsNothing) {
  HaveEpisode("1");
  now += 31 * kDay;
  HaveEpisode("2");
  Sql("CREATE TRIGGER broken BEFORE DELETE ON messages BEGIN SELECT RAISE(ABORT, 'no'); END");
  EXPECT_THROW((void)Look(), StoreError);
  EXPECT_THAT(Known(), ElementsAre("2", "1"));
  EXPECT_THAT(archive->FindInbox({}), SizeIs(2));
  Sql("DROP TRIGGER broken");
  (void)Look();
  EXPECT_THAT(Known(), ElementsAre("2"));
}

}  // namespace
}  // namespace lowbalance
