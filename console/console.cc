#include "console/console.h"

#include <utility>

namespace lowbalance {
namespace {

// Nothing but our own files; no inline script or style; no frame around or within the page.
constexpr const char* kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' "
    "data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'";

HttpResponse File(const ConsoleAsset& asset) {
  HttpResponse response{.content_type = std::string(asset.content_type),
                        .body = std::string(asset.body)};
  if (asset.name == "page") {
    response.headers.emplace_back("Content-Security-Policy", kPolicy);
    response.headers.emplace_back("Cross-Origin-Opener-Policy", "same-origin");
  } else {
    // Its name says what is in it.
    response.headers.emplace_back("Cache-Control", "public, max-age=31536000, immutable");
  }
  response.headers.emplace_back("Cross-Origin-Resource-Policy", "same-origin");
  return response;
}

}  // namespace

void AddConsole(HttpServer& server, std::span<const ConsoleAsset> assets,
                const std::vector<std::string>& paths) {
  const auto add = [&server](std::string path, const ConsoleAsset& asset) {
    server.Route("GET", std::move(path), Access::kOpen,
                 [&asset](const HttpRequest&) { return File(asset); });
  };
  for (const ConsoleAsset& asset : assets) {
    if (asset.name == "page") {
      for (const std::string& path : paths) add(path, asset);
    } else {
      add("/console/" + std::string(asset.name), asset);
    }
  }
}

}  // namespace lowbalance
