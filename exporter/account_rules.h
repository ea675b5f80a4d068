#pragma once
// What the configuration file says of accounts, in the form the exporter looks it up in.

#include <chrono>
#include <map>
#include <set>
#include <string>

#include "config/config.h"
#include "exporter/snapshot.h"

namespace lowbalance {

struct AccountRules {
  std::string file;  // The configuration file, as messages name it.
  std::string default_contact;
  std::set<std::string, std::less<>> sources;
  // Those among them whose provider's own alert is the account's setting at kDefaultLevel.
  std::set<std::string, std::less<>> alarm_sources;
  std::map<AccountKey, AccountConfig> accounts;
  std::set<AccountKey> billed_before_tax;  // As in WebhookConfig.
  Millis billing_data_max_age = std::chrono::hours{6};
  Millis burn_rate_window = std::chrono::hours{24};

  // Fills in the parts of an account that come from the configuration.
  void Decorate(Account& account) const;
  // Whether the account's setting is the provider's. One that stands in the file goes before it.
  [[nodiscard]] bool ImportsAlarm(const Account& account) const;
};

[[nodiscard]] AccountRules MakeAccountRules(const Config& config);

// A setting of the configuration file applied to what is remembered, only where the two differ: a
// restart changes nothing, and a suspended setting stays so until the file's threshold or currency
// changes. A setting in another currency than the account's is remembered as suspended, as it
// would be had the account changed its currency later.
[[nodiscard]] tl::expected<AccountMemory, EditError> Provision(AccountMemory memory,
                                                               const ProvisionedSetting& setting,
                                                               Time now);

}  // namespace lowbalance
