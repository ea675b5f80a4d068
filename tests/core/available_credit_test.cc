#include "core/available_credit.h"

#include <gtest/gtest.h>

namespace lowbalance {
namespace {

CreditTerms Terms(int cash, int limit, int refunds, int current, int previous) {
  return {.cash_balance = Money::FromUnits(cash),
          .credit_limit = Money::FromUnits(limit),
          .credit_refunds = Money::FromUnits(refunds),
          .unsettled_current_month = Money::FromUnits(current),
          .unsettled_previous_months = Money::FromUnits(previous)};
}

TEST(AvailableCreditTest, IsThePagesFormula) {
  EXPECT_EQ(AvailableCredit(Terms(100, 50, 5, 30, 20)).value(), Money::FromUnits(105));
  EXPECT_EQ(AvailableCredit(Terms(0, 0, 0, 30, 20)).value(), Money::FromUnits(-50));
}

TEST(AvailableCreditTest, AnUnknownTermIsNeverTakenToBeZero) {
  for (const CreditTermInfo& term : kCreditTerms) {
    CreditTerms terms = Terms(100, 50, 5, 30, 20);
    (terms.*term.member).reset();
    const auto credit = AvailableCredit(terms);
    ASSERT_FALSE(credit);
    EXPECT_EQ(credit.error().message, "the term " + std::string(term.name) + " is not known");
    EXPECT_FALSE(UnexplainedAmount(Money::FromUnits(1), terms));
  }
}

TEST(AvailableCreditTest, SaysWhichTermDoesNotFit) {
  CreditTerms terms = Terms(0, 1, 0, 0, 0);
  terms.cash_balance = Money::Parse("9223372036854.775807").value();
  EXPECT_EQ(AvailableCredit(terms).error().message,
            "the sum is out of range at the term credit_limit");
}

TEST(AvailableCreditTest, WhatTheFormulaDoesNotExplainIsSetApart) {
  const CreditTerms terms = Terms(100, 50, 5, 30, 20);
  EXPECT_EQ(UnexplainedAmount(Money::FromUnits(105), terms), Money{});
  EXPECT_EQ(UnexplainedAmount(Money::FromUnits(98), terms), Money::FromUnits(-7));
}

}  // namespace
}  // namespace lowbalance
