#include "cli/config_checks.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <set>

#include "base/clock.h"
#include "base/store.h"
#include "base/web_config.h"
#include "cli/config_option.h"
#include "core/text.h"
#include "exporter/service.h"
#include "exporter/source.h"
#include "webhook/schema.h"

namespace lowbalance::cli {

std::string Count(std::size_t n, const std::string& what) {
  return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
}

namespace {

class Warnings {
 public:
  void Add(std::string_view key, const std::string& message) {
    all_.push_back({std::string(key), message});
  }

  // Files are read by the programs, perhaps under another user or on another machine.
  void Readable(std::string_view key, const std::filesystem::path& file) {
    if (!file.empty() && access(file.c_str(), R_OK) != 0) {
      Add(key, "cannot be read from here: " + file.string());
    }
  }

  [[nodiscard]] const std::vector<ConfigWarning>& all() const { return all_; }

 private:
  std::vector<ConfigWarning> all_;
};

void CheckFiles(const Config& config, Warnings& warnings) {
  warnings.Readable("exporter.web_config_file", config.exporter.server.web_config_file);
  warnings.Readable("webhook.web_config_file", config.webhook.server.web_config_file);
  warnings.Readable("webhook.bearer_token_file", config.webhook.bearer_token_file);
  for (const SourceConfig& source : config.exporter.sources) {
    if (!source.alibaba) continue;
    const std::string key = "exporter.sources " + source.name;
    const auto readable = [&](const AlibabaCredentialsConfig& credentials) {
      for (const auto& file :
           {credentials.access_key_id_file, credentials.access_key_secret_file,
            credentials.security_token_file, credentials.oidc_token_file, credentials.file}) {
        warnings.Readable(key, file);
      }
    };
    readable(source.alibaba->credentials);
    for (const AlibabaAccountConfig& account : source.alibaba->accounts) {
      readable(account.credentials);
    }
  }
  warnings.Readable("webhook.email.password_file", config.webhook.email.password_file);
  warnings.Readable("webhook.email.ca_file", config.webhook.email.ca_file);
}

// The programs may run elsewhere, so what is wrong with a store here is a warning.
void CheckStores(const Config& config, Warnings& warnings) {
  const auto check = [&](std::string_view key, const Store::Options& options) {
    if (const std::string wrong = Store::Check(options); !wrong.empty()) warnings.Add(key, wrong);
  };
  check("exporter.store", ExporterStore(config));
  check("webhook.store", WebhookStore(config));
}

void CheckContacts(const Config& config, Warnings& warnings) {
  if (config.contacts.empty()) {
    warnings.Add("contacts", "there are none: nobody would be told of anything");
  }
  const std::filesystem::path zones = "/usr/share/zoneinfo";
  std::error_code ignored;
  const bool knows_zones = std::filesystem::exists(zones, ignored);
  for (const Contact& contact : config.contacts) {
    const std::string key = "contacts." + contact.name;
    if (!contact.email.empty() && config.webhook.email.url.empty()) {
      warnings.Add(key + ".email", "no e-mail is sent while there is no webhook.email.url");
    }
    if (knows_zones && !std::filesystem::exists(zones / contact.time_zone, ignored)) {
      warnings.Add(key + ".time_zone", "this machine does not know " + Quoted(contact.time_zone));
    }
  }
}

// What is written less often than billing data may be old is too old between two writings, and then
// alerts are put off.
void CheckAge(const Config& config, const std::string& key, const Fetched& fetched, Time now,
              Warnings& warnings) {
  const Millis most = config.pipeline.billing_data_max_age;
  std::size_t old = 0;
  std::optional<Time> oldest;
  for (const Reading& reading : fetched.readings) {
    if (!reading.as_of || now - *reading.as_of <= most) continue;
    ++old;
    oldest = std::min(oldest.value_or(*reading.as_of), *reading.as_of);
  }
  if (old == 0) return;
  warnings.Add(key, "the data of " + std::to_string(old) + " of its " +
                        Count(fetched.readings.size(), "account") + " is as of " +
                        FormatRfc3339(*oldest) +
                        " and earlier than pipeline.billing_data_max_age (" + FormatDuration(most) +
                        ") allows: alerts are put off until there is newer. Where it is written "
                        "less often, set that to more than the time between two writings");
}

// Reads the sources that are files, as the exporter would. What such a file holds is data and its
// mistakes are warnings; that two sources claim one account is a mistake of the configuration, as
// the balance would jump from one to the other with every poll.
std::vector<Mistake> CheckSources(const Config& config, Warnings& warnings) {
  if (config.exporter.sources.empty()) {
    warnings.Add("exporter.sources", "there are none: no balance would be watched");
  }
  std::vector<Mistake> mistakes;
  std::map<AccountKey, std::string> claimed;  // By which source.
  bool all_read = true;
  for (const SourceConfig& source : config.exporter.sources) {
    const std::string key = "exporter.sources " + source.name;
    if (source.type != "file") {
      all_read = false;
      continue;
    }
    const Time now = SystemClock()();
    const auto fetched = MakeSource(source)->Fetch(
        {.now = now, .deadline = std::chrono::steady_clock::now() + source.timeout});
    if (!fetched) {
      warnings.Add(key, "this would be a failed poll: " + fetched.error().message);
      all_read = false;
      continue;
    }
    CheckAge(config, key, *fetched, now, warnings);
    for (const Reading& reading : fetched->readings) {
      const auto [first, is_new] = claimed.emplace(reading.account, source.name);
      if (is_new || first->second == source.name) continue;
      mistakes.push_back({.file = config.file.string(),
                          .key = key,
                          .message = "has the account " + reading.account.provider + "/" +
                                     reading.account.account_id + ", which the source " +
                                     first->second + " has too"});
    }
  }
  for (const AccountConfig& account : config.exporter.accounts) {
    if (!all_read || claimed.contains(account.account)) continue;
    warnings.Add("exporter.accounts", "no source has the account " + account.account.provider +
                                          "/" + account.account.account_id + " of line " +
                                          std::to_string(account.line));
  }
  return mistakes;
}

void CheckSecrecy(const Config& config, Warnings& warnings) {
  const EmailConfig& email = config.webhook.email;
  if (email.url.starts_with("smtp:") && email.tls != "required" && !email.username.empty()) {
    warnings.Add("webhook.email.tls", "the password may be sent without encryption: " + email.tls);
  }
}

std::vector<Mistake> WebMistakes(const Config& config) {
  std::vector<Mistake> mistakes;
  std::set<std::filesystem::path> files{config.exporter.server.web_config_file,
                                        config.webhook.server.web_config_file};
  for (const std::filesystem::path& file : files) {
    if (file.empty() || access(file.c_str(), R_OK) != 0) continue;
    static_cast<void>(LoadWebConfig(file, &mistakes));
  }
  return mistakes;
}

}  // namespace

ConfigFindings ExamineConfig(const std::string& file, Examine what) {
  ConfigResult result = LoadConfig(file.empty() ? std::string(kDefaultConfigFile) : file);
  ConfigFindings found{.config = std::move(result.config), .mistakes = std::move(result.mistakes)};
  if (found.mistakes.empty()) found.mistakes = WebMistakes(found.config);
  if (!found.mistakes.empty()) return found;
  Warnings warnings;
  CheckFiles(found.config, warnings);
  if (what == Examine::kAll) CheckStores(found.config, warnings);
  CheckContacts(found.config, warnings);
  CheckSecrecy(found.config, warnings);
  if (what == Examine::kAll) found.mistakes = CheckSources(found.config, warnings);
  found.warnings = warnings.all();
  return found;
}

}  // namespace lowbalance::cli
