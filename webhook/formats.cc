#include "webhook/formats.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "webhook/text_limits.h"

namespace lowbalance {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

std::string Padded(unsigned number) { return (number < 10 ? "0" : "") + std::to_string(number); }

std::string_view Word(std::string_view words, unsigned index) {
  while (!words.empty()) {
    const auto end = std::min(words.find(' '), words.size());
    if (end > 0 && index-- == 0) return words.substr(0, end);
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return {};
}

std::string Counted(Phrase phrase, std::int64_t n, const Wording& wording) {
  return Fill(wording.Get(phrase, n), {{"n", std::to_string(n)}});
}

std::string InLargestUnit(Millis span, const Wording& wording, Phrase in_days, Phrase in_hours,
                          Phrase in_minutes, Phrase in_seconds) {
  const auto whole = [span](Millis unit) { return span >= unit && span % unit == Millis{}; };
  if (whole(days{1})) return Counted(in_days, span / days{1}, wording);
  if (whole(hours{1})) return Counted(in_hours, span / hours{1}, wording);
  if (whole(minutes{1})) return Counted(in_minutes, span / minutes{1}, wording);
  return Counted(in_seconds, span / seconds{1}, wording);
}

// Whether the text, which is UTF-8, has letters that are written from right to left: Hebrew,
// Arabic and their neighbours, U+0590 to U+08FF, and their presentation forms.
bool HasRightToLeft(std::string_view text) {
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const auto next = static_cast<unsigned char>(text[i + 1]);
    if (lead >= 0xd6 && lead <= 0xdf) return true;
    if (lead == 0xe0 && next >= 0xa0 && next <= 0xa3) return true;
    if (lead == 0xef && next >= 0xac && next <= 0xbb) return true;
  }
  return false;
}

}  // namespace

std::string FormatAmount(Money amount, std::string_view currency, const Wording& wording) {
  const std::string plain = amount.ToString(2);
  const std::size_t begin = plain.starts_with('-') ? 1 : 0;
  const std::size_t point = std::min(plain.find('.'), plain.size());
  std::string text = plain.substr(0, begin);
  for (std::size_t at = begin; at < point; ++at) {
    if (at > begin && (point - at) % 3 == 0) text += wording.Get("format.thousands_separator");
    text += plain[at];
  }
  if (point < plain.size()) {
    text += wording.Get("format.decimal_separator") + plain.substr(point + 1);
  }
  return Fill(wording.Get("format.amount"), {{"amount", text}, {"currency", currency}});
}

std::string FormatInstant(Time at, const TimeZone& zone, const Wording& wording) {
  const auto local = std::chrono::floor<minutes>(at + zone.OffsetAt(at));
  const auto day = std::chrono::floor<days>(local);
  const std::chrono::year_month_day date(day);
  const auto of_day = std::chrono::duration_cast<minutes>(local - day).count();
  const auto month = unsigned{date.month()};
  return Fill(wording.Get("format.date_time"),
              {{"year", std::to_string(int{date.year()})},
               {"month", std::to_string(month)},
               {"month_2", Padded(month)},
               {"month_name", Word(wording.Get("format.month_names"), month - 1)},
               {"day", std::to_string(unsigned{date.day()})},
               {"day_2", Padded(unsigned{date.day()})},
               {"hour", Padded(static_cast<unsigned>(of_day / 60))},
               {"minute", Padded(static_cast<unsigned>(of_day % 60))},
               {"zone", zone.OffsetText(at)}});
}

std::string FormatSpan(Millis span, const Wording& wording) {
  return InLargestUnit(span, wording, "duration.days", "duration.hours", "duration.minutes",
                       "duration.seconds");
}

std::string FormatInterval(Millis every, const Wording& wording) {
  return InLargestUnit(every, wording, "interval.days", "interval.hours", "interval.minutes",
                       "interval.seconds");
}

std::string FormatRoughly(Millis span, const Wording& wording) {
  if (span < hours{2}) return wording.Get("duration.under_two_hours");
  const std::string amount = span < hours{48} ? Counted("duration.hours", span / hours{1}, wording)
                                              : Counted("duration.days", span / days{1}, wording);
  return Fill(wording.Get("duration.about"), {{"duration", amount}});
}

std::string NameInSentence(std::string_view name, std::size_t max) {
  std::string line = OneLine(name, max);
  if (!HasRightToLeft(line)) return line;
  return "\u2068" + line + "\u2069";  // First strong isolate, pop directional isolate.
}

}  // namespace lowbalance
