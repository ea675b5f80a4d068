#pragma once
// What the commands about messages and about their deliveries have in common.

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "cli/api_client.h"

namespace lowbalance::cli {

// What to do about a list that is cut.
inline constexpr const char* kMore = "--limit gives more";

// "alert", "reminder 3".
[[nodiscard]] std::string KindOf(const nlohmann::json& message);

// "aws/17"; empty for a message that is about no account.
[[nodiscard]] std::string AccountOf(const nlohmann::json& message);

// Declares --url and the like, for the webhook.
void AddWebhookApi(CLI::App& command, ApiOptions& options);

}  // namespace lowbalance::cli
