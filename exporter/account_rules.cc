#include "exporter/account_rules.h"

#include <algorithm>
#include <utility>

namespace lowbalance {

void AccountRules::Decorate(Account& account) const {
  account.contact = default_contact;
  account.provisioned.clear();
  if (ImportsAlarm(account)) account.provisioned.emplace_back(kDefaultLevel);
  const AccountKey& key = account.memory.account;
  account.billed_before_tax =
      billed_before_tax.contains(key) ||
      billed_before_tax.contains({.provider = key.provider, .account_id = ""});
  const auto found = accounts.find(account.memory.account);
  if (found == accounts.end()) return;
  if (!found->second.contact.empty()) account.contact = found->second.contact;
  for (const ProvisionedSetting& setting : found->second.settings) {
    account.provisioned.push_back(setting.level);
  }
}

bool AccountRules::ImportsAlarm(const Account& account) const {
  if (!alarm_sources.contains(account.source)) return false;
  const auto found = accounts.find(account.memory.account);
  return found == accounts.end() ||
         std::none_of(
             found->second.settings.begin(), found->second.settings.end(),
             [](const ProvisionedSetting& setting) { return setting.level == kDefaultLevel; });
}

AccountRules MakeAccountRules(const Config& config) {
  AccountRules rules{.file = config.file.string(),
                     .default_contact = config.default_contact,
                     .billed_before_tax = {config.webhook.billed_before_tax.begin(),
                                           config.webhook.billed_before_tax.end()},
                     .billing_data_max_age = config.pipeline.billing_data_max_age,
                     .burn_rate_window = config.pipeline.burn_rate_window};
  for (const SourceConfig& source : config.exporter.sources) {
    rules.sources.insert(source.name);
    if (source.alibaba && source.alibaba->import_alarm) rules.alarm_sources.insert(source.name);
  }
  for (const AccountConfig& account : config.exporter.accounts) {
    rules.accounts.emplace(account.account, account);
  }
  return rules;
}

tl::expected<AccountMemory, EditError> Provision(AccountMemory memory,
                                                 const ProvisionedSetting& setting, Time now) {
  if (const auto found = memory.levels.find(setting.level); found != memory.levels.end()) {
    LevelMemory& level = found->second;
    const bool same_amount = level.threshold == setting.threshold &&
                             (setting.currency.empty() || setting.currency == level.currency);
    if (same_amount && level.suspended) {
      level.enabled = setting.enabled;
      return memory;
    }
  }
  const bool foreign =
      !setting.currency.empty() && !memory.currency.empty() && setting.currency != memory.currency;
  if (!foreign) {
    return Edit(std::move(memory),
                {.level = setting.level,
                 .enabled = setting.enabled,
                 .threshold = setting.threshold,
                 .currency = setting.currency},
                now);
  }
  auto disabled = Edit(std::move(memory), {.level = setting.level, .enabled = false}, now);
  if (!disabled) return disabled;
  LevelMemory& level = disabled->levels[setting.level];
  level.enabled = setting.enabled;
  level.threshold = setting.threshold;
  level.currency = setting.currency;
  level.suspended = true;
  return disabled;
}

}  // namespace lowbalance
