#include "core/money.h"

#include <algorithm>

#include "core/text.h"

namespace lowbalance {
namespace {

constexpr int kDecimals = 6;
constexpr std::int64_t kUnit = 1'000'000;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsSpace(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}

// Why a text is not an amount.
struct Why {
  std::string_view en;
  std::string_view zh;
};
constexpr Why kEmpty{"empty", "内容为空"};
constexpr Why kNoDigits{"expected digits", "应为数字"};
constexpr Why kMisplacedComma{"misplaced comma", "逗号位置不对"};
constexpr Why kNoDecimals{"no digits after the point", "小数点后没有数字"};
constexpr Why kTooManyDecimals{"more than six decimals", "小数超过六位"};
constexpr Why kOutOfRange{"out of range", "超出范围"};

}  // namespace

Result<Money> Money::Parse(std::string_view text) {
  const std::string_view all = text;
  const auto bad = [&](const Why& why) {
    return Reject(Bilingual{"not an amount (" + std::string(why.en) + "): " + Quoted(all),
                            "金额无效（" + std::string(why.zh) + "）：" + Quoted(all)});
  };
  while (!text.empty() && IsSpace(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsSpace(text.back())) text.remove_suffix(1);
  if (text.empty()) return bad(kEmpty);

  bool negative = false;
  if (text.front() == '-' || text.front() == '+') {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }

  // Summed up on the negative side, which reaches one further than the positive one.
  std::int64_t total = 0;
  const auto push = [&total](char digit) {
    return !__builtin_mul_overflow(total, 10, &total) &&
           !__builtin_sub_overflow(total, digit - '0', &total);
  };

  std::size_t digits = 0;
  std::size_t since_comma = 0;
  bool commas = false;
  for (; !text.empty() && text.front() != '.'; text.remove_prefix(1)) {
    if (text.front() == ',') {
      if (commas ? since_comma != 3 : (digits == 0 || digits > 3)) return bad(kMisplacedComma);
      commas = true;
      since_comma = 0;
      continue;
    }
    if (!IsDigit(text.front())) return bad(kNoDigits);
    if (!push(text.front())) return bad(kOutOfRange);
    ++digits;
    ++since_comma;
  }
  if (commas && since_comma != 3) return bad(kMisplacedComma);
  if (digits == 0) return bad(kNoDigits);

  int decimals = 0;
  if (!text.empty()) {
    text.remove_prefix(1);
    if (text.empty()) return bad(kNoDecimals);
    for (; !text.empty(); text.remove_prefix(1)) {
      if (!IsDigit(text.front())) return bad(kNoDigits);
      if (decimals == kDecimals) {
        if (text.front() != '0') return bad(kTooManyDecimals);
        continue;
      }
      if (!push(text.front())) return bad(kOutOfRange);
      ++decimals;
    }
  }
  for (; decimals < kDecimals; ++decimals) {
    if (!push('0')) return bad(kOutOfRange);
  }
  if (!negative && __builtin_sub_overflow(std::int64_t{0}, total, &total)) {
    return bad(kOutOfRange);
  }
  return Money(total);
}

std::string Money::ToString() const { return ToString(0); }

std::string Money::ToString(int decimals) const {
  const auto magnitude = millionths_ < 0 ? 0 - static_cast<std::uint64_t>(millionths_)
                                         : static_cast<std::uint64_t>(millionths_);
  std::string fraction = std::to_string(magnitude % kUnit);
  fraction.insert(0, kDecimals - fraction.size(), '0');
  const auto keep = static_cast<std::size_t>(std::clamp(decimals, 0, kDecimals));
  while (fraction.size() > keep && fraction.back() == '0') fraction.pop_back();

  std::string text = millionths_ < 0 ? "-" : "";
  text += std::to_string(magnitude / kUnit);
  if (!fraction.empty()) text += "." + fraction;
  return text;
}

std::optional<Money> Money::Add(Money a, Money b) {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(a.millionths_, b.millionths_, &sum)) return std::nullopt;
  return Money(sum);
}

std::optional<Money> Money::Subtract(Money a, Money b) {
  std::int64_t difference = 0;
  if (__builtin_sub_overflow(a.millionths_, b.millionths_, &difference)) return std::nullopt;
  return Money(difference);
}

Result<std::string> ParseCurrency(std::string_view text) {
  const bool shape = text.size() >= 2 && text.size() <= 10 && text[0] >= 'A' && text[0] <= 'Z' &&
                     std::all_of(text.begin(), text.end(), [](char c) {
                       return (c >= 'A' && c <= 'Z') || IsDigit(c) || c == '_';
                     });
  if (!shape) {
    return Reject(Bilingual{"not a currency code like USD: " + Quoted(text),
                            "不是 USD 这样的币种代码：" + Quoted(text)});
  }
  return std::string(text);
}

}  // namespace lowbalance
