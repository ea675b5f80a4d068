#pragma once
// Reading other servers' JSON: what is not there, or not of the form, is empty. For .cc files.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace lowbalance::cli {

[[nodiscard]] inline nlohmann::json ParseJson(const std::string& text) {
  return nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
}

[[nodiscard]] inline nlohmann::json Member(const nlohmann::json& object, const char* name) {
  return object.is_object() && object.contains(name) ? object.at(name) : nlohmann::json();
}

[[nodiscard]] inline std::vector<nlohmann::json> Items(const nlohmann::json& object,
                                                       const char* name) {
  const nlohmann::json member = Member(object, name);
  return member.is_array() ? std::vector<nlohmann::json>(member.begin(), member.end())
                           : std::vector<nlohmann::json>();
}

[[nodiscard]] inline std::string Text(const nlohmann::json& object, const char* name) {
  const nlohmann::json member = Member(object, name);
  return member.is_string() ? member.get<std::string>() : "";
}

[[nodiscard]] inline double Number(const nlohmann::json& object, const char* name) {
  const nlohmann::json member = Member(object, name);
  return member.is_number() ? member.get<double>() : 0;
}

}  // namespace lowbalance::cli
