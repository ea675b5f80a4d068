// The server under many connections at once, and while it stops.

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/http_server.h"
#include "tests/base/raw_http.h"

namespace lowbalance {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using SteadyClock = std::chrono::steady_clock;

constexpr const char* kGet = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

class HttpThreadsTest : public ::testing::Test {
 protected:
  void Start(int threads) {
    server_.emplace(HttpServer::Options{.listen_address = "127.0.0.1:0", .threads = threads});
    server_->Route("GET", "/", Access::kOpen, [this](const HttpRequest&) {
      ++handled_;
      return HttpResponse{.body = "here"};
    });
    server_->Route("GET", "/slow", Access::kOpen, [this](const HttpRequest&) {
      std::unique_lock lock(mutex_);
      in_slow_ = true;
      changed_.notify_all();
      changed_.wait(lock, [this] { return released_; });
      return HttpResponse{.body = std::string(3'000'000, 'x')};
    });
    server_->Route("POST", "/", Access::kOpen,
                   [](const HttpRequest& r) { return HttpResponse{.body = r.body}; });
    port_ = server_->Start();
  }
  void WaitUntilInSlow() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return in_slow_; });
  }
  void Release() {
    const std::lock_guard lock(mutex_);
    released_ = true;
    changed_.notify_all();
  }

  std::atomic<int> handled_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool in_slow_ = false;   // Guarded by mutex_.
  bool released_ = false;  // Guarded by mutex_.
  std::optional<HttpServer> server_;
  std::uint16_t port_ = 0;
};

TEST_F(HttpThreadsTest, ServesManyAtOnce) {
  Start(8);
  std::vector<std::jthread> clients;
  std::atomic<int> right = 0;
  for (int i = 0; i < 32; ++i) {
    clients.emplace_back([&] {
      std::optional<RawClient> client;
      for (int n = 0; n < 40; ++n) {
        // Told to, or cut off while nothing was under way, a client connects anew.
        RawResponse response;
        if (client) response = client->Ask(kGet);
        if (response.status == 0) response = client.emplace(port_).Ask(kGet);
        right += response.body == "here" ? 1 : 0;
        const auto connection = response.headers.find("Connection");
        if (connection != response.headers.end() && connection->second == "close") client.reset();
      }
    });
  }
  clients.clear();
  EXPECT_EQ(right, 32 * 40);
  EXPECT_EQ(handled_, 32 * 40);
}

// Alertmanager keeps the connections of a burst open: with one thread each, the next burst would
// find none free.
TEST_F(HttpThreadsTest, KeptConnectionsMakeRoomForNewOnes) {
  Start(4);
  std::list<RawClient> kept;
  const auto start = SteadyClock::now();
  for (int i = 0; i < 50; ++i) {
    kept.emplace_back(port_);
    ASSERT_EQ(kept.back().Ask(kGet).status, 200) << i;
  }
  EXPECT_LT(SteadyClock::now() - start, seconds{2});
  // Only as many were closed as had to be.
  int open = 0;
  for (auto& client : kept) open += client.Closed(0) ? 0 : 1;
  EXPECT_EQ(open, 4);
}

TEST_F(HttpThreadsTest, SilentAndDrippingConnectionsMakeRoomToo) {
  Start(4);
  std::list<RawClient> silent;
  for (int i = 0; i < 8; ++i) silent.emplace_back(port_);
  std::list<RawClient> dripping;
  for (int i = 0; i < 8; ++i) {
    dripping.emplace_back(port_);
    dripping.back().Send("GET / HTTP/1.1\r\nX-Slow: ");
  }
  // Each has a second's grace, four at a time.
  const auto start = SteadyClock::now();
  EXPECT_EQ(RawClient(port_).Ask(kGet).status, 200);
  EXPECT_LT(SteadyClock::now() - start, seconds{15});
}

TEST_F(HttpThreadsTest, BodiesThatDripMakeRoomToo) {
  Start(4);
  std::list<RawClient> dripping;
  for (int i = 0; i < 4; ++i) {
    dripping.emplace_back(port_);
    dripping.back().Send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nonly this");
  }
  const auto start = SteadyClock::now();
  EXPECT_EQ(RawClient(port_).Ask(kGet).status, 200);
  EXPECT_LT(SteadyClock::now() - start, seconds{5});
  // Whoever had to go is told to come again; the others have their time.
  int told = 0;
  for (auto& client : dripping) {
    if (client.Closed(0)) continue;
    client.Send(std::string(91, 'x'));
    told += client.Receive().status == 200 ? 1 : 0;
  }
  EXPECT_EQ(told, 3);
}

TEST_F(HttpThreadsTest, WhoDoesNotTakeTheAnswerMakesRoomToo) {
  Start(2);
  Release();
  std::list<RawClient> deaf;
  for (int i = 0; i < 2; ++i) {
    deaf.emplace_back(port_);
    for (int n = 0; n < 20; ++n) deaf.back().Send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
  }
  WaitUntilInSlow();
  const auto start = SteadyClock::now();
  EXPECT_EQ(RawClient(port_).Ask(kGet).status, 200);
  EXPECT_LT(SteadyClock::now() - start, seconds{8});
}

TEST_F(HttpThreadsTest, StopsAtOnceBesideIdleConnections) {
  Start(16);
  std::list<RawClient> idle;
  for (int i = 0; i < 10; ++i) {
    idle.emplace_back(port_);
    EXPECT_EQ(idle.back().Ask(kGet).status, 200);
  }
  RawClient silent(port_);
  const auto start = SteadyClock::now();
  server_->Stop();
  EXPECT_LT(SteadyClock::now() - start, milliseconds{500});
  EXPECT_TRUE(idle.front().Closed(0));
  server_->Stop();
}

TEST_F(HttpThreadsTest, AStopWaitsForWhatIsInFlight) {
  Start(4);
  RawClient client(port_);
  client.Send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
  WaitUntilInSlow();
  std::jthread stopping([this] { server_->Stop(); });
  // No new connections meanwhile; how soon, nobody promises.
  while (true) {
    try {
      RawClient late(port_);
      late.Send(kGet);
      if (late.Receive().status == 0) break;
    } catch (const std::runtime_error&) {
      break;
    }
  }
  Release();
  const RawResponse response = client.Receive();
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body.size(), 3'000'000U);
}

TEST_F(HttpThreadsTest, AStopDoesNotWaitForWhoDripsHisRequest) {
  Start(4);
  RawClient head(port_);
  head.Send("GET / HTTP/1.1\r\nX-Slow: ");
  RawClient body(port_);
  body.Send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nonly this");
  RawClient other(port_);
  EXPECT_EQ(other.Ask(kGet).status, 200);
  const auto start = SteadyClock::now();
  server_->Stop();
  EXPECT_LT(SteadyClock::now() - start, seconds{4});
}

TEST_F(HttpThreadsTest, APeerThatGoesAwayIsNoMatter) {
  Start(2);
  for (int i = 0; i < 50; ++i) {
    RawClient client(port_);
    client.Send(i % 2 == 0 ? "POST / HTTP/1.1\r\nContent-Length: 1000\r\n\r\nabc" : "GET /");
  }
  EXPECT_EQ(RawClient(port_).Ask(kGet).status, 200);
}

}  // namespace
}  // namespace lowbalance
