#pragma once
// The sections of lowbalance.yml, each read by one function. What is wrong is noted in the YAML
// file's mistakes; a section is checked against those read before it: pipeline, contacts, exporter,
// webhook, access.

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/yaml.h"
#include "config/config.h"
#include "core/time.h"

namespace lowbalance {

// Long enough for every purpose, short enough that sums of a few never overflow.
inline constexpr Millis kLongest = std::chrono::hours{24 * 3650};
inline constexpr Millis kShortest{1};
inline constexpr Millis kShortestInterval{10};

void ReadPipeline(const YamlMap& map, Pipeline& pipeline);
// `contacts` and `default_contact`.
void ReadContacts(const YamlMap& root, Config& config);
// `folder` is where relative paths are taken from.
void ReadExporter(const YamlMap& map, const std::filesystem::path& folder, Config& config);
void ReadWebhook(const YamlMap& map, const std::filesystem::path& folder, Config& config);
void ReadAccess(const YamlMap& map, Config& config);

// The part of `webhook` that says how messages are worded. It is read before the contacts, which
// name a language.
void ReadWording(const YamlMap& webhook, Config& config, std::vector<Mistake>& mistakes);
// What messages hold beside the facts, and which there are beside alert and reminders.
void ReadMessages(const YamlMap& webhook, Config& config);

// What both programs' sections begin with.
[[nodiscard]] ServerConfig ReadServer(const YamlMap& map, const std::filesystem::path& folder,
                                      std::string default_address, std::string default_store);

// Notes a mistake at `key` unless there is a contact of that name.
void CheckContact(const YamlMap& map, std::string_view key, std::string_view name,
                  const std::vector<Contact>& contacts);

// For mistakes: that `word` names none of the candidates, with the nearest of them.
[[nodiscard]] std::string NotFound(std::string_view what, std::string_view word,
                                   const std::vector<std::string>& candidates);
// For mistakes: that `text` is not what IsValidName accepts.
[[nodiscard]] std::string NotAName(std::string_view text);

}  // namespace lowbalance
