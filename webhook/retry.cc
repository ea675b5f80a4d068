#include "webhook/retry.h"

#include <algorithm>

namespace lowbalance {

Millis RetryWait(const RetryPolicy& policy, int failures, double jitter) {
  Millis wait = policy.first;
  for (int i = 1; i < failures && wait < policy.longest; ++i) wait *= 2;
  wait = std::min(wait, policy.longest);
  return wait - std::chrono::duration_cast<Millis>(wait * (0.2 * (1.0 - jitter)));
}

}  // namespace lowbalance
