#include "core/money.h"

#include <gtest/gtest.h>

#include <limits>

namespace lowbalance {
namespace {

TEST(MoneyTest, ReadsWhatProvidersWrite) {
  const struct {
    const char* text;
    std::int64_t millionths;
  } cases[] = {
      {"90", 90'000'000},
      {"0", 0},
      {"-0.01", -10'000},
      {"+7", 7'000'000},
      {"  1,234,567.89\n", 1'234'567'890'000},
      {"1,157.74", 1'157'740'000},
      {"-12,345.6", -12'345'600'000},
      {"0.000001", 1},
      {"0.0000010000", 1},
      {"007.50", 7'500'000},
      {"9223372036854.775807", std::numeric_limits<std::int64_t>::max()},
      {"-9223372036854.775808", std::numeric_limits<std::int64_t>::min()},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.text);
    const auto money = Money::Parse(c.text);
    ASSERT_TRUE(money) << money.error().message;
    EXPECT_EQ(money->millionths(), c.millionths);
  }
}

TEST(MoneyTest, RefusesEverythingElseAndSaysWhatItSaw) {
  const struct {
    const char* text;
    const char* message;
  } cases[] = {
      {"", "not an amount (empty): \"\""},
      {"  ", "not an amount (empty): \"  \""},
      {"-", "not an amount (expected digits): \"-\""},
      {".5", "not an amount (expected digits): \".5\""},
      {"5.", "not an amount (no digits after the point): \"5.\""},
      {"1.2.3", "not an amount (expected digits): \"1.2.3\""},
      {"1e3", "not an amount (expected digits): \"1e3\""},
      {"0x10", "not an amount (expected digits): \"0x10\""},
      {"NaN", "not an amount (expected digits): \"NaN\""},
      {"+Inf", "not an amount (expected digits): \"+Inf\""},
      {"$5", "not an amount (expected digits): \"$5\""},
      {"1 000", "not an amount (expected digits): \"1 000\""},
      {"1,23", "not an amount (misplaced comma): \"1,23\""},
      {"12,34,567", "not an amount (misplaced comma): \"12,34,567\""},
      {",123", "not an amount (misplaced comma): \",123\""},
      {"1234,567", "not an amount (misplaced comma): \"1234,567\""},
      {"1,234,56", "not an amount (misplaced comma): \"1,234,56\""},
      {"1.234,5", "not an amount (expected digits): \"1.234,5\""},
      {"0.0000001", "not an amount (more than six decimals): \"0.0000001\""},
      {"9223372036854.775808", "not an amount (out of range): \"9223372036854.775808\""},
      {"-9223372036854.775809", "not an amount (out of range): \"-9223372036854.775809\""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.text);
    const auto money = Money::Parse(c.text);
    ASSERT_FALSE(money);
    EXPECT_EQ(money.error().message, c.message);
  }
}

TEST(MoneyTest, WhatItSawIsOnePlainLine) {
  EXPECT_EQ(Money::Parse("5\n0\xff").error().message,
            "not an amount (expected digits): \"5\\x0a0\\xff\"");
  const std::string ones(59, '1');
  EXPECT_EQ(Money::Parse(ones + "é").error().message,
            "not an amount (out of range): \"" + ones + "…\"");
  EXPECT_EQ(ParseCurrency("U\nD").error().message, "not a currency code like USD: \"U\\x0aD\"");
}

TEST(MoneyTest, PrintsTheShortestExactDecimalOrAtLeastSoMany) {
  const struct {
    std::int64_t millionths;
    const char* shortest;
    const char* cents;
    const char* full;
  } cases[] = {
      {0, "0", "0.00", "0.000000"},
      {90'000'000, "90", "90.00", "90.000000"},
      {-10'000, "-0.01", "-0.01", "-0.010000"},
      {5'000, "0.005", "0.005", "0.005000"},
      {1'234'500'000, "1234.5", "1234.50", "1234.500000"},
      {std::numeric_limits<std::int64_t>::min(), "-9223372036854.775808", "-9223372036854.775808",
       "-9223372036854.775808"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.shortest);
    const Money money = Money::FromMillionths(c.millionths);
    EXPECT_EQ(money.ToString(), c.shortest);
    EXPECT_EQ(money.ToString(2), c.cents);
    EXPECT_EQ(money.ToString(6), c.full);
    EXPECT_EQ(Money::Parse(money.ToString()).value(), money);
  }
}

TEST(MoneyTest, ArithmeticSaysWhenItDoesNotFit) {
  const Money most = Money::FromMillionths(std::numeric_limits<std::int64_t>::max());
  const Money cent = Money::FromMillionths(10'000);
  EXPECT_EQ(Money::Add(Money::FromUnits(1), cent)->ToString(), "1.01");
  EXPECT_EQ(Money::Subtract(Money{}, cent)->ToString(), "-0.01");
  EXPECT_FALSE(Money::Add(most, cent));
  EXPECT_FALSE(Money::Subtract(Money::FromMillionths(-2), most));
}

TEST(CurrencyTest, IsAThreeLetterCodeOrAUnitThatAProviderSells) {
  for (const char* good : {"USD", "CNY", "CREDITS", "GPU_HOURS", "KZT"}) {
    EXPECT_TRUE(ParseCurrency(good)) << good;
  }
  for (const char* bad : {"", "$", "usd", "U", "US D", "1USD", "ABCDEFGHIJK", "US\"D"}) {
    EXPECT_FALSE(ParseCurrency(bad)) << bad;
  }
}

}  // namespace
}  // namespace lowbalance
