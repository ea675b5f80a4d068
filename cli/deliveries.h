#pragma once
// lowbalance messages deliveries, resend and cancel: single deliveries, dead letters above all.

#include "cli/commands.h"

namespace lowbalance::cli {

// Declares them below `messages`.
void AddDeliveries(CLI::App& messages, Run& run);

}  // namespace lowbalance::cli
