#pragma once
// Where credentials are: the places the vendor's own programs look, in their order.
//
// Each function makes what a CredentialsCache obtains them with. Files and variables are read at
// every call. What goes wrong is told without any value that was read.

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "config/alibaba.h"
#include "exporter/sources/alibaba/credentials.h"

namespace lowbalance::alibaba {

// A variable of the environment; empty if it is not set.
using Environment = std::function<std::string(const char* name)>;
[[nodiscard]] Environment ProcessEnvironment();

struct CredentialPlaces {
  Environment environment;
  std::string sts_endpoint;       // "https://sts.aliyuncs.com".
  std::string metadata_endpoint;  // "http://100.100.100.200".
};

// What the configuration asks for, with a role assumed on top where it names one.
[[nodiscard]] CredentialsCache::Obtain ObtainCredentials(const AlibabaCredentialsConfig& config,
                                                         const CredentialPlaces& places);

// A role, assumed with the credentials of `with`, under the budget of that identity.
[[nodiscard]] CredentialsCache::Obtain ObtainRole(std::shared_ptr<CredentialsCache> with,
                                                  const std::string& sts_endpoint,
                                                  const std::string& role_arn,
                                                  const std::string& external_id,
                                                  const AlibabaCredentialsConfig& session);

}  // namespace lowbalance::alibaba
