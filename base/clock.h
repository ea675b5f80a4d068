#pragma once
// The one place a program's idea of the present comes from.

#include <functional>

#include "core/time.h"

namespace lowbalance {

// Made once, in main, and handed to loops and HTTP handlers; whatever decides is told the time.
using Clock = std::function<Time()>;

// The system's wall clock.
[[nodiscard]] Clock SystemClock();

}  // namespace lowbalance
