#include "webhook/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "tests/webhook/parts.h"

namespace lowbalance {
namespace {

using testing::ElementsAre;

// A store as the first version left it: an alert that was delivered and lies in the inbox, a
// reminder that is under way, and an episode that has been below zero.
constexpr std::string_view kVersion1Rows = R"sql(
INSERT INTO episodes VALUES ('demo', '17', 'warning', 1763881920000, 1763881920000, 1, 0, 1, NULL,
  NULL, 1763881920000, 'overdue');
INSERT INTO messages VALUES (1, 1763881920000, 'demo', '17', 'warning', 1763881920000, 0,
  'O''Brien 生产', 'USD', 90000000, 100000000, 'finance', 'Low balance', 'the alert', '<p>a</p>');
INSERT INTO messages VALUES (2, 1763968320000, 'demo', '17', 'warning', 1763881920000, 1, '', 'USD',
  80000000, 100000000, 'finance', 'Reminder 1 of 5', 'the reminder', '<p>r</p>');
INSERT INTO deliveries VALUES (1, 1, 'email', 'a@example.com', 'delivered', 2, 'once refused',
  1763881920000, 1764313920000, 1763881921000);
INSERT INTO deliveries VALUES (2, 1, 'internal', 'finance', 'delivered', 1, '', 1763881920000,
  1764313920000, 1763881920000);
INSERT INTO deliveries VALUES (3, 2, 'email', 'a@example.com', 'pending', 0, '', 1763968320000,
  1764054720000, NULL);
INSERT INTO inbox VALUES (1, 2, 1, 'finance', 1763881920000, 1)
)sql";

class SchemaTest : public testing::Test {
 protected:
  // Makes the store of an older version, with rows in it.
  void MakeVersion(std::size_t version, std::string_view rows) const {
    const Store::Options now = WebhookStore(config_);
    const Store store(
        {.url = now.url, .migrations = now.migrations.first(version), .program = now.program});
    soci::session sql(soci::sqlite3, "db=" + (folder_.path() / "webhook.db").string());
    while (!rows.empty()) {
      const auto end = std::min(rows.find(';'), rows.size());
      sql << std::string(rows.substr(0, end));
      rows.remove_prefix(std::min(end + 1, rows.size()));
    }
  }
  // All tables and indexes, without what SQLite makes by itself.
  static std::vector<std::string> Shape(soci::session& sql) {
    std::vector<std::string> shape;
    std::string name, text;
    soci::statement select = (sql.prepare << "SELECT name, sql FROM sqlite_master WHERE sql IS NOT "
                                             "NULL ORDER BY name",
                              soci::into(name), soci::into(text));
    select.execute();
    while (select.fetch()) shape.push_back(name + ": " + text);
    return shape;
  }

  TempFolder folder_;
  Config config_ = SomeConfig(folder_);
};

TEST_F(SchemaTest, AStoreOfTheFirstVersionKeepsItsMeaning) {
  MakeVersion(1, kVersion1Rows);
  Database database(WebhookStore(config_));
  Archive archive(database);

  const auto alert = archive.FindMessage(1);
  ASSERT_TRUE(alert);
  EXPECT_EQ(alert->message.kind, MessageKind::kAlert);
  EXPECT_EQ(alert->message.number, 0);
  EXPECT_EQ(alert->message.account_name, "O'Brien 生产");
  EXPECT_EQ(alert->message.available_credit, Money::FromUnits(90));
  EXPECT_EQ(alert->message.text, "the alert");
  ASSERT_EQ(alert->deliveries.size(), 2U);
  EXPECT_EQ(alert->deliveries[0].state, DeliveryState::kDelivered);
  EXPECT_EQ(alert->deliveries[0].last_error, "once refused");
  const auto reminder = archive.FindMessage(2);
  ASSERT_TRUE(reminder);
  EXPECT_EQ(reminder->message.kind, MessageKind::kReminder);
  EXPECT_EQ(reminder->message.number, 1);
  const auto inbox = archive.FindInbox({});
  ASSERT_EQ(inbox.size(), 1U);
  EXPECT_EQ(inbox[0].text, "the alert");
  EXPECT_TRUE(inbox[0].read);

  // What is under way is still sent, under the Message-ID it would have had.
  DeliveryQueue queue(database);
  const auto taken = queue.Take({}, TimeFromMillis(1763968320000));
  ASSERT_TRUE(taken.claim);
  EXPECT_EQ(taken.claim->message.kind, MessageKind::kReminder);
  EXPECT_EQ(taken.claim->message.html, "<p>r</p>");

  // An account that was overdue before the notice existed is not told of it afterwards.
  const Outbox outbox(database);
  const Episode episode = outbox.Find("demo", "17").at({"demo", "17"}).at("warning");
  EXPECT_TRUE(episode.overdue);
  EXPECT_TRUE(episode.overdue_told);
}

TEST_F(SchemaTest, AMigratedStoreIsLikeANewOne) {
  MakeVersion(1, kVersion1Rows);
  Database(WebhookStore(config_)).Use("look", [&](soci::session& old) {
    const TempFolder folder;
    Database(WebhookStore(SomeConfig(folder))).Use("look", [&](soci::session& fresh) {
      EXPECT_EQ(Shape(old), Shape(fresh));
    });
  });
  EXPECT_EQ(Store::Check(WebhookStore(config_)), "");
}

TEST_F(SchemaTest, AMessageOfEachKindAndNumberIsThereOnce) {
  Database database(WebhookStore(config_));
  Outbox outbox(database);
  const auto commit = [&](MessageKind kind, int number, Time low_since, bool of_account = true) {
    NewMessage message;
    message.message.kind = kind;
    message.message.number = number;
    if (of_account) message.message.key = {{"demo", "17"}, "warning"};
    message.message.low_since = low_since;
    const auto make = [&](const Episodes&) {
      Outbox::Batch batch{.now = kStart};
      batch.plan.messages.emplace_back();
      batch.compose = [&](const PlannedMessage&) { return message; };
      return batch;
    };
    return outbox.Transact(make).messages;
  };
  const auto later = kStart + std::chrono::milliseconds{1};
  for (const int want : {1, 0}) {
    EXPECT_EQ(commit(MessageKind::kAlert, 0, kStart), want);
    EXPECT_EQ(commit(MessageKind::kReminder, 1, kStart), want);
    EXPECT_EQ(commit(MessageKind::kReminder, 2, kStart), want);
    EXPECT_EQ(commit(MessageKind::kRecovery, 0, kStart), want);
    EXPECT_EQ(commit(MessageKind::kOverdue, 0, kStart), want);
    EXPECT_EQ(commit(MessageKind::kAlert, 0, later), want);
    EXPECT_EQ(commit(MessageKind::kWatchdog, 0, kStart, false), want);
    EXPECT_EQ(commit(MessageKind::kWatchdog, 0, later, false), want);
    EXPECT_EQ(commit(MessageKind::kTest, 0, kStart, false), want);
  }
}

}  // namespace
}  // namespace lowbalance
