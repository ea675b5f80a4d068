#pragma once
// lowbalance.yml: one file for all parts. docs/configuration.md describes every key.
//
// It is read as a whole by whoever needs a part of it, so that a name used in one section and
// defined in another is checked, and an unknown key is a mistake whichever program sees it.

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/access_rules.h"
#include "base/yaml.h"
#include "config/alibaba.h"
#include "config/links.h"
#include "config/wording.h"
#include "core/account_memory.h"
#include "core/money.h"
#include "core/pipeline.h"

namespace lowbalance {

// Who hears about an account. Names stand in metrics; addresses never leave the webhook.
struct Contact {
  std::string name;
  std::vector<std::string> email;     // Addresses.
  std::vector<std::string> internal;  // Recipients of the inbox.
  std::string language = "en";        // One of WebhookConfig::wordings.
  std::string time_zone = "UTC";      // An IANA name.
};

// One source of balances, and how it is polled. The defaults depend on the type
// (config/source_types.h).
struct SourceConfig {
  std::string name;      // Unique; appears in metrics and logs.
  std::string type;      // "file", "alibaba".
  std::string provider;  // Of the accounts it reads, unless the file names one per account.
  Millis interval{};     // Between the beginnings of polls.
  Millis jitter{};       // Up to this is added, at random, to the start and to every interval.
  Millis timeout = std::chrono::seconds{30};  // For one poll of the source.
  // After the first failure in a row, from its end; doubled with every further one up to the
  // longest. Up to a quarter is taken off at random. A success returns to the interval.
  Millis retry_first = std::chrono::minutes{1};
  Millis retry_longest = std::chrono::minutes{1};
  std::filesystem::path path;            // type: file. Ends in .json or .csv.
  std::optional<AlibabaConfig> alibaba;  // type: alibaba.

  friend bool operator==(const SourceConfig&, const SourceConfig&) = default;
};

// A threshold that stands in the file, and so is read-only in API and console.
struct ProvisionedSetting {
  std::string level{kDefaultLevel};
  bool enabled = true;
  Money threshold;
  std::string currency;  // Empty: the account's.
};

struct AccountConfig {
  AccountKey account;
  std::string contact;                       // Empty: by rule, or the default contact.
  std::vector<ProvisionedSetting> settings;  // `alert:` a map, or `alerts:` a list with levels.
  int line = 0;
};

struct ServerConfig {
  std::string listen_address;
  std::filesystem::path web_config_file;
  std::string store_url;  // "sqlite:…"; a path alone means that too.
};

struct ExporterConfig {
  ServerConfig server;  // Defaults: ":10380", sqlite:lowbalance-exporter.db.
  std::vector<SourceConfig> sources;
  std::vector<AccountConfig> accounts;
};

struct EmailConfig {
  // smtp://host:port (STARTTLS as `tls` says), smtps://host:port (TLS from the start), or
  // file:FOLDER, which writes an .eml file per recipient for trying out. Empty: no e-mail.
  std::string url;
  std::string from;      // "Low Balance Alerts <alerts@example.com>".
  std::string username;  // Empty: no authentication.
  std::filesystem::path password_file;
  std::string tls = "required";   // "required", "optional", "off": STARTTLS on smtp://.
  std::filesystem::path ca_file;  // Empty: the system's.
  Millis timeout = std::chrono::seconds{30};
};

// Whom the webhook tells when LowbalanceWatchdog, which always fires, is heard no more: the
// pipeline is then cut somewhere, and no alert can arrive either.
struct WatchdogConfig {
  std::string contact;  // A contact's name; empty: nobody is told.
  Millis silence{};     // Told after so much of it. Default: twice Pipeline::watchdog_repeat().
};

struct WebhookConfig {
  ServerConfig server;                      // Defaults: ":10381", sqlite:lowbalance-webhook.db.
  std::filesystem::path bearer_token_file;  // What Alertmanager must present; empty: nothing.
  std::size_t max_body_bytes = 64U << 20U;
  Cadence reminders;
  ExtraNotices extra_notices;
  Wordings wordings = BuiltInWordings();  // Has at least the languages that are built in.
  Links links;
  // Accounts whose unsettled amount is before tax; an empty account_id means all of the provider.
  std::vector<AccountKey> billed_before_tax;
  EmailConfig email;
  Millis alert_expiry = std::chrono::hours{5 * 24};  // S12: an undelivered alert is tried so long.
  Millis retention = std::chrono::hours{24 * 400};   // Of what was sent; webhook/retention.
  // Delivery back-off: the first wait after a failure and the longest; doubled in between.
  Millis retry_first = std::chrono::seconds{30};
  Millis retry_longest = std::chrono::minutes{30};
  WatchdogConfig watchdog;
};

struct Config {
  std::filesystem::path file;
  Pipeline pipeline;
  std::vector<Contact> contacts;
  std::string default_contact;  // Empty only if there are no contacts.
  ExporterConfig exporter;
  WebhookConfig webhook;
  AccessRules access;

  [[nodiscard]] bool IsBilledBeforeTax(const AccountKey& account) const;
  // The contact of that name; the default contact if there is none of it; null if there are none.
  [[nodiscard]] const Contact* FindContact(std::string_view name) const;
  [[nodiscard]] const AccountConfig* FindAccount(const AccountKey& account) const;
};

// Reads and checks all of it. Mistakes are in the order of the file's lines, and the Config is to
// be used only if there are none.
struct ConfigResult {
  Config config;
  std::vector<Mistake> mistakes;
};
[[nodiscard]] ConfigResult LoadConfig(const std::filesystem::path& file);
[[nodiscard]] ConfigResult ParseConfig(std::string_view text, const std::filesystem::path& file);

}  // namespace lowbalance
