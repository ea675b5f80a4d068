#include "base/web_config.h"

#include <crypt.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <set>
#include <utility>

#include "base/secret.h"
#include "core/text.h"

namespace lowbalance {
namespace {

// bcrypt's cost is a power of two: 10 takes about 70 ms, 16 about 4 s for each wrong password.
constexpr int kLeastCost = 4;
constexpr int kMostCost = 16;
constexpr std::size_t kLongestPassword = 1024;
constexpr std::size_t kMostRemembered = 1024;

// "$2y$10$", then 22 characters of salt and 31 of hash.
bool IsBcrypt(std::string_view hash) {
  constexpr std::string_view kAlphabet =
      "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  if (hash.size() != 60 || !hash.starts_with("$2")) return false;
  if (std::string_view("aby").find(hash[2]) == std::string_view::npos) return false;
  if (hash[3] != '$' || hash[6] != '$') return false;
  const auto digit = [&](std::size_t i) { return hash[i] >= '0' && hash[i] <= '9'; };
  if (!digit(4) || !digit(5)) return false;
  return hash.find_first_not_of(kAlphabet, 7) == std::string_view::npos;
}

int CostOf(std::string_view hash) { return (hash[4] - '0') * 10 + (hash[5] - '0'); }

// Keys of the format that mean something we do not do.
void RefuseUnimplemented(const YamlMap& map, std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    if (map.Has(key)) map.Mistaken(key, "is not supported here; remove it");
  }
}

constexpr std::pair<const char*, ClientAuth> kClientAuthTypes[] = {
    {"NoClientCert", ClientAuth::kNone},
    {"RequestClientCert", ClientAuth::kRequest},
    {"RequireAnyClientCert", ClientAuth::kRequireAny},
    {"VerifyClientCertIfGiven", ClientAuth::kVerifyIfGiven},
    {"RequireAndVerifyClientCert", ClientAuth::kRequireAndVerify}};

ClientAuth ReadClientAuth(const YamlMap& tls) {
  std::vector<std::string> names;
  for (const auto& [name, type] : kClientAuthTypes) names.emplace_back(name);
  const std::string given = tls.OneOf("client_auth_type", names.front(), names);
  for (const auto& [name, type] : kClientAuthTypes) {
    if (given == name) return type;
  }
  return ClientAuth::kNone;
}

void ReadTls(const YamlMap& tls, WebConfig* config) {
  config->cert_file = tls.Path("cert_file");
  config->key_file = tls.Path("key_file");
  config->client_ca_file = tls.Path("client_ca_file");
  config->min_version = tls.OneOf("min_version", "TLS12", {"TLS12", "TLS13"});
  config->client_auth = ReadClientAuth(tls);
  RefuseUnimplemented(tls, {"cert", "key", "client_ca", "client_allowed_sans", "cipher_suites",
                            "prefer_server_cipher_suites", "curve_preferences", "max_version"});
  if (config->cert_file.empty() != config->key_file.empty()) {
    tls.Mistaken(
        config->cert_file.empty() ? "key_file" : "cert_file",
        config->cert_file.empty() ? "needs cert_file beside it" : "needs key_file beside it");
  }
  const bool verifies = config->client_auth == ClientAuth::kVerifyIfGiven ||
                        config->client_auth == ClientAuth::kRequireAndVerify;
  if (verifies && config->client_ca_file.empty()) {
    tls.Mistaken("client_auth_type", "needs client_ca_file to verify against");
  }
  if (!verifies && !config->client_ca_file.empty()) {
    tls.Mistaken("client_ca_file",
                 "nothing is verified against it unless client_auth_type is "
                 "RequireAndVerifyClientCert or VerifyClientCertIfGiven");
  }
  if (config->cert_file.empty() && (tls.Has("min_version") || tls.Has("client_auth_type"))) {
    tls.Mistaken("", "has no cert_file and key_file, so that there would be no TLS");
  }
  for (const char* key : {"cert_file", "key_file", "client_ca_file"}) {
    const auto file = tls.Path(key);
    std::error_code failed;
    if (!file.empty() && !std::filesystem::is_regular_file(file, failed)) {
      tls.Mistaken(key, "there is no file " + file.string());
    }
  }
}

void ReadUsers(const YamlMap& users, WebConfig* config) {
  // No message shows the value: it may be a password where a hash should stand.
  for (const auto& [name, value] : users.Entries()) {
    if (!value.IsScalar()) {
      value.Mistaken("must be a bcrypt hash, as htpasswd -nB writes it");
      continue;
    }
    const std::string hash = value.String();
    if (name.empty() || name.find(':') != std::string::npos || HasControlCharacters(name)) {
      value.Mistaken("a user's name must not be empty or contain ':'");
    } else if (!IsBcrypt(hash)) {
      value.Mistaken("not a bcrypt hash like $2y$10$..., as htpasswd -nB writes it");
    } else if (CostOf(hash) < kLeastCost || CostOf(hash) > kMostCost) {
      value.Mistaken("has bcrypt cost " + std::to_string(CostOf(hash)) + "; it must be from " +
                     std::to_string(kLeastCost) + " to " + std::to_string(kMostCost));
    } else {
      config->users.emplace(name, hash);
    }
  }
}

bool BcryptMatches(const std::string& password, const std::string& hash) {
  const auto data = std::make_unique<crypt_data>();  // 32 KiB.
  const char* computed = ::crypt_r(password.c_str(), hash.c_str(), data.get());
  return computed != nullptr && EqualInConstantTime(computed, hash);
}

WebConfig Read(const YamlFile& yaml, std::vector<Mistake>* mistakes) {
  WebConfig config;
  {
    const YamlMap root = yaml.Root();
    ReadTls(root.Map("tls_server_config"), &config);
    ReadUsers(root.Map("basic_auth_users"), &config);
    RefuseUnimplemented(root, {"http_server_config", "rate_limit"});
  }
  const auto found = yaml.mistakes();
  mistakes->insert(mistakes->end(), found.begin(), found.end());
  return config;
}

}  // namespace

