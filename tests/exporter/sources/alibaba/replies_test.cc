#include "exporter/sources/alibaba/replies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exporter/sources/alibaba/billing_months.h"

namespace lowbalance::alibaba {
namespace {

// The example of the vendor's page, whose values satisfy the formula.
constexpr std::string_view kFundAccount =
    R"({"Metadata":"{}","RequestId":"F96A2D13","FundAccountId":"12332112",)"
    R"("FundAccountOwnerAccountId":"1344312434","FundAccountStatus":"valid",)"
    R"("FundAccountType":"REDIRECT_USER","AvailableAmount":"100","CashAmount":"50",)"
    R"("NegativeBillAmount":"0","CreditAmount":"100","AvailableCreditAmount":"50",)"
    R"("CreditRefundAmount":"0","UnclearedAmount":"50","CurrentMonthUnclearedAmount":"20",)"
    R"("HistoryMonthUnclearedAmount":"30","BankAcceptanceAmount":"0","Currency":"CNY",)"
    R"("QuotaAmount":"20","QuotaConsumedAmount":"10","CreditUser":true})";

std::string With(std::string_view field, std::string_view value) {
  std::string body(kFundAccount);
  const std::string name = "\"" + std::string(field) + "\":";
  const auto at = body.find(name) + name.size();
  const auto end = body[at] == '"' ? body.find('"', at + 1) + 1 : body.find_first_of(",}", at);
  return body.replace(at, end - at, value);
}

std::string Without(std::string_view field) {
  std::string body(kFundAccount);
  return body.replace(body.find(field), field.size(), "Other" + std::string(field));
}

std::string Complaint(const std::string& body) {
  const auto balance = ParseFundAccountAmount(body);
  return balance ? "" : balance.error().message;
}

TEST(AlibabaRepliesTest, ReadsAmounts) {
  const struct {
    const char* text;
    const char* amount;
  } cases[] = {
      {"1,157.74", "1157.74"},        {"-11.19", "-11.19"},
      {"10000.00\n", "10000"},        {" 0 ", "0"},
      {"1,234,567.89", "1234567.89"}, {"-1,000.5", "-1000.5"},
      {"0.1234564999", "0.123456"},   {"0.1234565", "0.123457"},
      {"-0.1234565", "-0.123457"},    {"20.0000000000", "20"},
  };
  for (const auto& c : cases) {
    const auto amount = ParseAmount(c.text);
    ASSERT_TRUE(amount) << c.text;
    EXPECT_EQ(amount->ToString(), c.amount) << c.text;
  }
  for (const char* text : {"", "-", "1.2.3", "1e5", "NaN", "12,34.5", "0x10", "1.2345678x", "¥100",
                           "99999999999999", "null"}) {
    EXPECT_FALSE(ParseAmount(text)) << text;
  }
}

TEST(AlibabaRepliesTest, ReadsEveryTermOfAFundAccount) {
  const Balance balance = ParseFundAccountAmount(kFundAccount).value();
  EXPECT_EQ(balance.currency, "CNY");
  EXPECT_EQ(balance.available_credit, Money::FromUnits(100));
  EXPECT_EQ(balance.terms, (CreditTerms{.cash_balance = Money::FromUnits(50),
                                        .credit_limit = Money::FromUnits(100),
                                        .credit_refunds = Money{},
                                        .unsettled_current_month = Money::FromUnits(20),
                                        .unsettled_previous_months = Money::FromUnits(30)}));
  EXPECT_EQ(UnexplainedAmount(balance.available_credit, balance.terms), Money{});
  EXPECT_EQ(balance.status, AccountStatus::kActive);
  EXPECT_EQ(balance.costs_incurred, CostsIncurred::kYes);
}

TEST(AlibabaRepliesTest, TakesWhatMayVary) {
  EXPECT_EQ(ParseFundAccountAmount(With("Metadata", "{\"a\":[{}]}"))->currency, "CNY");
  EXPECT_EQ(ParseFundAccountAmount(With("AvailableAmount", "-4.58"))->available_credit,
            Money::Parse("-4.58").value())
      << "a number instead of a text";
  EXPECT_EQ(ParseFundAccountAmount(With("AvailableAmount", "\"1,157.74\""))->available_credit,
            Money::Parse("1157.74").value());
  const struct {
    const char* text;
    AccountStatus status;
  } statuses[] = {{"\"VALID\"", AccountStatus::kActive},
                  {"\"Frozen\"", AccountStatus::kFrozen},
                  {"\"closed\"", AccountStatus::kClosed},
                  {"\"NEW\"", AccountStatus::kUnknown},
                  {"null", AccountStatus::kUnknown}};
  for (const auto& c : statuses) {
    EXPECT_EQ(ParseFundAccountAmount(With("FundAccountStatus", c.text))->status, c.status);
  }
}

TEST(AlibabaRepliesTest, ATermThatIsMissingIsUnknownAndNotZero) {
  for (const auto& [field, member] :
       {std::pair{"CashAmount", &CreditTerms::cash_balance},
        std::pair{"CreditRefundAmount", &CreditTerms::credit_refunds},
        std::pair{"HistoryMonthUnclearedAmount", &CreditTerms::unsettled_previous_months}}) {
    for (const std::string& body : {Without(field), With(field, "null")}) {
      const auto balance = ParseFundAccountAmount(body);
      ASSERT_TRUE(balance) << field;
      EXPECT_EQ(balance->terms.*member, std::nullopt);
      EXPECT_EQ(UnexplainedAmount(balance->available_credit, balance->terms), std::nullopt);
    }
  }
}

TEST(AlibabaRepliesTest, RefusesAReplyThatIsNotWhatItShouldBe) {
  EXPECT_EQ(Complaint(Without("AvailableAmount")), "AvailableAmount is missing");
  EXPECT_EQ(Complaint(With("AvailableAmount", "null")), "AvailableAmount is missing");
  EXPECT_EQ(Complaint(With("AvailableAmount", "\"\"")),
            "AvailableAmount is not an amount (empty): \"\"");
  EXPECT_EQ(Complaint(With("AvailableAmount", "[1]")), "AvailableAmount is no amount: \"[\"1\"]\"");
  EXPECT_EQ(Complaint(With("CashAmount", "\"many\"")),
            "CashAmount is not an amount (expected digits): \"many\"");
  EXPECT_EQ(Complaint(Without("Currency")), "Currency is missing");
  EXPECT_EQ(Complaint(With("Currency", "\"¥\"")),
            "Currency is not a currency code like USD: \"¥\"");
  EXPECT_THAT(Complaint("<html>"), testing::HasSubstr("not JSON"));
  EXPECT_THAT(Complaint(std::string(100, '[')), testing::HasSubstr("nested too deeply"));
}

TEST(AlibabaRepliesTest, ReadsTheOlderOperationWithoutGuessingTheLimit) {
  const Balance balance =
      ParseAccountBalance(
          R"({"Code":"200","Success":true,"Data":{"AvailableAmount":"10,000.00",)"
          R"("AvailableCashAmount":"9,000.00","CreditAmount":"1000.00","MybankCreditAmount":"0.00",)"
          R"("Currency":"JPY","QuotaLimit":"10000.00\n"}})")
          .value();
  EXPECT_EQ(balance.available_credit, Money::FromUnits(10'000));
  EXPECT_EQ(balance.currency, "JPY");
  EXPECT_EQ(balance.terms, (CreditTerms{.cash_balance = Money::FromUnits(9'000)}));
  EXPECT_TRUE(balance.uses_credit);
  EXPECT_EQ(ParseAccountBalance(R"({"Code":"200","Success":true})").error().message,
            "Data is missing");
}

TEST(AlibabaRepliesTest, ReadsFundAccounts) {
  const auto accounts =
      ParseFundAccounts(
          R"({"Data":[{"FundAccountId":"1","FundAccountName":"Acme","FundAccountStatus":"VALID",)"
          R"("FundAccountOwnerAccountId":"77","FundAccountType":"NEW_KIND"},)"
          R"({"FundAccountId":2,"FundAccountStatus":"FROZEN"},{"FundAccountId":"1"}]})")
          .value();
  ASSERT_EQ(accounts.size(), 2);
  EXPECT_EQ(accounts[0].name, "Acme");
  EXPECT_EQ(accounts[0].owner, "77");
  EXPECT_EQ(accounts[1].id, "2");
  EXPECT_EQ(accounts[1].status, AccountStatus::kFrozen);
  EXPECT_FALSE(ParseFundAccounts(R"({"Data":{}})"));
  EXPECT_FALSE(ParseFundAccounts(R"({"Data":[{"FundAccountName":"no id"}]})"));
  EXPECT_FALSE(ParseFundAccounts(R"({"RequestId":"1"})"));
}

TEST(AlibabaRepliesTest, ReadsTheVendorsAlarm) {
  const VendorAlarm alarm =
      ParseAlarm(R"({"ThresholdAmount":"1,000","AlarmEnabled":true})").value();
  EXPECT_TRUE(alarm.enabled);
  EXPECT_EQ(alarm.threshold, Money::FromUnits(1000));
  EXPECT_EQ(ParseAlarm(R"({"AlarmEnabled":false})")->threshold, std::nullopt);
  EXPECT_EQ(ParseAlarm(R"({"AlarmEnabled":"false","ThresholdAmount":""})")->enabled, false);
  EXPECT_FALSE(ParseAlarm(R"({"ThresholdAmount":"100"})"));
  EXPECT_FALSE(ParseAlarm(R"({"AlarmEnabled":true})"));
}

TEST(AlibabaRepliesTest, ReadsMembersPageByPage) {
  const MemberPage page =
      ParseMembers(R"({"Accounts":{"Account":[{"AccountId":"11","DisplayName":"Dev","Status":)"
                   R"("CreateSuccess"},{"AccountId":"12","Status":"InvitePending"}]},)"
                   R"("NextToken":"abc"})")
          .value();
  ASSERT_EQ(page.members.size(), 2);
  EXPECT_EQ(page.members[0].name, "Dev");
  EXPECT_TRUE(page.members[0].joined);
  EXPECT_FALSE(page.members[1].joined);
  EXPECT_EQ(page.next_token, "abc");
  EXPECT_FALSE(ParseMembers(R"({"Accounts":[]})"));
}

TEST(AlibabaRepliesTest, AddsUpBillsFromTheDigitsThatStandThere) {
  const BillSum sum =
      ParseBillOverview(
          R"({"Code":"Success","Success":true,"Data":{"Items":{"Item":[)"
          R"({"OutstandingAmount":0.1,"PretaxGrossAmount":3},{"OutstandingAmount":0.2},)"
          R"({"OutstandingAmount":12345678.0000004}]}}})")
          .value();
  EXPECT_EQ(sum.unsettled, Money::Parse("12345678.3").value());
  EXPECT_TRUE(sum.costs);
  EXPECT_FALSE(ParseBillOverview(R"({"Data":{"Items":{"Item":[]}}})")->costs);
  EXPECT_FALSE(ParseBillOverview(R"({"Data":{"Items":{"Item":[{"PretaxGrossAmount":1}]}}})"));
  for (const char* data : {"{}", R"({"Items":null})", R"({"Items":[]})", R"({"Items":{}})",
                           R"({"Items":{"Item":{}}})"}) {
    const auto refused = ParseBillOverview(R"({"Data":)" + std::string(data) + "}");
    ASSERT_FALSE(refused) << data;
    EXPECT_EQ(refused.error().message, "Items.Item is no list");
  }
}

TEST(AlibabaRepliesTest, ReadsCredentialsAndQuotesNoneOfThem) {
  const std::string inner =
      R"("AccessKeyId":"STS.1","AccessKeySecret":"top-secret","SecurityToken":"tok",)"
      R"("Expiration":"2026-11-23T13:00:00Z")";
  const Credentials credentials = ParseCredentials("{\"Credentials\":{" + inner + "}}").value();
  EXPECT_EQ(credentials.access_key_id, "STS.1");
  EXPECT_EQ(credentials.expires, ParseRfc3339("2026-11-23T13:00:00Z").value());
  EXPECT_EQ(ParseCredentials("{\"Code\":\"Success\"," + inner + "}").value(), credentials);
  for (const std::string& body :
       {std::string("top-secret"), "{\"Code\":\"Failed\"," + inner + "}",
        R"({"AccessKeyId":"a","AccessKeySecret":"top-secret"})" + std::string(),
        R"({"AccessKeyId":"a","AccessKeySecret":"top-secret","SecurityToken":"t"})" +
            std::string()}) {
    const auto refused = ParseCredentials(body);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, testing::Not(testing::HasSubstr("top-secret")));
  }
}

TEST(AlibabaRepliesTest, BillsGoByTheMonthsOfUtc8) {
  const auto months = BillingMonths(ParseRfc3339("2026-01-31T16:00:00Z").value());
  ASSERT_EQ(months.size(), 18);
  EXPECT_EQ(months.front(), "2026-02");
  EXPECT_EQ(months[2], "2025-12");
  EXPECT_EQ(months.back(), "2024-09");
  EXPECT_EQ(BillingMonths(ParseRfc3339("2026-01-31T15:59:59Z").value()).front(), "2026-01");
}

}  // namespace
}  // namespace lowbalance::alibaba
