#pragma once
// How long to wait before what has failed is tried again.

#include "core/time.h"

namespace lowbalance {

// The first wait doubles with each failure up to the longest.
struct RetryPolicy {
  Millis first{};
  Millis longest{};
};

// The wait after failure number `failures` (from 1). `jitter` from 0 to 1 spreads it from four
// fifths of its length to its full length, so that what failed together does not return together.
[[nodiscard]] Millis RetryWait(const RetryPolicy& policy, int failures, double jitter);

}  // namespace lowbalance
