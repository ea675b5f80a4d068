// type: alibaba

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "config/sections.h"
#include "config/shapes.h"
#include "config/source_types.h"
#include "core/text.h"

namespace lowbalance {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

const std::vector<std::string> kOperations{"GetFundAccountAvailableAmount",
                                           "GetFundAccountLowAvailableAmountAlarm",
                                           "ListFundAccount",
                                           "QueryAccountBalance",
                                           "QueryBillOverview",
                                           "AssumeRole",
                                           "AssumeRoleWithOIDC",
                                           "GetCallerIdentity",
                                           "ListAccounts"};

bool IsNumber(std::string_view text) {
  return !text.empty() && text.size() <= 32 &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

void CheckRoleArn(const YamlMap& map, std::string_view key, const std::string& arn) {
  if (arn.empty()) return;
  const auto account = arn.find("acs:ram::") == 0 ? arn.substr(9, arn.find(':', 9) - 9) : "";
  if (!IsNumber(account) || arn.find(":role/") == std::string::npos || arn.ends_with('/')) {
    map.Mistaken(key, "not a role like acs:ram::1234567890123456:role/name: " + Quoted(arn));
  }
}

std::string ReadRoleArn(const YamlMap& map, std::string_view key) {
  const std::string arn = map.String(key);
  CheckRoleArn(map, key, arn);
  return arn;
}

void ReadSession(const YamlMap& map, AlibabaCredentialsConfig& credentials) {
  credentials.session_name = map.String("session_name", credentials.session_name);
  const bool well =
      credentials.session_name.size() >= 2 && credentials.session_name.size() <= 64 &&
      std::all_of(credentials.session_name.begin(), credentials.session_name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view(".@_-").find(c) != std::string_view::npos;
      });
  if (!well) {
    map.Mistaken("session_name",
                 "not 2 to 64 of A-Z a-z 0-9 . @ _ -: " + Quoted(credentials.session_name));
  }
  credentials.session_duration = map.Duration("session_duration", hours{1}, minutes{15}, hours{12});
}

void ReadFiles(const YamlMap& map, AlibabaCredentialsConfig& credentials) {
  credentials.access_key_id_file = map.Path("access_key_id_file");
  credentials.access_key_secret_file = map.Path("access_key_secret_file");
  credentials.security_token_file = map.Path("security_token_file");
  for (const char* const key : {"access_key_id_file", "access_key_secret_file"}) {
    if (!map.Has(key)) map.Mistaken(key, "is missing");
  }
}

AlibabaCredentialsConfig ReadCredentials(const YamlMap& map) {
  AlibabaCredentialsConfig credentials;
  credentials.type = map.OneOf(
      "type", "default", {"default", "files", "environment", "oidc", "cli", "ini", "ecs", "uri"});
  // The keys of one type are mistakes with another.
  if (credentials.type == "files") ReadFiles(map, credentials);
  if (credentials.type == "environment") {
    credentials.prefix = map.String("prefix", credentials.prefix);
  }
  if (credentials.type == "oidc") {
    credentials.role_arn = ReadRoleArn(map, "role_arn");
    credentials.oidc_provider_arn = map.String("oidc_provider_arn");
    credentials.oidc_token_file = map.Path("oidc_token_file");
  }
  if (credentials.type == "cli" || credentials.type == "ini") {
    credentials.file = map.Path("file");
    credentials.profile = map.String("profile");
  }
  if (credentials.type == "ecs") credentials.role_name = map.String("role_name");
  credentials.assume_role_arn = ReadRoleArn(map, "assume_role_arn");
  credentials.external_id = map.String("external_id");
  ReadSession(map, credentials);
  return credentials;
}

AlibabaAccountConfig ReadAccount(const YamlMap& map,
                                 const std::vector<AlibabaAccountConfig>& others) {
  AlibabaAccountConfig account;
  account.account_id = map.String("account_id");
  if (!account.account_id.empty() && !IsNumber(account.account_id)) {
    map.Mistaken("account_id", "not the number of an account: " + Quoted(account.account_id));
  }
  for (const AlibabaAccountConfig& other : others) {
    if (!account.account_id.empty() && other.account_id == account.account_id) {
      map.Mistaken("account_id", "the account is listed twice: " + Quoted(account.account_id));
    }
  }
  account.name = map.String("name");
  if (!map.Has("credentials")) map.Mistaken("credentials", "is missing");
  account.credentials = ReadCredentials(map.Map("credentials"));
  return account;
}

void ReadDiscovery(const YamlMap& map, AlibabaConfig& config) {
  config.discovery =
      map.OneOf("discovery", "none", {"none", "fund_accounts", "resource_directory"});
  for (const YamlValue& value : map.List("accounts")) {
    config.accounts.push_back(ReadAccount(value.Map(), config.accounts));
  }
  if (!config.accounts.empty() && config.discovery != "none") {
    map.Mistaken("accounts", "accounts are either listed or discovered: discovery is " +
                                 Quoted(config.discovery));
  }
  if (!config.accounts.empty() && map.Has("credentials")) {
    map.Mistaken("credentials", "not used, as each of the accounts has its own");
  }
  config.exclude = map.Strings("exclude");
  if (config.discovery == "fund_accounts") config.only_managed = map.Bool("only_managed", true);
  if (config.discovery != "resource_directory") return;
  config.member_role = map.RequiredString("member_role");
  if (config.member_role.find_first_of(":/") != std::string::npos) {
    map.Mistaken("member_role", "the role's name alone: " + Quoted(config.member_role));
  }
  config.member_external_id = map.String("member_external_id");
  config.include_management_account = map.Bool("include_management_account", true);
}

// "https://host" or "https://host:port"; http:// as well where `plain` says so, or to this machine.
std::string ReadEndpoint(const YamlMap& map, std::string_view key, bool plain) {
  std::string url = map.String(key);
  while (url.ends_with('/')) url.pop_back();
  if (url.empty()) return url;
  const bool tls = url.starts_with("https://");
  const std::string_view rest = std::string_view(url).substr(std::min(url.size(), tls ? 8UL : 7UL));
  // As an address to listen at, which has a port too.
  const bool has_port = rest.rfind(':') != std::string_view::npos && !rest.ends_with(']');
  const bool well = (tls || url.starts_with("http://")) && !rest.empty() &&
                    !rest.starts_with(':') &&
                    ParseListenAddress(std::string(rest) + (has_port ? "" : ":443")).has_value();
  if (!well) {
    map.Mistaken(key, "not a URL like https://business.aliyuncs.com, without a path");
    return "";
  }
  const bool local = rest.starts_with("127.") || rest.starts_with("[::1]") || rest == "localhost" ||
                     rest.starts_with("localhost:");
  if (!tls && !plain && !local) {
    map.Mistaken(key,
                 "http:// to another machine would show tokens to whoever listens; use "
                 "https://, or say insecure_http: true");
  }
  return url;
}

void ReadEndpoints(const YamlMap& map, AlibabaConfig& config) {
  const bool plain = map.Bool("insecure_http", false);
  const YamlMap endpoints = map.Map("endpoints");
  config.billing_endpoint = ReadEndpoint(endpoints, "billing", plain);
  config.sts_endpoint = ReadEndpoint(endpoints, "sts", plain);
  config.resource_directory_endpoint = ReadEndpoint(endpoints, "resource_directory", plain);
  config.metadata_endpoint = ReadEndpoint(endpoints, "metadata", /*plain=*/true);
}

void ReadLimits(const YamlMap& map, AlibabaConfig& config) {
  const YamlMap limits = map.Map("limits");
  for (const std::string& operation : kOperations) {
    if (limits.Has(operation)) config.limits[operation] = limits.Int(operation, 5, 1, 10000);
  }
}

}  // namespace

void ReadAlibabaSource(const YamlMap& map, SourceConfig& source) {
  AlibabaConfig& config = source.alibaba.emplace();
  if (source.provider.empty()) source.provider = "alibaba";
  config.site = map.RequiredString("site");
  if (!config.site.empty()) config.site = map.OneOf("site", "", {"china", "international"});
  config.credentials = ReadCredentials(map.Map("credentials"));
  ReadDiscovery(map, config);
  config.import_alarm = map.OneOf("alarm", "ignore", {"ignore", "import"}) == "import";
  config.unsettled_from_bills = map.Bool("unsettled_from_bills", false);
  config.signature = map.OneOf("signature", "acs3", {"acs3", "rpc"});
  ReadLimits(map, config);
  config.max_in_flight = map.Int("max_in_flight", config.max_in_flight, 1, 1000);
  config.tries = map.Int("tries", config.tries, 1, 10);
  config.connect_timeout =
      map.Duration("connect_timeout", config.connect_timeout, kShortestInterval, minutes{1});
  config.request_timeout =
      map.Duration("request_timeout", config.request_timeout, kShortestInterval, minutes{5});
  config.ca_file = map.Path("ca_file");
  ReadEndpoints(map, config);
}

}  // namespace lowbalance
