#include "webhook/message.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "tests/webhook/facts.h"

namespace lowbalance {
namespace {

using namespace std::chrono_literals;

Reader ReaderOf(const std::string& language, const std::string& zone) {
  return {.language = language, .time_zone = TimeZone::Load(zone).value()};
}

// Everything known.
PlannedMessage Complete(int number) {
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
  if (number > 0) message.notice = {MessageKind::kReminder, number};
  message.low_since = kStart;
  message.alerted_at = kStart + 2min;
  return message;
}

// The least there is, below zero.
PlannedMessage Sparse() {
  PlannedMessage message;
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

std::string AsGolden(const Wording& wording) {
  return "Subject: " + wording.subject + "\n\n" + wording.text;
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
  const Cadence daily;
  ExpectGolden("alert.en.txt",
               AsGolden(WordMessage(Complete(0), daily, ReaderOf("en", "America/New_York"))));
  ExpectGolden("alert.zh.txt",
               AsGolden(WordMessage(Complete(0), daily, ReaderOf("zh", "Asia/Shanghai"))));
  ExpectGolden("reminder.en.txt", AsGolden(WordMessage(Complete(3), daily, ReaderOf("en", "UTC"))));
  ExpectGolden("reminder.zh.txt",
               AsGolden(WordMessage(Complete(3), daily, ReaderOf("zh", "Asia/Shanghai"))));
  ExpectGolden("overdue.en.txt", AsGolden(WordMessage(Sparse(), daily, ReaderOf("en", "UTC"))));
  ExpectGolden("overdue.zh.txt",
               AsGolden(WordMessage(Sparse(), daily, ReaderOf("zh", "Asia/Shanghai"))));
  ExpectGolden("alert.en.html",
               WordMessage(Complete(0), daily, ReaderOf("en", "America/New_York")).html);
  ExpectGolden("alert.zh.html",
               WordMessage(Complete(0), daily, ReaderOf("zh", "Asia/Shanghai")).html);
}

TEST(WordMessageTest, SaysWhatHappensNext) {
  const struct {
    const char* name;
    int number;
    bool overdue;
    Cadence cadence;
    const char* want;
  } cases[] = {
      {"the alert",
       0,
       false,
       {},
       "Up to 5 daily reminders follow while the available credit stays below the threshold.\n"
       "  They stop if the account becomes overdue"},
      {"the alert of an overdue account",
       0,
       true,
       {},
       "No reminders follow, because the available credit has been below zero."},
      {"overdue, but reminders go on",
       0,
       true,
       {.stop_when_overdue = false},
       "Up to 5 daily reminders follow while the available credit stays below the threshold.\n"
       "  To end this"},
      {"no reminders at all", 0, false, {.at_most = 0}, "No reminders follow.\n"},
      {"a single reminder",
       0,
       false,
       {.at_most = 1},
       "One more reminder follows in a day if the available credit is still below"},
      {"reminders by the second",
       0,
       false,
       {.every = 36s},
       "Up to 5 reminders, one every 36s, follow while"},
      {"the second of five", 2, false, {}, "Up to 3 more daily reminders follow while"},
      {"the second of five, by the hour",
       2,
       false,
       {.every = 1h},
       "Up to 3 more reminders, one every 1h, follow while"},
      {"the fourth of five", 4, false, {}, "One more reminder follows in a day if"},
      {"the fourth of five, by the hour",
       4,
       false,
       {.every = 1h},
       "One more reminder follows in 1h if"},
      {"the last", 5, false, {}, "This was the last reminder."},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    PlannedMessage message = Complete(c.number);
    message.overdue = c.overdue;
    for (const char* const language : {"en", "zh"}) {
      const Wording wording = WordMessage(message, c.cadence, ReaderOf(language, "UTC"));
      EXPECT_EQ(wording.text.find('{'), std::string::npos) << wording.text;
      if (std::string_view(language) == "en") {
        EXPECT_NE(wording.text.find(c.want), std::string::npos) << wording.text;
      }
    }
  }
}

TEST(WordMessageTest, EndsTheLogOfAnUnknownZoneInUtc) {
  Reader reader = ReaderOf("en", "UTC");
  reader.unknown_time_zone = "Mars/Olympus";
  const Wording wording = WordMessage(Complete(0), {}, reader);
  EXPECT_NE(wording.text.find("2025-11-23 07:12 UTC\n"), std::string::npos);
  EXPECT_NE(wording.text.find("Times are in UTC, because the time zone Mars/Olympus is not known"),
            std::string::npos);
}

TEST(WordMessageTest, ALanguageThatIsNotKnownReadsAsEnglish) {
  EXPECT_EQ(WordMessage(Complete(0), {}, ReaderOf("fr", "UTC")).text,
            WordMessage(Complete(0), {}, ReaderOf("en", "UTC")).text);
}

TEST(WordMessageTest, AnyNameIsJustAName) {
  for (const std::string& name :
       {std::string("<script>alert(1)</script>"), std::string("{credit} {account}"),
        std::string("a\r\nb"), std::string("\u202eevil"), std::string(300, 'x'),
        std::string("\"><img src=x>"), std::string("😀"), std::string("שלום")}) {
    SCOPED_TRACE(name);
    PlannedMessage message = Complete(0);
    message.facts.account_name = name;
    const Wording wording = WordMessage(message, {}, ReaderOf("en", "UTC"));
    EXPECT_EQ(wording.subject.find_first_of("\r\n"), std::string::npos);
    EXPECT_LE(wording.subject.size(), 220U);
    EXPECT_EQ(wording.html.find("<script"), std::string::npos);
    EXPECT_EQ(wording.html.find("<img"), std::string::npos);
    EXPECT_EQ(wording.text.find("\u202e"), std::string::npos);
    EXPECT_NE(wording.subject.find("1,234,567.89 USD"), std::string::npos) << wording.subject;
  }
  PlannedMessage message = Complete(0);
  message.facts.account_name = "{credit}";
  EXPECT_EQ(WordMessage(message, {}, ReaderOf("en", "UTC")).subject,
            "Low balance: {credit} (17) has 1,234,567.89 USD, below 2,000,000.00 USD");
}

TEST(WordMessageTest, HowLongTheCreditLasts) {
  const struct {
    Millis runway;
    const char* want;
  } cases[] = {{0s, "less than two hours"}, {119min, "less than two hours"},
               {2h, "about 2 hours"},       {47h + 59min, "about 47 hours"},
               {48h, "about 2 days"},       {24h * 400, "about 400 days"}};
  for (const auto& c : cases) {
    PlannedMessage message = Complete(0);
    message.facts.runway = c.runway;
    const std::string text = WordMessage(message, {}, ReaderOf("en", "UTC")).text;
    EXPECT_NE(text.find(std::string("Lasts, at this rate: ") + c.want + "\n"), std::string::npos)
        << text;
  }
}

TEST(FormatAmountTest, IsReadAtAGlance) {
  const struct {
    const char* amount;
    const char* want;
  } cases[] = {
      {"0", "0.00 USD"},
      {"-0.01", "-0.01 USD"},
      {"0.005", "0.005 USD"},
      {"999", "999.00 USD"},
      {"1000", "1,000.00 USD"},
      {"-999", "-999.00 USD"},
      {"-1000", "-1,000.00 USD"},
      {"1234567.891", "1,234,567.891 USD"},
      {"-9223372036854.775808", "-9,223,372,036,854.775808 USD"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(FormatAmount(Money::Parse(c.amount).value(), "USD"), c.want);
  }
}

}  // namespace
}  // namespace lowbalance
