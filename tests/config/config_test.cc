#include "config/config.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "config/presets.h"

namespace lowbalance {
namespace {

using namespace std::chrono_literals;

const std::filesystem::path kFolder =
    std::filesystem::path(LOWBALANCE_SOURCE_DIR) / "tests" / "config";

std::string ReadAll(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string MistakesOf(const ConfigResult& result) {
  std::string text;
  for (const Mistake& mistake : result.mistakes) text += mistake.ToString() + "\n";
  return text;
}

Config Good(std::string_view text, const std::filesystem::path& file = "/etc/lb/lowbalance.yml") {
  const ConfigResult result = ParseConfig(text, file);
  EXPECT_EQ(MistakesOf(result), "");
  return result.config;
}

// Each file of tests/config/bad ends with what must be said of it, after "#! ".
TEST(BadConfigTest, EachFileIsToldWhatIsWrongWithIt) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder / "bad")) {
    ++files;
    SCOPED_TRACE(entry.path().filename());
    const std::string text = ReadAll(entry.path());
    std::string expected;
    for (std::size_t at = text.find("#! "); at != std::string::npos; at = text.find("#! ", at)) {
      at += 3;
      expected += text.substr(at, text.find('\n', at) - at) + "\n";
    }
    EXPECT_NE(expected, "") << "the file does not say what is wrong with it";
    EXPECT_EQ(MistakesOf(ParseConfig(text, "lowbalance.yml")), expected);
  }
  EXPECT_GT(files, 50);
}

TEST(ConfigTest, EveryKeyIsRead) {
  const Config config = Good(ReadAll(kFolder / "complete.yml"));

  EXPECT_EQ(config.pipeline.evaluation, 30s);
  EXPECT_EQ(config.pipeline.heartbeat, 10min);
  EXPECT_EQ(config.pipeline.facts_max_age, 5min);
  EXPECT_EQ(config.pipeline.billing_data_max_age, 12h);
  EXPECT_EQ(config.pipeline.burn_rate_window, 48h);

  ASSERT_EQ(config.contacts.size(), 2U);
  const Contact& finance = config.contacts[0];
  EXPECT_EQ(finance.name, "finance");
  EXPECT_EQ(finance.email, (std::vector<std::string>{"finance@example.com", "boss@example.com"}));
  EXPECT_EQ(finance.internal, std::vector<std::string>{"finance"});
  EXPECT_EQ(finance.language, "zh");
  EXPECT_EQ(finance.time_zone, "Asia/Shanghai");
  const Contact& ops = config.contacts[1];
  EXPECT_EQ(ops.email, std::vector<std::string>{});
  EXPECT_EQ(ops.internal, std::vector<std::string>{"ops"});
  EXPECT_EQ(ops.language, "en");
  EXPECT_EQ(ops.time_zone, "UTC");
  EXPECT_EQ(config.default_contact, "ops");

  EXPECT_EQ(config.exporter.server.listen_address, "127.0.0.1:1");
  EXPECT_EQ(config.exporter.server.web_config_file, "/etc/lb/web.yml");
  EXPECT_EQ(config.exporter.server.store_url, "sqlite:/var/lib/lb/exporter.db");
  ASSERT_EQ(config.exporter.sources.size(), 5U);
  EXPECT_EQ(config.exporter.sources[0].name, "demo");
  EXPECT_EQ(config.exporter.sources[0].type, "file");
  EXPECT_EQ(config.exporter.sources[0].provider, "demo");
  EXPECT_EQ(config.exporter.sources[0].interval, 250ms);
  EXPECT_EQ(config.exporter.sources[0].jitter, 50ms);
  EXPECT_EQ(config.exporter.sources[0].timeout, 2s);
  EXPECT_EQ(config.exporter.sources[0].retry_first, 1s);
  EXPECT_EQ(config.exporter.sources[0].retry_longest, 8s);
  EXPECT_EQ(config.exporter.sources[0].path, "/etc/lb/balances.csv");
  EXPECT_EQ(config.exporter.sources[1].provider, "");
  EXPECT_EQ(config.exporter.sources[1].interval, 1min);
  EXPECT_EQ(config.exporter.sources[1].jitter, 0ms);
  EXPECT_EQ(config.exporter.sources[1].timeout, 30s);
  EXPECT_EQ(config.exporter.sources[1].retry_first, 1min);
  EXPECT_EQ(config.exporter.sources[1].retry_longest, 1min);
  EXPECT_EQ(config.exporter.sources[1].path, "/srv/more.json");

  ASSERT_EQ(config.exporter.accounts.size(), 3U);
  const AccountConfig& first = config.exporter.accounts[0];
  EXPECT_EQ(first.account, (AccountKey{"demo", "17"}));
  EXPECT_EQ(first.contact, "finance");
  EXPECT_EQ(first.line, 26);
  ASSERT_EQ(first.settings.size(), 1U);
  EXPECT_EQ(first.settings[0].level, "warning");
  EXPECT_TRUE(first.settings[0].enabled);
  EXPECT_EQ(first.settings[0].threshold, Money::FromUnits(100));
  EXPECT_EQ(first.settings[0].currency, "USD");
  const AccountConfig& second = config.exporter.accounts[1];
  EXPECT_EQ(second.account.account_id, "018");
  EXPECT_EQ(second.contact, "");
  ASSERT_EQ(second.settings.size(), 2U);
  EXPECT_EQ(second.settings[0].level, "warning");
  EXPECT_FALSE(second.settings[0].enabled);
  EXPECT_EQ(second.settings[0].threshold.ToString(), "1234.56");
  EXPECT_EQ(second.settings[1].level, "critical");
  EXPECT_EQ(second.settings[1].threshold.ToString(), "-20.5");
  EXPECT_TRUE(config.exporter.accounts[2].settings.empty());

  EXPECT_EQ(config.webhook.server.listen_address, "[::1]:2");
  EXPECT_EQ(config.webhook.server.web_config_file, "");
  EXPECT_EQ(config.webhook.server.store_url, "sqlite:/etc/lb/data/webhook.db");
  EXPECT_EQ(config.webhook.bearer_token_file, "/etc/lb/token");
  EXPECT_EQ(config.webhook.max_body_bytes, 1048576U);
  EXPECT_EQ(config.webhook.reminders.every, 36s);
  EXPECT_EQ(config.webhook.reminders.at_most, 0);
  EXPECT_FALSE(config.webhook.reminders.stop_when_overdue);
  EXPECT_EQ(config.webhook.email.url, "smtp://mail.example.com:587");
  EXPECT_EQ(config.webhook.email.from, "Low Balance Alerts <alerts@example.com>");
  EXPECT_EQ(config.webhook.email.username, "alerts");
  EXPECT_EQ(config.webhook.email.password_file, "/run/secrets/smtp");
  EXPECT_EQ(config.webhook.email.tls, "optional");
  EXPECT_EQ(config.webhook.email.ca_file, "/etc/lb/ca.pem");
  EXPECT_EQ(config.webhook.email.timeout, 5s);
  EXPECT_EQ(config.webhook.alert_expiry, 72h);
  EXPECT_EQ(config.webhook.retention, 90 * 24h);
  EXPECT_EQ(config.webhook.retry_first, 1s);
  EXPECT_EQ(config.webhook.retry_longest, 1min);
  EXPECT_EQ(config.webhook.watchdog.contact, "ops");
  EXPECT_EQ(config.webhook.watchdog.silence, 20min);
}

