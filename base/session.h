#pragma once
// Logins that browsers keep: a signed token in a cookie. Nothing is stored on our side, so that
// every program with the same key and users takes it, and it survives restarts. A token ends when
// it expires, or when the user's password or the key changes. Pure.

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/time.h"

namespace lowbalance {

struct Session {
  std::string user;
  Time expires{};
};

// `password_hash` is the user's, as it stands in the web configuration file.
[[nodiscard]] std::string SignSession(const Session& session, std::string_view key,
                                      std::string_view password_hash);

// Empty unless the token was signed with this key for one of these users (name to password hash)
// and has not expired.
[[nodiscard]] std::optional<Session> VerifySession(
    std::string_view token, std::string_view key,
    const std::map<std::string, std::string, std::less<>>& users, Time now);

// The name of the cookie. It differs between keys, so that two programs on one host that do not
// share a key leave each other's cookies alone.
[[nodiscard]] std::string SessionCookieName(std::string_view key);

// The value of a cookie in a Cookie header; empty if it is not there.
[[nodiscard]] std::string_view FindCookie(std::string_view header, std::string_view name);

}  // namespace lowbalance
