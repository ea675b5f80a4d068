#include "webhook/text_limits.h"

#include <nlohmann/json.hpp>

#include "core/text.h"

namespace lowbalance {
namespace {

constexpr std::size_t kLabelsMax = 64;
constexpr std::size_t kLabelBytesMax = 256;
constexpr std::string_view kEllipsis = "…";

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U; }

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// Characters that look like nothing and move what is around them: other line ends (U+0085, U+2028,
// U+2029), and the marks that turn the direction of writing (U+202A to U+202E, U+2066 to U+2069).
// A name in Hebrew or Arabic needs none of them.
bool IsMisleading(std::string_view character) {
  return character == "\xc2\x85" || (character >= "\xe2\x80\xa8" && character <= "\xe2\x80\xae") ||
         (character >= "\xe2\x81\xa6" && character <= "\xe2\x81\xa9");
}

}  // namespace

std::string OneLine(std::string_view text, std::size_t max) {
  std::string_view kept = text.substr(0, max);
  if (text.size() > max) {
    std::size_t end = max > kEllipsis.size() ? max - kEllipsis.size() : 0;
    while (end > 0 && IsContinuation(text[end])) --end;
    kept = text.substr(0, end);
  }
  const bool valid = IsValidUtf8(kept);
  std::string line;
  while (!kept.empty()) {
    std::size_t length = 1;
    while (valid && length < kept.size() && IsContinuation(kept[length])) ++length;
    const std::string_view character = kept.substr(0, length);
    if (IsControl(character.front()) || IsMisleading(character)) {
      line += ' ';
    } else if (!valid && static_cast<unsigned char>(character.front()) >= 0x80) {
      line += '?';
    } else {
      line += character;
    }
    kept.remove_prefix(length);
  }
  if (text.size() > max) line += kEllipsis;
  return line;
}

std::string LabelsAsJson(const std::map<std::string, std::string, std::less<>>& labels) {
  nlohmann::json object = nlohmann::json::object();
  for (const auto& [name, value] : labels) {
    if (object.size() == kLabelsMax) break;
    object[OneLine(name, kLabelBytesMax)] = OneLine(value, kLabelBytesMax);
  }
  return object.dump();
}

}  // namespace lowbalance