TEST(ConfigTest, AnEmptyFileGivesTheDefaults) {
  for (const char* text : {"", "# nothing\n", "exporter:\nwebhook:\n"}) {
    SCOPED_TRACE(text);
    const Config config = Good(text);
    EXPECT_EQ(config.pipeline.evaluation, 1min);
    EXPECT_EQ(config.pipeline.heartbeat, 15min);
    EXPECT_TRUE(config.contacts.empty());
    EXPECT_EQ(config.default_contact, "");
    EXPECT_EQ(config.exporter.server.listen_address, ":10380");
    EXPECT_EQ(config.exporter.server.store_url, "sqlite:/etc/lb/lowbalance-exporter.db");
    EXPECT_EQ(config.webhook.server.listen_address, ":10381");
    EXPECT_EQ(config.webhook.server.store_url, "sqlite:/etc/lb/lowbalance-webhook.db");
    EXPECT_EQ(config.webhook.max_body_bytes, 67108864U);
    EXPECT_EQ(config.webhook.reminders.every, 24h);
    EXPECT_EQ(config.webhook.reminders.at_most, 5);
    EXPECT_TRUE(config.webhook.reminders.stop_when_overdue);
    EXPECT_EQ(config.webhook.email.url, "");
    EXPECT_EQ(config.webhook.email.tls, "required");
    EXPECT_EQ(config.webhook.alert_expiry, 120h);
    EXPECT_EQ(config.webhook.retention, 400 * 24h);
    EXPECT_EQ(config.webhook.watchdog.contact, "");
    EXPECT_EQ(config.webhook.watchdog.silence, 10min);
  }
}

