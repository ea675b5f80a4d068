#pragma once
// Serving the consoles. Their pages hold no data and are open; all data comes from the API, which
// wants a login.

#include <string>
#include <vector>

#include "base/http_server.h"
#include "console/assets.h"

namespace lowbalance {

// Adds the page at each of `paths`, and what it loads under /console/.
void AddConsole(HttpServer& server, std::span<const ConsoleAsset> assets,
                const std::vector<std::string>& paths);

}  // namespace lowbalance
