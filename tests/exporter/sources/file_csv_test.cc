#include "exporter/sources/file_csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/exporter/helpers.h"

namespace lowbalance {
namespace {

const FileContext kContext{.file = "b.csv", .provider = "demo", .modified = kNoon};

TEST(ParseFileCsvTest, ReadsAllThereIs) {
  const auto readings = ParseFileCsv(
      "\xef\xbb\xbf"
      "account_name,account_id,provider,currency,available_credit,cash_balance,credit_limit,"
      "credit_refunds,unsettled_current_month,unsettled_previous_months,costs_incurred,as_of,"
      "owner,status\r\n"
      "\"Acme, \"\"Ltd\"\"\nBeijing\",17,acme,USD,\"1,090.50\",90.5,1000,0,0,0,true,"
      "2026-11-23T19:00:00+08:00,Acme Holding,frozen\r\n"
      "\r\n"
      ",18,,CNY,,10,20,3,4,5.000001,false,,,\r\n",
      kContext);
  ASSERT_TRUE(readings) << readings.error().message;
  ASSERT_EQ(readings->size(), 2);
  const Reading& first = (*readings)[0];
  EXPECT_EQ(first.account, (AccountKey{"acme", "17"}));
  EXPECT_EQ(first.account_name, "Acme, \"Ltd\"\nBeijing");
  EXPECT_EQ(first.owner, "Acme Holding");
  EXPECT_EQ(first.status, AccountStatus::kFrozen);
  EXPECT_EQ(first.currency, "USD");
  EXPECT_EQ(first.available_credit, Amount("1090.5"));
  EXPECT_EQ(first.terms.credit_limit, Amount("1000"));
  EXPECT_EQ(first.costs_incurred, CostsIncurred::kYes);
  EXPECT_EQ(first.as_of, kNoon - std::chrono::hours{1});
  const Reading& second = (*readings)[1];
  EXPECT_EQ(second.account, (AccountKey{"demo", "18"}));
  EXPECT_EQ(second.account_name, "");
  EXPECT_EQ(second.available_credit, Amount("23.999999")) << "the formula's";
  EXPECT_EQ(second.costs_incurred, CostsIncurred::kNo);
  EXPECT_EQ(second.as_of, kNoon) << "the file's";
}

TEST(ParseFileCsvTest, AnUnknownTermIsNotZero) {
  const auto readings =
      ParseFileCsv("account_id,currency,available_credit,cash_balance\n17,USD,-3,\n", kContext);
  ASSERT_TRUE(readings) << readings.error().message;
  EXPECT_EQ(readings->front().available_credit, Amount("-3"));
  EXPECT_EQ(readings->front().terms.cash_balance, std::nullopt);
  EXPECT_EQ(readings->front().costs_incurred, CostsIncurred::kUnknown);
}

TEST(ParseFileCsvTest, NamesEveryMistake) {
  const std::string head = "account_id,currency,available_credit\n";
  const std::string wide =
      "account_id,account_name,provider,currency,available_credit,"
      "cash_balance,costs_incurred,as_of\n";
  const struct {
    const char* name;
    std::string text;
    std::string want;
  } cases[] = {
      {"an empty file", "", "b.csv: the file is empty"},
      {"a byte order mark alone", "\xef\xbb\xbf", "b.csv: the file is empty"},
      {"a header alone", head, "b.csv: no accounts in it"},
      {"blank lines alone", "\n\n", "b.csv: no accounts in it"},
      {"no line end at the end", head + "17,USD,90\n18,USD,9",
       "b.csv:3: the last line has no line end, so the file may be half written"},
      {"an unknown column", "account_id,curency,available_credit\n17,USD,90\n",
       "b.csv:1: unknown field \"curency\", did you mean currency?"},
      {"an empty column name", "account_id,currency,available_credit,\n17,USD,90,\n",
       "b.csv:1: unknown field \"\""},
      {"a column twice", "account_id,currency,currency\n17,USD,USD\n",
       "b.csv:1: the column currency stands there twice"},
      {"a cell too few", head + "17,USD\n", "b.csv:2: 2 cells where the header has 3"},
      {"a cell too many", head + "17,USD,90,\n", "b.csv:2: 4 cells where the header has 3"},
      {"thousands that are not quoted", head + "17,USD,1,090\n",
       "b.csv:2: 4 cells where the header has 3"},
      {"a quote never closed", head + "\"17,USD,90\n",
       "b.csv:2: a quote is opened and never closed"},
      {"a quote within a plain cell", head + "1\"7,USD,90\n",
       "b.csv:2: a quote within a cell that does not begin with one: \"1\"\""},
      {"text after a closing quote", head + "\"17\"x,USD,90\n",
       "b.csv:2: after a closing quote comes neither a comma nor the line's end: \"x\""},
      {"a lone carriage return", head + "17\r,USD,90\n",
       "b.csv:2: a carriage return that does not end the line"},
      {"a line counts from its beginning, and cells over several lines count",
       wide + "17,\"a\nb\nc\",,USD,90,,,\n18,,,USD,x,,,\n",
       "b.csv:5: account \"18\": available_credit: not an amount (expected digits): \"x\""},
      {"no account id", head + ",USD,90\n", "b.csv:2: account_id: missing"},
      {"a bad account id", head + "\" 17\",USD,90\n",
       "b.csv:2: account \" 17\": account_id: not an account id (1 to 128 bytes of UTF-8 without "
       "control characters or white space at its ends): \" 17\""},
      {"no currency", head + "17,,90\n", "b.csv:2: account \"17\": currency: missing"},
      {"no such column", "account_id,available_credit\n17,90\n",
       "b.csv:2: account \"17\": currency: missing"},
      {"a bad currency", head + "17,usd,90\n",
       "b.csv:2: account \"17\": currency: not a currency code like USD: \"usd\""},
      {"a bad amount", head + "17,USD,90 USD\n",
       "b.csv:2: account \"17\": available_credit: not an amount (expected digits): \"90 USD\""},
      {"an amount out of range", head + "17,USD,99999999999999\n",
       "b.csv:2: account \"17\": available_credit: not an amount (out of range): "
       "\"99999999999999\""},
      {"neither the total nor all terms", wide + "17,,,USD,,5,,\n",
       "b.csv:2: account \"17\": available_credit: missing, and the formula cannot give it: "
       "the term credit_limit is not known"},
      {"a bad term beside a good total", wide + "17,,,USD,90,1e3,,\n",
       "b.csv:2: account \"17\": cash_balance: not an amount (expected digits): \"1e3\""},
      {"a bad provider", wide + "17,,Acme Corp,USD,90,,,\n",
       "b.csv:2: account \"17\": provider: not a name of a-z, 0-9, _ and -: \"Acme Corp\""},
      {"a name that is not UTF-8", wide + "17,caf\xe9,,USD,90,,,\n",
       "b.csv:2: account \"17\": account_name: not UTF-8: \"caf\\xe9\""},
      {"a name with control characters",
       wide + "17,a\x01"
              "b,,USD,90,,,\n",
       "b.csv:2: account \"17\": account_name: has control characters: \"a\\x01b\""},
      {"an id that is not UTF-8", head + "\xff,USD,90\n",
       "b.csv:2: account \"\\xff\": account_id: not an account id (1 to 128 bytes of UTF-8 without "
       "control characters or white space at its ends): \"\\xff\""},
      {"costs neither true nor false", wide + "17,,,USD,90,,yes,\n",
       "b.csv:2: account \"17\": costs_incurred: neither true nor false: \"yes\""},
      {"a time without an offset", wide + "17,,,USD,90,,,2026-11-23T07:12:00\n",
       "b.csv:2: account \"17\": as_of: "},
      {"a status that there is not",
       "account_id,currency,available_credit,status\n17,USD,90,open\n",
       "b.csv:2: account \"17\": status: not one of active, frozen and closed: \"open\""},
      {"a status in capitals", "account_id,currency,available_credit,status\n17,USD,90,Frozen\n",
       "b.csv:2: account \"17\": status: not one of active, frozen and closed: \"Frozen\""},
      {"an owner with control characters",
       "account_id,currency,available_credit,owner\n17,USD,90,Ac\x07me\n",
       "b.csv:2: account \"17\": owner: has control characters: \"Ac\\x07me\""},
      {"an owner that is not UTF-8",
       "account_id,currency,available_credit,owner\n17,USD,90,caf\xe9\n",
       "b.csv:2: account \"17\": owner: not UTF-8: \"caf\\xe9\""},
      {"an account twice", head + "17,USD,90\n18,USD,1\n17,USD,91\n",
       "b.csv:4: account \"17\": account_id: stands in line 2 already"},
      {"several mistakes, in order", head + "17,usd,x\n,USD,1\n",
       "b.csv:2: account \"17\": currency: not a currency code like USD: \"usd\"; "
       "b.csv:2: account \"17\": available_credit: not an amount (expected digits): \"x\"; "
       "b.csv:3: account_id: missing"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto readings = ParseFileCsv(c.text, kContext);
    ASSERT_FALSE(readings);
    if (c.want.ends_with(": as_of: ")) {
      EXPECT_THAT(readings.error().message, testing::StartsWith(c.want));
    } else {
      EXPECT_EQ(readings.error().message, c.want);
    }
  }
}

TEST(ParseFileCsvTest, NeedsAProvider) {
  const auto readings = ParseFileCsv("account_id,currency,available_credit\n17,USD,90\n",
                                     {.file = "b.csv", .provider = "", .modified = kNoon});
  ASSERT_FALSE(readings);
  EXPECT_EQ(readings.error().message,
            "b.csv:2: account \"17\": provider: missing, and the source names none");
}

TEST(ParseFileCsvTest, TwoProvidersMayHaveTheSameId) {
  const auto readings = ParseFileCsv(
      "account_id,provider,currency,available_credit\n17,a,USD,1\n17,b,USD,2\n", kContext);
  ASSERT_TRUE(readings) << readings.error().message;
  EXPECT_EQ(readings->size(), 2);
}

TEST(ParseFileCsvTest, ListsTwentyMistakesAndCountsTheOthers) {
  std::string text = "account_id,currency,available_credit\n";
  for (int i = 0; i < 23; ++i) text += std::to_string(i) + ",USD,x\n";
  const auto readings = ParseFileCsv(text, kContext);
  ASSERT_FALSE(readings);
  EXPECT_THAT(readings.error().message, testing::HasSubstr("b.csv:21: account \"19\""));
  EXPECT_THAT(readings.error().message, testing::Not(testing::HasSubstr("b.csv:22")));
  EXPECT_THAT(readings.error().message, testing::EndsWith("; and 3 more mistakes"));
}

// Whatever stands in a file, and wherever it is cut, is an answer.
TEST(ParseFileCsvTest, EveryCutIsRefusedOrWhole) {
  const std::string text =
      "account_id,account_name,currency,available_credit\r\n17,\"a \"\"b\"\", c\",USD,90\r\n";
  for (std::size_t length = 0; length < text.size(); ++length) {
    EXPECT_FALSE(ParseFileCsv(text.substr(0, length), kContext)) << length;
  }
  EXPECT_TRUE(ParseFileCsv(text, kContext));
}

}  // namespace
}  // namespace lowbalance
