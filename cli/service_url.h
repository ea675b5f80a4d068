#pragma once
// Where a service is, by its configuration.

#include <string>

#include "config/config.h"

namespace lowbalance::cli {

// As whoever is on its own machine reaches it: "http://127.0.0.1:10381". Empty where the listen
// address has no port.
[[nodiscard]] std::string ServiceUrl(const ServerConfig& server);

}  // namespace lowbalance::cli
