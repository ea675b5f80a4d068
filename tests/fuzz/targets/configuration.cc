// lowbalance.yml: every mistake is told with its place, and a file without any can be used.

#include <algorithm>

#include "config/config.h"
#include "core/text.h"
#include "tests/fuzz/fuzz.h"

namespace lowbalance::fuzz {
namespace {

constexpr const char* kFile = "/etc/lowbalance/lowbalance.yml";

// A mistake may quote the key's path, which is the file's own, and what stands there.
void CheckMistake(const Mistake& mistake, std::string_view input) {
  PROMISE(mistake.file == kFile);
  PROMISE(mistake.line >= 0 && mistake.line <= LinesOf(input));
  PROMISE_MESSAGE(mistake.message, 2000);
  PROMISE(!HasControlCharacters(mistake.key) && IsValidUtf8(mistake.key));
  PROMISE(mistake.ToString().size() <= input.size() * 4 + 3000);
}

void CheckConfig(const Config& config) {
  const auto contact_exists = [&config](const std::string& name) {
    return std::any_of(config.contacts.begin(), config.contacts.end(),
                       [&](const Contact& contact) { return contact.name == name; });
  };
  PROMISE(config.contacts.empty() || contact_exists(config.default_contact));
  for (const Contact& contact : config.contacts) {
    PROMISE(IsValidName(contact.name) && !(contact.email.empty() && contact.internal.empty()));
    for (const std::string& address : contact.email) PROMISE(!HasControlCharacters(address));
    PROMISE(config.webhook.wordings.contains(contact.language));
  }
  for (const AccountConfig& account : config.exporter.accounts) {
    PROMISE(IsValidName(account.account.provider) && IsValidAccountId(account.account.account_id));
    PROMISE(account.contact.empty() || contact_exists(account.contact));
    PROMISE(config.FindAccount(account.account) == &account);
  }
  for (const SourceConfig& source : config.exporter.sources) {
    PROMISE(source.interval > Millis{0} && source.timeout > Millis{0});
    PROMISE(source.retry_first > Millis{0} && source.retry_longest >= source.retry_first);
  }
  PROMISE(config.pipeline.evaluation > Millis{0});
  PROMISE(config.pipeline.heartbeat >= config.pipeline.evaluation);
  PROMISE(config.webhook.max_body_bytes > 0);
  PROMISE(config.webhook.retry_longest >= config.webhook.retry_first);
}

}  // namespace

void Try(std::string_view input) {
  const ConfigResult result = ParseConfig(input, kFile);
  for (const Mistake& mistake : result.mistakes) CheckMistake(mistake, input);
  if (result.mistakes.empty()) CheckConfig(result.config);
}

}  // namespace lowbalance::fuzz
