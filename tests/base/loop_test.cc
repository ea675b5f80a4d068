#include "base/loop.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <vector>

namespace lowbalance {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

// Notes when the step was called, and lets a test wait for the n-th call.
class Calls {
 public:
  void Add(Time now) {
    const std::lock_guard lock(mutex_);
    times_.push_back(now);
    changed_.notify_all();
  }
  // False if there are not as many within ten seconds.
  bool Await(std::size_t n) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, seconds{10}, [&] { return times_.size() >= n; });
  }
  std::size_t Count() {
    const std::lock_guard lock(mutex_);
    return times_.size();
  }
  Time At(std::size_t i) {
    const std::lock_guard lock(mutex_);
    return times_.at(i);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Time> times_;  // Guarded by mutex_.
};

TEST(LoopTest, CallsAtOnceAndTellsTheTime) {
  Calls calls;
  Loop loop(
      "test", [] { return TimeFromMillis(17'000); },
      [&](Time now) {
        calls.Add(now);
        return now + hours{1};
      },
      hours{1});
  ASSERT_TRUE(calls.Await(1));
  EXPECT_EQ(calls.At(0), TimeFromMillis(17'000));
}

TEST(LoopTest, CallsAgainWhenItIsDue) {
  Calls calls;
  const auto start = std::chrono::steady_clock::now();
  Loop loop("test", SystemClock(), [&](Time now) {
    calls.Add(now);
    return now + Millis{50};
  });
  ASSERT_TRUE(calls.Await(3));
  EXPECT_GE(std::chrono::steady_clock::now() - start, Millis{95});
}

TEST(LoopTest, AnAlwaysDueStepDoesNotSpin) {
  Calls calls;
  const auto start = std::chrono::steady_clock::now();
  Loop loop("test", SystemClock(), [&](Time now) {
    calls.Add(now);
    return Time::min();
  });
  ASSERT_TRUE(calls.Await(11));
  EXPECT_GE(std::chrono::steady_clock::now() - start, Millis{10});
}

// The clock is set back by a year after the first call, and next is never.
TEST(LoopTest, AClockSetBackDelaysOnlySoMuch) {
  Calls calls;
  std::atomic<std::int64_t> now_ms = 1'700'000'000'000;
  Loop loop(
      "test", [&] { return TimeFromMillis(now_ms); },
      [&](Time now) {
        calls.Add(now);
        now_ms = 1'668'000'000'000;
        return calls.Count() == 1 ? now + Millis{1} : Time::max();
      },
      Millis{20});
  EXPECT_TRUE(calls.Await(3));
}

TEST(LoopTest, WakesBeforeItIsDue) {
  Calls calls;
  Loop loop(
      "test", SystemClock(),
      [&](Time now) {
        calls.Add(now);
        return now + hours{1};
      },
      hours{1});
  ASSERT_TRUE(calls.Await(1));
  loop.Wake();
  EXPECT_TRUE(calls.Await(2));
  loop.Wake();
  EXPECT_TRUE(calls.Await(3));
}

// A wake-up that comes while the step runs is about something the step may have passed by.
TEST(LoopTest, AWakeUpDuringAStepIsNotLost) {
  Calls calls;
  std::optional<Loop> loop;
  std::mutex ready;
  ready.lock();
  loop.emplace(
      "test", SystemClock(),
      [&](Time now) {
        if (calls.Count() == 0) {
          const std::lock_guard until_assigned(ready);
          loop->Wake();
        }
        calls.Add(now);
        return now + hours{1};
      },
      hours{1});
  ready.unlock();
  EXPECT_TRUE(calls.Await(2));
}

TEST(LoopTest, AnExceptionDoesNotEndIt) {
  Calls calls;
  Loop loop(
      "test", SystemClock(),
      [&](Time now) -> Time {
        calls.Add(now);
        if (calls.Count() == 1) throw std::runtime_error("disk full");
        return now + hours{1};
      },
      hours{1});
  ASSERT_TRUE(calls.Await(2));
  EXPECT_GE(calls.At(1) - calls.At(0), Millis{900});
}

TEST(LoopTest, EndsWhileItWaitsAndNotWithinAStep) {
  Calls calls;
  std::atomic<bool> in_step = false;
  {
    Loop loop(
        "test", SystemClock(),
        [&](Time now) {
          in_step = true;
          calls.Add(now);
          std::this_thread::yield();
          in_step = false;
          return now + hours{1};
        },
        hours{1});
    ASSERT_TRUE(calls.Await(1));
  }
  EXPECT_FALSE(in_step);
}

}  // namespace
}  // namespace lowbalance
