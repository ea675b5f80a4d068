#include "cli/backtest.h"

#include <gtest/gtest.h>

#include "cli/backtest_report.h"

namespace lowbalance {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

constexpr Time kMonday = TimeFromMillis(1'795'435'200'000);  // 2026-11-23T12:00:00Z.

// Samples at hours since Monday noon; an empty text is an amount that was not known.
History HistoryOf(const std::vector<std::pair<int, std::string>>& credits) {
  History history{.name = "h.csv", .currency = "USD"};
  for (const auto& [hour, credit] : credits) {
    HistorySample sample{.at = kMonday + hours{hour}};
    if (!credit.empty()) sample.credit = Money::Parse(credit).value();
    history.samples.push_back(sample);
  }
  return history;
}

Backtest Played(const History& history, int threshold, const BacktestOptions& options = {}) {
  auto test = RunBacktest(history, Money::FromUnits(threshold), options);
  EXPECT_TRUE(test) << test.error().message;
  return std::move(*test);
}

// "alert@2h reminder 1@26h": what was sent, at which hour, and what is said of being overdue.
std::string Told(const Backtest& test) {
  std::string text;
  const auto hour = [](Time at) { return FormatOffset(at - kMonday); };
  for (const BacktestMessage& m : test.messages) {
    text += ToString(m.notice) + "@" + hour(m.at) + " ";
  }
  for (const BacktestOverdue& o : test.overdue) {
    text += "overdue@" + hour(o.at) + (o.alerted ? " alerted@" + hour(*o.alerted) : "") + " ";
  }
  return text + "low " + FormatOffset(test.low);
}

TEST(BacktestTest, SaysWhatEachThresholdWouldHaveSent) {
  const History history = HistoryOf(
      {{0, "300"}, {10, "150"}, {20, "80"}, {30, "40"}, {40, "-5"}, {50, "500"}, {60, "500"}});
  EXPECT_EQ(Told(Played(history, 200)), "alert@10h reminder 1@34h overdue@40h alerted@10h low 40h");
  EXPECT_EQ(Told(Played(history, 100)), "alert@20h overdue@40h alerted@20h low 30h");
  EXPECT_EQ(Told(Played(history, 10)), "alert@40h overdue@40h alerted@40h low 10h");
  EXPECT_EQ(Told(Played(history, -10)), "overdue@40h low 0h");
  EXPECT_EQ(Played(history, 200).shortest_notice(), hours{30});
  EXPECT_EQ(Played(history, -10).shortest_notice(), std::nullopt);
  EXPECT_TRUE(Played(history, -10).unwarned());
}

TEST(BacktestTest, FurtherNoticesAreThoseThatAreSwitchedOn) {
  const History history = HistoryOf({{0, "300"}, {10, "50"}, {20, "-1"}, {30, "300"}, {40, "300"}});
  EXPECT_EQ(Told(Played(history, 100, {.extra = {.recovery = true, .overdue = true}})),
            "alert@10h overdue@20h recovery@30h overdue@20h alerted@10h low 20h");
}

TEST(BacktestTest, AnAlertOfAnEarlierTimeWarnsNobodyOfALaterOne) {
  const History history =
      HistoryOf({{0, "300"}, {1, "50"}, {2, "300"}, {3, "-1"}, {5, "90"}, {6, "-2"}, {7, "300"}});
  EXPECT_EQ(Told(Played(history, 100)),
            "alert@1h alert@3h overdue@3h alerted@3h overdue@6h alerted@3h low 5h");
  EXPECT_EQ(Played(history, 100).shortest_notice(), Millis{0});
}

TEST(BacktestTest, AnAccountLowFromTheFirstIsAlertedOfAtItsFirstChange) {
  EXPECT_EQ(Told(Played(HistoryOf({{0, "50"}, {5, "50"}, {6, "49"}, {8, "49"}}), 100)),
            "alert@6h low 8h");
}

TEST(BacktestTest, WhatWasNotKnownIsNotLow) {
  const History history =
      HistoryOf({{0, "300"}, {1, "50"}, {2, ""}, {4, ""}, {30, "50"}, {31, "200"}});
  // The reminder is due while the balance is unknown for longer than six hours: put off until it
  // is known again.
  EXPECT_EQ(Told(Played(history, 100)), "alert@1h reminder 1@30h low 2h");
}

TEST(BacktestTest, ThreeMonthsWithASampleEveryFiveMinutes) {
  History history{.name = "p", .currency = "USD"};
  for (int i = 0; i < 90 * 288; ++i) {
    // Falls by a unit every five minutes and is topped up every 30 days.
    history.samples.push_back(
        {.at = kMonday + minutes{5 * i}, .credit = Money::FromUnits(8640 - i % 8640)});
  }
  const Backtest test =
      Played(history, 288);  // The last day's worth, but for the moment it equals it.
  EXPECT_EQ(test.Count(MessageKind::kAlert), 3);
  EXPECT_EQ(test.Count(MessageKind::kReminder), 0);
  EXPECT_EQ(test.low, 3 * days{1} - 3 * minutes{5} - minutes{5});
}

TEST(BacktestReportTest, OneThresholdIsToldInFull) {
  const History history = HistoryOf({{0, "300"}, {20, "80.5"}, {50, "-5"}, {51, "-5"}});
  const Contact contact{.name = "finance", .email = {"f@example.com"}, .internal = {"desk"}};
  EXPECT_EQ(cli::BacktestText(history, {.account = "demo/17", .contact = &contact},
                              {Played(history, 100)}),
            "demo/17, 2026-11-23T12:00:00Z to 2026-11-25T15:00:00Z (2.1 days), lowest available "
            "credit -5.00 USD\n"
            "to finance: f@example.com, inbox of desk\n"
            "threshold 100.00 USD: 1 alert, 1 reminder; low for 1.3 days; overdue 1 time\n"
            "SENT                  MESSAGE     AVAILABLE CREDIT\n"
            "2026-11-24T08:00:00Z  alert              80.50 USD\n"
            "2026-11-25T08:00:00Z  reminder 1         80.50 USD\n"
            "overdue from 2026-11-25T14:00:00Z, 30h after the alert\n");
}

TEST(BacktestReportTest, LongNoticesAreToldInDays) {
  const History history = HistoryOf({{0, "300"}, {20, "80"}, {81, "-5"}, {82, "-5"}});
  EXPECT_NE(cli::BacktestText(history, {}, {Played(history, 100)}).find("2d13h after the alert\n"),
            std::string::npos);
}

TEST(BacktestReportTest, SeveralThresholdsAreCompared) {
  const History history = HistoryOf({{0, "300"}, {20, "80"}, {50, "-5"}, {51, "-5"}});
  EXPECT_EQ(cli::BacktestText(history, {},
                              {Played(history, -50), Played(history, 0), Played(history, 100)}),
            "h.csv, 2026-11-23T12:00:00Z to 2026-11-25T15:00:00Z (2.1 days), lowest available "
            "credit -5.00 USD\n"
            "THRESHOLD  ALERTS  REMINDERS  DAYS LOW  TIMES OVERDUE  SHORTEST NOTICE\n"
            "   -50.00       0          0       0.0              1  no alert before\n"
            "     0.00       1          0       0.0              1               0m\n"
            "   100.00       1          1       1.3              1              30h\n");
}

}  // namespace
}  // namespace lowbalance
