#pragma once
// What the HTTP server reads from a head, and adds to an answer. Pure.

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "base/http_server.h"

namespace lowbalance {

// What was asked for, or the answer that refuses it.
template <class T>
using OrRefusal = tl::expected<T, HttpResponse>;

[[nodiscard]] tl::unexpected<HttpResponse> Refuse(int status, std::string_view message);

using HttpHeaders = std::map<std::string, std::string, std::less<>>;

// The headers of a raw head, request line included, with names in lower case and values as they
// were sent. (cpp-httplib percent-decodes values, which would change a password or a token.)
// Repeated ones are joined by commas; those that must not be repeated are refused.
[[nodiscard]] OrRefusal<HttpHeaders> ParseHttpHeaders(std::string_view head);

// Chinese where the header prefers any Chinese to English, else English (RFC 9110, 12.5.4).
[[nodiscard]] Language PreferredLanguage(std::string_view accept_language);

// Is there, by these headers, a body behind the head?
[[nodiscard]] bool AnnouncesBody(const HttpHeaders& headers);

// The length of the body to read; none announced is an empty one (RFC 9112, 6.3), as in the
// `curl -X POST …/-/reload` that every operator knows. Refuses bodies in chunks (400), compressed
// ones (415), those over `max_body` (413), and any with GET or HEAD.
[[nodiscard]] OrRefusal<std::size_t> BodyLength(const HttpRequest& request, std::size_t max_body);

// Replaces the body by a gzip member where that is worth it, the handler did not do so itself and
// the client takes it: "gzip", "gzip;q=0.5", "*"; not "gzip;q=0".
void CompressBody(const HttpRequest& request, HttpResponse* response);

// What every answer says to browsers, unless the handler said otherwise.
void AddSecurityHeaders(HttpResponse* response);

}  // namespace lowbalance
