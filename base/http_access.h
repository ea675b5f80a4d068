#pragma once
// Who may make a request: passwords, consoles' cookies, the bearer token, and browsers sent by
// other sites.

#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/access_rules.h"
#include "base/clock.h"
#include "base/http_connection.h"
#include "base/http_server.h"
#include "base/login_throttle.h"
#include "base/session.h"
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
  HttpAccess(std::filesystem::path web_config_file, std::filesystem::path token_file, Clock clock);

  // What the file says now. A file that became wrong is logged, and what it said before goes on
  // holding. Thread-safe.
  [[nodiscard]] std::shared_ptr<const WebSettings> Settings();

  // What users may do, from now on. Thread-safe, as is all below.
  void SetRules(AccessRules rules);
  [[nodiscard]] std::shared_ptr<const AccessRules> Rules() const;

  // A cookie's value for whoever knows the password, or the answer that refuses it. `request` is
  // the one that asks.
  struct Login {
    std::string cookie_name;
    std::string token;
    Time expires{};
  };
  [[nodiscard]] tl::expected<Login, HttpResponse> LogIn(const std::string& user,
                                                        std::string_view password,
                                                        const HttpRequest& request);
  // When the login of the request's cookie expires; empty if it has none that is good.
  [[nodiscard]] std::optional<Session> SessionOf(const HttpRequest& request);
  [[nodiscard]] std::string CookieName();
  // Is the cookie to be sent over TLS alone?
  [[nodiscard]] bool Secure();

  // Refuses, or gives nothing and notes in `request` who logged in. Reads no more of the request
  // than its method and headers. Thread-safe.
  [[nodiscard]] std::optional<HttpResponse> Refuse(Access access, HttpRequest* request);

 private:
  [[nodiscard]] std::optional<HttpResponse> RefusePassword(const WebConfig& config,
                                                           HttpRequest* request);
  [[nodiscard]] std::optional<HttpResponse> RefuseUser(Access access, const WebConfig& config,
                                                       HttpRequest* request);
  [[nodiscard]] std::optional<HttpResponse> CheckPassword(const WebConfig& config,
                                                          const std::string& user,
                                                          std::string_view password,
                                                          const HttpRequest& request);
  [[nodiscard]] std::string SessionKey();
  [[nodiscard]] std::optional<HttpResponse> RefuseToken(const HttpRequest& request) const;

  const std::filesystem::path web_config_file_;
  const std::filesystem::path token_file_;
  PasswordChecker passwords_;
  const Clock clock_;
  const std::string own_key_;        // For sessions, where no key file is configured.
  std::atomic<int> logging_in_ = 0;  // Requests whose password is being checked.
  mutable std::mutex mutex_;
  // Guarded by mutex_.
  std::shared_ptr<const WebSettings> settings_;
  std::string seen_;  // The state of the files that settings_ was made of, or failed to be.
  std::shared_ptr<const AccessRules> rules_ = std::make_shared<AccessRules>();
  std::mutex throttle_mutex_;
  LoginThrottle throttle_;  // Guarded by throttle_mutex_.
};

// May a browser have been sent by another site to make this request? Programs send neither Origin
// nor Sec-Fetch-Site.
inline constexpr std::string_view kConsoleHeader = "x-lowbalance-console";  // Set by our pages.
[[nodiscard]] bool IsCrossOrigin(const HttpRequest& request);
[[nodiscard]] HttpResponse FromAnotherSite(
    const HttpRequest& request);  // The refusal of such a one.

}  // namespace lowbalance
