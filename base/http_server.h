#pragma once
// The HTTP server of both programs: cpp-httplib behind our own limits and our own routing.
//
// Paths are matched segment by segment on the raw target, so a '/' inside an account id arrives
// as %2F and stays one segment; no regular expression sees what a client sent. Limits: target
// 4 KiB, 100 headers, 64 KiB of headers, the body as each route allows. Refused with 4xx: chunked
// and compressed request bodies (Alertmanager and Prometheus send neither), methods a path does not
// have (405 with Allow), and without reading a body that is too large or comes from somebody who
// may not send it. A handler's exception is logged and answered by 500 without its text. Answers of
// text and JSON over 1 KiB are compressed for clients that accept gzip. Never a redirect; 429 only
// to whoever guesses passwords.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/access_rules.h"
#include "base/clock.h"
#include "core/bilingual.h"
#include "core/result.h"

namespace lowbalance {

struct HttpRequest {
  std::string method;
  std::string path;                                         // Percent-decoded, for logs.
  std::map<std::string, std::string, std::less<>> params;   // From {name} segments, decoded.
  std::map<std::string, std::string, std::less<>> query;    // Decoded; the first of each name.
  std::map<std::string, std::string, std::less<>> headers;  // Names in lower case.
  std::string body;
  std::string user;                        // Who logged in; empty on open routes.
  Grant grant;                             // What they may do.
  bool by_session = false;                 // Logged in with a console's cookie.
  std::string address;                     // Of the client, without its port.
  Language language = Language::kEnglish;  // What the client reads: Accept-Language.

  [[nodiscard]] std::string_view Header(std::string_view lower_case_name) const;
  [[nodiscard]] std::string_view Query(std::string_view name) const;
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
};

// {"error":{"field":"…","message":"…"}}; field is left out where empty.
[[nodiscard]] HttpResponse JsonError(int status, std::string_view message,
                                     std::string_view field = "");
// The same in the language that the client reads.
[[nodiscard]] HttpResponse JsonError(const HttpRequest& request, int status,
                                     const Bilingual& message, std::string_view field = "");
[[nodiscard]] HttpResponse JsonOk(std::string json);

enum class Access {
  kOpen,     // Anyone who reaches the port: health, the landing page.
  kMetrics,  // As kOpen, unless basic_auth_users are configured; then a login, as exporters do.
  kLogin,    // Always a login, by password or by a console's cookie, of a user with a role. Off,
             // with 403 and a text that says how to switch it on, while no basic_auth_users are
             // configured.
  kAdministrator,  // As kLogin, of an administrator.
  kToken,          // The bearer token of Options::token_file, if one is configured; else as kOpen.
};

class HttpServer {
 public:
  struct Options {
    std::string listen_address;             // "127.0.0.1:10380", ":10380" or "[::1]:0".
    std::filesystem::path web_config_file;  // Re-read when it changes. Empty: plain, no users.
    std::filesystem::path token_file;       // For Access::kToken. Empty: no token wanted.
    int threads = 256;                      // Upper bound; they are started as needed.
    Clock clock = SystemClock();            // For when logins expire.
    // Told of each answer: the route's pattern (empty where there is none) and the status, also of
    // requests that no handler got to see. Called on several threads at once.
    std::function<void(std::string_view pattern, int status)> answered;
  };
  using Handler = std::function<HttpResponse(const HttpRequest&)>;

  // Throws std::runtime_error naming the file where the web configuration is wrong.
  explicit HttpServer(Options options);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Routes are added before Start. `pattern` is a path whose segments may be {name}. A GET route
  // answers HEAD too. Handlers run on several threads at once.
  void Route(std::string method, std::string pattern, Access access, Handler handler,
             std::size_t max_body = 1 << 20);

  // POST, GET and DELETE /api/v1/session: logging in, who is logged in, logging out.
  void AddSessionApi();
  // What the configuration says of users; at first, nothing. Thread-safe, at any time.
  void SetAccess(AccessRules rules);
  // "GET /metrics", … of every route, in the order in which they were added.
  [[nodiscard]] std::vector<std::string> Routes() const;

  // Binds and serves on threads of its own; returns the port. Throws where it cannot bind.
  std::uint16_t Start();
  // Stops accepting, waits for what is in flight. Idempotent.
  void Stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lowbalance
