#pragma once
// A short name for a sequence of texts (FNV-1a, 64 bits). It tells apart what differs by accident;
// it protects nothing from whoever means to deceive.

#include <cstdint>
#include <string>
#include <string_view>

namespace lowbalance {

class Fnv {
 public:
  // The end of a text counts: "a", "b" is another sequence than "ab".
  void Add(std::string_view text) {
    for (const char c : text) Mix(static_cast<unsigned char>(c));
    Mix(0x100);
  }

  [[nodiscard]] std::string Hex() const {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string hex;
    for (int shift = 60; shift >= 0; shift -= 4) hex += kDigits[(hash_ >> shift) & 0xf];
    return hex;
  }

 private:
  void Mix(std::uint64_t value) { hash_ = (hash_ ^ value) * 0x100000001b3U; }

  std::uint64_t hash_ = 0xcbf29ce484222325U;
};

}  // namespace lowbalance
