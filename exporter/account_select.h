#pragma once
// The one language in which API, console and command line say which accounts they mean:
//
//   provider=alibaba,contact=finance|ops,low
//   name~"Acme, Inc",!stale,credit<100
//
// Terms are joined by commas, and an account is meant if all of them hold. A term is a word (low),
// or a field, an operator and a value; '!' before it turns it around. docs/api.md lists words,
// fields and operators. Pure.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/money.h"
#include "core/time.h"
#include "exporter/snapshot.h"

namespace lowbalance {

// What stands beside an account when it is held against a selection.
struct AccountView {
  bool stale = false;              // Its billing data is too old to decide on, or missing.
  std::optional<Money> burn_rate;  // Spent per day; empty where history is too short.
  std::optional<Millis> runway;    // Until available credit is used up at that rate.
  friend bool operator==(const AccountView&, const AccountView&) = default;
};

struct SelectError {
  std::size_t at = 0;  // Where in the text the wrong term begins, in bytes.
  std::string term;    // The term as it stands there.
  std::string message;
};

// A value as it may stand in a selection, whatever is in it: in quotes.
[[nodiscard]] std::string SelectText(std::string_view value);

class Selection {
 public:
  // The empty text selects every account. At most 64 terms, 4096 bytes.
  [[nodiscard]] static tl::expected<Selection, SelectError> Parse(std::string_view text);

  [[nodiscard]] bool Matches(const Account& account, const AccountView& view) const;
  // Does the answer depend on burn_rate and runway?
  [[nodiscard]] bool NeedsRunway() const;

 private:
  enum class Field;
  enum class Operator { kIs, kContains, kLess, kAtMost, kMore, kAtLeast, kHolds };
  struct Term {
    Field field;
    Operator op = Operator::kHolds;
    bool negated = false;
    std::vector<std::string> texts;  // Any of them.
    Money amount;
    Millis duration{};
  };
  struct Word;
  static const std::vector<Word>& Words();
  class Parser;

  [[nodiscard]] static bool Holds(const Term& term, const Account& account,
                                  const AccountView& view);

  std::vector<Term> terms_;
};

}  // namespace lowbalance
