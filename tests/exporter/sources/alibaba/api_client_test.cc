#include "exporter/sources/alibaba/api_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <set>

#include "tests/exporter/sources/alibaba/fake_transport.h"

namespace lowbalance::alibaba {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr const char* kGood = R"({"RequestId":"1","AvailableAmount":"100","Currency":"CNY"})";

ApiRequest Request(const std::string& operation) {
  return {.operation = operation, .version = "1", .endpoint = "https://api.example.com"};
}

// A client with credentials that never change, and what its calls came to.
class ApiClientTest : public testing::Test {
 protected:
  void Serve(FakeTransport::Service service, ApiClient::Options options = {}) {
    transport_ = std::make_unique<FakeTransport>(std::move(service));
    if (!options.jitter) options.jitter = [] { return 1.0; };
    client_ = std::make_unique<ApiClient>(std::move(options), *transport_,
                                          [this] { return transport_->WallTime(); });
  }
  void Call(const std::string& operation, const std::string& budget = "a") {
    client_->Call(Request(operation), &credentials_, budget, [this](ApiResult<std::string> body) {
      ++answered_;
      if (!body) failures_.push_back(body.error());
    });
  }
  void Run(SteadyTime deadline = SteadyTime::max()) { client_->Run(deadline, {}); }
  Millis Elapsed() const {
    return std::chrono::duration_cast<Millis>(transport_->Now() - SteadyTime{});
  }

