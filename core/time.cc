#include "core/time.h"

#include <array>
#include <cctype>
#include <cstdio>
#include <limits>
#include <optional>

#include "core/text.h"

namespace lowbalance {
namespace {

constexpr std::int64_t kMaxMillis = 253'402'300'799'999;  // The end of the year 9999.

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Takes `count` digits off the front of `text`.
std::optional<int> TakeDigits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (!IsDigit(text[i])) return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool TakeChar(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

struct Unit {
  std::string_view name;
  std::int64_t ms;
};
constexpr std::array<Unit, 5> kUnits{
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};

std::string FormatTerms(std::int64_t ms, std::size_t first_unit, std::string_view zero) {
  if (ms == 0) return std::string(zero);
  std::string text = ms < 0 ? "-" : "";
  if (ms < 0) ms = -ms;
  for (std::size_t i = first_unit; i < kUnits.size(); ++i) {
    if (ms < kUnits[i].ms) continue;
    text += std::to_string(ms / kUnits[i].ms);
    text += kUnits[i].name;
    ms %= kUnits[i].ms;
  }
  return text;
}

}  // namespace

std::string FormatSeconds(Time t) {
  const std::int64_t ms = ToMillis(t);
  const std::int64_t magnitude = ms < 0 ? -ms : ms;
  std::array<char, 40> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%s%lld.%03lld", ms < 0 ? "-" : "",
                static_cast<long long>(magnitude / 1000), static_cast<long long>(magnitude % 1000));
  return buffer.data();
}

Result<Time> ParseSeconds(std::string_view text) {
  const std::string_view all = text;
  const auto bad = [&] { return Reject("not an instant in seconds since 1970: " + Quoted(all)); };
  if (text.empty() || !IsDigit(text.front())) return bad();
  std::int64_t seconds = 0;
  while (!text.empty() && IsDigit(text.front())) {
    seconds = seconds * 10 + (text.front() - '0');
    if (seconds > kMaxMillis) return bad();
    text.remove_prefix(1);
  }
  std::int64_t ms = 0;
  if (TakeChar(text, '.')) {
    if (text.empty()) return bad();
    int place = 0;
    for (; !text.empty() && IsDigit(text.front()); text.remove_prefix(1), ++place) {
      if (place < 3) {
        ms = ms * 10 + (text.front() - '0');
      } else if (text.front() != '0') {
        return bad();
      }
    }
    for (; place < 3; ++place) ms *= 10;
  }
  if (!text.empty() || seconds * 1000 + ms > kMaxMillis) return bad();
  return TimeFromMillis(seconds * 1000 + ms);
}

std::string FormatRfc3339(Time t) {
  const auto day = std::chrono::floor<std::chrono::days>(t);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{t - day};
  std::array<char, 64> buffer{};
  int n = std::snprintf(buffer.data(), buffer.size(), "%04d-%02u-%02uT%02d:%02d:%02d",
                        static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                        static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                        static_cast<int>(clock.minutes().count()),
                        static_cast<int>(clock.seconds().count()));
  std::string text(buffer.data(), static_cast<std::size_t>(n));
  const int ms = static_cast<int>(clock.subseconds().count());
  if (ms != 0) {
    n = std::snprintf(buffer.data(), buffer.size(), ".%03d", ms);
    text.append(buffer.data(), static_cast<std::size_t>(n));
  }
  return text + "Z";
}

Result<Time> ParseRfc3339(std::string_view text) {
  const std::string_view all = text;
  const auto bad = [&](std::string_view why) {
    return Reject("not a time like 2026-11-23T07:12:00Z (" + std::string(why) +
                  "): " + Quoted(all));
  };
  const auto year = TakeDigits(text, 4);
  if (!year || !TakeChar(text, '-')) return bad("the date");
  const auto month = TakeDigits(text, 2);
  if (!month || !TakeChar(text, '-')) return bad("the month");
  const auto day = TakeDigits(text, 2);
  if (!day || text.empty() || (text[0] != 'T' && text[0] != 't' && text[0] != ' ')) {
    return bad("the day");
  }
  text.remove_prefix(1);
  const auto hour = TakeDigits(text, 2);
  if (!hour || !TakeChar(text, ':')) return bad("the hour");
  const auto minute = TakeDigits(text, 2);
  if (!minute || !TakeChar(text, ':')) return bad("the minute");
  const auto second = TakeDigits(text, 2);
  if (!second) return bad("the second");
  int ms = 0;
  if (TakeChar(text, '.')) {
    if (text.empty() || !IsDigit(text.front())) return bad("the fraction");
    int scale = 100;
    for (; !text.empty() && IsDigit(text.front()); text.remove_prefix(1), scale /= 10) {
      ms += scale * (text.front() - '0');
    }
  }
  const std::chrono::year_month_day date{std::chrono::year{*year},
                                         std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return bad("no such day");
  if (*hour > 23 || *minute > 59 || *second > 60) return bad("no such time of day");
  std::chrono::minutes offset{0};
  if (text == "Z" || text == "z") {
    text = {};
  } else {
    if (text.empty()) return bad("without Z or an offset from UTC");
    const bool west = text.front() == '-';
    if (!west && text.front() != '+') return bad("the offset from UTC");
    text.remove_prefix(1);
    const auto hours = TakeDigits(text, 2);
    if (!hours || !TakeChar(text, ':')) return bad("the offset from UTC");
    const auto minutes = TakeDigits(text, 2);
    if (!minutes || *hours > 23 || *minutes > 59) return bad("the offset from UTC");
    offset = std::chrono::hours{*hours} + std::chrono::minutes{*minutes};
    if (west) offset = -offset;
  }
  if (!text.empty()) return bad("more text after it");
  return Time{std::chrono::sys_days{date}.time_since_epoch() + std::chrono::hours{*hour} +
              std::chrono::minutes{*minute} + std::chrono::seconds{*second} + Millis{ms} - offset};
}

Result<Millis> ParseDuration(std::string_view text) {
  const std::string_view all = text;
  const auto bad = [&] { return Reject("not a duration like 15m, 1d2h or 250ms: " + Quoted(all)); };
  if (text.empty()) return bad();
  std::int64_t total = 0;
  std::size_t next_unit = 0;
  while (!text.empty()) {
    if (!IsDigit(text.front())) return bad();
    std::int64_t value = 0;
    while (!text.empty() && IsDigit(text.front())) {
      value = value * 10 + (text.front() - '0');
      if (value > kMaxMillis) return bad();
      text.remove_prefix(1);
    }
    std::size_t letters = 0;
    while (letters < text.size() && std::isalpha(static_cast<unsigned char>(text[letters])) != 0) {
      ++letters;
    }
    const std::string_view name = text.substr(0, letters);
    text.remove_prefix(letters);
    std::size_t unit = next_unit;
    while (unit < kUnits.size() && kUnits[unit].name != name) ++unit;
    if (unit == kUnits.size() || value > kMaxMillis / kUnits[unit].ms) return bad();
    total += value * kUnits[unit].ms;
    if (total > kMaxMillis) return bad();
    next_unit = unit + 1;
  }
  return Millis{total};
}

std::string FormatDuration(Millis d) {
  const bool whole_days = d.count() % kUnits[0].ms == 0;
  return FormatTerms(d.count(), whole_days ? 0 : 1, "0s");
}

std::string FormatOffset(Millis d) { return FormatTerms(d.count(), 1, "0h"); }

}  // namespace lowbalance
