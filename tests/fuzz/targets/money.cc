// Amounts, currencies, instants and durations: what is read is printed so that it reads the same.

#include "core/money.h"

#include "core/time.h"
#include "exporter/sources/alibaba/replies.h"
#include "tests/fuzz/fuzz.h"

namespace lowbalance::fuzz {
namespace {

// The millionths that a text of digits, commas and a point says, worked out in another way.
std::int64_t Millionths(std::string_view text) {
  bool negative = false;
  int decimals = -1;
  std::uint64_t total = 0;  // Of an amount, up to 2^63.
  for (const char c : text) {
    if (c == '-') negative = true;
    if (c == '.') decimals = 0;
    if (c < '0' || c > '9' || decimals == 6) continue;
    total = total * 10 + static_cast<std::uint64_t>(c - '0');
    if (decimals >= 0) ++decimals;
  }
  for (int i = std::max(decimals, 0); i < 6; ++i) total *= 10;
  return static_cast<std::int64_t>(negative ? 0 - total : total);
}

// An amount as the simplest programs write it: up to twelve digits, a point, up to six more.
bool IsPlain(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  const auto digits = [](std::string_view part, std::size_t most) {
    return !part.empty() && part.size() <= most &&
           part.find_first_not_of("0123456789") == part.npos;
  };
  const auto point = text.find('.');
  return digits(text.substr(0, point), 12) &&
         (point == text.npos || digits(text.substr(point + 1), 6));
}

void TryMoney(std::string_view input) {
  const auto amount = Money::Parse(input);
  if (!amount) {
    PROMISE(!IsPlain(input));
    PROMISE_MESSAGE(amount.error().message, 400);
    return;
  }
  PROMISE(amount->millionths() == Millionths(input));
  for (int decimals = 0; decimals <= 6; ++decimals) {
    const std::string text = amount->ToString(decimals);
    PROMISE_OF(text, text.size() <= 21 && Money::Parse(text) == *amount);
  }
  // A billing API's amounts are read less strictly, and to the same value.
  const auto loose = alibaba::ParseAmount(input);
  PROMISE(loose && *loose == *amount);
  const auto twice = Money::Add(*amount, *amount);
  if (twice) PROMISE(Money::Subtract(*twice, *amount) == *amount);
}

void TryTime(std::string_view input) {
  if (const auto at = ParseSeconds(input)) {
    PROMISE(ParseSeconds(FormatSeconds(*at)) == *at);
    PROMISE_OF(FormatRfc3339(*at), ParseRfc3339(FormatRfc3339(*at)) == *at);
  } else {
    PROMISE_MESSAGE(at.error().message, 400);
  }
  if (const auto at = ParseRfc3339(input)) {
    PROMISE_OF(FormatRfc3339(*at), ParseRfc3339(FormatRfc3339(*at)) == *at);
  } else {
    PROMISE_MESSAGE(at.error().message, 400);
  }
  if (const auto duration = ParseDuration(input)) {
    PROMISE(ParseDuration(FormatDuration(*duration)) == *duration);
    PROMISE(ParseDuration(FormatOffset(*duration)) == *duration);
  } else {
    PROMISE_MESSAGE(duration.error().message, 400);
  }
}

}  // namespace

void Try(std::string_view input) {
  TryMoney(input);
  TryTime(input);
  if (const auto currency = ParseCurrency(input)) {
    PROMISE(*currency == input && input.size() <= 10);
  } else {
    PROMISE_MESSAGE(currency.error().message, 400);
  }
}

}  // namespace lowbalance::fuzz
