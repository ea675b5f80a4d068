// What users may do: the section that goes with the users of the web configuration file.

#include <utility>

#include "config/sections.h"
#include "core/text.h"

namespace lowbalance {
namespace {

// `viewer`, `administrator`, or `{contact: NAME}`.
Grant ReadGrant(const YamlValue& value, const Config& config) {
  if (!value.IsScalar()) {
    const YamlMap map = value.Map();
    Grant grant{.role = Role::kContact, .contact = map.RequiredString("contact")};
    if (!grant.contact.empty()) CheckContact(map, "contact", grant.contact, config.contacts);
    return grant;
  }
  const std::string role = value.String();
  if (role == "viewer") return {.role = Role::kViewer};
  if (role == "administrator") return {.role = Role::kAdministrator};
  value.Mistaken("not a role (viewer, administrator or {contact: NAME}): " + Quoted(role));
  return {};
}

// Scheme, host and port: the consoles' paths begin at the root.
std::string ReadOrigin(const YamlMap& map, std::string_view key) {
  std::string url = map.String(key);
  while (url.ends_with('/')) url.pop_back();
  const bool http = url.starts_with("http://") || url.starts_with("https://");
  const std::string host = http ? url.substr(url.find("://") + 3) : "";
  if (!url.empty() && (host.empty() || host.find_first_of(" \"<>?#/@\\") != std::string::npos)) {
    map.Mistaken(key, "not a URL without a path, like https://billing.example.com: " + Quoted(url));
  }
  return url;
}

std::string PortOf(const std::string& listen_address) {
  return listen_address.substr(listen_address.rfind(':') + 1);
}

}  // namespace

void ReadAccess(const YamlMap& map, Config& config) {
  AccessRules& access = config.access;
  for (const auto& [user, value] : map.Map("roles").Entries()) {
    access.roles.emplace(user, ReadGrant(value, config));
  }
  access.session_key_file = map.Path("session_key_file");
  access.session_lifetime = map.Duration("session_lifetime", access.session_lifetime,
                                         std::chrono::minutes{1}, std::chrono::hours{24 * 30});
  access.accounts_url = ReadOrigin(map, "accounts_url");
  access.messages_url = ReadOrigin(map, "messages_url");
  access.accounts_port = PortOf(config.exporter.server.listen_address);
  access.messages_port = PortOf(config.webhook.server.listen_address);
}

}  // namespace lowbalance
