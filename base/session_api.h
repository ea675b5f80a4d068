#pragma once
// Logging in and out of the consoles: /api/v1/session.

#include "base/http_access.h"
#include "base/http_server.h"

namespace lowbalance {

// POST {"user":"…","password":"…"}: sets the cookie.
[[nodiscard]] HttpResponse LogIn(HttpAccess& access, const HttpRequest& request);
// GET: who is logged in, what they may do, until when, and where the consoles are.
[[nodiscard]] HttpResponse ShowSession(HttpAccess& access, const HttpRequest& request);
// DELETE: has the browser drop the cookie. What somebody copied before is good until it expires, or
// until the user's password or the key changes (base/session.h).
[[nodiscard]] HttpResponse LogOut(HttpAccess& access, const HttpRequest& request);

}  // namespace lowbalance
