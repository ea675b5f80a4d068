#include "webhook/time_zone.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "core/text.h"

namespace lowbalance {
namespace {

using std::chrono::seconds;

// Takes big-endian numbers off the front of a file.
class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : bytes_(bytes) {}

  // False once something was missing; what was taken since then is 0.
  [[nodiscard]] bool ok() const { return ok_; }

  std::string_view Take(std::size_t count) {
    if (count > bytes_.size()) {
      ok_ = false;
      bytes_ = {};
      return {};
    }
    const std::string_view taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return taken;
  }
  std::int64_t Int(std::size_t count) {
    std::uint64_t value = 0;
    const std::string_view taken = Take(count);
    if (taken.empty()) return 0;
    // The sign is that of the first byte.
    if (static_cast<unsigned char>(taken.front()) >= 0x80) value = ~std::uint64_t{0};
    for (const char c : taken) value = value << 8U | static_cast<unsigned char>(c);
    return static_cast<std::int64_t>(value);
  }
  std::string_view Line() {
    const auto end = bytes_.find('\n');
    if (end == std::string_view::npos) {
      ok_ = false;
      return {};
    }
    const std::string_view line = Take(end);
    Take(1);
    return line;
  }

 private:
  std::string_view bytes_;
  bool ok_ = true;
};

struct Header {
  char version = '\0';
  std::size_t utc_flags = 0, standard_flags = 0, leaps = 0, transitions = 0, types = 0, chars = 0;
};

std::optional<Header> ReadHeader(Bytes& bytes) {
  if (bytes.Take(4) != "TZif") return std::nullopt;
  Header header;
  const std::string_view version = bytes.Take(1);
  header.version = version.empty() ? '\0' : version.front();
  bytes.Take(15);
  for (std::size_t* const count : {&header.utc_flags, &header.standard_flags, &header.leaps,
                                   &header.transitions, &header.types, &header.chars}) {
    const std::int64_t value = bytes.Int(4);
    if (value < 0) return std::nullopt;
    *count = static_cast<std::size_t>(value);
  }
  if (!bytes.ok()) return std::nullopt;
  return header;
}

// The POSIX TZ text, e.g. "EST5EDT,M3.2.0,M11.1.0" or "<+08>-8".
class RuleReader {
 public:
  explicit RuleReader(std::string_view text) : text_(text) {}

  std::optional<TimeZone::Rule> Read() {
    TimeZone::Rule rule;
    if (!Name() || !Offset(&rule.standard)) return std::nullopt;
    rule.standard = -rule.standard;  // POSIX counts west of Greenwich.
    if (text_.empty()) return rule;
    if (!Name()) return std::nullopt;
    rule.daylight = rule.standard + seconds{3600};
    if (!text_.empty() && text_.front() != ',') {
      if (!Offset(&rule.daylight)) return std::nullopt;
      rule.daylight = -rule.daylight;
    }
    std::array<TimeZone::Rule::Change, 2> changes;
    for (auto& change : changes) {
      if (!Skip(',') || !Day(&change)) return std::nullopt;
      if (Skip('/') && !Offset(&change.time)) return std::nullopt;
    }
    rule.changes = changes;
    return text_.empty() ? std::optional(rule) : std::nullopt;
  }

 private:
  bool Skip(char c) {
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  bool Name() {
    const bool quoted = Skip('<');
    std::size_t length = 0;
    while (length < text_.size() &&
           (quoted ? text_[length] != '>'
                   : (text_[length] | 0x20) >= 'a' && (text_[length] | 0x20) <= 'z')) {
      ++length;
    }
    text_.remove_prefix(length);
    return length >= 3 && (!quoted || Skip('>'));
  }
  bool Number(int* value) {
    std::size_t length = 0;
    *value = 0;
    while (length < text_.size() && length < 4 && text_[length] >= '0' && text_[length] <= '9') {
      *value = *value * 10 + (text_[length++] - '0');
    }
    text_.remove_prefix(length);
    return length > 0;
  }
  // [+-]h[h][h][:mm[:ss]]
  bool Offset(seconds* value) {
    const bool negative = Skip('-');
    if (!negative) Skip('+');
    std::array<int, 3> parts{};
    if (!Number(&parts[0])) return false;
    for (std::size_t i = 1; i < parts.size() && Skip(':'); ++i) {
      if (!Number(&parts.at(i))) return false;
    }
    *value = seconds{parts[0] * 3600 + parts[1] * 60 + parts[2]};
    if (negative) *value = -*value;
    return true;
  }
  bool Day(TimeZone::Rule::Change* change) {
    using Form = TimeZone::Rule::Change::Form;
    if (Skip('M')) {
      change->form = Form::kMonthWeekDay;
      return Number(&change->month) && Skip('.') && Number(&change->week) && Skip('.') &&
             Number(&change->day) && change->month >= 1 && change->month <= 12 &&
             change->week >= 1 && change->week <= 5 && change->day <= 6;
    }
    change->form = Skip('J') ? Form::kJulian : Form::kZeroBased;
    return Number(&change->day) && change->day <= 366;
  }

  std::string_view text_;
};

// When a change of the rule falls in a year, in local time before the change.
std::chrono::local_seconds LocalChange(const TimeZone::Rule::Change& change,
                                       std::chrono::year year) {
  using Form = TimeZone::Rule::Change::Form;
  const std::chrono::local_days january(year / std::chrono::January / 1);
  std::chrono::local_days day = january;
  if (change.form == Form::kMonthWeekDay) {
    const std::chrono::month month(static_cast<unsigned>(change.month));
    const std::chrono::weekday weekday(static_cast<unsigned>(change.day));
    day = change.week == 5
              ? std::chrono::local_days(year / month / weekday[std::chrono::last])
              : std::chrono::local_days(year / month / weekday[static_cast<unsigned>(change.week)]);
  } else if (change.form == Form::kZeroBased) {
    day += std::chrono::days{change.day};
  } else {
    // Julian days leave out February 29.
    day += std::chrono::days{change.day - 1 + (year.is_leap() && change.day >= 60 ? 1 : 0)};
  }
  return day + change.time;
}

seconds OffsetByRule(const TimeZone::Rule& rule, std::int64_t at) {
  if (!rule.changes) return rule.standard;
  const std::chrono::sys_seconds instant{seconds{at}};
  const std::chrono::year_month_day date(
      std::chrono::floor<std::chrono::days>(instant + rule.standard));
  const auto instant_of = [&](const TimeZone::Rule::Change& change, seconds before) {
    return std::chrono::sys_seconds{LocalChange(change, date.year()).time_since_epoch() - before};
  };
  const auto begins = instant_of((*rule.changes)[0], rule.standard);
  const auto ends = instant_of((*rule.changes)[1], rule.daylight);
  // South of the equator daylight time spans the turn of the year.
  const bool daylight =
      begins < ends ? instant >= begins && instant < ends : instant >= begins || instant < ends;
  return daylight ? rule.daylight : rule.standard;
}

bool IsSafeName(std::string_view name) {
  if (name.empty() || name.size() > 64 || name.front() == '/' ||
      name.find("..") != std::string_view::npos) {
    return false;
  }
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' ||
           c == '_' || c == '-' || c == '+';
  });
}

}  // namespace

