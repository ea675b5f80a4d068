#include "core/contract.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>
#include <string>

namespace lowbalance {
namespace {

constexpr const char* kLine =
    "evaluated_at=1700000000.000 account_name=\"Acme \\\"Prime\\\" 账户\" contact=\"finance\""
    " available_credit=90.500000 cash_balance=90.500000 threshold=100.000000"
    " low=1699999000.000 first_change=1699999000.001 change=1699999000.001"
    " last_success=1699999990.000 burn_rate=12.250000 runway=638301.000000";

Facts Labels(AlertKind kind = AlertKind::kLowBalance) {
  return {.kind = kind, .account = {"demo", "17"}, .level = "warning", .currency = "USD"};
}

std::string Wrong(const std::string& line, AlertKind kind = AlertKind::kLowBalance) {
  const auto facts = ParseFacts(Labels(kind), line);
  return facts ? "" : facts.error().message;
}

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(FactsTest, AreReadFromTheLine) {
  const auto facts = ParseFacts(Labels(), kLine);
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(facts->account, (AccountKey{"demo", "17"}));
  EXPECT_EQ(facts->available_credit.ToString(), "90.5");
  EXPECT_EQ(facts->threshold.ToString(), "100");
  EXPECT_EQ(facts->low_since, TimeFromMillis(1'699'999'000'000));
  EXPECT_EQ(facts->first_change, TimeFromMillis(1'699'999'000'001));
  EXPECT_EQ(facts->overdue, std::nullopt);
  EXPECT_EQ(facts->terms.cash_balance, Money::Parse("90.5").value());
  EXPECT_EQ(facts->terms.credit_limit, std::nullopt);
  EXPECT_EQ(facts->runway, Millis{638'301'000});
  EXPECT_EQ(facts->account_name, "Acme \"Prime\" 账户");
  EXPECT_EQ(facts->contact, "finance");
}

TEST(FactsTest, GoToTextAndBack) {
  const Facts facts = ParseFacts(Labels(), kLine).value();
  EXPECT_EQ(ParseFacts(Labels(), FormatFacts(facts)).value(), facts);
  Facts ended = facts;
  ended.kind = AlertKind::kLowBalanceEnded;
  ended.low_since.reset();
  ended.ended = Ended{TimeFromMillis(1'699'999'500'000), EndReason::kThresholdLowered};
  EXPECT_EQ(ParseFacts(Labels(AlertKind::kLowBalanceEnded), FormatFacts(ended)).value(), ended);
}

TEST(FactsTest, WithTwoExportersTheGreaterAndTheFirstNameCount) {
  const Facts facts =
      ParseFacts(Labels(), std::string(kLine) + " available_credit=91 account_name=\"Other\"" +
                               " ended=1699990000.000 reason=\"disabled\"" +
                               " ended=1699991000.000 reason=\"recovered\"" +
                               " ended=1699980000.000 reason=\"disabled\"")
          .value();
  EXPECT_EQ(facts.available_credit, Money::FromUnits(91));
  EXPECT_EQ(facts.account_name, "Acme \"Prime\" 账户");
  EXPECT_EQ(facts.ended, (Ended{TimeFromMillis(1'699'991'000'000), EndReason::kRecovered}));
}

TEST(FactsTest, WhatANewerRuleFileAddsIsSkipped) {
  EXPECT_EQ(Wrong(std::string(kLine) + " colour=blue shape=\"a b\""), "");
}

TEST(FactsTest, AnEstimateThatIsNoNumberCostsNobodyTheAlert) {
  const auto facts =
      ParseFacts(Labels(), Replaced(Replaced(kLine, "638301.000000", "+Inf"), "12.250000", "NaN"));
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(facts->runway, std::nullopt);
  EXPECT_EQ(facts->burn_rate, std::nullopt);
}

TEST(FactsTest, EveryMistakeIsNamed) {
  const std::string line = kLine;
  const struct {
    std::string line;
    const char* message;
  } cases[] = {
      {"", "the fact evaluated_at is missing"},
      {"<error expanding template: nil pointer>",
       "Prometheus could not write the facts: \"<error expanding template: nil pointer>\""},
      {Replaced(line, "threshold=100.000000", "threshold=NaN"),
       "fact \"threshold\": not an amount (expected digits): \"NaN\""},
      {Replaced(line, "available_credit=90.500000", "available_credit=9e1"),
       "fact \"available_credit\": not an amount (expected digits): \"9e1\""},
      {Replaced(line, "low=1699999000.000", "low=1.699999e+09"),
       "fact \"low\": not an instant in seconds since 1970: \"1.699999e+09\""},
      {Replaced(line, " low=1699999000.000", ""), "the fact low is missing"},
      {Replaced(line, " threshold=100.000000", ""), "the fact threshold is missing"},
      {Replaced(line, " available_credit=90.500000", ""), "the fact available_credit is missing"},
      {Replaced(line, " last_success=1699999990.000", ""), "the fact last_success is missing"},
      {Replaced(line, "contact=\"finance\"", "contact=finance"),
       "fact \"contact\": not a quoted text: \"finance\""},
      {Replaced(line, "contact=\"finance\"", "contact=\"finance"),
       "facts: expected name=value, seen \"contact=\"finance available_credit=90.500000 "
       "cash_balance=90.…\""},
      {line + " words", "facts: expected name=value, seen \"words\""},
      {line + " ended=1699990000.000", "the fact reason is missing"},
      {line + " reason=\"recovered\"", "fact \"reason\": without an instant before it"},
      {line + " ended=1699990000.000 reason=\"tired\"",
       "fact \"reason\": no reason for an end: \"tired\""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.line);
    EXPECT_EQ(Wrong(c.line), c.message);
  }
  EXPECT_EQ(Wrong(kLine, AlertKind::kLowBalanceEnded), "the fact ended is missing");
}

// The names are written in core/contract.h and, for people, in docs/metrics.md.
TEST(ContractTest, TheMetricsPageListsEveryAccountMetricAndNoOther) {
  std::ifstream file(std::string(LOWBALANCE_SOURCE_DIR) + "/docs/metrics.md");
  ASSERT_TRUE(file) << "docs/metrics.md";
  std::stringstream page;
  page << file.rdbuf();

  std::set<std::string> expected;
  for (const AccountMetric& metric : kAccountMetrics) expected.insert(std::string(metric.name));
  std::set<std::string> listed;
  const std::string text = page.str();
  for (auto at = text.find("| `billing_account_"); at != std::string::npos;
       at = text.find("| `billing_account_", at + 1)) {
    const auto begin = at + 3;
    listed.insert(text.substr(begin, text.find('`', begin) - begin));
  }
  EXPECT_EQ(listed, expected);
}

}  // namespace
}  // namespace lowbalance
