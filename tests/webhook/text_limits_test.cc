#include "webhook/text_limits.h"

#include <gtest/gtest.h>

namespace lowbalance {
namespace {

TEST(OneLineTest, MakesTextFitToBeRead) {
  const struct {
    const char* name;
    std::string text;
    std::size_t max;
    const char* want;
  } cases[] = {
      {"nothing", "", 10, ""},
      {"as it is", "生产 ok", 20, "生产 ok"},
      {"line ends and tabs", "a\r\nb\tc\x7f", 20, "a  b c "},
      {"a zero byte", std::string("a\0b", 3), 20, "a b"},
      {"other line ends", "a\u0085b\u2028c\u2029d", 40, "a b c d"},
      {"marks that turn the direction", "a\u202eb\u2066c\u2069d", 40, "a b c d"},
      {"a name from right to left", "שלום", 40, "שלום"},
      {"other punctuation of that block", "a\u2014b\u2026\u20ac", 40, "a\u2014b\u2026\u20ac"},
      {"just as long as may be", "abcdefghij", 10, "abcdefghij"},
      {"longer", "abcdefghijk", 10, "abcdefg…"},
      {"cut between characters", "生产生产", 10, "生产…"},
      {"bytes that are not UTF-8", "a\xff\xfe b", 20, "a?? b"},
      {"half a character", "生\xe4\xba", 20, "?????"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(OneLine(c.text, c.max), c.want);
    EXPECT_LE(OneLine(c.text, c.max).size(), c.max);
  }
}

TEST(LabelsAsJsonTest, IsBounded) {
  EXPECT_EQ(LabelsAsJson({}), "{}");
  EXPECT_EQ(LabelsAsJson({{"a", "1\n\"2\""}, {"b", "\xff"}}), R"({"a":"1 \"2\"","b":"?"})");
  std::map<std::string, std::string, std::less<>> labels;
  for (int i = 0; i < 1000; ++i) labels[std::to_string(i)] = std::string(100'000, 'x');
  EXPECT_LT(LabelsAsJson(labels).size(), 64U * 300U);
}

}  // namespace
}  // namespace lowbalance
