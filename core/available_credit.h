#pragma once
// The formula of the vendor's page, "What is Available Credit?".

#include <array>
#include <optional>
#include <string_view>

#include "core/money.h"
#include "core/result.h"

namespace lowbalance {

// The terms, each in the account's currency and each possibly unknown. An unknown term is left
// empty: it is never taken to be zero, and has no series.
struct CreditTerms {
  std::optional<Money> cash_balance;               // The remaining funds in the account.
  std::optional<Money> credit_limit;               // The credit line approved for it.
  std::optional<Money> credit_refunds;             // Refunds of what the credit line had paid for.
  std::optional<Money> unsettled_current_month;    // This month's usage, not yet billed. Pre-tax
                                                   // where tax comes with the bill.
  std::optional<Money> unsettled_previous_months;  // Billed for earlier months, awaiting payment.

  friend bool operator==(const CreditTerms&, const CreditTerms&) = default;
};

// The terms as a table, for whoever reads, prints or stores all of them. `sign` is how the term
// enters the formula.
struct CreditTermInfo {
  std::string_view name;  // As in metrics, facts, files and the API.
  std::optional<Money> CreditTerms::*member;
  int sign;
};
inline constexpr std::array<CreditTermInfo, 5> kCreditTerms{{
    {"cash_balance", &CreditTerms::cash_balance, +1},
    {"credit_limit", &CreditTerms::credit_limit, +1},
    {"credit_refunds", &CreditTerms::credit_refunds, +1},
    {"unsettled_current_month", &CreditTerms::unsettled_current_month, -1},
    {"unsettled_previous_months", &CreditTerms::unsettled_previous_months, -1},
}};

// cash balance + credit limit + credit refunds − unsettled amount of the current month
// − unsettled amount of previous months. Refused, naming the term, unless all five are known.
[[nodiscard]] Result<Money> AvailableCredit(const CreditTerms& terms);

// Available credit as the provider states it, minus the formula over its terms. Not 0 where the
// provider has ledgers the formula does not know. Empty unless every term is known.
[[nodiscard]] std::optional<Money> UnexplainedAmount(Money available_credit,
                                                     const CreditTerms& terms);

}  // namespace lowbalance
