#pragma once
// Hashes and keyed hashes over bytes, and the texts they are written as.

#include <string>
#include <string_view>

namespace lowbalance {

// SHA-256 as 64 lower-case hex digits.
[[nodiscard]] std::string Sha256Hex(std::string_view bytes);

// HMAC with SHA-256, as 64 lower-case hex digits.
[[nodiscard]] std::string HmacSha256Hex(std::string_view key, std::string_view bytes);

// HMAC with SHA-1, as 20 raw bytes. For protocols that want it; not for anything new.
[[nodiscard]] std::string HmacSha1(std::string_view key, std::string_view bytes);

// RFC 4648's base 64, with padding.
[[nodiscard]] std::string Base64(std::string_view bytes);

}  // namespace lowbalance
