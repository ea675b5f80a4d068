#pragma once
// The profiles in the vendor's files: ~/.aliyun/config.json of its command line, and
// ~/.alibabacloud/credentials.
//
// Pure. Errors name the profile and the field, never a value.

#include <string>
#include <string_view>

#include "config/alibaba.h"
#include "core/result.h"
#include "exporter/sources/alibaba/signing.h"

namespace lowbalance::alibaba {

// What a profile comes to: an AccessKey that stands in it, or what else to ask, and perhaps a role
// to assume then.
struct Profile {
  Credentials key;                  // Empty unless it stands there.
  AlibabaCredentialsConfig others;  // `type` "files" where the key is meant, else "ecs" or "oidc".
  std::string source_profile;       // Another profile that gives the key.
};

// `name` empty: the one that the file has as its current one.
[[nodiscard]] Result<Profile> ParseCliProfile(std::string_view text, std::string_view name);
// `name` empty: "default".
[[nodiscard]] Result<Profile> ParseIniProfile(std::string_view text, std::string_view name);

}  // namespace lowbalance::alibaba
