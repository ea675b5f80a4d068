#pragma once
// What users may do, beyond being who they say: the part of it that the configuration file states.

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "core/time.h"

namespace lowbalance {

enum class Role {
  kNone,           // May log in, to read /metrics, and sees nothing else.
  kViewer,         // Sees everything and changes nothing.
  kContact,        // Sees and changes what belongs to one contact.
  kAdministrator,  // Everything.
};
[[nodiscard]] std::string_view ToString(Role role);  // "none", "viewer", …

struct Grant {
  Role role = Role::kNone;
  std::string contact;  // Of kContact.
  friend bool operator==(const Grant&, const Grant&) = default;
};

struct AccessRules {
  // By the users of the web configuration file. While it is empty every user is an administrator;
  // as soon as one has a role, users without one have none.
  std::map<std::string, Grant, std::less<>> roles;
  // What signs the cookies of logins. Programs that share the key and the users share logins.
  // Empty: a key that lives as long as the process.
  std::filesystem::path session_key_file;
  Millis session_lifetime = std::chrono::hours{12};
  // Where browsers find the consoles, without a '/' at the end. Empty: on the host of the page
  // that asks, at the port that the program listens on.
  std::string accounts_url;
  std::string messages_url;
  std::string accounts_port;
  std::string messages_port;

  [[nodiscard]] Grant GrantOf(std::string_view user) const;
};

}  // namespace lowbalance
