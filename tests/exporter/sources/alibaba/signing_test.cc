#include "exporter/sources/alibaba/signing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/digest.h"

namespace lowbalance::alibaba {
namespace {

using nlohmann::json;

json Vectors() {
  std::ifstream file(LOWBALANCE_SOURCE_DIR "/tests/testdata/alibaba/signing-vectors.json");
  return json::parse(file);
}

HttpFields Fields(const json& object) {
  HttpFields fields;
  for (const auto& [name, value] : object.items()) fields.emplace_back(name, value);
  return fields;
}

std::string HeaderOf(const HttpCall& call, std::string_view name) {
  for (const auto& [field, value] : call.headers) {
    if (field == name) return value;
  }
  return "";
}

TEST(AlibabaSigningTest, ReproducesEveryVectorOfTheHeaderScheme) {
  int checked = 0;
  for (const json& vector : Vectors()) {
    if (vector["kind"] != "v3") continue;
    SCOPED_TRACE(vector["name"]);
    const HttpFields headers = Fields(vector["headers"]);
    EXPECT_EQ(Sha256Hex(vector["body"].get<std::string>()), vector["payload"]);
    const std::string canonical =
        CanonicalRequest(vector["method"].get<std::string>(), vector["path"].get<std::string>(),
                         Fields(vector["query"]), headers, vector["payload"].get<std::string>());
    EXPECT_EQ(canonical, vector["cr"]);
    EXPECT_EQ(Sha256Hex(canonical), vector["crhash"]);
    const Credentials key{.access_key_id = vector["ak"], .access_key_secret = vector["sk"]};
    EXPECT_EQ(Acs3Authorization(canonical, headers, key), vector["auth"]);
    ++checked;
  }
  EXPECT_EQ(checked, 8);
}

TEST(AlibabaSigningTest, ReproducesEveryVectorOfTheQueryScheme) {
  int checked = 0;
  for (const json& vector : Vectors()) {
    if (vector["kind"] != "v1") continue;
    SCOPED_TRACE(vector["name"]);
    const std::string to_sign =
        RpcStringToSign(vector["method"].get<std::string>(), Fields(vector["params"]));
    EXPECT_EQ(to_sign, vector["sts"]);
    EXPECT_EQ(RpcSignature(to_sign, vector["sk"].get<std::string>()), vector["sig"]);
    ++checked;
  }
  EXPECT_EQ(checked, 9);
}

// The vendor's Python SDK signs this in its own tests.
TEST(AlibabaSigningTest, JoinsHeadersOfOneNameAndKeepsEmptyParameters) {
  const HttpFields headers{{"x-acs-test", "https"}, {"x-acs-test", "http"}};
  const std::string canonical =
      CanonicalRequest("GET", "/", {{"test", "ok"}, {"empty", ""}}, headers,
                       "55e12e91650d2fec56ec74e1d3e4ddbfce2ef3a65890c2a19ecf88a307e76a23");
  const std::string authorization = Acs3Authorization(
      canonical, headers, {.access_key_id = "acesskey", .access_key_secret = "secret"});
  EXPECT_THAT(authorization,
              testing::EndsWith(
                  ",Signature=d16b30a7699ae9e43875b13195b2f81bcc3ed10c14a9b5eb780e51619aa50be1"));
}

// The requests that are sent, held against the vectors of the same operations.
TEST(AlibabaSigningTest, SendsWhatTheVectorsSign) {
  const Time now = ParseRfc3339("2026-01-02T03:04:05.987Z").value();
  const std::string nonce = "00000000000000000000000000000001";
  const Credentials key{.access_key_id = "testid", .access_key_secret = "testsecret"};
  const Credentials temporary{.access_key_id = "STS.testid",
                              .access_key_secret = "testsecret",
                              .security_token = "CAISexample/token+with=chars=="};
  const struct {
    const char* vector;
    ApiRequest request;
    Credentials credentials;
    const char* url;
    const char* body;
  } cases[] = {
      {"A QueryAccountBalance no params",
       {"QueryAccountBalance", "2017-12-14", "https://business.aliyuncs.com", {}, {}, false},
       key,
       "https://business.aliyuncs.com/",
       ""},
      {"B QueryBillOverview intl + STS",
       {"QueryBillOverview",
        "2017-12-14",
        "https://business.ap-southeast-1.aliyuncs.com",
        {{"BillingCycle", "2025-12"}, {"BillOwnerId", "1234567890123456"}},
        {},
        false},
       temporary,
       "https://business.ap-southeast-1.aliyuncs.com/"
       "?BillOwnerId=1234567890123456&BillingCycle=2025-12",
       ""},
      {"C GetFundAccountAvailableAmount form body",
       {"GetFundAccountAvailableAmount",
        "2023-09-30",
        "https://business.aliyuncs.com",
        {},
        {{"FundAccountId", "12332112"}},
        true},
       key,
       "https://business.aliyuncs.com/",
       "FundAccountId=12332112"},
      {"C2 GetFundAccountAvailableAmount empty body (no FundAccountId)",
       {"GetFundAccountAvailableAmount",
        "2023-09-30",
        "https://business.aliyuncs.com",
        {},
        {},
        true},
       key,
       "https://business.aliyuncs.com/",
       ""},
      {"F STS AssumeRole",
       {"AssumeRole",
        "2015-04-01",
        "https://sts.aliyuncs.com",
        {{"RoleArn", "acs:ram::1234567890123456:role/billing-reader"},
         {"RoleSessionName", "exporter-01"},
         {"DurationSeconds", "3600"}},
        {},
        false},
       key,
       "https://sts.aliyuncs.com/?DurationSeconds=3600&"
       "RoleArn=acs%3Aram%3A%3A1234567890123456%3Arole%2Fbilling-reader&"
       "RoleSessionName=exporter-01",
       ""},
  };
  const json vectors = Vectors();
  for (const auto& c : cases) {
    SCOPED_TRACE(c.vector);
    const HttpCall call = SignAcs3(c.request, c.credentials, now, nonce);
    EXPECT_EQ(call.method, "POST");
    EXPECT_EQ(call.url, c.url);
    EXPECT_EQ(call.body, c.body);
    EXPECT_EQ(HeaderOf(call, "x-acs-date"), "2026-01-02T03:04:05Z");
    EXPECT_EQ(HeaderOf(call, "x-acs-security-token"), c.credentials.security_token);
    const auto vector = std::find_if(vectors.begin(), vectors.end(),
                                     [&](const json& v) { return v["name"] == c.vector; });
    ASSERT_NE(vector, vectors.end());
    EXPECT_EQ(HeaderOf(call, "authorization"), (*vector)["auth"]);
  }
}

TEST(AlibabaSigningTest, QuerySchemeSignsQueryAndFormTogether) {
  const Time now = ParseRfc3339("2026-01-02T03:04:05Z").value();
  const ApiRequest request{"AssumeRole",
                           "2015-04-01",
                           "https://sts.aliyuncs.com",
                           {},
                           {{"RoleArn", "acs:ram::1234567890123456:role/billing-reader"},
                            {"RoleSessionName", "exporter-01"},
                            {"DurationSeconds", "3600"}},
                           true};
  const HttpCall call =
      SignRpc(request, {.access_key_id = "testid", .access_key_secret = "testsecret"}, now,
              "00000000000000000000000000000001");
  // Vector J.
  EXPECT_THAT(call.url, testing::HasSubstr("&Signature=z%2FN6S%2F16Uie1TrO2NIIeb5i5Z4c%3D&"));
  EXPECT_THAT(call.url, testing::HasSubstr("Action=AssumeRole&"));
  EXPECT_THAT(call.body, testing::StartsWith("DurationSeconds=3600&RoleArn=acs%3Aram"));
  EXPECT_EQ(HeaderOf(call, "content-type"), "application/x-www-form-urlencoded");
}

TEST(AlibabaSigningTest, TheHostThatIsSignedHasItsPort) {
  const HttpCall call =
      SignAcs3({"QueryAccountBalance", "2017-12-14", "http://127.0.0.1:8080", {}, {}, false},
               {.access_key_id = "testid", .access_key_secret = "testsecret"}, Time{}, "n");
  EXPECT_EQ(HeaderOf(call, "host"), "127.0.0.1:8080");
}

}  // namespace
}  // namespace lowbalance::alibaba