TEST(ConfigTest, StoresAndFoldersAreTakenFromTheFilesFolder) {
  const struct {
    const char* given;
    const char* read;
  } cases[] = {
      {"x.db", "sqlite:/etc/lb/x.db"},
      {"../x.db", "sqlite:/etc/x.db"},
      {"sqlite:data/x.db", "sqlite:/etc/lb/data/x.db"},
      {"sqlite:/x.db", "sqlite:/x.db"},
      {"sqlite:///x.db", "sqlite:/x.db"},
      {"/a:b/x.db", "sqlite:/a:b/x.db"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.given);
    const Config config = Good("exporter: {store: \"" + std::string(c.given) + "\"}");
    EXPECT_EQ(config.exporter.server.store_url, c.read);
  }
}

TEST(ConfigTest, EmailGoesToServersOrFolders) {
  const struct {
    const char* given;
    const char* read;
  } cases[] = {
      {"smtp://mail", "smtp://mail"},
      {"smtp://mail.example.com:25/", "smtp://mail.example.com:25"},
      {"smtps://[::1]:465", "smtps://[::1]:465"},
      {"file:out", "file:/etc/lb/out"},
      {"file:/var/mail", "file:/var/mail"},
      {"file:///var/a@b", "file:/var/a@b"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.given);
    const Config config =
        Good("webhook: {email: {url: \"" + std::string(c.given) + "\", from: a@example.com}}");
    EXPECT_EQ(config.webhook.email.url, c.read);
  }
}

TEST(ConfigTest, ACadenceHasANameOrValues) {
  const Config named = Good("webhook: {reminders: alibaba}");
  EXPECT_EQ(named.webhook.reminders.every, 24h);
  EXPECT_EQ(named.webhook.reminders.at_most, 5);
  EXPECT_TRUE(named.webhook.reminders.stop_when_overdue);
  const Config huawei = Good("webhook: {reminders: huawei}");
  EXPECT_EQ(huawei.webhook.reminders.at_most, 2);
  EXPECT_EQ(Good("webhook: {reminders: once}").webhook.reminders.at_most, 0);
  // What a map leaves out is as alibaba has it.
  const Config partly = Good("webhook: {reminders: {at_most: 1000}}");
  EXPECT_EQ(partly.webhook.reminders.every, 24h);
  EXPECT_EQ(partly.webhook.reminders.at_most, 1000);
  EXPECT_TRUE(partly.webhook.reminders.stop_when_overdue);
  for (const CadencePreset& preset : kCadencePresets) {
    Good("webhook: {reminders: " + std::string(preset.name) + "}");
  }
}

TEST(ConfigTest, NoRemindersAreNeverTooSoon) {
  Good("webhook: {reminders: {every: 1ms, at_most: 0}}");
}

TEST(ConfigTest, TheWholeOfTimeScalesDown) {
  Good(
      "pipeline: {evaluation: 10ms, heartbeat: 10ms, facts_max_age: 10ms, "
      "billing_data_max_age: 10ms, burn_rate_window: 10ms}\n"
      "exporter: {sources: [{name: demo, type: file, path: a.csv, interval: 10ms}]}\n"
      "webhook: {reminders: {every: 10ms}, alert_expiry: 1ms, retry: {first: 1ms, longest: 1ms}}");
}

TEST(ConfigTest, FindsContactsAndAccounts) {
  const Config config = Good(ReadAll(kFolder / "complete.yml"));
  EXPECT_EQ(config.FindContact("finance")->name, "finance");
  EXPECT_EQ(config.FindContact("unheard-of")->name, "ops");
  EXPECT_EQ(config.FindContact("")->name, "ops");
  EXPECT_EQ(Config{}.FindContact("finance"), nullptr);
  EXPECT_EQ(Config{}.FindContact(""), nullptr);
  EXPECT_EQ(config.FindAccount({"demo", "018"})->line, 30);
  EXPECT_EQ(config.FindAccount({"demo", "18"}), nullptr);
  EXPECT_EQ(config.FindAccount({"other", "018"}), nullptr);
}

