#pragma once
// S13: the reminder cadences of the vendors whose low-balance notices we know, by name.
//
// A vendor that counts calendar days ("one a day") is given as the same number of messages a day
// apart, counted from the alert.

#include <array>
#include <chrono>
#include <string_view>

#include "core/pipeline.h"

namespace lowbalance {

struct CadencePreset {
  std::string_view name;
  Cadence cadence;
};

inline constexpr std::array<CadencePreset, 6> kCadencePresets{{
    // An alert, daily reminders for up to five days, none once payment is overdue.
    {"alibaba", {.every = std::chrono::hours{24}, .at_most = 5, .stop_when_overdue = true}},
    // A message on each of five days.
    {"tencent", {.every = std::chrono::hours{24}, .at_most = 4, .stop_when_overdue = false}},
    // A message on each of three days.
    {"huawei", {.every = std::chrono::hours{24}, .at_most = 2, .stop_when_overdue = false}},
    // Daily for as long as the account stays low.
    {"volcengine",
     {.every = std::chrono::hours{24}, .at_most = Cadence::kUnlimited, .stop_when_overdue = false}},
    // At most one a day for as long as the account stays low.
    {"novita",
     {.every = std::chrono::hours{24}, .at_most = Cadence::kUnlimited, .stop_when_overdue = false}},
    // The alert alone, as budget alerts are elsewhere.
    {"once", {.every = std::chrono::hours{24}, .at_most = 0, .stop_when_overdue = true}},
}};

}  // namespace lowbalance
