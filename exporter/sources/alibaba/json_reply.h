#pragma once
// JSON from a billing API. Numbers are kept as the text that stood there: an amount must not pass
// through a double.
//
// Included by the parsers' .cc files only.

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"

namespace lowbalance::alibaba {

// Numbers become strings. Refuses what is not JSON, quoting how it begins.
[[nodiscard]] Result<nlohmann::json> ParseJson(std::string_view body);

// Without the white space around it.
[[nodiscard]] std::string_view Trimmed(std::string_view text);

// The text of a string, number or boolean; empty if the field is absent, null, or something else.
[[nodiscard]] std::optional<std::string> TextOf(const nlohmann::json& object, const char* field);
// "true" and "false", in either case and as text too.
[[nodiscard]] std::optional<bool> BoolOf(const nlohmann::json& object, const char* field);
// The field if it is an object or a list; null else.
[[nodiscard]] const nlohmann::json& PartOf(const nlohmann::json& object, const char* field);

}  // namespace lowbalance::alibaba
