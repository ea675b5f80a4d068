#include "base/http_access.h"

#include <openssl/evp.h>
#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <stdexcept>
#include <utility>

#include "base/log.h"
#include "base/secret.h"
#include "core/text.h"

namespace lowbalance {
namespace {

constexpr int kMostLoggingIn = 16;
constexpr std::size_t kShortestKey = 16;  // Of logins, in bytes.

HttpResponse NoUsers(const HttpRequest& request) {
  return JsonError(
      request, 403,
      {"this needs a login, and no users are configured. Name a file in web_config_file (or with "
       "--web.config.file) that has basic_auth_users; write a password's hash with: htpasswd -nB "
       "NAME",
       "此处需要登录，但尚未配置用户。请在 web_config_file（或 --web.config.file）指定的文件中设置 "
       "basic_auth_users；密码哈希可用 htpasswd -nB NAME 生成"});
}

// Changes whenever one of the files is written to or replaced.
std::string StateOf(const std::filesystem::path& file) {
  struct stat s {};
  if (file.empty()) return "";
  if (::stat(file.c_str(), &s) != 0) return "-";
  std::string state;
  for (const auto number :
       {static_cast<long long>(s.st_mtim.tv_sec), static_cast<long long>(s.st_mtim.tv_nsec),
        static_cast<long long>(s.st_size), static_cast<long long>(s.st_ino)}) {
    state += std::to_string(number) + " ";
  }
  return state;
}

std::string StateOf(const std::filesystem::path& file, const WebConfig& config) {
  return StateOf(file) + "|" + StateOf(config.cert_file) + "|" + StateOf(config.key_file) + "|" +
         StateOf(config.client_ca_file);
}

std::shared_ptr<const WebSettings> Load(const std::filesystem::path& file) {
  auto settings = std::make_shared<WebSettings>();
  if (file.empty()) return settings;
  std::vector<Mistake> mistakes;
  settings->config = LoadWebConfig(file, &mistakes);
  std::string text;
  for (const auto& mistake : mistakes) text += (text.empty() ? "" : "\n") + mistake.ToString();
  if (!text.empty()) throw std::runtime_error(text);
  settings->tls = MakeTlsContext(settings->config);
  return settings;
}

bool EqualIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

// What follows the scheme in an Authorization header; empty if it is another scheme.
std::string_view Credentials(const HttpRequest& request, std::string_view scheme) {
  std::string_view header = request.Header("authorization");
  if (header.size() <= scheme.size() || header[scheme.size()] != ' ' ||
      !EqualIgnoringCase(header.substr(0, scheme.size()), scheme)) {
    return "";
  }
  header.remove_prefix(scheme.size() + 1);
  while (header.starts_with(' ')) header.remove_prefix(1);
  return header;
}

std::optional<std::string> DecodeBase64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0 || text.size() > 8192) return std::nullopt;
  std::string decoded(text.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(decoded.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  // OpenSSL counts the padding's zeros as text.
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  decoded.resize(static_cast<std::size_t>(size) - padding);
  return decoded;
}

Bilingual WrongPassword() { return {"wrong user or password", "用户名或密码错误"}; }

void Challenge(std::string_view challenge, HttpResponse* response) {
  response->headers.emplace_back("WWW-Authenticate", std::string(challenge));
}

HttpResponse Unauthorized(std::string_view challenge, std::string_view message) {
  HttpResponse response = JsonError(401, message);
  Challenge(challenge, &response);
  return response;
}

}  // namespace

HttpAccess::HttpAccess(std::filesystem::path web_config_file, std::filesystem::path token_file,
                       Clock clock)
    : web_config_file_(std::move(web_config_file)),
      token_file_(std::move(token_file)),
      clock_(std::move(clock)),
      own_key_(RandomHex(32)),
      settings_(Load(web_config_file_)),
      seen_(StateOf(web_config_file_, settings_->config)) {
  if (token_file_.empty()) return;
  if (const auto token = ReadSecretFile(token_file_); !token) {
    throw std::runtime_error(token.error().message);
  }
}

std::shared_ptr<const WebSettings> HttpAccess::Settings() {
  const std::lock_guard lock(mutex_);
  std::string state = StateOf(web_config_file_, settings_->config);
  if (state == seen_) return settings_;
  try {
    std::error_code failed;
    // An editor that writes in place empties the file first: that must not switch logins off.
    if (std::filesystem::file_size(web_config_file_, failed) == 0 && !failed) return settings_;
    settings_ = Load(web_config_file_);
    state = StateOf(web_config_file_, settings_->config);
    log::Info("web configuration read again", {{"file", web_config_file_.string()}});
  } catch (const std::exception& e) {
    log::Error("web configuration is wrong, the one before stays in force",
               {{"file", web_config_file_.string()}, {"error", e.what()}});
  }
  seen_ = std::move(state);
  return settings_;
}

std::optional<HttpResponse> HttpAccess::Refuse(Access access, HttpRequest* request) {
  switch (access) {
    case Access::kOpen:
      return std::nullopt;
    case Access::kToken:
      return RefuseToken(*request);
    case Access::kMetrics: {
      const auto settings = Settings();
      if (settings->config.users.empty()) return std::nullopt;
      return RefusePassword(settings->config, request);
    }
    case Access::kLogin:
    case Access::kAdministrator:
      return RefuseUser(access, Settings()->config, request);
  }
  return JsonError(403, "refused");
}

std::optional<HttpResponse> HttpAccess::RefuseUser(Access access, const WebConfig& config,
                                                   HttpRequest* request) {
  if (config.users.empty()) return NoUsers(*request);
  if (request->Header("authorization").empty()) {
    if (const auto session = SessionOf(*request)) {
      request->user = session->user;
      request->by_session = true;
    }
  }
  if (!request->by_session) {
    if (auto refusal = RefusePassword(config, request)) return refusal;
  }
  // A browser sends a cookie or a remembered password along with what any site makes it ask for.
  // A page of another site cannot set a header of ours without being allowed to first.
  const bool reads = request->method == "GET" || request->method == "HEAD";
  const bool unmarked = request->by_session && request->Header(kConsoleHeader).empty();
  if (!reads && (unmarked || IsCrossOrigin(*request))) {
    return FromAnotherSite(*request);
  }
  request->grant = Rules()->GrantOf(request->user);
  if (request->grant.role == Role::kNone) {
    // The field is how the consoles tell this refusal, which logging out ends, from all others.
    const std::string user = Quoted(request->user);
    return JsonError(
        *request, 403,
        {"the user " + user + " has no role; name it under access.roles in lowbalance.yml",
         "用户 " + user + " 没有角色；请在 lowbalance.yml 的 access.roles 中指定"},
        "access.roles");
  }
  if (access == Access::kAdministrator && request->grant.role != Role::kAdministrator) {
    return JsonError(*request, 403, {"this takes an administrator", "需要管理员权限"});
  }
  return std::nullopt;
}

std::optional<HttpResponse> HttpAccess::RefusePassword(const WebConfig& config,
                                                       HttpRequest* request) {
  constexpr std::string_view kChallenge = "Basic realm=\"lowbalance\", charset=\"UTF-8\"";
  // Our own pages ask for a password themselves; a challenge would make the browser ask too.
  const auto unauthorized = [&](const Bilingual& message) {
    HttpResponse response = JsonError(*request, 401, message);
    if (request->Header(kConsoleHeader).empty()) Challenge(kChallenge, &response);
    return response;
  };
  const auto login = DecodeBase64(Credentials(*request, "Basic"));
  const std::size_t colon = login ? login->find(':') : std::string::npos;
  if (colon == std::string::npos) {
    return unauthorized({"a user and password are needed", "需要用户名和密码"});
  }
  const std::string user = login->substr(0, colon);
  const std::string_view password = std::string_view(*login).substr(colon + 1);
  auto refusal = CheckPassword(config, user, password, *request);
  if (refusal && refusal->status == 401) return unauthorized(WrongPassword());
  if (!refusal) request->user = user;
  return refusal;
}

std::optional<HttpResponse> HttpAccess::CheckPassword(const WebConfig& config,
                                                      const std::string& user,
                                                      std::string_view password,
                                                      const HttpRequest& request) {
  if (passwords_.Remembers(config, user, password)) return std::nullopt;
  using Steady = LoginThrottle::Clock;
  {
    const std::lock_guard lock(throttle_mutex_);
    if (const auto wait = throttle_.Wait(user, request.address, Steady::now())) {
      const std::string seconds = std::to_string(wait->count());
      HttpResponse response = JsonError(request, 429,
                                        {"too many wrong passwords; try again in " + seconds + " s",
                                         "密码错误次数过多，请在 " + seconds + " 秒后再试"});
      response.headers.emplace_back("Retry-After", seconds);
      return response;
    }
  }
  // Checking is slow, and one at a time. Whoever guesses many at once must not hold all threads.
  const int others = logging_in_++;
  const bool right = others < kMostLoggingIn && passwords_.Check(config, user, password);
  --logging_in_;
  if (others >= kMostLoggingIn) {
    return JsonError(request, 503,
                     {"too many logins at once; try again", "同时登录的人太多，请稍后再试"});
  }
  const std::lock_guard lock(throttle_mutex_);
  if (right) {
    throttle_.Succeeded(user, request.address);
    return std::nullopt;
  }
  throttle_.Failed(user, request.address, Steady::now());
  return JsonError(request, 401, WrongPassword());
}

void HttpAccess::SetRules(AccessRules rules) {
  auto next = std::make_shared<const AccessRules>(std::move(rules));
  const std::lock_guard lock(mutex_);
  rules_ = std::move(next);
}

std::shared_ptr<const AccessRules> HttpAccess::Rules() const {
  const std::lock_guard lock(mutex_);
  return rules_;
}

std::string HttpAccess::SessionKey() {
  const auto rules = Rules();
  if (rules->session_key_file.empty()) return own_key_;
  auto key = ReadSecretFile(rules->session_key_file);
  if (key && key->size() >= kShortestKey) return *key;
  log::Error(
      "the key of logins cannot be used; they last as long as this process, and for it alone",
      {{"file", rules->session_key_file.string()},
       {"error", key ? "shorter than 16 bytes" : key.error().message}});
  return own_key_;
}

std::string HttpAccess::CookieName() { return SessionCookieName(SessionKey()); }

bool HttpAccess::Secure() {
  return Settings()->tls != nullptr || (Rules()->accounts_url.starts_with("https://") &&
                                        Rules()->messages_url.starts_with("https://"));
}

std::optional<Session> HttpAccess::SessionOf(const HttpRequest& request) {
  const std::string_view cookies = request.Header("cookie");
  if (cookies.empty()) return std::nullopt;
  const std::string key = SessionKey();
  return VerifySession(FindCookie(cookies, SessionCookieName(key)), key, Settings()->config.users,
                       clock_());
}

tl::expected<HttpAccess::Login, HttpResponse> HttpAccess::LogIn(const std::string& user,
                                                                std::string_view password,
                                                                const HttpRequest& request) {
  const auto settings = Settings();
  if (settings->config.users.empty()) return tl::make_unexpected(NoUsers(request));
  if (auto refusal = CheckPassword(settings->config, user, password, request)) {
    return tl::make_unexpected(std::move(*refusal));
  }
  const std::string key = SessionKey();
  const Session session{user, clock_() + Rules()->session_lifetime};
  return Login{.cookie_name = SessionCookieName(key),
               .token = SignSession(session, key, settings->config.users.find(user)->second),
               .expires = session.expires};
}

std::optional<HttpResponse> HttpAccess::RefuseToken(const HttpRequest& request) const {
  if (token_file_.empty()) return std::nullopt;
  const auto token = ReadSecretFile(token_file_);
  if (!token) {
    // Our fault, and passing: whoever asks is to come again.
    log::Error("the bearer token cannot be read", {{"error", token.error().message}});
    return JsonError(503, "the bearer token cannot be checked at present");
  }
  const std::string_view given = Credentials(request, "Bearer");
  if (given.empty()) return Unauthorized("Bearer", "a bearer token is needed");
  if (!EqualInConstantTime(given, *token)) {
    return Unauthorized("Bearer error=\"invalid_token\"", "wrong bearer token");
  }
  return std::nullopt;
}

HttpResponse FromAnotherSite(const HttpRequest& request) {
  return JsonError(
      request, 403,
      {"refused: a page of another site made this request", "已拒绝：该请求来自其他网站的页面"});
}

bool IsCrossOrigin(const HttpRequest& request) {
  // Set by browsers alone, and out of a page's reach, so that it settles the matter.
  if (const auto site = request.Header("sec-fetch-site"); !site.empty()) {
    return site != "same-origin";
  }
  const std::string_view origin = request.Header("origin");
  if (origin.empty()) return false;
  // The scheme is not compared: behind a proxy that ends TLS it is not the one we see.
  const std::size_t slashes = origin.find("://");
  return slashes == std::string_view::npos ||
         !EqualIgnoringCase(origin.substr(slashes + 3), request.Header("host"));
}

}  // namespace lowbalance
