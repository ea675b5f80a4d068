#include "base/login_throttle.h"

#include <gtest/gtest.h>

namespace lowbalance {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

const LoginThrottle::Clock::time_point kStart{std::chrono::hours{1}};

void Fail(LoginThrottle& throttle, int times, const char* user, const char* address) {
  for (int i = 0; i < times; ++i) throttle.Failed(user, address, kStart);
}

TEST(LoginThrottleTest, WaitsAreDoubledUpToTheLongest) {
  LoginThrottle throttle;
  Fail(throttle, LoginThrottle::kFreePerUser - 1, "alice", "10.0.0.1");
  EXPECT_FALSE(throttle.Wait("alice", "10.0.0.1", kStart));
  for (const int want : {1, 2, 4, 8, 16, 32, 60, 60}) {
    Fail(throttle, 1, "alice", "10.0.0.1");
    EXPECT_EQ(throttle.Wait("alice", "10.0.0.1", kStart), seconds{want});
  }
  EXPECT_FALSE(throttle.Wait("alice", "10.0.0.1", kStart + seconds{60})) << "once it has waited";
}

TEST(LoginThrottleTest, OthersDoNotWait) {
  LoginThrottle throttle;
  Fail(throttle, 20, "alice", "10.0.0.1");
  EXPECT_TRUE(throttle.Wait("alice", "10.0.0.1", kStart));
  EXPECT_FALSE(throttle.Wait("alice", "10.0.0.2", kStart)) << "nobody is locked out from afar";
  EXPECT_FALSE(throttle.Wait("bob", "10.0.0.1", kStart));
}

TEST(LoginThrottleTest, ManyNamesFromOneAddressWaitToo) {
  LoginThrottle throttle;
  for (int i = 0; i < LoginThrottle::kFreePerAddress; ++i) {
    throttle.Failed("user" + std::to_string(i), "10.0.0.1", kStart);
  }
  EXPECT_TRUE(throttle.Wait("somebody", "10.0.0.1", kStart));
  EXPECT_FALSE(throttle.Wait("somebody", "10.0.0.2", kStart));
}

TEST(LoginThrottleTest, FailuresAreForgotten) {
  LoginThrottle throttle;
  Fail(throttle, 10, "alice", "10.0.0.1");
  throttle.Succeeded("alice", "10.0.0.1");
  EXPECT_FALSE(throttle.Wait("alice", "10.0.0.1", kStart));
  Fail(throttle, 10, "alice", "10.0.0.1");
  throttle.Failed("alice", "10.0.0.1", kStart + minutes{16});
  EXPECT_FALSE(throttle.Wait("alice", "10.0.0.1", kStart + minutes{16}));
}

TEST(LoginThrottleTest, KeepsWhatIsNewWhenThereAreTooMany) {
  LoginThrottle throttle;
  for (std::size_t i = 0; i < 2 * LoginThrottle::kMostKept; ++i) {
    throttle.Failed("", "10.0.0." + std::to_string(i), kStart + std::chrono::milliseconds{i});
  }
  const std::string address(100'000, '1');
  const auto later = kStart + minutes{2};
  for (int i = 0; i < 6; ++i) throttle.Failed("alice", address, later);
  EXPECT_TRUE(throttle.Wait("alice", address, later));
}

}  // namespace
}  // namespace lowbalance
