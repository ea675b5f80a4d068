// The part of the webhook's section that is about messages: their wording, what stands in them, and
// which there are beside alert and reminders.

#include <algorithm>

#include "config/sections.h"
#include "core/text.h"

namespace lowbalance {

void ReadWording(const YamlMap& webhook, Config& config, std::vector<Mistake>& mistakes) {
  const std::filesystem::path folder = webhook.Path("wording");
  if (folder.empty()) return;
  const std::string wrong = LoadWordings(folder, config.webhook.wordings, mistakes);
  if (!wrong.empty()) webhook.Mistaken("wording", wrong);
}

void ReadMessages(const YamlMap& webhook, Config& config) {
  WebhookConfig& w = config.webhook;
  w.extra_notices.recovery = webhook.Bool("recovery_notice", w.extra_notices.recovery);
  w.extra_notices.overdue = webhook.Bool("overdue_notice", w.extra_notices.overdue);

  const YamlMap links = webhook.Map("links");
  const auto read_link = [&links](std::string_view key, std::string& link) {
    if (!links.Has(key)) return;
    if (auto parsed = ParseLink(links.String(key))) {
      link = std::move(*parsed);
    } else {
      links.Mistaken(key, parsed.error().message);
    }
  };
  read_link("dashboard", w.links.dashboard);
  read_link("accounts", w.links.accounts);
  read_link("messages", w.links.messages);

  // An account is written provider/account_id; a provider's name has no slash, an id may have some.
  for (const YamlValue& value : webhook.List("billed_before_tax")) {
    const std::string text = value.String();
    const auto slash = std::min(text.find('/'), text.size());
    AccountKey key{text.substr(0, slash), text.substr(std::min(slash + 1, text.size()))};
    if (!IsValidName(key.provider)) {
      value.Mistaken("not a provider or provider/account_id: " + Quoted(text));
    } else if (slash < text.size() && !IsValidAccountId(key.account_id)) {
      value.Mistaken("not an account id: " + Quoted(key.account_id));
    } else if (std::find(w.billed_before_tax.begin(), w.billed_before_tax.end(), key) !=
               w.billed_before_tax.end()) {
      value.Mistaken("named twice: " + Quoted(text));
    }
    w.billed_before_tax.push_back(std::move(key));
  }
}

bool Config::IsBilledBeforeTax(const AccountKey& account) const {
  return std::any_of(webhook.billed_before_tax.begin(), webhook.billed_before_tax.end(),
                     [&account](const AccountKey& key) {
                       return key.provider == account.provider &&
                              (key.account_id.empty() || key.account_id == account.account_id);
                     });
}

}  // namespace lowbalance
