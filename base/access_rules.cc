#include "base/access_rules.h"

namespace lowbalance {

std::string_view ToString(Role role) {
  switch (role) {
    case Role::kNone:
      return "none";
    case Role::kViewer:
      return "viewer";
    case Role::kContact:
      return "contact";
    case Role::kAdministrator:
      return "administrator";
  }
  return "none";
}

Grant AccessRules::GrantOf(std::string_view user) const {
  if (roles.empty()) return {.role = Role::kAdministrator};
  const auto found = roles.find(user);
  return found == roles.end() ? Grant{} : found->second;
}

}  // namespace lowbalance
