#include "core/text.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace lowbalance {
namespace {

TEST(Utf8Test, KnowsWhatIsValid) {
  for (const char* good : {"", "abc", "账户 €", "🙂", "\x7f"})
    EXPECT_TRUE(IsValidUtf8(good)) << good;
  for (const char* bad : {"\xff", "\xc0\xaf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                          "a\x80", "\xe8\xb4"}) {
    EXPECT_FALSE(IsValidUtf8(bad)) << bad;
  }
}

TEST(QuotedTest, ShowsWhatWasSeenOnOneLine) {
  EXPECT_EQ(Quoted("plain"), "\"plain\"");
  EXPECT_EQ(Quoted("a\nb\x01\xff"), "\"a\\x0ab\\x01\\xff\"");
  EXPECT_EQ(Quoted("账户账户", 7), "\"账户…\"");
}

TEST(GoQuoteTest, RoundTripsAnything) {
  for (const std::string text : {"", "Acme \"Prime\"", "back\\slash", "line\nline\ttab\r",
                                 "账户 🙂", "\x01\x7f", "bad \xff utf-8", "a=b c"}) {
    std::string back;
    ASSERT_TRUE(GoUnquote(GoQuote(text), &back)) << GoQuote(text);
    EXPECT_EQ(back, text);
  }
}

TEST(GoQuoteTest, ReadsEveryEscapeGoWrites) {
  std::string text;
  ASSERT_TRUE(GoUnquote(R"("\a\b\f\n\r\t\v\\\"\x41\101\u00e9\U0001F642")", &text));
  EXPECT_EQ(text, "\a\b\f\n\r\t\v\\\"AAé🙂");
  for (const char* bad : {"", "\"", "abc", "\"a", "\"a\"b\"", "\"\\q\"", "\"\\x4\"", "\"\\400\"",
                          "\"\\ud800\"", "\"\\U00110000\"", "\"a\nb\"", "\"\\\""}) {
    EXPECT_FALSE(GoUnquote(bad, &text)) << bad;
  }
}

TEST(NearestWordTest, FindsATypoAndNothingFarOff) {
  const std::vector<std::string> keys = {"evaluation", "heartbeat", "facts_max_age"};
  EXPECT_EQ(NearestWord("heartbeet", keys), "heartbeat");
  EXPECT_EQ(NearestWord("evalution", keys), "evaluation");
  EXPECT_EQ(NearestWord("colour", keys), "");
}

}  // namespace
}  // namespace lowbalance
