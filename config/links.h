#pragma once
// Links that stand in messages: URLs with places for the account.
//
//   https://grafana.example.com/d/lowbalance?var-provider={provider}&var-account={account_id}

#include <string>
#include <string_view>

#include "core/result.h"

namespace lowbalance {

// Each is a text that ParseLink accepts, or empty where there is no such link.
struct Links {
  std::string dashboard;
  std::string accounts;  // The accounts console.
  std::string messages;  // The messages console.
};

// Refused: any scheme but http and https, places other than {provider}, {account_id} and {level},
// places in the host, a user or password, and characters that have to be percent-encoded.
[[nodiscard]] Result<std::string> ParseLink(std::string_view text);

// The link for one account at one level. What is put in is percent-encoded, so it can neither end
// the part of the URL it stands in nor the attribute that holds the link.
[[nodiscard]] std::string ExpandLink(std::string_view link, std::string_view provider,
                                     std::string_view account_id, std::string_view level);

}  // namespace lowbalance
