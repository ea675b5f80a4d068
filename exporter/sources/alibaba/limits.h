#pragma once
// How often the operations may be called, a second, by one account with all its users and roles.

#include <array>
#include <string_view>
#include <utility>

namespace lowbalance::alibaba {

// The vendor's documented limits, where it documents any; for the others half of what it allows for
// the like. An account's other programs use up the same limits.
inline constexpr std::array<std::pair<std::string_view, double>, 8> kLimits{{
    {"QueryAccountBalance", 10},                   // Documented: 10 in a second.
    {"GetFundAccountAvailableAmount", 5},          // Not documented.
    {"GetFundAccountLowAvailableAmountAlarm", 5},  // Not documented.
    {"ListFundAccount", 1},                        // Not documented; once a poll.
    {"QueryBillOverview", 5},                      // Not documented; the like have 10.
    {"AssumeRole", 50},                            // Documented: 100 in a second.
    {"GetCallerIdentity", 50},                     // Documented: 100 in a second.
    {"ListAccounts", 10},                          // Documented: 20 or 50 in a second.
}};

}  // namespace lowbalance::alibaba
