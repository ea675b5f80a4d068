#pragma once
// The consoles' files, as the build bundled them (console/build.mjs).

#include <span>
#include <string_view>

namespace lowbalance {

struct ConsoleAsset {
  std::string_view name;  // "accounts/main-0123456789.js"; "page" is the page itself.
  std::string_view content_type;
  std::string_view body;
};

[[nodiscard]] std::span<const ConsoleAsset> AccountsAssets();
[[nodiscard]] std::span<const ConsoleAsset> MessagesAssets();

}  // namespace lowbalance
