#include "cli/json_text.h"

#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/table.h"
#include "core/text.h"

namespace lowbalance::cli {

using nlohmann::json;

json ParseAnswer(const std::string& text) {
  json answer = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!answer.is_object()) {
    throw Stop(kFailed, "the server's answer is not a JSON object: " + Quoted(text));
  }
  return answer;
}

std::string TextOf(const json& object, std::string_view name) {
  if (!object.is_object()) return "";
  const auto found = object.find(std::string(name));
  if (found == object.end() || found->is_null()) return "";
  if (found->is_string()) return Plain(found->get<std::string>());
  if (found->is_boolean()) return found->get<bool>() ? "yes" : "no";
  return Plain(found->dump());
}

json ListOf(const json& object, std::string_view name) {
  if (object.is_object()) {
    const auto found = object.find(std::string(name));
    if (found != object.end() && found->is_array()) return *found;
  }
  return json::array();
}

std::string Pretty(const json& answer) {
  return answer.dump(2, ' ', /*ensure_ascii=*/false, json::error_handler_t::replace) + "\n";
}

std::string PrettyInOrder(const nlohmann::ordered_json& answer) {
  return answer.dump(2, ' ', /*ensure_ascii=*/false, json::error_handler_t::replace) + "\n";
}

}  // namespace lowbalance::cli
