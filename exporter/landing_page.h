#pragma once
// What a browser sees at the exporter's root.

#include <string>

namespace lowbalance {

// A whole HTML page that refers to nothing outside.
[[nodiscard]] std::string LandingPage();

}  // namespace lowbalance
