#include "exporter/snapshot.h"

#include <algorithm>

namespace lowbalance {

bool Account::IsProvisioned(std::string_view level) const {
  return std::find(provisioned.begin(), provisioned.end(), level) != provisioned.end();
}

std::vector<AccountPtr>::const_iterator Snapshot::LowerBound(const AccountKey& key) const {
  return std::lower_bound(
      accounts.begin(), accounts.end(), key,
      [](const AccountPtr& account, const AccountKey& k) { return account->memory.account < k; });
}

AccountPtr Snapshot::Find(const AccountKey& key) const {
  const auto at = LowerBound(key);
  return at != accounts.end() && (*at)->memory.account == key ? *at : nullptr;
}

}  // namespace lowbalance
