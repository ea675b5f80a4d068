#include "webhook/time_zone.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/base/temp_folder.h"

namespace lowbalance {
namespace {

Time At(std::string_view text) { return ParseRfc3339(text).value(); }

TEST(TimeZoneTest, TellsLocalTime) {
  const struct {
    const char* zone;
    const char* at;
    const char* want;
  } cases[] = {
      {"UTC", "2026-11-23T07:12:00Z", "2026-11-23 07:12 UTC"},
      {"Asia/Shanghai", "2026-11-23T07:12:59.999Z", "2026-11-23 15:12 UTC+08:00"},
      {"Asia/Shanghai", "2026-12-31T16:00:00Z", "2027-01-01 00:00 UTC+08:00"},
      {"Asia/Kolkata", "2026-11-23T07:12:00Z", "2026-11-23 12:42 UTC+05:30"},
      {"Asia/Kathmandu", "2026-11-23T07:12:00Z", "2026-11-23 12:57 UTC+05:45"},
      {"Europe/London", "2026-01-23T07:12:00Z", "2026-01-23 07:12 UTC"},
      {"Europe/London", "2026-07-23T07:12:00Z", "2026-07-23 08:12 UTC+01:00"},
      {"America/St_Johns", "2026-01-23T07:12:00Z", "2026-01-23 03:42 UTC-03:30"},
      // The minute before and the minute of a change, on either side of the file's table.
      {"America/New_York", "2026-03-08T06:59:00Z", "2026-03-08 01:59 UTC-05:00"},
      {"America/New_York", "2026-03-08T07:00:00Z", "2026-03-08 03:00 UTC-04:00"},
      {"America/New_York", "2026-11-01T05:59:00Z", "2026-11-01 01:59 UTC-04:00"},
      {"America/New_York", "2026-11-01T06:00:00Z", "2026-11-01 01:00 UTC-05:00"},
      {"America/New_York", "2060-03-14T06:59:00Z", "2060-03-14 01:59 UTC-05:00"},
      {"America/New_York", "2060-03-14T07:00:00Z", "2060-03-14 03:00 UTC-04:00"},
      {"America/New_York", "2060-11-07T06:00:00Z", "2060-11-07 01:00 UTC-05:00"},
      // South of the equator summer spans the turn of the year.
      {"Australia/Sydney", "2060-01-15T00:00:00Z", "2060-01-15 11:00 UTC+11:00"},
      {"Australia/Sydney", "2060-07-15T00:00:00Z", "2060-07-15 10:00 UTC+10:00"},
      // Ireland's winter time is the exception and its summer time the rule.
      {"Europe/Dublin", "2060-01-15T12:00:00Z", "2060-01-15 12:00 UTC"},
      {"Europe/Dublin", "2060-07-15T12:00:00Z", "2060-07-15 13:00 UTC+01:00"},
      {"America/Nuuk", "2060-07-15T12:00:00Z", "2060-07-15 11:00 UTC-01:00"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(std::string(c.zone) + " " + c.at);
    const auto zone = TimeZone::Load(c.zone);
    ASSERT_TRUE(zone) << zone.error().message;
    const std::string local = FormatRfc3339(
        std::chrono::floor<std::chrono::minutes>(At(c.at) + zone->OffsetAt(At(c.at))));
    EXPECT_EQ(local.substr(0, 10) + " " + local.substr(11, 5) + " " + zone->OffsetText(At(c.at)),
              c.want);
  }
}

TEST(TimeZoneTest, RefusesWhatIsNoZone) {
  for (const char* const name : {"", "../../../etc/passwd", "/etc/passwd", "Asia", "Asia/Nowhere",
                                 "zone.tab", "Asia/Shang hai", "tzdata.zi"}) {
    const auto zone = TimeZone::Load(name);
    EXPECT_FALSE(zone) << name;
  }
}

TEST(TimeZoneTest, RefusesEveryBrokenFile) {
  std::ifstream file("/usr/share/zoneinfo/America/New_York", std::ios::binary);
  const std::string whole((std::istreambuf_iterator<char>(file)), {});
  ASSERT_TRUE(TimeZone::Parse("x", whole));
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_FALSE(TimeZone::Parse("x", std::string_view(whole).substr(0, length))) << length;
  }
  // Whatever a byte is turned into, it is refused or read, and nothing worse.
  for (std::size_t i = 0; i < whole.size(); ++i) {
    for (const char byte : {'\x00', '\x7f', '\xff'}) {
      std::string broken = whole;
      broken[i] = byte;
      if (const auto zone = TimeZone::Parse("x", broken)) {
        (void)zone->OffsetAt(At("2026-11-23T07:12:00Z"));
        (void)zone->OffsetAt(At("2090-11-23T07:12:00Z"));
      }
    }
  }
}

TEST(TimeZoneTest, ReadsEveryZoneThereIs) {
  int read = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator("/usr/share/zoneinfo")) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), {});
    if (!bytes.starts_with("TZif")) continue;
    ++read;
    EXPECT_TRUE(TimeZone::Parse("x", bytes)) << entry.path();
  }
  EXPECT_GT(read, 100);
}

}  // namespace
}  // namespace lowbalance
