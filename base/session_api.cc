#include "base/session_api.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "base/log.h"

namespace lowbalance {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

std::string Cookie(HttpAccess& access, const std::string& name, const std::string& value,
                   long long max_age_s) {
  std::string cookie = name + "=" + value + "; Path=/; Max-Age=" + std::to_string(max_age_s) +
                       "; HttpOnly; SameSite=Strict";
  if (access.Secure()) cookie += "; Secure";
  return cookie;
}

ordered_json Url(const std::string& url) {
  return url.empty() ? ordered_json(nullptr) : ordered_json(url);
}

ordered_json Describe(const AccessRules& rules, const std::string& user,
                      std::optional<Time> expires) {
  const Grant grant = rules.GrantOf(user);
  return {{"user", user},
          {"role", ToString(grant.role)},
          {"contact", grant.contact},
          {"expires", expires ? ordered_json(FormatRfc3339(*expires)) : ordered_json(nullptr)},
          {"accounts_url", Url(rules.accounts_url)},
          {"messages_url", Url(rules.messages_url)},
          {"accounts_port", rules.accounts_port},
          {"messages_port", rules.messages_port}};
}

}  // namespace

HttpResponse LogIn(HttpAccess& access, const HttpRequest& request) {
  if (IsCrossOrigin(request)) return FromAnotherSite(request);
  const json body = json::parse(request.body, nullptr, /*allow_exceptions=*/false);
  if (!body.is_object()) return JsonError(400, "the body is not a JSON object");
  for (const char* field : {"user", "password"}) {
    if (!body.contains(field) || !body[field].is_string()) {
      return JsonError(400, "expected text in quotes", field);
    }
  }
  const auto user = body["user"].get<std::string>();
  const auto login = access.LogIn(user, body["password"].get<std::string>(), request);
  if (!login) {
    log::Warn("login refused", {{"user", user},
                                {"from", request.address},
                                {"status", std::to_string(login.error().status)}});
    return login.error();
  }
  const auto rules = access.Rules();
  HttpResponse response = JsonOk(Describe(*rules, user, login->expires).dump());
  const auto seconds = std::chrono::floor<std::chrono::seconds>(rules->session_lifetime).count();
  response.headers.emplace_back("Set-Cookie",
                                Cookie(access, login->cookie_name, login->token, seconds));
  log::Info("logged in", {{"user", user}, {"from", request.address}});
  return response;
}

HttpResponse ShowSession(HttpAccess& access, const HttpRequest& request) {
  std::optional<Time> expires;
  if (request.by_session) {
    if (const auto session = access.SessionOf(request)) expires = session->expires;
  }
  return JsonOk(Describe(*access.Rules(), request.user, expires).dump());
}

HttpResponse LogOut(HttpAccess& access, const HttpRequest& request) {
  if (IsCrossOrigin(request)) return FromAnotherSite(request);
  HttpResponse response = JsonOk("{}");
  response.headers.emplace_back("Set-Cookie", Cookie(access, access.CookieName(), "", 0));
  return response;
}

}  // namespace lowbalance
