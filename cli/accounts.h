#pragma once
// What the commands under `lowbalance accounts` share.

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "cli/api_client.h"
#include "cli/commands.h"
#include "core/account_memory.h"

namespace CLI {
class Option;
}

namespace lowbalance::cli {

// Adds enable, disable and threshold under `accounts`.
void AddAccountEdits(CLI::App& accounts, Run& run);
// Adds apply, export and edits.
void AddAccountFiles(CLI::App& accounts, Run& run);

// Edits many accounts, whole or not at all: `body` is that of POST /api/v1/accounts/edits. Prints
// what changes, or would.
[[nodiscard]] int EditMany(const ApiOptions& options, const nlohmann::json& body);

// Declares the accounts a command is about, and where the exporter is.
CLI::Option* AddAccountKeys(CLI::App& command, std::vector<std::string>& accounts);
void AddExporterApi(CLI::App& command, ApiOptions& options);

// "PROVIDER/ACCOUNT_ID"; throws Stop with kUsage if it is not.
[[nodiscard]] AccountKey ParseAccount(const std::string& text);
// The account's place in the API.
[[nodiscard]] std::string PathOf(const AccountKey& key);

// "90.50 USD"; empty if the amount is unknown.
[[nodiscard]] std::string AmountOf(const nlohmann::json& object, std::string_view name,
                                   const std::string& currency);

}  // namespace lowbalance::cli
