#pragma once
// How our values stand in the columns of a store: for soci::use and soci::into. Only for .cc files
// that own tables.

#include <soci/soci.h>

#include <optional>

#include "core/account_memory.h"
#include "core/money.h"
#include "core/time.h"

namespace soci {

template <>
struct type_conversion<bool> {
  using base_type = long long;
  static void from_base(long long base, indicator /*null*/, bool& value) { value = base != 0; }
  static void to_base(bool value, long long& base, indicator& ind) {
    base = value ? 1 : 0;
    ind = i_ok;
  }
};

template <>
struct type_conversion<lowbalance::Money> {
  using base_type = long long;
  static void from_base(long long base, indicator /*null*/, lowbalance::Money& value) {
    value = lowbalance::Money::FromMillionths(base);
  }
  static void to_base(lowbalance::Money value, long long& base, indicator& ind) {
    base = value.millionths();
    ind = i_ok;
  }
};

template <>
struct type_conversion<lowbalance::Time> {
  using base_type = long long;
  static void from_base(long long base, indicator /*null*/, lowbalance::Time& value) {
    value = lowbalance::TimeFromMillis(base);
  }
  static void to_base(lowbalance::Time value, long long& base, indicator& ind) {
    base = lowbalance::ToMillis(value);
    ind = i_ok;
  }
};

// Empty is NULL.
template <class T>
struct type_conversion<std::optional<T>> {
  using base_type = typename type_conversion<T>::base_type;
  static void from_base(const base_type& base, indicator ind, std::optional<T>& value) {
    value.reset();
    if (ind == i_null) return;
    T known{};
    type_conversion<T>::from_base(base, ind, known);
    value = std::move(known);
  }
  static void to_base(const std::optional<T>& value, base_type& base, indicator& ind) {
    if (value) {
      type_conversion<T>::to_base(*value, base, ind);
    } else {
      ind = i_null;
    }
  }
};

}  // namespace soci
