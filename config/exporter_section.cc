// The exporter's section: where balances come from, and the accounts that the file speaks of.

#include <map>
#include <utility>

#include "config/sections.h"
#include "config/shapes.h"
#include "config/source_types.h"
#include "core/text.h"

namespace lowbalance {
namespace {

// `in_list` where the setting stands in `alerts`, and so names its level.
ProvisionedSetting ReadSetting(const YamlMap& map, bool in_list,
                               const std::vector<ProvisionedSetting>& others) {
  ProvisionedSetting setting;
  if (in_list) setting.level = map.RequiredString("level");
  if (!setting.level.empty() && !IsValidName(setting.level)) {
    map.Mistaken("level", NotAName(setting.level));
  }
  setting.enabled = map.Bool("enabled", true);
  setting.threshold = map.Amount("threshold").value_or(Money{});
  if (!map.Has("threshold")) map.Mistaken("threshold", "is missing");
  setting.currency = map.String("currency");
  if (!setting.currency.empty()) {
    if (const auto checked = ParseCurrency(setting.currency); !checked) {
      map.Mistaken("currency", checked.error().message);
    }
  }
  for (const ProvisionedSetting& other : others) {
    if (other.level == setting.level && !setting.level.empty()) {
      map.Mistaken("level", "the account has this level twice: " + Quoted(setting.level));
    }
  }
  for (const ProvisionedSetting& other : others) {
    if (other.currency.empty() || setting.currency.empty()) continue;
    if (other.currency == setting.currency) break;
    map.Mistaken("currency", "an account has one currency, and another of its levels is in " +
                                 other.currency + ": " + Quoted(setting.currency));
    break;
  }
  return setting;
}

AccountConfig ReadAccount(const YamlMap& map, const Config& config) {
  AccountConfig account{.line = map.Line()};
  account.account.provider = map.RequiredString("provider");
  if (!account.account.provider.empty() && !IsValidName(account.account.provider)) {
    map.Mistaken("provider", NotAName(account.account.provider));
  }
  account.account.account_id = map.RequiredString("account_id");
  const std::string& id = account.account.account_id;
  if (!id.empty() && !IsValidAccountId(id)) {
    map.Mistaken("account_id",
                 "not an account id (1 to 128 bytes of UTF-8, no control characters, no blanks at "
                 "the ends): " +
                     Quoted(id));
  }
  account.contact = map.String("contact");
  if (!account.contact.empty()) CheckContact(map, "contact", account.contact, config.contacts);

  if (map.Has("alert")) {
    account.settings.push_back(ReadSetting(map.Map("alert"), /*in_list=*/false, {}));
  }
  if (map.Has("alert") && map.Has("alerts")) {
    map.Mistaken("alerts", "alert and alerts cannot both be given");
  }
  for (const YamlValue& value : map.List("alerts")) {
    account.settings.push_back(ReadSetting(value.Map(), /*in_list=*/true, account.settings));
  }
  return account;
}

}  // namespace

void ReadExporter(const YamlMap& map, const std::filesystem::path& folder, Config& config) {
  config.exporter.server = ReadServer(map, folder, ":10380", "sqlite:lowbalance-exporter.db");
  for (const YamlValue& value : map.List("sources")) {
    config.exporter.sources.push_back(ReadSource(value.Map(), config));
  }
  std::map<AccountKey, int> lines;
  for (const YamlValue& value : map.List("accounts")) {
    const YamlMap entry = value.Map();
    AccountConfig account = ReadAccount(entry, config);
    const auto [first, is_new] = lines.emplace(account.account, account.line);
    if (!is_new && !account.account.account_id.empty()) {
      entry.Mistaken("account_id", "the account " + account.account.provider + "/" +
                                       account.account.account_id + " is already listed on line " +
                                       std::to_string(first->second));
    }
    config.exporter.accounts.push_back(std::move(account));
  }
}

}  // namespace lowbalance