  std::unique_ptr<FakeTransport> transport_;
  std::unique_ptr<ApiClient> client_;
  CredentialsCache credentials_{[](ApiClient&, const CredentialsCache::Done& done) {
    done(Credentials{.access_key_id = "id", .access_key_secret = "secret"});
  }};
  int answered_ = 0;
  std::vector<ApiFailure> failures_;
};

// What docs/alibaba.md promises of a poll of 1,000 accounts: within its interval of five minutes.
TEST_F(ApiClientTest, AThousandCallsOfEachOfTwoOperationsKeepToTheirLimits) {
  Serve([](const HttpCall&) { return Answered(kGood); },
        {.per_second = {{"Balance", 5}, {"Alarm", 5}}});
  for (int i = 0; i < 1000; ++i) {
    Call("Balance");
    Call("Alarm");
  }
  Run();
  EXPECT_EQ(answered_, 2000);
  EXPECT_TRUE(failures_.empty());
  EXPECT_GE(Elapsed(), Millis{199'800});
  EXPECT_LT(Elapsed(), seconds{202});
  // No second has more than the limit.
  std::vector<SteadyTime> balance;
  for (std::size_t i = 0; i < transport_->calls.size(); ++i) {
    if (HeaderOf(transport_->calls[i], "x-acs-action") == "Balance") {
      balance.push_back(transport_->started[i]);
    }
  }
  ASSERT_EQ(balance.size(), 1000);
  for (std::size_t i = 0; i + 5 < balance.size(); ++i) {
    ASSERT_GE(balance[i + 5] - balance[i], seconds{1}) << "from call " << i;
  }
}

TEST_F(ApiClientTest, AccountsWithBudgetsOfTheirOwnDoNotWaitForEachOther) {
  Serve([](const HttpCall&) { return Answered(kGood); },
        {.per_second = {{"Balance", 1}}, .in_flight = 32});
  for (int i = 0; i < 1000; ++i) Call("Balance", "account " + std::to_string(i));
  Run();
  EXPECT_EQ(answered_, 1000);
  EXPECT_EQ(transport_->most_in_flight, 32);
  EXPECT_LT(Elapsed(), seconds{4}) << "1000 of 100 ms, 32 at once";
}

TEST_F(ApiClientTest, EveryTryIsSignedAnewWithANonceOfItsOwn) {
  int asked = 0;
  Serve([&](const HttpCall&) {
    return ++asked < 4 ? Answered(R"({"Code":"InternalError"})", 400) : Answered(kGood);
  });
  Call("Balance");
  Run();
  EXPECT_EQ(answered_, 1);
  EXPECT_TRUE(failures_.empty());
  std::set<std::string> nonces;
  std::set<std::string> dates;
  std::set<std::string> signatures;
  for (const HttpCall& call : transport_->calls) {
    nonces.insert(HeaderOf(call, "x-acs-signature-nonce"));
    dates.insert(HeaderOf(call, "x-acs-date"));
    signatures.insert(HeaderOf(call, "authorization"));
  }
  EXPECT_EQ(nonces.size(), 4);
  EXPECT_EQ(signatures.size(), 4);
  EXPECT_GT(dates.size(), 1) << "over the waits of 0.25, 0.5 and 1 s the second changes";
  const CallCounts counts = client_->TakeCounts();
  EXPECT_EQ(counts.requests.at({"Balance", "InternalError"}), 3);
  EXPECT_EQ(counts.requests.at({"Balance", "ok"}), 1);
  EXPECT_EQ(counts.retries.at("Balance"), 3);
}

TEST_F(ApiClientTest, TriesAgainAsOftenAsToldAndNotWhatCannotHelp) {
  const struct {
    const char* name;
    int status;
    const char* code;
    std::size_t tries;
  } cases[] = {
      {"internal error, though with status 400", 400, "InternalError", 4},
      {"unavailable", 503, "ServiceUnavailable", 4},
      {"throttled", 400, "Throttling.User", 4},
      {"throttled, as newer gateways say it", 429, "Throttling", 4},
      {"a nonce that was known is replaced once", 400, "SignatureNonceUsed", 2},
      {"an expired token is replaced once", 400, "InvalidSecurityToken.Expired", 2},
      {"not permitted", 400, "NoPermission", 1},
      {"unknown key", 404, "InvalidAccessKeyId.NotFound", 1},
      {"wrong secret", 400, "SignatureDoesNotMatch", 1},
      {"our clock is wrong", 400, "InvalidTimeStamp.Expired", 1},
      {"the other site's account", 400, "NotApplicable", 1},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    failures_.clear();
    Serve([&](const HttpCall&) {
      return Answered(std::string(R"({"RequestId":"R-1","Code":")") + c.code + "\"}", c.status);
    });
    Call("Balance");
    Run();
    EXPECT_EQ(transport_->calls.size(), c.tries);
    ASSERT_EQ(failures_.size(), 1);
    EXPECT_EQ(failures_[0].code, c.code);
    EXPECT_EQ(failures_[0].request_id, "R-1");
  }
}

TEST_F(ApiClientTest, AThrottledOperationRestsForAsLongAsTheServerSays) {
  const struct {
    const char* header;
    const char* value;
  } hints[] = {{"x-acs-retry-after", "7000"},
               {"x-ratelimit-user-api", "Limit:1,Remain:0,TimeLeft:7000,Reset:1234"}};
  for (const auto& hint : hints) {
    SCOPED_TRACE(hint.header);
    int asked = 0;
    Serve([&](const HttpCall&) {
      if (++asked > 1) return Answered(kGood);
      return Answered(R"({"Code":"Throttling.User"})", 429, {{hint.header, hint.value}});
    });
    Call("Balance");
    Run();
    Call("Balance");
    Call("Balance");
    Run();
    ASSERT_EQ(transport_->calls.size(), 4);
    EXPECT_GE(transport_->started[1] - transport_->started[0], seconds{7});
    EXPECT_LT(transport_->started[1] - transport_->started[0], seconds{8});
    EXPECT_EQ(client_->TakeCounts().throttled.at("Balance"), 1);
  }
}

TEST_F(ApiClientTest, WhatElseIsToBeAskedOfAThrottledOperationWaitsToo) {
  int asked = 0;
  Serve(
      [&](const HttpCall&) {
        if (++asked > 1) return Answered(kGood);
        return Answered(R"({"Code":"Throttling"})", 400, {{"x-acs-retry-after", "5000"}});
      },
      {.per_second = {{"Balance", 1}}});
  for (int i = 0; i < 3; ++i) Call("Balance");
  Call("Other");
  Run();
  std::vector<SteadyTime> balance;
  for (std::size_t i = 0; i < transport_->calls.size(); ++i) {
    if (HeaderOf(transport_->calls[i], "x-acs-action") == "Balance") {
      balance.push_back(transport_->started[i]);
    } else {
      EXPECT_LT(transport_->started[i] - SteadyTime{}, seconds{1});
    }
  }
  ASSERT_EQ(balance.size(), 4);
  EXPECT_GE(balance[1] - balance[0], seconds{5});
  EXPECT_GE(balance[2] - balance[1], Millis{999});
}

TEST_F(ApiClientTest, CredentialsAreRefreshedOnceForAllThatWait) {
  int obtained = 0;
  CredentialsCache cache([&](ApiClient& client, CredentialsCache::Done done) {
    ++obtained;
    const Time now = client.Now();
    client.Ask("Metadata", {.url = "http://metadata"}, [done, now, n = obtained](const auto&) {
      done(Credentials{.access_key_id = "STS." + std::to_string(n),
                       .access_key_secret = "secret",
                       .security_token = "token",
                       .expires = now + hours{1}});
    });
  });
  bool expired = false;
  Serve([&](const HttpCall& call) {
    const bool first = HeaderOf(call, "x-acs-accesskey-id") == "STS.1";
    if (expired && first) return Answered(R"({"Code":"InvalidSecurityToken.Expired"})", 400);
    return Answered(kGood);
  });
  const auto call = [&] {
    client_->Call(Request("Balance"), &cache, "a",
                  [this](const ApiResult<std::string>& body) { answered_ += body ? 1 : 0; });
  };
  for (int i = 0; i < 20; ++i) call();
  Run();
  EXPECT_EQ(obtained, 1);
  EXPECT_EQ(answered_, 20);
  expired = true;  // In the middle of the next poll, whatever its own clock says.
  for (int i = 0; i < 20; ++i) call();
  Run();
  EXPECT_EQ(obtained, 2);
  EXPECT_EQ(answered_, 40);
}

TEST_F(ApiClientTest, EveryCallIsAnsweredWhereSomeHaveNoCredentials) {
  CredentialsCache none(
      [](ApiClient&, const CredentialsCache::Done& done) { done(Retry("there are none")); });
  Serve([](const HttpCall&) { return Answered(kGood); },
        {.per_second = {{"Balance", 1}}, .in_flight = 1});
  int refused = 0;
  for (int i = 0; i < 30; ++i) {
    const std::string budget = std::to_string(i);
    Call("Balance", budget);
    client_->Call(Request("Balance"), &none, budget, [&](const ApiResult<std::string>& body) {
      refused += !body && body.error().code == "credentials" ? 1 : 0;
    });
  }
  Run();
  EXPECT_EQ(answered_, 30);
  EXPECT_TRUE(failures_.empty());
  EXPECT_EQ(refused, 30);
}

TEST_F(ApiClientTest, WhatIsNotAnsweredByTheDeadlineIsAbandoned) {
  Serve([](const HttpCall&) { return Answered(kGood); }, {.per_second = {{"Balance", 2}}});
  for (int i = 0; i < 100; ++i) Call("Balance");
  Run(transport_->Now() + seconds{10});
  EXPECT_EQ(answered_, 100);
  EXPECT_THAT(failures_.size(), testing::AllOf(testing::Gt(70), testing::Lt(85)));
  EXPECT_EQ(failures_.back().code, "abandoned");
  EXPECT_LE(Elapsed(), seconds{11});
  // The next poll is none the worse for it.
  answered_ = 0;
  failures_.clear();
  Call("Balance");
  Run();
  EXPECT_EQ(answered_, 1);
  EXPECT_TRUE(failures_.empty());
}

TEST_F(ApiClientTest, ARetryThatWouldComeTooLateIsNotWaitedFor) {
  Serve([](const HttpCall&) {
    return Answered(R"({"Code":"Throttling"})", 429, {{"x-acs-retry-after", "60000"}});
  });
  Call("Balance");
  Run(transport_->Now() + seconds{30});
  ASSERT_EQ(failures_.size(), 1);
  EXPECT_EQ(failures_[0].code, "Throttling") << "what went wrong, not that time was over";
  EXPECT_LT(Elapsed(), seconds{1});
}

TEST_F(ApiClientTest, StopsWhenTold) {
  std::stop_source stop;
  Serve([&](const HttpCall&) {
    stop.request_stop();
    return FakeTransport::Answer{.after = minutes{5}, .result = HttpReply{}};
  });
  Call("Balance");
  client_->Run(SteadyTime::max(), stop.get_token());
  ASSERT_EQ(failures_.size(), 1);
  EXPECT_EQ(failures_[0].code, "abandoned");
}

TEST_F(ApiClientTest, FailuresToReachTheServerAreTriedAgain) {
  for (const auto kind : {HttpFailure::Kind::kTimeout, HttpFailure::Kind::kConnection}) {
    failures_.clear();
    Serve([&](const HttpCall&) {
      return FakeTransport::Answer{.result = tl::make_unexpected(HttpFailure{kind, "host: gone"})};
    });
    Call("Balance");
    Run();
    EXPECT_EQ(transport_->calls.size(), 4);
    ASSERT_EQ(failures_.size(), 1);
    EXPECT_EQ(failures_[0].ToString(), "Balance: " + std::string(ToString(kind)) + ": host: gone");
  }
  for (const auto kind : {HttpFailure::Kind::kTls, HttpFailure::Kind::kTooLarge}) {
    Serve([&](const HttpCall&) {
      return FakeTransport::Answer{.result = tl::make_unexpected(HttpFailure{kind, "host"})};
    });
    Call("Balance");
    Run();
    EXPECT_EQ(transport_->calls.size(), 1) << ToString(kind);
  }
}

}  // namespace
}  // namespace lowbalance::alibaba
