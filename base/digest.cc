#include "base/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <stdexcept>

namespace lowbalance {
namespace {

using Digest = std::array<unsigned char, EVP_MAX_MD_SIZE>;

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string Hex(const Digest& digest, unsigned length) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  hex.reserve(2 * length);
  for (unsigned i = 0; i < length; ++i) {
    hex += kDigits[digest[i] >> 4U];
    hex += kDigits[digest[i] & 0xfU];
  }
  return hex;
}

unsigned Hmac(const EVP_MD* hash, std::string_view key, std::string_view bytes, Digest& digest) {
  unsigned length = 0;
  // An empty key is a key; a null one would be none.
  const char* const start = key.empty() ? "" : key.data();
  if (HMAC(hash, start, static_cast<int>(key.size()), Bytes(bytes), bytes.size(), digest.data(),
           &length) == nullptr) {
    throw std::runtime_error("OpenSSL computes no HMAC");
  }
  return length;
}

}  // namespace

std::string Sha256Hex(std::string_view bytes) {
  Digest digest;
  unsigned length = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1) {
    throw std::runtime_error("OpenSSL computes no SHA-256");
  }
  return Hex(digest, length);
}

std::string HmacSha256Hex(std::string_view key, std::string_view bytes) {
  Digest digest;
  const unsigned length = Hmac(EVP_sha256(), key, bytes, digest);
  return Hex(digest, length);
}

std::string HmacSha1(std::string_view key, std::string_view bytes) {
  Digest digest;
  const unsigned length = Hmac(EVP_sha1(), key, bytes, digest);
  return {reinterpret_cast<const char*>(digest.data()), length};
}

std::string Base64(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');  // OpenSSL ends it with a zero byte.
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), Bytes(bytes),
                                     static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

}  // namespace lowbalance
