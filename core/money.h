#pragma once
// Exact amounts of money.
//
// A Money is a signed 64-bit count of millionths of a currency unit, so amounts reach about
// ±9.2 million million units and six decimals. Arithmetic is checked: an overflow is an answer,
// never a wrapped number. An amount never becomes a double on our side; the places that print it
// (metrics, facts, messages) print its decimal text.
//
// The currency travels beside the amount: an account has one currency for all of its amounts, so
// structs hold it once (see AccountMemory). Amounts of two currencies are never added.

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"

namespace lowbalance {

class Money {
 public:
  constexpr Money() = default;
  [[nodiscard]] static constexpr Money FromMillionths(std::int64_t n) { return Money(n); }
  [[nodiscard]] static constexpr Money FromUnits(std::int32_t n) {
    return Money(std::int64_t{n} * 1'000'000);
  }

  // Reads "1234.5", "-0.01", "+7", "1,234,567.89", with white space around it. Commas must stand
  // between groups of three digits. At most six decimals, unless the further ones are zeros.
  // Everything else is refused (exponents, currency signs, "1.2.3", ""), quoting what was seen.
  [[nodiscard]] static Result<Money> Parse(std::string_view text);

  // The shortest exact decimal: "90", "-0.01", "1234.5".
  [[nodiscard]] std::string ToString() const;
  // With at least `decimals` decimals (0 to 6), and more only where needed to stay exact:
  // ToString(2) of 90 is "90.00", of 0.005 is "0.005".
  [[nodiscard]] std::string ToString(int decimals) const;

  [[nodiscard]] constexpr std::int64_t millionths() const { return millionths_; }

  // Empty on overflow.
  [[nodiscard]] static std::optional<Money> Add(Money a, Money b);
  [[nodiscard]] static std::optional<Money> Subtract(Money a, Money b);

  friend constexpr auto operator<=>(Money, Money) = default;

 private:
  constexpr explicit Money(std::int64_t n) : millionths_(n) {}
  std::int64_t millionths_ = 0;
};

// Currency codes are ISO 4217's shape, three capital letters, or a unit of two to ten capital
// letters, digits and '_' that a provider sells in place of money (CREDITS).
[[nodiscard]] Result<std::string> ParseCurrency(std::string_view text);

}  // namespace lowbalance
