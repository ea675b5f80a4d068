#include "exporter/sources/alibaba/profile.h"

#include <map>
#include <nlohmann/json.hpp>

#include "core/text.h"
#include "exporter/sources/alibaba/json_reply.h"

namespace lowbalance::alibaba {
namespace {

using nlohmann::json;

// A profile's fields by name, wherever they stood.
class Fields {
 public:
  Fields(std::string profile, std::map<std::string, std::string, std::less<>> values)
      : profile_(std::move(profile)), values_(std::move(values)) {}

  [[nodiscard]] std::string Maybe(std::string_view name) const {
    const auto found = values_.find(name);
    return found == values_.end() ? "" : found->second;
  }
  std::string Needed(std::string_view name) {
    std::string value = Maybe(name);
    if (value.empty() && missing_.empty()) missing_ = name;
    return value;
  }
  [[nodiscard]] tl::unexpected<Error> Unsupported(const std::string& mode) const {
    return Reject("profile " + Quoted(profile_) + " is of the kind " + Quoted(mode) +
                  ", which only the vendor's command line can use");
  }
  [[nodiscard]] Result<Profile> Finish(Profile profile) const {
    if (missing_.empty()) return profile;
    return Reject("profile " + Quoted(profile_) + " has no " + missing_);
  }

 private:
  const std::string profile_;
  const std::map<std::string, std::string, std::less<>> values_;
  std::string missing_;
};

void TakeKey(Fields& fields, Profile& profile) {
  profile.others.type = "files";
  profile.key.access_key_id = fields.Needed("access_key_id");
  profile.key.access_key_secret = fields.Needed("access_key_secret");
}

void TakeSession(Fields& fields, Profile& profile) {
  const std::string name = fields.Maybe("ram_session_name");
  if (!name.empty()) profile.others.session_name = name;
  const auto seconds = ParseDuration(fields.Maybe("expired_seconds") + "s");
  if (seconds && *seconds > Millis{0}) profile.others.session_duration = *seconds;
}

Result<Profile> FromCli(Fields fields, const std::string& mode) {
  Profile profile;
  TakeSession(fields, profile);
  if (mode == "AK" || mode == "StsToken" || mode == "RamRoleArn") {
    TakeKey(fields, profile);
    if (mode == "StsToken") profile.key.security_token = fields.Needed("sts_token");
    if (mode == "RamRoleArn") {
      profile.key.security_token = fields.Maybe("sts_token");
      profile.others.assume_role_arn = fields.Needed("ram_role_arn");
    }
  } else if (mode == "ChainableRamRoleArn") {
    profile.source_profile = fields.Needed("source_profile");
    profile.others.assume_role_arn = fields.Needed("ram_role_arn");
  } else if (mode == "EcsRamRole") {
    profile.others.type = "ecs";
    profile.others.role_name = fields.Maybe("ram_role_name");
  } else if (mode == "OIDC") {
    profile.others.type = "oidc";
    profile.others.role_arn = fields.Needed("ram_role_arn");
    profile.others.oidc_provider_arn = fields.Needed("oidc_provider_arn");
    profile.others.oidc_token_file = fields.Needed("oidc_token_file");
  } else {
    return fields.Unsupported(mode);
  }
  return fields.Finish(std::move(profile));
}

Result<Profile> FromIni(Fields fields, const std::string& type) {
  Profile profile;
  if (type == "access_key" || type == "ram_role_arn") {
    TakeKey(fields, profile);
    if (type == "ram_role_arn") {
      profile.others.assume_role_arn = fields.Needed("role_arn");
      const std::string session = fields.Maybe("session_name");
      if (!session.empty()) profile.others.session_name = session;
    }
  } else if (type == "ecs_ram_role") {
    profile.others.type = "ecs";
    profile.others.role_name = fields.Maybe("role_name");
  } else {
    return fields.Unsupported(type);
  }
  return fields.Finish(std::move(profile));
}

}  // namespace

Result<Profile> ParseCliProfile(std::string_view text, std::string_view name) {
  const auto file = ParseJson(text);
  if (!file || !file->is_object()) return Reject("is not a JSON object");
  const std::string wanted =
      name.empty() ? TextOf(*file, "current").value_or("") : std::string(name);
  const json& profiles = PartOf(*file, "profiles");
  for (const json& entry : profiles) {
    if (TextOf(entry, "name") != wanted) continue;
    std::map<std::string, std::string, std::less<>> values;
    for (const auto& [key, value] : entry.items()) {
      if (value.is_string()) values[key] = value.get<std::string>();
    }
    return FromCli(Fields(wanted, std::move(values)), TextOf(entry, "mode").value_or(""));
  }
  return Reject("has no profile " + Quoted(wanted));
}

Result<Profile> ParseIniProfile(std::string_view text, std::string_view name) {
  const std::string wanted = name.empty() ? "default" : std::string(name);
  std::map<std::string, std::string, std::less<>> values;
  bool seen = false;
  bool inside = false;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const std::string_view line = Trimmed(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    if (line.front() == '[') {
      inside = line.back() == ']' && Trimmed(line.substr(1, line.size() - 2)) == wanted;
      seen = seen || inside;
      continue;
    }
    const auto equals = line.find('=');
    if (!inside || equals == std::string_view::npos) continue;
    values[std::string(Trimmed(line.substr(0, equals)))] = Trimmed(line.substr(equals + 1));
  }
  if (!seen) return Reject("has no section " + Quoted("[" + wanted + "]"));
  const auto type = values.find("type");
  const std::string kind = type == values.end() ? "" : type->second;
  return FromIni(Fields(wanted, std::move(values)), kind);
}

}  // namespace lowbalance::alibaba
