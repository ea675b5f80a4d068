#include "base/clock.h"

#include <chrono>

namespace lowbalance {

Clock SystemClock() {
  return [] { return std::chrono::floor<Millis>(std::chrono::system_clock::now()); };
}

}  // namespace lowbalance
