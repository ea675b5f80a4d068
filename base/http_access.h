#pragma once
// Who may make a request: logins, the bearer token, and browsers sent by other sites.

#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/http_connection.h"
#include "base/http_server.h"
#include "base/web_config.h"

namespace lowbalance {

// A snapshot of the web configuration file and what was made of it.
struct WebSettings {
  WebConfig config;
  TlsContext tls;
};

class HttpAccess {
 public:
  // Either file may be empty. Throws std::runtime_error naming the file where it is wrong.
  HttpAccess(std::filesystem::path web_config_file, std::filesystem::path token_file);

  // What the file says now. A file that became wrong is logged, and what it said before goes on
  // holding. Thread-safe.
  [[nodiscard]] std::shared_ptr<const WebSettings> Settings();

  // Refuses, or gives nothing and notes in `request` who logged in. Reads no more of the request
  // than its method and headers. Thread-safe.
  [[nodiscard]] std::optional<HttpResponse> Refuse(Access access, HttpRequest* request);

 private:
  [[nodiscard]] std::optional<HttpResponse> RefuseLogin(const WebConfig& config,
                                                        HttpRequest* request);
  [[nodiscard]] std::optional<HttpResponse> RefuseToken(const HttpRequest& request) const;

  const std::filesystem::path web_config_file_;
  const std::filesystem::path token_file_;
  PasswordChecker passwords_;
  std::atomic<int> logging_in_ = 0;  // Requests whose password is being checked.
  std::mutex mutex_;
  // Guarded by mutex_.
  std::shared_ptr<const WebSettings> settings_;
  std::string seen_;  // The state of the files that settings_ was made of, or failed to be.
};

// May a browser have been sent by another site to make this request? Programs send neither Origin
// nor Sec-Fetch-Site.
[[nodiscard]] bool IsCrossOrigin(const HttpRequest& request);

}  // namespace lowbalance
