#include "exporter/account_select.h"

#include <gtest/gtest.h>

#include "tests/exporter/helpers.h"

namespace lowbalance {
namespace {

using std::chrono::hours;

Account Acme() {
  Account account;
  AccountMemory& m = account.memory;
  m.account = {"alibaba", "17"};
  m.account_name = "Acme, \"Inc\" 青云";
  m.currency = "USD";
  m.available_credit = Amount("90");
  m.costs_incurred = CostsIncurred::kYes;
  m.up = true;
  m.levels["warning"] = {
      .enabled = true, .threshold = Amount("100"), .currency = "USD", .low_since = kNoon};
  account.contact = "finance";
  account.source = "books";
  return account;
}

TEST(AccountSelectTest, Means) {
  const AccountView view{.burn_rate = Amount("10"), .runway = Millis{hours{24 * 9}}};
  const struct {
    const char* select;
    bool meant;
  } cases[] = {
      {"", true},
      {" ", true},
      {"low", true},
      {"!low", false},
      {"awaiting", true},
      {"overdue", false},
      {"stale", false},
      {"failing", false},
      {"enabled", true},
      {"disabled", false},
      {"suspended", false},
      {"provisioned", false},
      {"costs", true},
      {"no_costs", false},
      {"provider=alibaba,low", true},
      {"provider = alibaba , low", true},
      {"provider=alibaba,overdue", false},
      {"provider=tencent|alibaba", true},
      {"provider!=alibaba", false},
      {"account=17", true},
      {"account=1", false},
      {"account~1", true},
      {"name~ACME", true},
      {"name!~acme", false},
      {R"(name="Acme, \"Inc\" 青云")", true},
      {R"(name~"\"inc\"")", true},
      {"contact=finance|ops", true},
      {"contact=ops", false},
      {"source=books", true},
      {"currency=USD", true},
      {"currency=CNY", false},
      {"level=warning", true},
      {"level=critical", false},
      {"state=low", true},
      {"state=ok|low", true},
      {"any~fin", true},
      {"any~alibaba/17", true},
      {"any~nobody", false},
      {"credit<100", true},
      {"credit<90", false},
      {"credit<=90", true},
      {"credit=90.00", true},
      {"credit>89.99", true},
      {"credit>=90.01", false},
      {"credit<\"1,000\"", true},
      {"threshold>=100", true},
      {"threshold>100", false},
      {"runway<10d", true},
      {"runway<9d", false},
      {"!runway<10d", false},
  };
  for (const auto& c : cases) {
    const auto selection = Selection::Parse(c.select);
    ASSERT_TRUE(selection) << c.select << ": " << selection.error().message;
    EXPECT_EQ(selection->Matches(Acme(), view), c.meant) << c.select;
  }
}

TEST(AccountSelectTest, WhatIsUnknownIsNeitherMoreNorLess) {
  Account account = Acme();
  account.memory.available_credit.reset();
  for (const char* select : {"credit<100", "credit>=0", "runway<7d", "runway>7d"}) {
    EXPECT_FALSE(Selection::Parse(select)->Matches(account, {})) << select;
  }
}

TEST(AccountSelectTest, AnErrorPointsAtTheTerm) {
  const struct {
    const char* select;
    std::size_t at;
    const char* term;
    const char* message;
  } cases[] = {
      {"provider=a,lowe", 11, "lowe", "unknown word \"lowe\"; did you mean low?"},
      {"low,", 3, ",", "a comma with no term behind it"},
      {"low low", 0, "low low", "expected a comma between terms"},
      {",low", 0, ",low", "expected a word like low, or a field like provider"},
      {"low=1", 0, "low=1", "\"low\" is a word that holds or not; it takes no value"},
      {"low,provider", 4, "provider",
       "\"provider\" wants an operator and a value, as in provider=…"},
      {"provider<a", 0, "provider<a", "\"provider\" does not take <; it takes = and ~ (contains)"},
      {"credit~1", 0, "credit~1", "\"credit\" does not take ~; it takes =, <, <=, > and >="},
      {"credit<abc", 0, "credit<abc", "not an amount (expected digits): \"abc\""},
      {"provider=", 0, "provider=", "the value is missing behind ="},
      {"state=lo", 0, "state=lo", "not a state of an alert: \"lo\""},
      {"name=\"a", 0, "name=\"a", "a quote is opened and never closed"},
      {"name=a\"b", 0, "name=a\"b", "a quote within a value that does not begin with one"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.select);
    const auto selection = Selection::Parse(c.select);
    ASSERT_FALSE(selection);
    EXPECT_EQ(selection.error().at, c.at);
    EXPECT_EQ(selection.error().term, c.term);
    EXPECT_EQ(selection.error().message, c.message);
  }
  EXPECT_FALSE(Selection::Parse(std::string(5000, 'x')));
  std::string many = "low";
  for (int i = 0; i < 64; ++i) many += ",low";
  EXPECT_FALSE(Selection::Parse(many));
}

TEST(AccountSelectTest, AnyTextCanBeAValue) {
  Account account = Acme();
  for (const char* name : {"a", "a,b", "\"", "\\", "a|b", " ", "<b>&amp;", "=HYPERLINK()"}) {
    account.memory.account_name = name;
    const auto selection = Selection::Parse("name=" + SelectText(name));
    ASSERT_TRUE(selection) << name;
    EXPECT_TRUE(selection->Matches(account, {})) << name;
    EXPECT_FALSE(selection->Matches(Acme(), {})) << name;
  }
}

}  // namespace
}  // namespace lowbalance
