#pragma once
// How often something may be done: so many a second, with a few at once.
//
// Pure: told the time, so that a test of an hour takes no hour. Not thread-safe.

#include <algorithm>
#include <chrono>

#include "core/time.h"

namespace lowbalance {

using SteadyTime = std::chrono::steady_clock::time_point;

class TokenBucket {
 public:
  // `per_second` is more than 0, `burst` at least 1: as many may be taken at once after a rest.
  TokenBucket(double per_second, double burst)
      : per_second_(per_second), burst_(std::max(burst, 1.0)), tokens_(burst_) {}

  // Takes a token and answers 0, or takes none and answers how long to wait for one (at least a
  // millisecond).
  [[nodiscard]] Millis Take(SteadyTime now) {
    if (now < held_until_) return WholeMillis(held_until_ - now);
    Refill(now);
    if (tokens_ >= 1 - kGrain) {
      tokens_ = std::max(0.0, tokens_ - 1);
      return Millis{0};
    }
    return WholeMillis(std::chrono::duration<double>((1 - kGrain - tokens_) / per_second_));
  }

  // Gives none before `until`, and then not several at once: somebody said that it was too much.
  void HoldUntil(SteadyTime until) {
    held_until_ = std::max(held_until_, until);
    tokens_ = std::min(tokens_, 1.0);
    refilled_ = std::max(refilled_, held_until_);
  }

  // Whether it has rested long enough to be as good as new.
  [[nodiscard]] bool Full(SteadyTime now) {
    if (now < held_until_) return false;
    Refill(now);
    return tokens_ >= burst_;
  }

 private:
  // What sums of doubles may be off by.
  static constexpr double kGrain = 1e-9;

  template <class Duration>
  static Millis WholeMillis(Duration wait) {
    return std::max(std::chrono::ceil<Millis>(wait), Millis{1});
  }

  void Refill(SteadyTime now) {
    if (now <= refilled_) return;
    const std::chrono::duration<double> rest = now - refilled_;
    tokens_ = std::min(burst_, tokens_ + rest.count() * per_second_);
    refilled_ = now;
  }

  double per_second_;
  double burst_;
  double tokens_;
  SteadyTime refilled_{};
  SteadyTime held_until_{};
};

}  // namespace lowbalance
