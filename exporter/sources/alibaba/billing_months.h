#pragma once
// The months that bills are kept by.

#include <string>
#include <vector>

#include "core/time.h"

namespace lowbalance::alibaba {

// The months whose bills can be asked for, "2026-11" first: the current one of UTC+8, which bills
// go by, and the 17 before it.
[[nodiscard]] std::vector<std::string> BillingMonths(Time now);

}  // namespace lowbalance::alibaba
