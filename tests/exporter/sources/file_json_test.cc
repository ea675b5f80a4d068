#include "exporter/sources/file_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/text.h"
#include "tests/exporter/helpers.h"

namespace lowbalance {
namespace {

const FileContext kContext{.file = "b.json", .provider = "demo", .modified = kNoon};

TEST(ParseFileJsonTest, ReadsAllThereIs) {
  const auto readings = ParseFileJson(R"({
  "accounts": [
    {"account_id": "17", "account_name": "Acme \"Ltd\"\n\u5317\u4eac", "provider": "acme",
     "currency": "USD", "available_credit": "1,090.50", "cash_balance": 90.5,
     "credit_limit": 1000, "credit_refunds": null, "costs_incurred": true,
     "as_of": "2026-11-23T11:00:00Z"},
    {"account_id": "18", "currency": "CNY", "cash_balance": -0.000001, "credit_limit": "20",
     "credit_refunds": 3, "unsettled_current_month": 4, "unsettled_previous_months": 5,
     "costs_incurred": false}
  ],
  "as_of": "2026-11-23T10:00:00Z"
})",
                                      kContext);
  ASSERT_TRUE(readings) << readings.error().message;
  ASSERT_EQ(readings->size(), 2);
  const Reading& first = (*readings)[0];
  EXPECT_EQ(first.account, (AccountKey{"acme", "17"}));
  EXPECT_EQ(first.account_name, "Acme \"Ltd\"\n北京");
  EXPECT_EQ(first.available_credit, Amount("1090.5"));
  EXPECT_EQ(first.terms.cash_balance, Amount("90.5"));
  EXPECT_EQ(first.terms.credit_refunds, std::nullopt);
  EXPECT_EQ(first.costs_incurred, CostsIncurred::kYes);
  EXPECT_EQ(first.as_of, kNoon - std::chrono::hours{1});
  const Reading& second = (*readings)[1];
  EXPECT_EQ(second.account, (AccountKey{"demo", "18"}));
  EXPECT_EQ(second.available_credit, Amount("13.999999")) << "the formula's";
  EXPECT_EQ(second.costs_incurred, CostsIncurred::kNo);
  EXPECT_EQ(second.as_of, kNoon - std::chrono::hours{2}) << "the file's own, given last";
}

TEST(ParseFileJsonTest, NumbersAreTakenDigitByDigit) {
  const struct {
    const char* digits;
    const char* want;
  } cases[] = {
      {"0.1", "0.1"},
      {"9007199254740.993", "9007199254740.993"},  // No double is this.
      {"9223372036854.775807", "9223372036854.775807"},
      {"-9223372036854.775808", "-9223372036854.775808"},
      {"0.30000000000", "0.3"},
      {"-0", "0"},
      {"17", "17"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.digits);
    const auto readings =
        ParseFileJson(std::string(R"({"accounts":[{"account_id":"1","currency":"USD",)") +
                          "\"available_credit\":" + c.digits + "}]}",
                      kContext);
    ASSERT_TRUE(readings) << readings.error().message;
    EXPECT_EQ(readings->front().available_credit, Amount(c.want));
  }
}

