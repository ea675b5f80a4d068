#include "core/time.h"

#include <gtest/gtest.h>

namespace lowbalance {
namespace {

TEST(SecondsTest, ArePrintedAndReadExactly) {
  for (const std::int64_t ms : {0LL, 1LL, 999LL, 1'700'000'000'123LL, 253'402'300'799'999LL}) {
    const Time t = TimeFromMillis(ms);
    EXPECT_EQ(ParseSeconds(FormatSeconds(t)).value(), t) << FormatSeconds(t);
  }
  EXPECT_EQ(FormatSeconds(TimeFromMillis(1'700'000'000'005)), "1700000000.005");
  EXPECT_EQ(ParseSeconds("1700000000").value(), TimeFromMillis(1'700'000'000'000));
  EXPECT_EQ(ParseSeconds("1700000000.5000").value(), TimeFromMillis(1'700'000'000'500));
}

TEST(SecondsTest, RefuseWhatIsNoInstant) {
  for (const char* bad : {"", "-1", "NaN", "1.7e9", "12.", ".5", "1700000000.1234", "12 ", " 12",
                          "999999999999999", "1x"}) {
    EXPECT_FALSE(ParseSeconds(bad)) << bad;
  }
}

TEST(Rfc3339Test, ReadsOffsetsAndPrintsUtc) {
  const struct {
    const char* text;
    const char* utc;
  } cases[] = {
      {"2026-11-23T07:12:00Z", "2026-11-23T07:12:00Z"},
      {"2026-11-23T15:12:00.5+08:00", "2026-11-23T07:12:00.500Z"},
      {"2026-11-22 23:12:00-08:00", "2026-11-23T07:12:00Z"},
      {"2024-02-29T00:00:00.123456789Z", "2024-02-29T00:00:00.123Z"},
      {"0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.text);
    const auto t = ParseRfc3339(c.text);
    ASSERT_TRUE(t) << t.error().message;
    EXPECT_EQ(FormatRfc3339(*t), c.utc);
  }
}

TEST(Rfc3339Test, RefusesWithTheReason) {
  const struct {
    const char* text;
    const char* why;
  } cases[] = {
      {"2026-11-23T07:12:00", "without Z or an offset from UTC"},
      {"2026-02-30T07:12:00Z", "no such day"},
      {"2026-11-23T24:00:00Z", "no such time of day"},
      {"2026-11-23", "the day"},
      {"yesterday", "the date"},
      {"2026-11-23T07:12:00Z tomorrow", "the offset from UTC"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.text);
    const auto t = ParseRfc3339(c.text);
    ASSERT_FALSE(t);
    EXPECT_NE(t.error().message.find(c.why), std::string::npos) << t.error().message;
    EXPECT_NE(t.error().message.find(c.text), std::string::npos) << t.error().message;
  }
}

TEST(DurationTest, AreSumsOfUnitsInOrder) {
  const struct {
    const char* text;
    std::int64_t ms;
    const char* printed;
    const char* offset;
  } cases[] = {
      {"0h", 0, "0s", "0h"},
      {"26h", 93'600'000, "26h", "26h"},
      {"1d2h", 93'600'000, "26h", "26h"},
      {"5d", 432'000'000, "5d", "120h"},
      {"26h30m", 95'400'000, "26h30m", "26h30m"},
      {"250ms", 250, "250ms", "250ms"},
      {"1m", 60'000, "1m", "1m"},
      {"90s", 90'000, "1m30s", "1m30s"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.text);
    const auto d = ParseDuration(c.text);
    ASSERT_TRUE(d) << d.error().message;
    EXPECT_EQ(d->count(), c.ms);
    EXPECT_EQ(FormatDuration(*d), c.printed);
    EXPECT_EQ(FormatOffset(*d), c.offset);
  }
  for (const char* bad :
       {"", "h", "5", "-1h", "1.5h", "1h1h", "1m1h", "1w", "99999999999d", "1 h"}) {
    EXPECT_FALSE(ParseDuration(bad)) << bad;
  }
}

}  // namespace
}  // namespace lowbalance
