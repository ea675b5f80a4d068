#pragma once
// Reading a server's JSON for people: nothing in it is trusted to be there or to be of a type.

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace lowbalance::cli {

// Throws Stop with kFailed where the text is no JSON object.
[[nodiscard]] nlohmann::json ParseAnswer(const std::string& text);

// A member as text for a terminal: "" if it is null or missing, yes or no for booleans.
[[nodiscard]] std::string TextOf(const nlohmann::json& object, std::string_view name);

// A member that is an array; empty if it is not.
[[nodiscard]] nlohmann::json ListOf(const nlohmann::json& object, std::string_view name);

// As scripts get it: indented, one line end at the end. Text that is not UTF-8 is replaced.
[[nodiscard]] std::string Pretty(const nlohmann::json& json);
// The same with the members in the order in which they were put there.
[[nodiscard]] std::string PrettyInOrder(const nlohmann::ordered_json& json);

}  // namespace lowbalance::cli
