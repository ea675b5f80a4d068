#include "webhook/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "tests/webhook/facts.h"

namespace lowbalance {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

Config SomeConfig(Cadence cadence = {}) {
  Config config;
  config.webhook.reminders = cadence;
  return config;
}

const Config kConfig = SomeConfig();

Reader ReaderFor(const std::string& language, const std::string& zone = "UTC") {
  Reader reader = ReaderOf(kConfig, {.language = language, .time_zone = zone});
  EXPECT_EQ(reader.unknown_time_zone, "");
  return reader;
}

// Everything known; the formula's terms do not quite add up to what the provider says.
PlannedMessage Complete(Notice notice = {}) {
  PlannedMessage message;
  Facts& facts = message.facts;
  facts = LowFacts(kStart, kStart + 2min);
  facts.account_name = "生产 \"main\" & <b>";
  facts.available_credit = Money::Parse("1234567.89").value();
  facts.threshold = Money::FromUnits(2'000'000);
  facts.terms.cash_balance = Money::FromUnits(1'500'000);
  facts.terms.credit_limit = Money();
  facts.terms.credit_refunds = Money::Parse("0.5").value();
  facts.terms.unsettled_current_month = Money::Parse("265432.61").value();
  facts.terms.unsettled_previous_months = Money::Parse("0.000001").value();
  facts.burn_rate = Money::FromUnits(40'000);
  facts.runway = 741h;
  message.notice = notice;
  message.last_reminder = notice.number;
  message.low_since = kStart;
  message.alerted_at = kStart + 2min;
  return message;
}

PlannedMessage Recovery() {
  PlannedMessage message = Complete({MessageKind::kRecovery});
  message.facts.kind = AlertKind::kLowBalanceEnded;
  message.facts.low_since.reset();
  message.facts.ended = Ended{kStart + 9h, EndReason::kRecovered};
  message.facts.available_credit = Money::FromUnits(2'000'000);
  message.facts.terms.cash_balance = Money::Parse("2265432.110001").value();
  return message;
}

// The least there is, below zero.
PlannedMessage Sparse(MessageKind kind = MessageKind::kAlert) {
  PlannedMessage message;
  message.notice.kind = kind;
  message.facts = LowFacts(kStart, kStart + 2min);
  message.facts.level = "critical";
  message.facts.available_credit = Money::Parse("-0.005").value();
  message.facts.threshold = Money::FromUnits(20);
  message.facts.overdue = kStart + 1min;
  message.facts.changed.reset();
  message.low_since = kStart;
  message.alerted_at = kStart + 2min;
  message.overdue = true;
  return message;
}

Config WithEverything() {
  Config config;
  config.webhook.links = {
      .dashboard = "https://grafana.example.com/d/x?var-account={account_id}&var-level={level}",
      .accounts = "https://lowbalance.example.com/accounts/{provider}/{account_id}",
      .messages = "https://lowbalance.example.com/messages?account_id={account_id}"};
  config.webhook.billed_before_tax = {{"demo", ""}};
  return config;
}

// To accept a new wording, run with LOWBALANCE_UPDATE_GOLDEN=1 and read the difference.
void ExpectGolden(const std::string& name, const std::string& text) {
  const std::string file = LOWBALANCE_SOURCE_DIR "/tests/webhook/testdata/" + name;
  if (std::getenv("LOWBALANCE_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(file, std::ios::binary) << text;
  }
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream want;
  want << stream.rdbuf();
  EXPECT_EQ(text, want.str()) << name;
}

TEST(WordMessageTest, SaysItAll) {
  const struct {
    const char* name;
    PlannedMessage message;
  } cases[] = {{"alert", Complete()},
               {"reminder", Complete({MessageKind::kReminder, 3})},
               {"alert-overdue", Sparse()},
               {"overdue", Sparse(MessageKind::kOverdue)},
               {"recovery", Recovery()}};
  const Config config = WithEverything();
  const struct {
    const char* language;
    const char* zone;
  } readers[] = {{"en", "America/New_York"}, {"zh", "Asia/Shanghai"}};
  for (const auto& c : cases) {
    for (const auto& r : readers) {
      const WordedMessage worded = WordMessage(c.message, config, ReaderFor(r.language, r.zone));
      const std::string name = std::string(c.name) + "." + r.language;
      ExpectGolden(name + ".txt", "Subject: " + worded.subject + "\n\n" + worded.text +
                                      "\n=== internal ===\n" + worded.internal);
      if (c.name == std::string_view("alert")) {
        ExpectGolden(name + ".html", worded.html);
      }
    }
  }
}

TEST(WordMessageTest, TheInternalMessageHasAFormOfItsOwn) {
  const WordedMessage worded = WordMessage(Complete(), WithEverything(), ReaderFor("en"));
  EXPECT_THAT(worded.internal, HasSubstr("\nAvailable credit: 1,234,567.89 USD\n"));
  EXPECT_THAT(worded.internal, HasSubstr("\nUp to 5 daily reminders follow"));
  EXPECT_THAT(worded.internal, HasSubstr("https://lowbalance.example.com/accounts/demo/17"));
  EXPECT_THAT(worded.internal, Not(HasSubstr("reply")));
  EXPECT_THAT(worded.internal, Not(HasSubstr("-- ")));
}

TEST(WordMessageTest, SaysWhatHappensNext) {
  const Notice alert{};
  const auto reminder = [](int n) { return Notice{MessageKind::kReminder, n}; };
  const struct {
    const char* name;
    Notice notice;
    bool overdue;
    Cadence cadence;
    const char* want;
  } cases[] = {
      {"the alert",
       alert,
       false,
       {},
       "Up to 5 daily reminders follow while the available credit stays below the threshold.\n"
       "  They stop if the account becomes overdue"},
      {"the alert of an overdue account",
       alert,
       true,
       {},
       "No reminders follow, because the available credit has been below zero."},
      {"overdue, but reminders go on",
       alert,
       true,
       {.stop_when_overdue = false},
       "Up to 5 daily reminders follow while the available credit stays below the threshold.\n"
       "  To end this"},
      {"no reminders at all", alert, false, {.at_most = 0}, "No reminders follow.\n"},
      {"a single reminder",
       alert,
       false,
       {.at_most = 1},
       "One reminder follows in a day if the available credit is still below the threshold then.\n"
       "  It is not sent if the account becomes overdue"},
      {"a single reminder, by the hour",
       alert,
       false,
       {.every = 1h, .at_most = 1},
       "One reminder follows in 1 hour if the available credit is still below"},
      {"reminders by the second",
       alert,
       false,
       {.every = 36s},
       "Up to 5 reminders, one every 36 seconds, follow while"},
      {"the second of five", reminder(2), false, {}, "Up to 3 more daily reminders follow while"},
      {"the second of five, by the hour",
       reminder(2),
       false,
       {.every = 90min},
       "Up to 3 more reminders, one every 90 minutes, follow while"},
      {"the fourth of five", reminder(4), false, {}, "One more reminder follows in a day if"},
      {"the fourth of five, every two days",
       reminder(4),
       false,
       {.every = 48h},
       "One more reminder follows in 2 days if"},
      {"the last", reminder(5), false, {}, "This was the last reminder."},
      {"without end",
       alert,
       false,
       {.at_most = Cadence::kUnlimited, .stop_when_overdue = false},
       "Daily reminders follow for as long as the available credit stays below the threshold.\n"
       "  To end this"},
      {"without end, by the hour",
       reminder(7),
       false,
       {.every = 1h, .at_most = Cadence::kUnlimited},
       "Reminders, one every hour, follow for as long as"},
      {"the overdue notice",
       {MessageKind::kOverdue},
       true,
       {},
       "No reminders follow, because the available credit has been below zero."},
      {"the overdue notice after the last reminder",
       {MessageKind::kOverdue},
       true,
       {.at_most = 0},
       "No reminders follow.\n"},
      {"the recovery",
       {MessageKind::kRecovery},
       false,
       {},
       "  No more messages follow. If the available credit falls below the threshold again, a new "
       "alert is sent.\n\n-- "},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    PlannedMessage message = Complete(c.notice);
    message.overdue = c.overdue;
    for (const char* const language : {"en", "zh"}) {
      const WordedMessage worded = WordMessage(message, SomeConfig(c.cadence), ReaderFor(language));
      EXPECT_THAT(worded.text, Not(HasSubstr("{")));
      EXPECT_THAT(worded.html, Not(HasSubstr("2147483647")));
      if (std::string_view(language) == "en") {
        EXPECT_THAT(worded.text, HasSubstr(c.want));
      }
    }
  }
}

TEST(WordMessageTest, ARecoveryAtOneLevelPromisesNothingOfAnother) {
  PlannedMessage message = Complete({MessageKind::kRecovery});
  message.another_level_low = true;
  const std::string text = WordMessage(message, SomeConfig({}), ReaderFor("en")).text;
  EXPECT_THAT(text, HasSubstr("still below the threshold of another alert level, whose messages"));
  EXPECT_THAT(text, Not(HasSubstr("No more messages")));
}

TEST(WordMessageTest, AnOverdueNoticeIsNoReminder) {
  PlannedMessage message = Complete({MessageKind::kOverdue});
  message.last_reminder = 5;
  for (const bool stops : {true, false}) {
    message.overdue = stops;
    const std::string text =
        WordMessage(message, SomeConfig({.stop_when_overdue = stops}), ReaderFor("en")).text;
    EXPECT_THAT(text, Not(HasSubstr("last reminder")));
    EXPECT_THAT(text, HasSubstr("No reminders follow"));
  }
}

TEST(WordMessageTest, AFormulaIsReadAsOne) {
  PlannedMessage message = Complete();
  EXPECT_THAT(WordMessage(message, kConfig, ReaderFor("en")).text,
              HasSubstr("\n  Cash balance: 1,500,000.00 USD\n"
                        "  + Credit limit: 0.00 USD\n"
                        "  + Credit refunds: 0.50 USD\n"
                        "  − Unsettled, current month: 265,432.61 USD\n"
                        "  − Unsettled, previous months: 0.000001 USD\n"
                        "  + Other amounts of the provider: 0.000001 USD\n"
                        "  = Available credit: 1,234,567.89 USD\n"));
  message.facts.terms.unsettled_previous_months = Money();
  EXPECT_THAT(WordMessage(message, kConfig, ReaderFor("en")).text, Not(HasSubstr("Other amounts")));
  // With a term unknown it is only a list of what is known.
  message.facts.terms.credit_limit.reset();
  const std::string text = WordMessage(message, kConfig, ReaderFor("en")).text;
  EXPECT_THAT(text, HasSubstr("\n  + Cash balance: 1,500,000.00 USD\n  + Credit refunds"));
  EXPECT_THAT(text, Not(HasSubstr("= Available credit")));
}

TEST(WordMessageTest, SaysThatTaxIsToCome) {
  EXPECT_THAT(WordMessage(Complete(), kConfig, ReaderFor("en")).text, Not(HasSubstr("Tax")));
  const Config config = WithEverything();
  EXPECT_THAT(WordMessage(Complete(), config, ReaderFor("en")).text,
              HasSubstr("\nTax is not in it yet\n  The unsettled amount of the current month is "
                        "before tax."));
  EXPECT_THAT(WordMessage(Complete(), config, ReaderFor("zh")).html, HasSubstr("税前金额"));
  EXPECT_THAT(WordMessage(Recovery(), config, ReaderFor("en")).text, Not(HasSubstr("Tax")));
}

TEST(WordMessageTest, LinksAreOnlyLinks) {
  PlannedMessage message = Complete();
  message.facts.account.account_id = "a\"><script>alert('x')</script>&b";
  const WordedMessage worded = WordMessage(message, WithEverything(), ReaderFor("en"));
  EXPECT_THAT(worded.html, HasSubstr("href=\"https://lowbalance.example.com/accounts/demo/"
                                     "a%22%3E%3Cscript%3Ealert%28%27x%27%29%3C%2Fscript%3E%26b\""));
  EXPECT_THAT(worded.html, HasSubstr("&amp;var-level=warning\""));
  EXPECT_THAT(worded.html, Not(HasSubstr("<script")));
  EXPECT_THAT(WordMessage(message, kConfig, ReaderFor("en")).html, Not(HasSubstr("<a ")));
}

TEST(WordMessageTest, WritesTimesInTheContactsZoneAndLanguage) {
  EXPECT_THAT(WordMessage(Complete(), kConfig, ReaderFor("en", "America/New_York")).text,
              HasSubstr("Data as of: 23 Nov 2025, 02:14 (UTC-05:00)\n"));
  EXPECT_THAT(WordMessage(Complete(), kConfig, ReaderFor("zh", "Asia/Shanghai")).text,
              HasSubstr("数据时间：2025年11月23日 15:14（UTC+08:00）\n"));
  const Reader reader = ReaderOf(kConfig, {.language = "en", .time_zone = "Mars/Olympus"});
  const WordedMessage worded = WordMessage(Complete(), kConfig, reader);
  EXPECT_THAT(worded.text, HasSubstr("Data as of: 23 Nov 2025, 07:14 (UTC)\n"));
  for (const std::string& text : {worded.text, worded.html, worded.internal}) {
    EXPECT_THAT(text, HasSubstr("Times are in UTC, because the time zone Mars/Olympus is not"));
  }
}

TEST(WordMessageTest, ALanguageThatIsNotKnownReadsAsEnglish) {
  EXPECT_EQ(WordMessage(Complete(), kConfig, ReaderFor("fr")).text,
            WordMessage(Complete(), kConfig, ReaderFor("en")).text);
}

TEST(WordMessageTest, AnyNameIsJustAName) {
  for (const std::string& name :
       {std::string("<script>alert(1)</script>"), std::string("{credit} {account}"),
        std::string("a\r\nb"), std::string("\u202eevil"), std::string(300, 'x'),
        std::string("\"><img src=x>"), std::string("😀"), std::string("שלום")}) {
    SCOPED_TRACE(name);
    PlannedMessage message = Complete();
    message.facts.account_name = name;
    const WordedMessage worded = WordMessage(message, kConfig, ReaderFor("en"));
    EXPECT_EQ(worded.subject.find_first_of("\r\n"), std::string::npos);
    EXPECT_LE(worded.subject.size(), 220U);
    EXPECT_THAT(worded.html, Not(HasSubstr("<script")));
    EXPECT_THAT(worded.html, Not(HasSubstr("<img")));
    EXPECT_THAT(worded.text, Not(HasSubstr("\u202e")));
    EXPECT_THAT(worded.subject, HasSubstr("1,234,567.89 USD"));
  }
  PlannedMessage message = Complete();
  message.facts.account_name = "{credit}";
  EXPECT_EQ(WordMessage(message, kConfig, ReaderFor("en")).subject,
            "Low balance: {credit} (17) has 1,234,567.89 USD, below 2,000,000.00 USD");
  // A name from right to left does not turn the sentence around.
  message.facts.account_name = "שלום";
  const WordedMessage worded = WordMessage(message, kConfig, ReaderFor("en"));
  EXPECT_THAT(worded.text, HasSubstr("The available credit of \u2068שלום\u2069 (17) is below"));
  EXPECT_THAT(worded.html, HasSubstr("<bdi>שלום</bdi>"));
}

TEST(WordMessageTest, HowLongTheCreditLasts) {
  const struct {
    Millis runway;
    const char* want;
  } cases[] = {{0s, "less than two hours"}, {119min, "less than two hours"},
               {2h, "about 2 hours"},       {47h + 59min, "about 47 hours"},
               {48h, "about 2 days"},       {24h * 400, "about 400 days"}};
  for (const auto& c : cases) {
    PlannedMessage message = Complete();
    message.facts.runway = c.runway;
    EXPECT_THAT(WordMessage(message, kConfig, ReaderFor("en")).text,
                HasSubstr(std::string("Lasts, at this rate: ") + c.want + "\n"));
  }
}

TEST(WordWatchdogTest, SaysWhatIsWrongAndWhatToDo) {
  const WordedMessage heard = WordWatchdog(kStart, 12min + 3s, ReaderFor("en"));
  EXPECT_EQ(heard.subject, "Low Balance Alerts: nothing heard from Alertmanager for 12 minutes");
  EXPECT_THAT(heard.text, HasSubstr("\n  Last heard: 23 Nov 2025, 07:12 (UTC)\n"));
  EXPECT_THAT(heard.internal, HasSubstr("nobody is told when a balance runs low"));
  EXPECT_THAT(heard.html, HasSubstr("LowbalanceWatchdog"));
  const WordedMessage never = WordWatchdog(std::nullopt, 5s, ReaderFor("zh"));
  EXPECT_THAT(never.text, HasSubstr("已有 5 秒没有收到"));
  EXPECT_THAT(never.text, Not(HasSubstr("最近一次收到")));
}

TEST(WordHeardAgainTest, SaysThatItIsOver) {
  const WordedMessage again = WordHeardAgain(3h + 12min, ReaderFor("en"));
  EXPECT_EQ(again.subject, "Low Balance Alerts: heard again after 192 minutes");
  EXPECT_THAT(again.internal, HasSubstr("go out now"));
  EXPECT_THAT(WordHeardAgain(12min, ReaderFor("zh")).subject, HasSubstr("12 分钟"));
}

TEST(WordTestTest, SaysThatNothingIsWrong) {
  const WordedMessage test = WordTest("finance", ReaderFor("en"));
  EXPECT_EQ(test.subject, "Test message of Low Balance Alerts");
  EXPECT_THAT(test.text, HasSubstr("This is a test message to the contact finance."));
  EXPECT_THAT(test.internal, HasSubstr("nothing needs to be done"));
  EXPECT_THAT(WordTest("<b>", ReaderFor("zh")).html, HasSubstr("&lt;b&gt;"));
}

}  // namespace
}  // namespace lowbalance
