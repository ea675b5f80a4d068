#include "webhook/watchdog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/webhook/parts.h"
#include "webhook/mime.h"

namespace lowbalance {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// Ten minutes of silence, told to finance: a@example.com, b@example.com and the inbox.
class WatchdogTest : public testing::Test, public Parts {
 protected:
  WatchdogTest() {
    Configure([](Config& c) { c.webhook.watchdog = {.contact = "finance", .silence = 10min}; });
    Restart();
  }
  void Restart() {
    watchdog_.reset();
    Open();
    watchdog_ = std::make_unique<Watchdog>(
        config, *database, *outbox, metrics, [this] { return now; }, [this] { ++told_; });
  }
  // Looks as the loop does. Hears the watchdog every `heard_every`, if that is not zero.
  void Run(Millis duration, Millis heard_every = Millis{0}) {
    const Time end = now + duration;
    Time next_heard = now;
    while (now < end) {
      if (heard_every > Millis{0} && now >= next_heard) {
        watchdog_->Heard();
        next_heard += heard_every;
      }
      const Time next = watchdog_->Look(now);
      ASSERT_GT(next, now);
      now = std::min(next, end);
    }
  }
  // "silent" and "again", in the order in which they were told.
  std::vector<std::string> Told() {
    std::vector<std::string> told;
    auto found = archive->FindMessages({.limit = 100});
    std::reverse(found.begin(), found.end());
    for (const auto& [message, deliveries] : found) {
      EXPECT_EQ(message.kind, MessageKind::kWatchdog);
      EXPECT_EQ(message.contact, "finance");
      EXPECT_THAT(deliveries, SizeIs(3));
      told.emplace_back(message.number == 0 ? "silent" : "again");
    }
    return told;
  }

  std::unique_ptr<Watchdog> watchdog_;
  int told_ = 0;
};

TEST_F(WatchdogTest, SaysNothingWhileItIsHeard) {
  Run(3h, 5min);
  EXPECT_THAT(Told(), IsEmpty());
}

TEST_F(WatchdogTest, ToldOncePerSilenceAndOnceWhenItIsHeardAgain) {
  Run(1h, 5min);  // Heard last at 0:55.
  Run(4min);
  EXPECT_THAT(Told(), IsEmpty()) << "nine minutes";
  Run(2min);
  EXPECT_THAT(Told(), ElementsAre("silent"));
  Run(48h);
  EXPECT_THAT(Told(), ElementsAre("silent"));
  Run(1h, 5min);
  EXPECT_THAT(Told(), ElementsAre("silent", "again"));
  Run(15min);
  EXPECT_THAT(Told(), ElementsAre("silent", "again", "silent"));
  EXPECT_EQ(told_, 3);
  EXPECT_TRUE(HasSample("lowbalance_webhook_messages_total{kind=\"watchdog\"} 3"));
}

TEST_F(WatchdogTest, ASilenceSinceTheStartIsToldToo) {
  Run(10min);
  EXPECT_THAT(Told(), IsEmpty());
  Run(1min);
  EXPECT_THAT(Told(), ElementsAre("silent"));
}

TEST_F(WatchdogTest, ARestartDoesNotRepeatIt) {
  Run(20min);
  for (int i = 0; i < 3; ++i) {
    Restart();
    Run(20min);
  }
  EXPECT_THAT(Told(), ElementsAre("silent"));
  Restart();
  Run(10min, 5min);
  EXPECT_THAT(Told(), ElementsAre("silent", "again"));
  Restart();
  Run(9min);
  EXPECT_THAT(Told(), ElementsAre("silent", "again"));
  Run(2min);
  EXPECT_THAT(Told(), ElementsAre("silent", "again", "silent"));
}

TEST_F(WatchdogTest, AClockThatJumpsIsNoSilence) {
  Run(1h, 5min);
  now += 3h;
  Run(1h, 5min);
  now -= 5h;
  Run(1h, 5min);
  EXPECT_THAT(Told(), IsEmpty());
}

TEST_F(WatchdogTest, WhatCannotBeStoredIsToldLater) {
  Break("messages");
  EXPECT_THROW(
      {
        while (now < kStart + 20min) now = watchdog_->Look(now);
      },
      StoreError);
  Mend("messages");
  Run(1min);
  EXPECT_THAT(Told(), ElementsAre("silent"));
  watchdog_->Heard();
  Break("messages");
  EXPECT_THROW((void)watchdog_->Look(now), StoreError);
  Mend("messages");
  Run(1min);
  EXPECT_THAT(Told(), ElementsAre("silent", "again"));
}

TEST_F(WatchdogTest, NobodyIsToldWhereNobodyIsNamed) {
  Configure([](Config& c) { c.webhook.watchdog.contact.clear(); });
  Run(1h);
  EXPECT_THAT(Told(), IsEmpty());
  Configure([](Config& c) { c.webhook.watchdog.contact = "finance"; });
  Run(1min);
  EXPECT_THAT(Told(), ElementsAre("silent")) << "a reload names somebody";
}

TEST_F(WatchdogTest, IsDeliveredAsAnyMessageIs) {
  Run(11min);
  RecordingRelay relay;
  while (dispatcher->SendDue(relay, now) <= now) {
  }
  (void)dispatcher->DeliverInternal(now);
  EXPECT_THAT(relay.sent(), ElementsAre("watchdog to a@example.com", "watchdog to b@example.com"));
  const InboxEntry entry = archive->FindInbox({.recipients = {"finance"}}).at(0);
  EXPECT_EQ(entry.title, "Low Balance Alerts: nothing heard from Alertmanager for 10 minutes");
  EXPECT_THAT(entry.text, HasSubstr("LowbalanceWatchdog"));
}

TEST_F(WatchdogTest, EachIsAMailOfItsOwn) {
  std::set<std::string> ids;
  for (int i = 0; i < 3; ++i) {
    Run(11min);
    Run(1min, 1h);
  }
  for (const auto& found : archive->FindMessages({})) {
    const Mail mail = MailFor(found.message, {"", "alerts@example.com"}, "a@example.com");
    EXPECT_TRUE(ids.insert(mail.message_id).second) << mail.message_id;
    EXPECT_TRUE(mail.references.empty());
  }
  EXPECT_THAT(ids, SizeIs(6));
}

TEST_F(WatchdogTest, SpeaksTheContactsLanguage) {
  Configure([](Config& c) {
    c.contacts[0].language = "zh";
    c.contacts[0].time_zone = "Asia/Shanghai";
  });
  Run(11min);
  Run(1min, 5min);
  const auto found = archive->FindMessages({});
  EXPECT_EQ(found.at(1).message.subject, "余额预警：已有 10 分钟没有收到 Alertmanager 的消息");
  EXPECT_THAT(found.at(0).message.subject, HasSubstr("已恢复"));
}

}  // namespace
}  // namespace lowbalance
