#include "webhook/formats.h"

#include <gtest/gtest.h>

#include "tests/base/temp_folder.h"
#include "tests/webhook/facts.h"

namespace lowbalance {
namespace {

using namespace std::chrono_literals;

const Wording& English() { return BuiltInWordings().at("en"); }
const Wording& Chinese() { return BuiltInWordings().at("zh"); }

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
    EXPECT_EQ(FormatAmount(Money::Parse(c.amount).value(), "USD", English()), c.want);
  }
}

TEST(FormatAmountTest, IsWrittenAsTheLanguageDoes) {
  const TempFolder folder;
  folder.Write("en.yml",
               "format:\n  thousands_separator: \" \"\n  decimal_separator: \",\"\n"
               "  amount: \"{currency} {amount}\"\n"
               "  date_time: \"{day_2}.{month_2}.{year} {hour}:{minute} {zone}\"\n");
  Wordings wordings = BuiltInWordings();
  std::vector<Mistake> mistakes;
  ASSERT_EQ(LoadWordings(folder.path(), wordings, mistakes), "");
  ASSERT_TRUE(mistakes.empty()) << mistakes.front().ToString();
  EXPECT_EQ(FormatAmount(Money::Parse("-1234567.5").value(), "EUR", wordings.at("en")),
            "EUR -1 234 567,50");
  EXPECT_EQ(FormatInstant(kStart, {}, wordings.at("en")), "23.11.2025 07:12 UTC");
}

TEST(FormatInstantTest, IsLocalTime) {
  const TimeZone shanghai = TimeZone::Load("Asia/Shanghai").value();
  const TimeZone kathmandu = TimeZone::Load("Asia/Kathmandu").value();
  EXPECT_EQ(FormatInstant(kStart, {}, English()), "23 Nov 2025, 07:12 (UTC)");
  EXPECT_EQ(FormatInstant(kStart + 59s, {}, English()), "23 Nov 2025, 07:12 (UTC)");
  EXPECT_EQ(FormatInstant(kStart, kathmandu, English()), "23 Nov 2025, 12:57 (UTC+05:45)");
  EXPECT_EQ(FormatInstant(kStart + 17h, shanghai, Chinese()), "2025年11月24日 08:12（UTC+08:00）");
  // Midnight, the first of the month, and the turn of the year.
  EXPECT_EQ(FormatInstant(TimeFromMillis(1'767'225'600'000), {}, English()),
            "1 Jan 2026, 00:00 (UTC)");
  EXPECT_EQ(FormatInstant(TimeFromMillis(1'767'225'599'999), {}, English()),
            "31 Dec 2025, 23:59 (UTC)");
  EXPECT_EQ(FormatInstant(TimeFromMillis(1'772'323'200'000), {}, Chinese()),
            "2026年3月1日 00:00（UTC）");
}

TEST(FormatSpanTest, IsInTheLargestWholeUnit) {
  const struct {
    Millis span;
    const char* english;
    const char* chinese;
  } cases[] = {{1s, "1 second", "1 秒"},         {90s, "90 seconds", "90 秒"},
               {1min, "1 minute", "1 分钟"},     {90min, "90 minutes", "90 分钟"},
               {1h, "1 hour", "1 小时"},         {24h, "1 day", "1 天"},
               {36h, "36 hours", "36 小时"},     {48h, "2 days", "2 天"},
               {72h + 1h, "73 hours", "73 小时"}};
  for (const auto& c : cases) {
    EXPECT_EQ(FormatSpan(c.span, English()), c.english);
    EXPECT_EQ(FormatSpan(c.span, Chinese()), c.chinese);
  }
}

TEST(NameInSentenceTest, KeepsItsDirectionToItself) {
  EXPECT_EQ(NameInSentence("Acme 生产 😀", 100), "Acme 生产 😀");
  EXPECT_EQ(NameInSentence("שלום", 100), "\u2068שלום\u2069");
  EXPECT_EQ(NameInSentence("شركة 1", 100), "\u2068شركة 1\u2069");
  EXPECT_EQ(NameInSentence("a\nb\u202ec", 100), "a b c");
}

}  // namespace
}  // namespace lowbalance
