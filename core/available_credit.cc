#include "core/available_credit.h"

#include <string>

namespace lowbalance {

Result<Money> AvailableCredit(const CreditTerms& terms) {
  Money total;
  for (const CreditTermInfo& term : kCreditTerms) {
    const std::optional<Money>& amount = terms.*term.member;
    if (!amount) return Reject("the term " + std::string(term.name) + " is not known");
    const auto next = term.sign > 0 ? Money::Add(total, *amount) : Money::Subtract(total, *amount);
    if (!next) return Reject("the sum is out of range at the term " + std::string(term.name));
    total = *next;
  }
  return total;
}

std::optional<Money> UnexplainedAmount(Money available_credit, const CreditTerms& terms) {
  const auto explained = AvailableCredit(terms);
  if (!explained) return std::nullopt;
  return Money::Subtract(available_credit, *explained);
}

}  // namespace lowbalance
