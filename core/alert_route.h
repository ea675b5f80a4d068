#pragma once
// Alertmanager's side of the pipeline: the route that brings our alerts to the webhook.

#include <string>

#include "core/pipeline.h"

namespace lowbalance {

struct RouteOptions {
  Pipeline pipeline;
  // The webhook as Alertmanager reaches it.
  std::string webhook_url = "http://127.0.0.1:10381/api/v1/alerts";
  // A file on Alertmanager's machine that holds the bearer token; empty means no authorization.
  std::string bearer_token_file;
  // The receiver's name. Alertmanager quotes names in what it sends, so letters, digits, - and _.
  std::string receiver = "lowbalance";
};

// The route and the receiver, to be merged into an existing configuration: it has no include.
[[nodiscard]] std::string AlertRouteFragment(const RouteOptions& options);

// A complete configuration, valid for Alertmanager 0.25 and later: the fragment, and a default
// receiver that drops everything else.
[[nodiscard]] std::string AlertmanagerConfig(const RouteOptions& options);

}  // namespace lowbalance
