#pragma once
// The credentials of the role that an ECS instance has, from its metadata server.

#include <string>

#include "exporter/sources/alibaba/credentials.h"

namespace lowbalance::alibaba {

struct EcsMetadata {
  std::string endpoint;         // "http://100.100.100.200".
  std::string role;             // Empty: asked for.
  bool token_required = false;  // Never without a session token, as older servers allow.
};

[[nodiscard]] CredentialsCache::Obtain ObtainFromEcs(EcsMetadata ecs);

}  // namespace lowbalance::alibaba
