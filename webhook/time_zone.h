#pragma once
// Local times for people, from the system's zone files (TZif, RFC 8536).

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/time.h"

namespace lowbalance {

// A zone's offsets from UTC over time. A value; the default one is UTC.
class TimeZone {
 public:
  TimeZone() = default;

  // Reads an IANA name, "Asia/Shanghai", from `folder`. Refused: a name that could lead out of the
  // folder, a file that is not there or is no zone file.
  [[nodiscard]] static Result<TimeZone> Load(
      const std::string& name, const std::filesystem::path& folder = "/usr/share/zoneinfo");
  // The same from the bytes of a zone file.
  [[nodiscard]] static Result<TimeZone> Parse(std::string name, std::string_view bytes);

  [[nodiscard]] const std::string& name() const { return name_; }
  // East of Greenwich is positive.
  [[nodiscard]] std::chrono::seconds OffsetAt(Time at) const;
  // "UTC+08:00"; "UTC" where there is none.
  [[nodiscard]] std::string OffsetText(Time at) const;

  // A rule for the years after the file's last transition: the POSIX TZ text at its end.
  struct Rule {
    // A day of the year and a time of that day at which the offset changes.
    struct Change {
      enum class Form { kMonthWeekDay, kJulian, kZeroBased };
      Form form = Form::kMonthWeekDay;
      int month = 0, week = 0, day = 0;  // For the other forms only day.
      std::chrono::seconds time{7200};
    };
    std::chrono::seconds standard{};
    std::chrono::seconds daylight{};
    std::optional<std::array<Change, 2>> changes;  // To daylight time and back; none if constant.
  };

 private:
  struct Transition {
    std::int64_t at = 0;  // Seconds since 1970.
    std::chrono::seconds offset{};
  };

  std::string name_ = "UTC";
  std::chrono::seconds first_offset_{};  // Before the first transition.
  std::vector<Transition> transitions_;  // In ascending order.
  std::optional<Rule> rule_;
};

}  // namespace lowbalance
