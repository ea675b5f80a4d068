#pragma once
// The part of lowbalance.yml that says how Alibaba Cloud is asked. docs/alibaba.md describes it for
// its users.

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/time.h"

namespace lowbalance {

// Where an identity's credentials are. No secret stands here: only the names of files and
// variables.
struct AlibabaCredentialsConfig {
  // "default": the first that is there of environment, oidc, cli, ini, ecs, uri, in this order.
  // "files": an AccessKey in files.
  std::string type = "default";

  // type: files.
  std::filesystem::path access_key_id_file;
  std::filesystem::path access_key_secret_file;
  std::filesystem::path security_token_file;  // May be empty.
  // type: environment. PREFIX_ACCESS_KEY_ID, …_ACCESS_KEY_SECRET, …_SECURITY_TOKEN.
  std::string prefix = "ALIBABA_CLOUD";
  // type: oidc. Each from ALIBABA_CLOUD_… where it is empty.
  std::string role_arn;
  std::string oidc_provider_arn;
  std::filesystem::path oidc_token_file;
  // type: cli and ini. The vendor's place, and its choice of a profile, where empty.
  std::filesystem::path file;
  std::string profile;
  // type: ecs. The instance's own role where empty.
  std::string role_name;

  // A role to assume with what the above gives; empty: none.
  std::string assume_role_arn;
  std::string external_id;

  std::string session_name = "lowbalance";
  Millis session_duration = std::chrono::hours{1};

  friend bool operator==(const AlibabaCredentialsConfig&,
                         const AlibabaCredentialsConfig&) = default;
};

// An account with credentials of its own.
struct AlibabaAccountConfig {
  std::string account_id;  // Empty: asked for.
  std::string name;
  AlibabaCredentialsConfig credentials;

  friend bool operator==(const AlibabaAccountConfig&, const AlibabaAccountConfig&) = default;
};

struct AlibabaConfig {
  std::string site;  // "china" or "international".
  AlibabaCredentialsConfig credentials;

  // "none": the account of the credentials, and those listed. "fund_accounts": what ListFundAccount
  // shows. "resource_directory": every member, through a role in each.
  std::string discovery = "none";
  std::vector<AlibabaAccountConfig> accounts;
  std::vector<std::string> exclude;  // Account ids that discovery is to leave out.
  bool only_managed = true;          // discovery: fund_accounts.
  std::string member_role;           // discovery: resource_directory. The role's name.
  std::string member_external_id;
  bool include_management_account = true;

  bool import_alarm = false;  // `alarm: import`.
  bool unsettled_from_bills = false;
  std::string signature = "acs3";  // "acs3" or "rpc".

  std::map<std::string, int, std::less<>> limits;  // Requests a second by operation.
  int max_in_flight = 32;
  int tries = 4;
  Millis connect_timeout = std::chrono::seconds{5};
  Millis request_timeout = std::chrono::seconds{10};
  std::filesystem::path ca_file;

  // URLs without a path; the site's where empty.
  std::string billing_endpoint;
  std::string sts_endpoint;
  std::string resource_directory_endpoint;
  std::string metadata_endpoint;

  friend bool operator==(const AlibabaConfig&, const AlibabaConfig&) = default;
};

}  // namespace lowbalance
