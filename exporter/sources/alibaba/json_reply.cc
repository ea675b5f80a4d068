#include "exporter/sources/alibaba/json_reply.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/text.h"

namespace lowbalance::alibaba {
namespace {

using nlohmann::json;

// More nesting than any reply has; less than what would cost anything to take apart again.
constexpr std::size_t kDeepest = 64;

// Builds the value from the JSON library's tokens.
class Builder {
 public:
  bool null() { return Put(nullptr); }
  bool boolean(bool value) { return Put(value); }
  bool number_integer(json::number_integer_t n) { return Put(std::to_string(n)); }
  bool number_unsigned(json::number_unsigned_t n) { return Put(std::to_string(n)); }
  bool number_float(json::number_float_t /*rounded*/, const std::string& digits) {
    return Put(digits);
  }
  bool string(std::string& text) { return Put(std::move(text)); }
  bool binary(json::binary_t& /*bytes*/) { return false; }
  bool start_object(std::size_t /*size*/) { return Open(json::object()); }
  bool start_array(std::size_t /*size*/) { return Open(json::array()); }
  bool key(std::string& name) {
    key_ = std::move(name);
    return true;
  }
  bool end_object() { return Close(); }
  bool end_array() { return Close(); }
  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const nlohmann::detail::exception& /*error*/) {
    error_ = "at byte " + std::to_string(position);
    return false;
  }

  [[nodiscard]] const std::string& error() const { return error_; }
  json Take() { return std::move(root_); }

 private:
  // Where the next value goes. Pointers into objects and lists stay good while only the innermost
  // one grows.
  json& Place() {
    if (open_.empty()) return root_;
    json& in = *open_.back();
    if (in.is_object()) return in[key_];
    in.push_back(nullptr);
    return in.back();
  }
  bool Put(json value) {
    Place() = std::move(value);
    return true;
  }
  bool Open(json value) {
    if (open_.size() == kDeepest) {
      error_ = "nested too deeply";
      return false;
    }
    json& place = Place();
    place = std::move(value);
    open_.push_back(&place);
    return true;
  }
  bool Close() {
    open_.pop_back();
    return true;
  }

  json root_;
  std::vector<json*> open_;
  std::string key_;
  std::string error_;
};

const json& Nothing() {
  static const json nothing;
  return nothing;
}

}  // namespace

Result<json> ParseJson(std::string_view body) {
  Builder builder;
  if (!json::sax_parse(body, &builder)) {
    return Reject("not JSON (" + builder.error() + "): " + Quoted(body));
  }
  return builder.Take();
}

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const auto first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::optional<std::string> TextOf(const json& object, const char* field) {
  if (!object.is_object()) return std::nullopt;
  const auto found = object.find(field);
  if (found == object.end()) return std::nullopt;
  if (found->is_string()) return found->get<std::string>();
  if (found->is_boolean()) return found->get<bool>() ? "true" : "false";
  return std::nullopt;
}

std::optional<bool> BoolOf(const json& object, const char* field) {
  auto text = TextOf(object, field);
  if (!text) return std::nullopt;
  std::transform(text->begin(), text->end(), text->begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  if (*text == "true") return true;
  if (*text == "false") return false;
  return std::nullopt;
}

const json& PartOf(const json& object, const char* field) {
  if (!object.is_object()) return Nothing();
  const auto found = object.find(field);
  if (found == object.end() || !found->is_structured()) return Nothing();
  return *found;
}

}  // namespace lowbalance::alibaba
