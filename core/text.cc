#include "core/text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <numeric>
#include <vector>

namespace lowbalance {
namespace {

// The length of the valid UTF-8 sequence at the front, 0 if there is none.
std::size_t SequenceLength(std::string_view text) {
  if (text.empty()) return 0;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  std::size_t length = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xbf;
  if (first >= 0xc2 && first <= 0xdf) {
    length = 2;
  } else if (first >= 0xe0 && first <= 0xef) {
    length = 3;
    if (first == 0xe0) low = 0xa0;   // Overlong.
    if (first == 0xed) high = 0x9f;  // Surrogates.
  } else if (first >= 0xf0 && first <= 0xf4) {
    length = 4;
    if (first == 0xf0) low = 0x90;   // Overlong.
    if (first == 0xf4) high = 0x8f;  // Beyond U+10FFFF.
  }
  if (length == 0 || text.size() < length || byte(1) < low || byte(1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xbf) return 0;
  }
  return length;
}

bool IsControl(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f;
}

std::string HexEscape(char c) {
  std::array<char, 8> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "\\x%02x", static_cast<unsigned char>(c));
  return buffer.data();
}

void AppendUtf8(std::uint32_t code, std::string& out) {
  const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | (code >> 6));
    put(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    put(0xe0 | (code >> 12));
    put(0x80 | ((code >> 6) & 0x3f));
    put(0x80 | (code & 0x3f));
  } else {
    put(0xf0 | (code >> 18));
    put(0x80 | ((code >> 12) & 0x3f));
    put(0x80 | ((code >> 6) & 0x3f));
    put(0x80 | (code & 0x3f));
  }
}

// Takes `digits` digits of `base` off the front.
bool TakeNumber(std::string_view& text, std::size_t digits, std::uint32_t base,
                std::uint32_t* value) {
  if (text.size() < digits) return false;
  *value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    const char c = text[i];
    std::uint32_t digit = 99;
    if (c >= '0' && c <= '9') digit = static_cast<std::uint32_t>(c - '0');
    if (c >= 'a' && c <= 'f') digit = static_cast<std::uint32_t>(c - 'a') + 10;
    if (c >= 'A' && c <= 'F') digit = static_cast<std::uint32_t>(c - 'A') + 10;
    if (digit >= base) return false;
    *value = *value * base + digit;
  }
  text.remove_prefix(digits);
  return true;
}

// One escape sequence, its backslash already taken.
bool TakeEscape(std::string_view& text, std::string& out) {
  if (text.empty()) return false;
  const char c = text.front();
  constexpr std::string_view kNames = "abfnrtv\\\"";
  constexpr std::string_view kValues = "\a\b\f\n\r\t\v\\\"";
  if (const auto at = kNames.find(c); at != std::string_view::npos) {
    out += kValues[at];
    text.remove_prefix(1);
    return true;
  }
  std::uint32_t value = 0;
  if (c >= '0' && c <= '7') {
    if (!TakeNumber(text, 3, 8, &value) || value > 0xff) return false;
    out += static_cast<char>(value);
    return true;
  }
  text.remove_prefix(1);
  if (c == 'x') {
    if (!TakeNumber(text, 2, 16, &value)) return false;
    out += static_cast<char>(value);
    return true;
  }
  if (c != 'u' && c != 'U') return false;
  if (!TakeNumber(text, c == 'u' ? 4 : 8, 16, &value)) return false;
  if (value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) return false;
  AppendUtf8(value, out);
  return true;
}

std::size_t Distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row.back();
}

}  // namespace

bool IsValidUtf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = SequenceLength(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

bool HasControlCharacters(std::string_view text) {
  return std::any_of(text.begin(), text.end(), IsControl);
}

std::string Quoted(std::string_view text, std::size_t max) {
  std::string out = "\"";
  std::size_t taken = 0;
  while (!text.empty()) {
    const std::size_t length = std::max<std::size_t>(SequenceLength(text), 1);
    if (taken + length > max) return out + "…\"";
    if (length == 1 && (IsControl(text[0]) || SequenceLength(text) == 0)) {
      out += HexEscape(text[0]);
    } else {
      out += text.substr(0, length);
    }
    taken += length;
    text.remove_prefix(length);
  }
  return out + "\"";
}

std::string GoQuote(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const std::size_t length = SequenceLength(text);
    const char c = text.front();
    if (length == 0) {
      out += HexEscape(c);
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\r') {
      out += "\\r";
    } else if (IsControl(c)) {
      out += HexEscape(c);
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out + "\"";
}

bool GoUnquote(std::string_view quoted, std::string* text) {
  if (quoted.size() < 2 || quoted.front() != '"' || quoted.back() != '"') return false;
  quoted = quoted.substr(1, quoted.size() - 2);
  text->clear();
  while (!quoted.empty()) {
    const char c = quoted.front();
    if (c == '"' || c == '\n') return false;
    quoted.remove_prefix(1);
    if (c != '\\') {
      *text += c;
    } else if (!TakeEscape(quoted, *text)) {
      return false;
    }
  }
  return true;
}

std::string_view NearestWord(std::string_view word, std::span<const std::string> candidates) {
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(word.size() / 3, 1) + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = Distance(word, candidate);
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace lowbalance
