#pragma once
// The web configuration file of Prometheus' exporter-toolkit: TLS and basic authentication.
// https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md
//
// Read: tls_server_config (cert_file, key_file, client_auth_type, client_ca_file, min_version)
// and basic_auth_users (name: bcrypt hash). Other keys of the format that we do not implement are
// mistakes, so that nobody believes in a protection that is not there.

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/yaml.h"

namespace lowbalance {

// client_auth_type, as Go's crypto/tls has it. Only the last keeps strangers out: the others are
// for clients that are moved over one by one, or that show a certificate for somebody else to
// judge.
enum class ClientAuth {
  kNone,              // NoClientCert: none is asked for.
  kRequest,           // RequestClientCert: asked for; any will do, and so will none.
  kRequireAny,        // RequireAnyClientCert: one is needed; any will do.
  kVerifyIfGiven,     // VerifyClientCertIfGiven: none, or one of client_ca_file.
  kRequireAndVerify,  // RequireAndVerifyClientCert: one of client_ca_file.
};

struct WebConfig {
  std::filesystem::path cert_file;  // Empty: plain HTTP.
  std::filesystem::path key_file;
  std::filesystem::path client_ca_file;
  ClientAuth client_auth = ClientAuth::kNone;
  std::string min_version = "TLS12";
  std::map<std::string, std::string, std::less<>> users;  // Name to bcrypt hash.
};

// Reads a web configuration file, or its text; what is wrong is added to `mistakes`.
[[nodiscard]] WebConfig LoadWebConfig(const std::filesystem::path& file,
                                      std::vector<Mistake>* mistakes);
[[nodiscard]] WebConfig ParseWebConfig(std::string_view text, const std::filesystem::path& file,
                                       std::vector<Mistake>* mistakes);

// Checks passwords against bcrypt hashes. A right answer is remembered (as a keyed hash), since
// bcrypt costs about 70 ms; a name that does not exist takes as long as a wrong password.
// Thread-safe.
class PasswordChecker {
 public:
  PasswordChecker();
  ~PasswordChecker();
  [[nodiscard]] bool Check(const WebConfig& config, std::string_view user,
                           std::string_view password);
  // Is it a right answer that is remembered? Costs microseconds.
  [[nodiscard]] bool Remembers(const WebConfig& config, std::string_view user,
                               std::string_view password) const;

 private:
  struct Cache;
  std::unique_ptr<Cache> cache_;
};

}  // namespace lowbalance