WebConfig LoadWebConfig(const std::filesystem::path& file, std::vector<Mistake>* mistakes) {
  return Read(YamlFile::Load(file), mistakes);
}

WebConfig ParseWebConfig(std::string_view text, const std::filesystem::path& file,
                         std::vector<Mistake>* mistakes) {
  return Read(YamlFile::Parse(text, file.string(), file.parent_path()), mistakes);
}

struct PasswordChecker::Cache {
  const std::string key = RandomHex(32);
  // bcrypt is meant to be slow. One at a time, so that guessing does not take every core from
  // scrapes; who logged in before is not held up by it.
  std::mutex bcrypt;
  std::mutex mutex;
  std::set<std::string, std::less<>> right;  // Guarded by mutex.

  // Says nothing about the password to whoever does not know the key.
  [[nodiscard]] std::string Digest(std::string_view user, std::string_view hash,
                                   std::string_view password) const {
    std::string text;
    for (const std::string_view part : {user, hash, password}) {
      text += std::to_string(part.size()) + ":";
      text += part;
    }
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &size);
    OPENSSL_cleanse(text.data(), text.size());
    return {reinterpret_cast<const char*>(digest.data()), size};
  }
};

PasswordChecker::PasswordChecker() : cache_(std::make_unique<Cache>()) {}
PasswordChecker::~PasswordChecker() = default;

bool PasswordChecker::Check(const WebConfig& config, std::string_view user,
                            std::string_view password) {
  // bcrypt would stop at a NUL and take "secret\0anything" for "secret".
  if (config.users.empty() || password.size() > kLongestPassword ||
      password.find('\0') != std::string_view::npos) {
    return false;
  }
  if (Remembers(config, user, password)) return true;
  const auto known = config.users.find(user);
  const bool exists = known != config.users.end();
  // Somebody else's hash costs as much, and its answer is not used.
  const std::string& hash = exists ? known->second : config.users.begin()->second;
  bool matches = false;
  {
    const std::lock_guard lock(cache_->bcrypt);
    matches = BcryptMatches(std::string(password), hash);
  }
  if (!exists || !matches) return false;
  const std::lock_guard lock(cache_->mutex);
  if (cache_->right.size() >= kMostRemembered) cache_->right.clear();
  cache_->right.insert(cache_->Digest(user, hash, password));
  return true;
}

bool PasswordChecker::Remembers(const WebConfig& config, std::string_view user,
                                std::string_view password) const {
  const auto known = config.users.find(user);
  if (known == config.users.end()) return false;
  const std::string digest = cache_->Digest(user, known->second, password);
  const std::lock_guard lock(cache_->mutex);
  return cache_->right.contains(digest);
}

}  // namespace lowbalance
