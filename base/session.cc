#include "base/session.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/secret.h"

namespace lowbalance {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

std::string Hex(std::string_view bytes) {
  std::string hex;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    hex += kHexDigits[byte >> 4U];
    hex += kHexDigits[byte & 0xfU];
  }
  return hex;
}

std::optional<std::string> Unhex(std::string_view hex) {
  if (hex.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const auto high = kHexDigits.find(hex[i]);
    const auto low = kHexDigits.find(hex[i + 1]);
    if (high == kHexDigits.npos || low == kHexDigits.npos) return std::nullopt;
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

std::string Mac(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &size);
  return Hex({reinterpret_cast<const char*>(digest.data()), size});
}

// The hash takes part, so that a new password ends the old one's logins.
std::string Signature(std::string_view key, std::string_view user, std::string_view expires,
                      std::string_view password_hash) {
  return Mac(key, "session " + Hex(user) + " " + std::string(expires) + " " + Hex(password_hash));
}

}  // namespace

std::string SignSession(const Session& session, std::string_view key,
                        std::string_view password_hash) {
  const std::string expires = std::to_string(ToMillis(session.expires));
  return Hex(session.user) + "." + expires + "." +
         Signature(key, session.user, expires, password_hash);
}

std::optional<Session> VerifySession(std::string_view token, std::string_view key,
                                     const std::map<std::string, std::string, std::less<>>& users,
                                     Time now) {
  const std::size_t first = token.find('.');
  const std::size_t second = first == token.npos ? first : token.find('.', first + 1);
  if (second == token.npos) return std::nullopt;
  const auto user = Unhex(token.substr(0, first));
  const std::string_view expires = token.substr(first + 1, second - first - 1);
  const auto known = user ? users.find(*user) : users.end();
  if (known == users.end()) return std::nullopt;
  if (!EqualInConstantTime(token.substr(second + 1),
                           Signature(key, *user, expires, known->second))) {
    return std::nullopt;
  }
  std::int64_t ms = 0;
  const auto [end, error] = std::from_chars(expires.data(), expires.data() + expires.size(), ms);
  if (error != std::errc() || end != expires.data() + expires.size()) return std::nullopt;
  if (TimeFromMillis(ms) <= now) return std::nullopt;
  return Session{*user, TimeFromMillis(ms)};
}

std::string SessionCookieName(std::string_view key) {
  return "lowbalance_" + Mac(key, "cookie name").substr(0, 8);
}

std::string_view FindCookie(std::string_view header, std::string_view name) {
  while (!header.empty()) {
    const std::size_t end = std::min(header.find(';'), header.size());
    std::string_view pair = header.substr(0, end);
    header.remove_prefix(std::min(header.size(), end + 1));
    while (pair.starts_with(' ')) pair.remove_prefix(1);
    if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=') {
      return pair.substr(name.size() + 1);
    }
  }
  return {};
}

}  // namespace lowbalance
