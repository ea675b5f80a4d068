#include "exporter/sources/alibaba/failure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lowbalance::alibaba {
namespace {

constexpr Time kNow = TimeFromMillis(1'795'435'200'000);  // Mon, 23 Nov 2026 12:00:00 GMT.

HttpReply Reply(int status, std::string body, decltype(HttpReply::headers) headers = {}) {
  return {.status = status, .headers = std::move(headers), .body = std::move(body)};
}

std::string Told(const HttpReply& reply, const char* operation = "QueryAccountBalance") {
  const auto failure = FindFailure(operation, reply, kNow);
  return failure ? failure->ToString() : "";
}

TEST(AlibabaFailureTest, KnowsAGoodReply) {
  for (const char* body :
       {R"({"Code":"200","Message":"success","Success":true,"Data":{}})", R"({"Code":200})",
        R"({"Code":"Success","Success":"true"})", R"({"AvailableAmount":"100"})", "{}"}) {
    EXPECT_EQ(Told(Reply(200, body)), "") << body;
  }
}

TEST(AlibabaFailureTest, NamesOperationCodeStatusAndRequestId) {
  const struct {
    const char* name;
    HttpReply reply;
    const char* told;
  } cases[] = {
      {"the gateway's envelope",
       Reply(400, R"({"RequestId":"1A-2B","HostId":"h","Code":"NoSuchThing","Message":"m"})"),
       "QueryAccountBalance: NoSuchThing (HTTP 400, request id 1A-2B)"},
      {"names in lower case", Reply(400, R"({"requestId":"1A","code":"NoSuchThing"})"),
       "QueryAccountBalance: NoSuchThing (HTTP 400, request id 1A)"},
      {"an error in XML",
       Reply(404,
             "<?xml version='1.0'?><Error><RequestId>1A</RequestId>"
             "<Code>InvalidAccessKeyId.NotFound</Code></Error>"),
       "QueryAccountBalance: InvalidAccessKeyId.NotFound (HTTP 404, request id 1A): the gateway "
       "does not know this AccessKey id"},
      {"200 that is none", Reply(200, R"({"Code":"200","Success":false,"RequestId":"1A"})"),
       "QueryAccountBalance: unexpected_reply (HTTP 200, request id 1A): HTTP 200, yet Success is "
       "false"},
      {"an error's code under 200", Reply(200, R"({"Code":"NoSuchThing","RequestId":"1A"})"),
       "QueryAccountBalance: NoSuchThing (HTTP 200, request id 1A)"},
      {"a web page",
       Reply(200, "<html><body>Log in</body></html>", {{"content-type", "text/html"}}),
       "QueryAccountBalance: not_json (HTTP 200): not JSON (at byte 1): \"<html><body>Log "
       "in</body></html>\", content type \"text/html\""},
      {"a list", Reply(200, "[]"),
       "QueryAccountBalance: not_json (HTTP 200): the reply is no JSON object"},
      {"nothing", Reply(200, ""),
       "QueryAccountBalance: not_json (HTTP 200): not JSON (at byte 1): \"\""},
      {"a clock that is wrong",
       Reply(400, R"({"Code":"InvalidTimeStamp.Expired"})",
             {{"date", "Mon, 23 Nov 2026 12:20:05 GMT"}}),
       "QueryAccountBalance: InvalidTimeStamp.Expired (HTTP 400): this machine's clock is 20m5s "
       "behind the server's; set the clock; 15 minutes are tolerated"},
      {"a clock that is ahead",
       Reply(400, R"({"Code":"InvalidTimeStamp.Expired"})",
             {{"date", "Mon, 23 Nov 2026 11:00:00 GMT"}}),
       "QueryAccountBalance: InvalidTimeStamp.Expired (HTTP 400): this machine's clock is 1h ahead "
       "of the server's; set the clock; 15 minutes are tolerated"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(Told(c.reply), c.told);
  }
}

TEST(AlibabaFailureTest, SaysWhatCanBeDone) {
  const struct {
    const char* operation;
    const char* code;
    const char* remedy;
  } cases[] = {
      {"QueryAccountBalance", "NotAuthorized", "bss:DescribeAcccount, spelled with three c"},
      {"GetFundAccountAvailableAmount", "NoPermission", "bss:DescribeBillingAccount"},
      {"ListFundAccount", "Forbidden.RAM", "bss:DescribeBillingAccount"},
      {"GetFundAccountLowAvailableAmountAlarm", "NoPermission", "bss:DescribeAlarm"},
      {"GetFundAccountAvailableAmount", "NoFundAccountPermission", "neither owns nor manages"},
      {"AssumeRole", "NoPermission", "sts:AssumeRole"},
      {"ListAccounts", "NoPermission", "management account or a delegated administrator"},
      {"QueryAccountBalance", "NotApplicable", "try `site: china` or `site: international`"},
      {"QueryAccountBalance", "SignatureDoesNotMatch", "secret does not belong"},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(Remedy({.operation = c.operation, .code = c.code}), testing::HasSubstr(c.remedy));
  }
}

// What a gateway sends must not become many lines, many series, or a leak.
TEST(AlibabaFailureTest, PassesOnNothingThatCouldDoHarm) {
  const std::string echo =
      R"({"Code":"SignatureDoesNotMatch","RequestId":"1\n level=info","Message":)"
      R"("server string to sign is:POST&%2F&AccessKeyId%3DLTAIsecretish"})";
  EXPECT_EQ(Told(Reply(400, echo)),
            "QueryAccountBalance: SignatureDoesNotMatch (HTTP 400, request id 1__level_info): the "
            "AccessKey secret does not belong to the id");
  const std::string code(5000, 'x');
  EXPECT_LT(Told(Reply(400, R"({"Code":")" + code + R"("})")).size(), 200);
  EXPECT_EQ(Harmless("a b\"\n{}ü"), "a_b______");
}

TEST(AlibabaFailureTest, QuotesNothingOfAReplyThatMayCarryCredentials) {
  const std::string cut_off = R"({"Credentials":{"AccessKeySecret":"top-secret","Secur)";
  for (const char* operation : {"AssumeRole", "AssumeRoleWithOIDC"}) {
    EXPECT_EQ(Told(Reply(200, cut_off, {{"content-type", "application/json"}}), operation),
              std::string(operation) +
                  ": not_json (HTTP 200): not JSON, content type \"application/json\"");
  }
}

TEST(AlibabaFailureTest, AnotherOperationMayAnswerWhereThisOneMayNotBeUsed) {
  for (const char* code : {"NoPermission", "NotAuthorized", "Forbidden.RAM", "NotApplicable",
                           "NoFundAccountPermission", "InvalidAction.NotFound", "InvalidVersion"}) {
    EXPECT_TRUE(IsNotForThisCaller({.code = code})) << code;
  }
  for (const char* code : {"InternalError", "Throttling", "SignatureDoesNotMatch", "timeout",
                           "unexpected_reply", "InvalidAccessKeyId.NotFound"}) {
    EXPECT_FALSE(IsNotForThisCaller({.code = code})) << code;
  }
}

TEST(AlibabaFailureTest, HearsHowLongTheServerWantsToBeLeftAlone) {
  const struct {
    decltype(HttpReply::headers) headers;
    std::optional<Millis> wait;
  } cases[] = {
      {{}, std::nullopt},
      {{{"x-acs-retry-after", "1500"}}, Millis{1500}},
      {{{"x-acs-retry-after", "1"}}, Millis{100}},
      {{{"x-acs-retry-after", "99999999"}}, Millis{120'000}},
      {{{"x-acs-retry-after", "soon"}}, std::nullopt},
      {{{"x-acs-retry-after", "-5"}}, std::nullopt},
      {{{"x-ratelimit-user-api", "Limit:1,Remain:0,TimeLeft:2000,Reset:1234"},
        {"x-ratelimit-user", "Limit:1,Remain:0,TimeLeft:3000"}},
       Millis{3000}},
  };
  for (const auto& c : cases) {
    const auto failure = FindFailure("A", Reply(429, R"({"Code":"Throttling"})", c.headers), kNow);
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->retry_after, c.wait);
  }
}

}  // namespace
}  // namespace lowbalance::alibaba
