#include "cli/history.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace lowbalance {
namespace {

constexpr Time kMonday = TimeFromMillis(1'795'435'200'000);  // 2026-11-23T12:00:00Z.

TEST(HistoryTest, ReadsTimesAndAmountsInTheirForms) {
  const auto history = ParseHistoryCsv(
      "\xef\xbb\xbf"
      "note,time,available_credit\r\n"
      "first,2026-11-23T12:00:00Z,\"1,234.50\"\r\n"
      "\r\n"
      "\"a, b\",1795435260,-0.000001\r\n"
      "gone,1795435320.5,\r\n"
      "\"said \"\"back\"\"\",2026-11-23T20:03:00+08:00,7\n",
      "h.csv");
  ASSERT_TRUE(history) << history.error().message;
  EXPECT_EQ(history->samples, (std::vector<HistorySample>{
                                  {kMonday, Money::Parse("1234.5").value()},
                                  {kMonday + std::chrono::minutes{1}, Money::FromMillionths(-1)},
                                  {kMonday + std::chrono::milliseconds{120'500}, std::nullopt},
                                  {kMonday + std::chrono::minutes{3}, Money::FromUnits(7)},
                              }));
}

TEST(HistoryTest, NamesEveryMistakeWithItsLine) {
  const std::string head = "time,available_credit\n";
  const struct {
    const char* name;
    std::string text;
    std::string want;
  } cases[] = {
      {"an empty file", "", "h.csv: no available credit in it"},
      {"a header alone", head, "h.csv: no available credit in it"},
      {"no amount known", head + "1795435200,\n", "h.csv: no available credit in it"},
      {"no header", "1795435200,90\n",
       "h.csv:1: the header has no column time (it begins like time,available_credit)"},
      {"a misspelt column", "time,available_crdit\n1795435200,90\n",
       "h.csv:1: the header has no column available_credit; is it \"available_crdit\"? (it begins "
       "like time,available_credit)"},
      {"a column twice", "time,available_credit,time\n",
       "h.csv:1: the column time stands there twice"},
      {"several mistakes", head + "yesterday,90\n1795435200,ninety\n1795435260\n",
       "h.csv:2: time: neither a time like 2026-11-23T07:12:00Z nor seconds since 1970: "
       "\"yesterday\"\n"
       "h.csv:3: available_credit: not an amount (expected digits): \"ninety\"\n"
       "h.csv:4: 1 cells where the header has 2"},
      {"a time without an offset", head + "2026-11-23T07:12:00,90\n",
       "h.csv:2: time: neither a time like 2026-11-23T07:12:00Z nor seconds since 1970: "
       "\"2026-11-23T07:12:00\""},
      {"backwards", head + "1795435200,90\n1795435200,80\n",
       "h.csv:3: time: not later than that of the line before, 2026-11-23T12:00:00Z: "
       "2026-11-23T12:00:00Z"},
      {"an open quote", head + "1795435200,\"90\n", "h.csv:2: a quote is opened and never closed"},
      {"milliseconds for seconds", head + "1000,1\n1795435200,90\n",
       "h.csv: longer than ten years: from 1970-01-01T00:16:40Z to 2026-11-23T12:00:00Z"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto history = ParseHistoryCsv(c.text, "h.csv");
    ASSERT_FALSE(history);
    EXPECT_EQ(history.error().message, c.want);
  }
}

TEST(HistoryTest, ListsTwentyMistakesAndCountsTheOthers) {
  std::string text = "time,available_credit\n";
  for (int i = 0; i < 25; ++i) text += "x,1\n";
  const auto history = ParseHistoryCsv(text, "h.csv");
  ASSERT_FALSE(history);
  const std::string& message = history.error().message;
  EXPECT_EQ(std::count(message.begin(), message.end(), '\n'), 20);
  EXPECT_TRUE(message.ends_with("\nand 5 more")) << message;
}

}  // namespace
}  // namespace lowbalance