Result<TimeZone> TimeZone::Load(const std::string& name, const std::filesystem::path& folder) {
  if (name == "UTC") return TimeZone();
  if (!IsSafeName(name)) return Reject("not the name of a time zone: " + Quoted(name));
  const std::filesystem::path file = folder / name;
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) {
    return Reject("there is no time zone " + Quoted(name) + " in " + folder.string());
  }
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream bytes;
  bytes << stream.rdbuf();
  if (!stream) return Reject("cannot read the time zone file " + file.string());
  return Parse(name, bytes.str());
}

Result<TimeZone> TimeZone::Parse(std::string name, std::string_view file) {
  const auto broken = [&name] {
    return Reject("the file of the time zone " + Quoted(name) + " is broken");
  };
  Bytes bytes(file);
  auto header = ReadHeader(bytes);
  if (!header) return broken();
  // A version 1 block with 32-bit instants comes first, and is all there is in a version 1 file.
  std::size_t width = 4;
  if (header->version != '\0') {
    bytes.Take(header->transitions * 5 + header->types * 6 + header->chars + header->leaps * 8 +
               header->standard_flags + header->utc_flags);
    header = ReadHeader(bytes);
    if (!header) return broken();
    width = 8;
  }
  if (header->types == 0 || header->types > 256 || header->transitions > file.size()) {
    return broken();
  }
  TimeZone zone;
  zone.name_ = std::move(name);
  zone.transitions_.resize(header->transitions);
  for (Transition& transition : zone.transitions_) transition.at = bytes.Int(width);
  const std::string_view type_of = bytes.Take(header->transitions);
  std::vector<seconds> offsets;
  for (std::size_t i = 0; i < header->types; ++i) {
    offsets.emplace_back(bytes.Int(4));
    bytes.Take(2);
  }
  bytes.Take(header->chars + header->leaps * (width + 4) + header->standard_flags +
             header->utc_flags);
  if (!bytes.ok()) return broken();
  for (std::size_t i = 0; i < type_of.size(); ++i) {
    const auto type = static_cast<unsigned char>(type_of[i]);
    if (type >= offsets.size()) return broken();
    zone.transitions_[i].offset = offsets[type];
    if (i > 0 && zone.transitions_[i].at <= zone.transitions_[i - 1].at) return broken();
  }
  zone.first_offset_ = offsets.front();
  if (width == 8) {
    bytes.Line();
    const std::string_view text = bytes.Line();
    if (!bytes.ok()) return broken();
    if (!text.empty()) {
      zone.rule_ = RuleReader(text).Read();
      if (!zone.rule_) return broken();
    }
  }
  return zone;
}

seconds TimeZone::OffsetAt(Time at) const {
  const std::int64_t instant = std::chrono::floor<seconds>(at).time_since_epoch().count();
  const auto next = std::upper_bound(
      transitions_.begin(), transitions_.end(), instant,
      [](std::int64_t value, const Transition& transition) { return value < transition.at; });
  if (next == transitions_.end() && rule_) return OffsetByRule(*rule_, instant);
  return next == transitions_.begin() ? first_offset_ : std::prev(next)->offset;
}

std::string TimeZone::OffsetText(Time at) const {
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(OffsetAt(at)).count();
  if (minutes == 0) return "UTC";
  std::array<char, 16> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "UTC%c%02d:%02d", minutes < 0 ? '-' : '+',
                static_cast<int>(std::abs(minutes) / 60), static_cast<int>(std::abs(minutes) % 60));
  return buffer.data();
}

}  // namespace lowbalance
