#include "base/http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <map>
#include <optional>
#include <thread>

#include "base/http_server.h"
#include "tests/base/temp_folder.h"

namespace lowbalance {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class HttpClientTest : public ::testing::Test {
 protected:
  void Start(const std::filesystem::path& web_config = {}) {
    server_.emplace(HttpServer::Options{
        .listen_address = "127.0.0.1:0", .web_config_file = web_config, .threads = 64});
    server_->Route("POST", "/", Access::kOpen, [this](const HttpRequest& request) {
      ++served_;
      return HttpResponse{.body = "echo:" + request.body};
    });
    server_->Route("GET", "/slow", Access::kOpen, [](const HttpRequest&) {
      std::this_thread::sleep_for(milliseconds{150});
      return HttpResponse{.status = 503, .body = "slow"};
    });
    server_->Route("GET", "/large", Access::kOpen, [](const HttpRequest&) {
      return HttpResponse{.body = std::string(2'000'000, 'x')};
    });
    port_ = server_->Start();
  }
  std::string Url(const std::string& path, const std::string& scheme = "http") const {
    return scheme + "://127.0.0.1:" + std::to_string(port_) + path;
  }

  // What the calls came to, by id.
  std::map<std::uint64_t, HttpOutcome> Finish(HttpClient& client, std::size_t count) {
    std::map<std::uint64_t, HttpOutcome> outcomes;
    const auto deadline = std::chrono::steady_clock::now() + seconds{20};
    while (outcomes.size() < count && std::chrono::steady_clock::now() < deadline) {
      for (HttpOutcome& outcome : client.Wait(seconds{1})) {
        outcomes.emplace(outcome.id, std::move(outcome));
      }
    }
    return outcomes;
  }
  HttpOutcome Ask(HttpClient& client, HttpCall call) {
    client.Start(1, std::move(call));
    return Finish(client, 1).at(1);
  }
  HttpFailure FailureOf(HttpClient& client, HttpCall call) {
    HttpOutcome outcome = Ask(client, std::move(call));
    EXPECT_FALSE(outcome.result);
    return outcome.result ? HttpFailure{} : outcome.result.error();
  }

  std::optional<HttpServer> server_;
  std::uint16_t port_ = 0;
  std::atomic<int> served_ = 0;
  TempFolder folder_;
};

TEST_F(HttpClientTest, SendsAndReceives) {
  Start();
  HttpClient client({});
  const HttpOutcome outcome =
      Ask(client, {.method = "POST", .url = Url("/"), .headers = {{"x-a", "1"}}, .body = "hello"});
  ASSERT_TRUE(outcome.result) << outcome.result.error().message;
  EXPECT_EQ(outcome.result->status, 200);
  EXPECT_EQ(outcome.result->body, "echo:hello");
  EXPECT_THAT(outcome.result->Header("content-type"), testing::StartsWith("text/plain"));
  EXPECT_EQ(outcome.result->Header("x-none"), "");
  const HttpOutcome empty = Ask(client, {.method = "POST", .url = Url("/")});
  ASSERT_TRUE(empty.result);
  EXPECT_EQ(empty.result->body, "echo:");
}

TEST_F(HttpClientTest, KeepsManyInFlightOnOneThread) {
  Start();
  HttpClient client({.connections = 40});
  const auto begun = std::chrono::steady_clock::now();
  for (std::uint64_t id = 1; id <= 40; ++id) client.Start(id, {.url = Url("/slow")});
  const auto outcomes = Finish(client, 40);
  ASSERT_EQ(outcomes.size(), 40);
  for (const auto& [id, outcome] : outcomes) {
    ASSERT_TRUE(outcome.result);
    EXPECT_EQ(outcome.result->status, 503) << "an answer like others";
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begun, seconds{4}) << "40 × 150 ms is 6 s";
}

TEST_F(HttpClientTest, LimitsWhatItTakes) {
  Start();
  HttpClient client({});
  EXPECT_EQ(FailureOf(client, {.url = Url("/large"), .max_reply_bytes = 100'000}).kind,
            HttpFailure::Kind::kTooLarge);
  EXPECT_TRUE(Ask(client, {.url = Url("/large"), .max_reply_bytes = 2'000'000}).result);
}

TEST_F(HttpClientTest, LimitsHowLongItWaits) {
  Start();
  HttpClient client({});
  const HttpFailure failure =
      FailureOf(client, {.url = Url("/slow?token=abc"), .timeout = milliseconds{50}});
  EXPECT_EQ(failure.kind, HttpFailure::Kind::kTimeout);
  EXPECT_THAT(failure.message, testing::HasSubstr("127.0.0.1:" + std::to_string(port_)));
  EXPECT_THAT(failure.message, testing::Not(testing::HasSubstr("abc")));
}

TEST_F(HttpClientTest, SaysThatNobodyListens) {
  Start();
  const std::string url = Url("/");
  server_.reset();
  HttpClient client({});
  EXPECT_EQ(FailureOf(client, {.url = url}).kind, HttpFailure::Kind::kConnection);
  EXPECT_EQ(FailureOf(client, {.url = "ftp://127.0.0.1/"}).kind, HttpFailure::Kind::kProtocol);
}

TEST_F(HttpClientTest, TrustsOnlyCertificatesItIsToldTo) {
  const std::string make = "cd " + folder_.path().string() +
                           " && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 "
                           "-nodes -keyout key -out crt -days 2 -subj /CN=test -addext "
                           "subjectAltName=IP:127.0.0.1 2> /dev/null";
  ASSERT_EQ(std::system(make.c_str()), 0);
  Start(folder_.Write("web.yml", "tls_server_config:\n  cert_file: crt\n  key_file: key\n"));
  HttpClient stranger({});
  EXPECT_EQ(FailureOf(stranger, {.method = "POST", .url = Url("/", "https")}).kind,
            HttpFailure::Kind::kTls);
  EXPECT_EQ(served_, 0);
  HttpClient friendly({.ca_file = folder_.path() / "crt"});
  EXPECT_TRUE(Ask(friendly, {.method = "POST", .url = Url("/", "https")}).result);
}

TEST_F(HttpClientTest, WakesUpWhenTold) {
  HttpClient client({});
  const std::jthread other([&] {
    std::this_thread::sleep_for(milliseconds{50});
    client.Wake();
  });
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_TRUE(client.Wait(seconds{30}).empty());
  EXPECT_LT(std::chrono::steady_clock::now() - begun, seconds{10});
}

TEST_F(HttpClientTest, ForgetsWhatItIsToldToAbandon) {
  Start();
  HttpClient client({});
  client.Start(1, {.url = Url("/slow")});
  client.Abandon();
  EXPECT_TRUE(client.Wait(milliseconds{300}).empty());
  EXPECT_EQ(Ask(client, {.url = Url("/slow")}).result->body, "slow");
}

}  // namespace
}  // namespace lowbalance
