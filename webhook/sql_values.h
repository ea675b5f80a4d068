#pragma once
// Values on their way between SOCI and ours. Only for .cc files that speak SQL.

#include <soci/soci.h>

#include <cstdint>
#include <optional>

#include "core/time.h"

namespace lowbalance::sql {

// SOCI knows no 64-bit type but long long.
using Int = long long;

inline Int From(Time at) { return ToMillis(at); }
inline Time ToTime(Int ms) { return TimeFromMillis(ms); }

// An instant that may be NULL, to be bound as use(value.value, value.indicator) or into(…).
struct MaybeTime {
  Int value = 0;
  soci::indicator indicator = soci::i_null;

  MaybeTime() = default;
  explicit MaybeTime(std::optional<Time> at)
      : value(at ? From(*at) : 0), indicator(at ? soci::i_ok : soci::i_null) {}
  [[nodiscard]] std::optional<Time> Get() const {
    return indicator == soci::i_ok ? std::optional(ToTime(value)) : std::nullopt;
  }
};

}  // namespace lowbalance::sql
