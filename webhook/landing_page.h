#pragma once

#include <string>

namespace lowbalance {

// The webhook's page at /, with links to what there is.
[[nodiscard]] std::string WebhookLandingPage();

}  // namespace lowbalance
