// The annotation lowbalance_facts: what is read, is written so that it reads the same.

#include "core/contract.h"
#include "core/text.h"
#include "tests/fuzz/fuzz.h"

namespace lowbalance::fuzz {

void Try(std::string_view input) {
  for (const AlertKind kind : {AlertKind::kLowBalance, AlertKind::kLowBalanceEnded}) {
    const Facts labels{
        .kind = kind, .account = {"demo", "17"}, .level = "warning", .currency = "USD"};
    const auto facts = ParseFacts(labels, input);
    if (!facts) {
      PROMISE_MESSAGE(facts.error().message, 2000);
      continue;
    }
    PROMISE(facts->kind == kind && facts->account == labels.account);
    PROMISE(kind == AlertKind::kLowBalance ? facts->low_since.has_value()
                                           : facts->ended.has_value());
    PROMISE(IsValidUtf8(facts->account_name) && IsValidUtf8(facts->contact));
    PROMISE(facts->account_name.size() + facts->contact.size() <= input.size());
    const std::string line = FormatFacts(*facts);
    PROMISE_OF(line, ParseFacts(labels, line) == *facts);
    PROMISE_OF(line, !HasControlCharacters(line));
  }
  const std::string quoted = GoQuote(input);
  std::string text;
  PROMISE_OF(quoted, GoUnquote(quoted, &text) && text == input);
}

}  // namespace lowbalance::fuzz
