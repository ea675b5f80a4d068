#include "cli/service_url.h"

#include <vector>

#include "base/web_config.h"

namespace lowbalance::cli {

std::string ServiceUrl(const ServerConfig& server) {
  const auto colon = server.listen_address.rfind(':');
  if (colon == std::string::npos) return "";
  std::string host = server.listen_address.substr(0, colon);
  if (host.empty() || host == "0.0.0.0" || host == "[::]") host = "127.0.0.1";
  std::vector<Mistake> ignored;
  const bool tls = !server.web_config_file.empty() &&
                   !LoadWebConfig(server.web_config_file, &ignored).cert_file.empty();
  return std::string(tls ? "https" : "http") + "://" + host + server.listen_address.substr(colon);
}

}  // namespace lowbalance::cli