TEST(ParseFileJsonTest, NamesEveryMistake) {
  const auto account = [](const std::string& fields) {
    return "{\"accounts\":[\n{\"account_id\":\"17\",\"currency\":\"USD\"," + fields + "}\n]}";
  };
  const std::string credit = "\"available_credit\":\"9\"";
  const struct {
    const char* name;
    std::string text;
    std::string want;
  } cases[] = {
      {"an empty file", "", "b.json: the file is empty"},
      {"no accounts", R"({"accounts":[]})", "b.json: no accounts in it"},
      {"no list of accounts", "{\n}", "b.json:2: accounts: missing"},
      {"a list at the top", "[]", "b.json:1: expected an object with accounts, seen a list"},
      {"a number at the top", "7", "b.json:1: expected an object with accounts, seen \"7\""},
      {"accounts not a list", R"({"accounts":"17"})",
       "b.json:1: accounts: expected a list, seen \"17\""},
      {"accounts an object", R"({"accounts":{"17":{}}})",
       "b.json:1: accounts: seen an object where it cannot be"},
      {"an account not an object", "{\"accounts\":[\n\n17\n]}",
       "b.json:3: accounts: expected an object for each account, seen \"17\""},
      {"an account a list", "{\"accounts\":[\n[[{\"account_id\":\"17\"}]]]}",
       "b.json:2: accounts: expected an object for each account, seen a list"},
      {"an unknown key at the top",
       "{\"asof\":[{}],\"accounts\":[{" + credit + ",\"account_id\":\"1\",\"currency\":\"USD\"}]}",
       "b.json:1: unknown key \"asof\"; known are as_of and accounts"},
      {"accounts twice",
       "{\"accounts\":[{" + credit +
           ",\"account_id\":\"1\",\"currency\":\"USD\"}],\"accounts\":[]}",
       "b.json:1: accounts: stands there twice"},
      {"as_of not a text",
       "{\"as_of\":1700000000,\"accounts\":[{" + credit +
           ",\"account_id\":\"1\",\"currency\":\"USD\"}]}",
       "b.json:1: as_of: expected a time in quotes, seen 1700000000"},
      {"an unknown key", account(credit + ",\n\"balance\":\"1\""),
       "b.json:3: account \"17\": unknown field \"balance\""},
      {"a nearly known key", account(credit + ",\"cash_balence\":\"1\""),
       "b.json:2: account \"17\": unknown field \"cash_balence\", did you mean cash_balance?"},
      {"an unknown key with anything in it", account(credit + ",\"x\":[1,{\"y\":[2]}]"),
       "b.json:2: account \"17\": unknown field \"x\""},
      {"a key twice", account(credit + ",\n" + credit),
       "b.json:3: account \"17\": available_credit: stands there twice"},
      {"an id that is a number",
       R"({"accounts":[{"account_id":17,"currency":"USD","available_credit":1}]})",
       "b.json:1: account_id: expected text in quotes, seen 17"},
      {"no id", R"({"accounts":[{"currency":"USD","available_credit":1}]})",
       "b.json:1: account_id: missing"},
      {"an empty id", R"({"accounts":[{"account_id":"","currency":"USD","available_credit":1}]})",
       "b.json:1: account_id: empty; where it is not known, leave it out or write null"},
      {"an amount that is true", account("\"available_credit\":true"),
       "b.json:2: account \"17\": available_credit: expected an amount, seen true"},
      {"an amount that is empty", account("\"available_credit\":\"\""),
       "b.json:2: account \"17\": available_credit: empty; where it is not known, leave it out or "
       "write null"},
      {"an amount with an exponent, on the line before", account("\"available_credit\":1e3\n"),
       "b.json:2: account \"17\": available_credit: not an amount (expected digits): \"1e3\""},
      {"an amount with too many decimals", account("\"available_credit\":0.12345678"),
       "b.json:2: account \"17\": available_credit: not an amount (more than six decimals): "
       "\"0.12345678\""},
      {"an amount that is an object", account("\"available_credit\":{\"value\":9}"),
       "b.json:2: account \"17\": available_credit: expected a single value, seen an object"},
      {"costs as text", account(credit + ",\"costs_incurred\":\"true\""),
       "b.json:2: account \"17\": costs_incurred: expected true or false, seen \"true\""},
      {"a status that there is not", account(credit + ",\"status\":\"suspended\""),
       "b.json:2: account \"17\": status: not one of active, frozen and closed: \"suspended\""},
      {"a status that is a number", account(credit + ",\"status\":1"),
       "b.json:2: account \"17\": status: expected text in quotes, seen 1"},
      {"an owner that is a list", account(credit + ",\"owner\":[\"Acme\"]"),
       "b.json:2: account \"17\": owner: expected a single value, seen a list"},
      {"an owner with control characters", account(credit + ",\"owner\":\"Ac\\u0007me\""),
       "b.json:2: account \"17\": owner: has control characters: \"Ac\\x07me\""},
      {"an owner of 2000 letters",
       account(credit + ",\"owner\":\"" + std::string(2000, 'x') + "\""),
       "b.json:2: account \"17\": owner: longer than 1024 bytes: " +
           Quoted(std::string(2000, 'x'))},
      {"no total and a term that is null",
       account("\"cash_balance\":1,\"credit_limit\":null,\"credit_refunds\":0,"
               "\"unsettled_current_month\":0,\"unsettled_previous_months\":0"),
       "b.json:2: account \"17\": available_credit: missing, and the formula cannot give it: "
       "the term credit_limit is not known"},
      {"an account twice",
       "{\"accounts\":[\n{\"account_id\":\"1\",\"currency\":\"USD\"," + credit +
           "},\n{\"account_id\":\"1\",\"currency\":\"USD\"," + credit + "}]}",
       "b.json:3: account \"1\": account_id: stands in line 2 already"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto readings = ParseFileJson(c.text, kContext);
    ASSERT_FALSE(readings);
    EXPECT_EQ(readings.error().message, c.want);
  }
}

TEST(ParseFileJsonTest, BrokenJsonNamesTheLine) {
  const struct {
    const char* name;
    std::string text;
    const char* want;
  } cases[] = {
      {"cut off", "{\"accounts\":[\n{\"account_id\":\"17\"", "b.json:2: not JSON: syntax error"},
      {"a comma too many", "{\"accounts\":[\n\n{},\n]}", "b.json:4: not JSON: syntax error"},
      {"something after the end", "{\"accounts\":[]}\n{}", "b.json:2: not JSON: syntax error"},
      {"bad UTF-8", "{\"accounts\":[\n{\"account_id\":\"\xff\"}]}",
       "b.json:2: not JSON: syntax error"},
      {"NaN", "{\"accounts\":[{\"available_credit\":NaN}]}", "b.json:1: not JSON: syntax error"},
      {"a CSV file", "account_id,currency\n17,USD\n", "b.json:1: not JSON: syntax error"},
      {"a number that no double holds", "{\"accounts\":[{\"available_credit\":1e999}]}",
       "b.json:1: not JSON: "},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto readings = ParseFileJson(c.text, kContext);
    ASSERT_FALSE(readings);
    EXPECT_THAT(readings.error().message, testing::HasSubstr(c.want));
  }
}

TEST(ParseFileJsonTest, DepthCostsNothing) {
  const std::string deep(1'000'000, '[');
  const auto readings = ParseFileJson("{\"accounts\":" + deep, kContext);
  ASSERT_FALSE(readings);
  EXPECT_THAT(readings.error().message, testing::HasSubstr("seen a list"));
}

TEST(ParseFileJsonTest, EveryCutIsRefused) {
  const std::string text =
      R"({"accounts":[{"account_id":"17","currency":"USD","available_credit":90}]})";
  for (std::size_t length = 0; length < text.size(); ++length) {
    EXPECT_FALSE(ParseFileJson(text.substr(0, length), kContext)) << length;
  }
  EXPECT_TRUE(ParseFileJson(text, kContext));
}

}  // namespace
}  // namespace lowbalance
