#pragma once
// Compression of HTTP answers.

#include <string>
#include <string_view>

namespace lowbalance {

// One gzip member, compressed quickly rather than well: a scrape is read once.
[[nodiscard]] std::string Gzip(std::string_view text);

}  // namespace lowbalance
