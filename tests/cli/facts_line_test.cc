// The line that Prometheus' own template code wrote (tests/rules/low_balance.test.yml compares it
// with what promtool makes of the generated rules) is one that the webhook reads.

#include <gtest/gtest.h>

#include <fstream>

#include "core/contract.h"

namespace lowbalance {
namespace {

TEST(FactsLineTest, WhatPrometheusWritesIsRead) {
  std::ifstream in(LOWBALANCE_SOURCE_DIR "/tests/rules/facts_line.txt");
  std::string line;
  ASSERT_TRUE(std::getline(in, line));
  const auto facts =
      ParseFacts(Facts{.account = {"demo", "17"}, .level = "warning", .currency = "USD"}, line);
  ASSERT_TRUE(facts) << facts.error().message;

  Facts want{.account = {"demo", "17"}, .level = "warning", .currency = "USD"};
  want.evaluated_at = TimeFromMillis(240'000);
  want.available_credit = Money::FromMillionths(90'500'000);
  want.threshold = Money::FromUnits(100);
  want.low_since = TimeFromMillis(160'500);
  want.first_change = TimeFromMillis(100'125);
  want.changed = TimeFromMillis(100'125);
  want.last_success = TimeFromMillis(240'000);
  want.ended = Ended{TimeFromMillis(12'500), EndReason::kThresholdLowered};
  want.terms = {.cash_balance = Money::FromMillionths(1),
                .credit_limit = Money::FromUnits(200),
                .credit_refunds = Money{},
                .unsettled_current_month = Money::FromMillionths(100'250'000),
                .unsettled_previous_months = Money::FromMillionths(9'250'000)};
  want.account_name = "Ann's \"big\" \\ a=b 账户";
  want.contact = "finance";
  EXPECT_EQ(*facts, want);
}

}  // namespace
}  // namespace lowbalance
