#include "exporter/sources/alibaba/credential_sources.h"

#include <cstdlib>
#include <filesystem>
#include <utility>
#include <vector>

#include "base/secret.h"
#include "core/text.h"
#include "exporter/sources/alibaba/api_client.h"
#include "exporter/sources/alibaba/ecs_metadata.h"
#include "exporter/sources/alibaba/operations.h"
#include "exporter/sources/alibaba/profile.h"
#include "exporter/sources/alibaba/replies.h"

namespace lowbalance::alibaba {
namespace {

using Obtain = CredentialsCache::Obtain;
using Done = CredentialsCache::Done;

RoleSession SessionOf(const AlibabaCredentialsConfig& config, const std::string& role_arn) {
  return {.role_arn = role_arn,
          .session_name = config.session_name,
          .external_id = config.external_id,
          .duration = config.session_duration};
}

// What a call of the Security Token Service answered.
ApiClient::Done TakeRole(Done done) {
  return [done = std::move(done)](const ApiResult<std::string>& body) {
    if (!body) return done(Retry(body.error().ToString()));
    auto credentials = ParseCredentials(*body);
    if (!credentials) return done(Retry("the role's credentials: " + credentials.error().message));
    done(std::move(*credentials));
  };
}

Obtain FromFiles(const AlibabaCredentialsConfig& config) {
  return [config](ApiClient&, const Done& done) {
    Credentials credentials;
    for (const auto& [file, value] :
         {std::pair{&config.access_key_id_file, &credentials.access_key_id},
          std::pair{&config.access_key_secret_file, &credentials.access_key_secret},
          std::pair{&config.security_token_file, &credentials.security_token}}) {
      if (file->empty()) continue;
      auto text = ReadSecretFile(*file);
      if (!text) return done(tl::unexpected(text.error()));
      *value = std::move(*text);
    }
    done(std::move(credentials));
  };
}

Obtain FromEnvironment(const AlibabaCredentialsConfig& config, const Environment& environment) {
  return [config, environment](ApiClient&, const Done& done) {
    const std::string id = config.prefix + "_ACCESS_KEY_ID";
    const std::string secret = config.prefix + "_ACCESS_KEY_SECRET";
    Credentials credentials{
        .access_key_id = environment(id.c_str()),
        .access_key_secret = environment(secret.c_str()),
        .security_token = environment((config.prefix + "_SECURITY_TOKEN").c_str())};
    if (credentials.access_key_id.empty())
      return done(Reject("the variable " + id + " is not set"));
    if (credentials.access_key_secret.empty()) {
      return done(Reject("the variable " + secret + " is not set"));
    }
    done(std::move(credentials));
  };
}

// What the configuration leaves open stands in the variables that the cluster's webhook sets.
AlibabaCredentialsConfig WithVariables(AlibabaCredentialsConfig config,
                                       const Environment& environment) {
  if (config.role_arn.empty()) config.role_arn = environment("ALIBABA_CLOUD_ROLE_ARN");
  if (config.oidc_provider_arn.empty()) {
    config.oidc_provider_arn = environment("ALIBABA_CLOUD_OIDC_PROVIDER_ARN");
  }
  if (config.oidc_token_file.empty()) {
    config.oidc_token_file = environment("ALIBABA_CLOUD_OIDC_TOKEN_FILE");
  }
  const std::string session = environment("ALIBABA_CLOUD_ROLE_SESSION_NAME");
  if (!session.empty()) config.session_name = session;
  return config;
}

bool IsComplete(const AlibabaCredentialsConfig& oidc) {
  return !oidc.role_arn.empty() && !oidc.oidc_provider_arn.empty() && !oidc.oidc_token_file.empty();
}

Obtain FromOidc(const AlibabaCredentialsConfig& config, const CredentialPlaces& places) {
  return [config, places](ApiClient& client, Done done) {
    const AlibabaCredentialsConfig oidc = WithVariables(config, places.environment);
    if (!IsComplete(oidc)) {
      return done(
          Reject("role_arn, oidc_provider_arn and oidc_token_file are needed, or the variables "
                 "ALIBABA_CLOUD_ROLE_ARN, ALIBABA_CLOUD_OIDC_PROVIDER_ARN and "
                 "ALIBABA_CLOUD_OIDC_TOKEN_FILE"));
    }
    // Kubernetes replaces the token, so it is read for every exchange.
    const auto token = ReadSecretFile(oidc.oidc_token_file);
    if (!token) return done(tl::unexpected(token.error()));
    RoleSession session = SessionOf(oidc, oidc.role_arn);
    session.external_id.clear();  // It is for roles that are assumed by another identity.
    client.Call(AssumeRoleWithOidc(places.sts_endpoint, session, oidc.oidc_provider_arn, *token),
                nullptr, oidc.role_arn, TakeRole(std::move(done)));
  };
}

std::string Home(const Environment& environment) { return environment("HOME"); }

std::filesystem::path CliFile(const AlibabaCredentialsConfig& config,
                              const Environment& environment) {
  if (!config.file.empty()) return config.file;
  const std::string home = Home(environment);
  return home.empty() ? "" : std::filesystem::path(home) / ".aliyun" / "config.json";
}

std::filesystem::path IniFile(const AlibabaCredentialsConfig& config,
                              const Environment& environment) {
  if (!config.file.empty()) return config.file;
  const std::string named = environment("ALIBABA_CLOUD_CREDENTIALS_FILE");
  if (!named.empty()) return named;
  const std::string home = Home(environment);
  return home.empty() ? "" : std::filesystem::path(home) / ".alibabacloud" / "credentials";
}

using ParseProfile = Result<Profile> (*)(std::string_view text, std::string_view name);

// A profile that says which other one has the key, and so on; not for ever.
Result<Obtain> FromProfile(const std::filesystem::path& file, std::string_view text,
                           const std::string& name, ParseProfile parse,
                           const CredentialPlaces& places, int depth = 0) {
  auto profile = parse(text, name);
  if (!profile) return Reject(file.string() + ": " + profile.error().message);
  AlibabaCredentialsConfig others = profile->others;
  const std::string role = std::exchange(others.assume_role_arn, "");
  Obtain obtain;
  if (!profile->source_profile.empty()) {
    if (depth == 4) return Reject(file.string() + ": profiles that refer to one another");
    auto source = FromProfile(file, text, profile->source_profile, parse, places, depth + 1);
    if (!source) return source;
    obtain = std::move(*source);
  } else if (others.type == "files") {
    obtain = [key = profile->key](ApiClient&, const Done& done) { done(key); };
  } else {
    obtain = ObtainCredentials(others, places);
  }
  if (role.empty()) return obtain;
  return ObtainRole(std::make_shared<CredentialsCache>(std::move(obtain)), places.sts_endpoint,
                    role, "", others);
}

Obtain FromProfileFile(const std::filesystem::path& file, const std::string& profile,
                       ParseProfile parse, const CredentialPlaces& places) {
  return [=](ApiClient& client, Done done) {
    if (file.empty()) return done(Reject("no home folder to find the vendor's file in"));
    const auto text = ReadSecretFile(file);
    if (!text) return done(tl::unexpected(text.error()));
    const std::string name =
        profile.empty() ? places.environment("ALIBABA_CLOUD_PROFILE") : profile;
    auto obtain = FromProfile(file, *text, name, parse, places);
    if (!obtain) return done(tl::unexpected(obtain.error()));
    (*obtain)(client, std::move(done));
  };
}

Obtain FromUri(const CredentialPlaces& places) {
  return [places](ApiClient& client, const Done& done) {
    HttpCall call{.url = places.environment("ALIBABA_CLOUD_CREDENTIALS_URI")};
    if (call.url.empty()) {
      return done(Reject("the variable ALIBABA_CLOUD_CREDENTIALS_URI is not set"));
    }
    call.max_reply_bytes = std::size_t{64} << 10U;
    client.Ask("CredentialsUri", std::move(call), [done](const auto& reply) {
      if (!reply) return done(Retry("credentials URI: " + reply.error().message));
      if (reply->status != 200) {
        return done(Retry("credentials URI: HTTP " + std::to_string(reply->status)));
      }
      auto credentials = ParseCredentials(reply->body);
      if (!credentials) return done(Retry("credentials URI: " + credentials.error().message));
      done(std::move(*credentials));
    });
  };
}

bool IsOff(const Environment& environment, const char* name) {
  const std::string value = environment(name);
  return value == "true" || value == "TRUE" || value == "1";
}

bool Exists(const std::filesystem::path& file) {
  std::error_code ignored;
  return !file.empty() && std::filesystem::exists(file, ignored);
}

// The first place that is there is the one meant: one that fails is not passed over, as the next
// may be somebody else's identity.
std::string FirstPlace(const AlibabaCredentialsConfig& config, const Environment& environment) {
  if (!environment("ALIBABA_CLOUD_ACCESS_KEY_ID").empty()) return "environment";
  if (IsComplete(WithVariables(config, environment))) return "oidc";
  if (!IsOff(environment, "ALIBABA_CLOUD_CLI_PROFILE_DISABLED") &&
      Exists(CliFile(config, environment))) {
    return "cli";
  }
  if (Exists(IniFile(config, environment))) return "ini";
  if (!environment("ALIBABA_CLOUD_CREDENTIALS_URI").empty()) return "uri";
  if (!IsOff(environment, "ALIBABA_CLOUD_ECS_METADATA_DISABLED")) return "ecs";
  return "";
}

Obtain FromDefaultChain(const AlibabaCredentialsConfig& config, const CredentialPlaces& places) {
  return [config, places](ApiClient& client, Done done) {
    AlibabaCredentialsConfig found = config;
    found.type = FirstPlace(config, places.environment);
    if (found.type.empty()) {
      return done(
          Reject("there are none: not in the environment, no OIDC variables, no file of "
                 "the vendor's, and the metadata server is switched off"));
    }
    const bool last = found.type == "ecs";
    ObtainCredentials(found, places)(client, [done, last](Result<Credentials> obtained) {
      if (obtained || !last) return done(std::move(obtained));
      done(Retry("none in the environment, no OIDC variables, no file of the vendor's, and " +
                 obtained.error().message));
    });
  };
}

Obtain Direct(const AlibabaCredentialsConfig& config, const CredentialPlaces& places) {
  if (config.type == "files") return FromFiles(config);
  if (config.type == "environment") return FromEnvironment(config, places.environment);
  if (config.type == "oidc") return FromOidc(config, places);
  if (config.type == "cli") {
    return FromProfileFile(CliFile(config, places.environment), config.profile, ParseCliProfile,
                           places);
  }
  if (config.type == "ini") {
    return FromProfileFile(IniFile(config, places.environment), config.profile, ParseIniProfile,
                           places);
  }
  if (config.type == "uri") return FromUri(places);
  if (config.type == "ecs") {
    EcsMetadata ecs{.endpoint = places.metadata_endpoint,
                    .role = config.role_name,
                    .token_required = IsOff(places.environment, "ALIBABA_CLOUD_IMDSV1_DISABLED")};
    if (ecs.role.empty()) ecs.role = places.environment("ALIBABA_CLOUD_ECS_METADATA");
    return ObtainFromEcs(std::move(ecs));
  }
  return FromDefaultChain(config, places);
}

}  // namespace

Environment ProcessEnvironment() {
  return [](const char* name) -> std::string {
    const char* const value = std::getenv(name);
    return value == nullptr ? "" : value;
  };
}

CredentialsCache::Obtain ObtainCredentials(const AlibabaCredentialsConfig& config,
                                           const CredentialPlaces& places) {
  AlibabaCredentialsConfig direct = config;
  const std::string role = std::exchange(direct.assume_role_arn, "");
  Obtain obtain = Direct(direct, places);
  if (role.empty()) return obtain;
  return ObtainRole(std::make_shared<CredentialsCache>(std::move(obtain)), places.sts_endpoint,
                    role, config.external_id, config);
}

CredentialsCache::Obtain ObtainRole(std::shared_ptr<CredentialsCache> with,
                                    const std::string& sts_endpoint, const std::string& role_arn,
                                    const std::string& external_id,
                                    const AlibabaCredentialsConfig& session) {
  RoleSession role = SessionOf(session, role_arn);
  role.external_id = external_id;
  return [with = std::move(with), sts_endpoint, role](ApiClient& client, Done done) {
    with->LookAgain();
    // The call may outlive whoever made this, and needs what it is signed with until it ends.
    auto take = TakeRole(std::move(done));
    client.Call(AssumeRole(sts_endpoint, role), with.get(), "caller",
                [with, take = std::move(take)](const ApiResult<std::string>& body) { take(body); });
  };
}

}  // namespace lowbalance::alibaba
