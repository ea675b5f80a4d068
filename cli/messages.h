#pragma once
// What the commands about messages and about their deliveries have in common.

#include <limits>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "cli/api_client.h"

namespace lowbalance::cli {

// The elements of one of the webhook's lists, newest first, page after page until there are
// `limit` of them. `list` is the answer's member that holds them.
[[nodiscard]] nlohmann::json FetchPages(const ApiClient& client, const std::string& path,
                                        const std::string& list, int limit,
                                        std::map<std::string, std::string, std::less<>> parameters);
inline constexpr int kAll = std::numeric_limits<int>::max();

// "alert", "reminder 3".
[[nodiscard]] std::string KindOf(const nlohmann::json& message);

// "aws/17"; empty for a message that is about no account.
[[nodiscard]] std::string AccountOf(const nlohmann::json& message);

// Declares --url and the like, for the webhook.
void AddWebhookApi(CLI::App& command, ApiOptions& options);

}  // namespace lowbalance::cli