TEST(ConfigTest, SaysWhatUsersMayDo) {
  const AccessRules access = Good(ReadAll(kFolder / "complete.yml")).access;
  EXPECT_EQ(access.GrantOf("alice"), (Grant{.role = Role::kAdministrator}));
  EXPECT_EQ(access.GrantOf("vera"), (Grant{.role = Role::kViewer}));
  EXPECT_EQ(access.GrantOf("olga"), (Grant{.role = Role::kContact, .contact = "ops"}));
  EXPECT_EQ(access.GrantOf("mallory"), Grant{});
  EXPECT_EQ(AccessRules{}.GrantOf("mallory"), (Grant{.role = Role::kAdministrator}));
  EXPECT_EQ(access.session_key_file, "/etc/lb/session-key");
  EXPECT_EQ(access.session_lifetime, 8h);
  EXPECT_EQ(access.accounts_url, "https://accounts.example.com");
  EXPECT_EQ(access.accounts_port, "1");
  EXPECT_EQ(access.messages_port, "2");
}

TEST(ConfigTest, AFileThatIsNotThereIsAMistake) {
  const ConfigResult result = LoadConfig("/nonexistent/lowbalance.yml");
  EXPECT_EQ(MistakesOf(result),
            "/nonexistent/lowbalance.yml: cannot be read: No such file or directory\n");
}

TEST(ConfigTest, NoMistakeQuotesAPassword) {
  for (const char* text : {
           "webhook: {email: {url: \"smtp://a:hunter2@mail\", from: a@example.com}}",
           "webhook: {email: {url: \"http://a:hunter2@mail\", from: a@example.com}}",
           "exporter: {store: \"postgresql://a:hunter2@db/x\"}",
           "exporter: {store: \"mysql:user=a password=hunter2\"}",
       }) {
    const ConfigResult result = ParseConfig(text, "lowbalance.yml");
    ASSERT_EQ(result.mistakes.size(), 1U) << text;
    EXPECT_EQ(MistakesOf(result).find("hunter2"), std::string::npos) << MistakesOf(result);
  }
}

TEST(ConfigTest, ReadsEveryKeyOfAnAlibabaSource) {
  const Config config = Good(ReadAll(kFolder / "complete.yml"));
  const SourceConfig& source = config.exporter.sources.at(2);
  EXPECT_EQ(source.provider, "aliyun");
  EXPECT_EQ(source.interval, 10min);
  EXPECT_EQ(source.alibaba, (AlibabaConfig{.site = "international",
                                           .credentials = {.type = "oidc",
                                                           .role_arn = "acs:ram::17:role/a",
                                                           .oidc_provider_arn = "p",
                                                           .oidc_token_file = "/etc/lb/jwt",
                                                           .assume_role_arn = "acs:ram::18:role/b",
                                                           .external_id = "x2",
                                                           .session_name = "lb-1",
                                                           .session_duration = 30min},
                                           .discovery = "resource_directory",
                                           .exclude = {"12", "13"},
                                           .member_role = "reader",
                                           .member_external_id = "x1",
                                           .include_management_account = false,
                                           .import_alarm = true,
                                           .unsettled_from_bills = true,
                                           .signature = "rpc",
                                           .limits = {{"QueryAccountBalance", 3}},
                                           .max_in_flight = 8,
                                           .tries = 2,
                                           .connect_timeout = 1s,
                                           .request_timeout = 3s,
                                           .ca_file = "/etc/lb/ca.pem",
                                           .billing_endpoint = "http://billing.example.com",
                                           .sts_endpoint = "https://sts.example.com:8443",
                                           .resource_directory_endpoint = "https://rd.example.com",
                                           .metadata_endpoint = "http://127.0.0.1:1"}));

  const SourceConfig& list = config.exporter.sources.at(3);
  EXPECT_EQ(list.provider, "alibaba");
  EXPECT_EQ(list.interval, 5min);
  EXPECT_EQ(list.timeout, 270s);
  const std::vector<AlibabaAccountConfig>& accounts = list.alibaba->accounts;
  ASSERT_EQ(accounts.size(), 4U);
  EXPECT_EQ(accounts[0], (AlibabaAccountConfig{.account_id = "17",
                                               .name = "Acme",
                                               .credentials = {
                                                   .type = "files",
                                                   .access_key_id_file = "/etc/lb/id",
                                                   .access_key_secret_file = "/etc/lb/secret",
                                                   .security_token_file = "/etc/lb/token",
                                               }}));
  EXPECT_EQ(accounts[1].credentials.prefix, "ACME");
  EXPECT_EQ(accounts[2].credentials.file, "/etc/lb/cli.json");
  EXPECT_EQ(accounts[2].credentials.profile, "a");
  EXPECT_EQ(accounts[3].credentials.role_name, "reader");
  EXPECT_FALSE(config.exporter.sources.at(4).alibaba->only_managed);
}

}  // namespace
}  // namespace lowbalance
