#include "base/http_routes.h"

#include <cassert>
#include <optional>
#include <set>
#include <utility>

#include "core/text.h"

namespace lowbalance {
namespace {

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> Decode(std::string_view text, bool plus_is_space) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      decoded += ' ';
    } else if (text[i] == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = HexDigit(text[i + 1]);
      const int low = HexDigit(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      decoded += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  if (!IsValidUtf8(decoded)) return std::nullopt;
  return decoded;
}

bool IsParam(std::string_view segment) { return segment.starts_with('{'); }

}  // namespace

Result<HttpTarget> ParseHttpTarget(std::string_view target) {
  if (!target.starts_with('/')) return Reject("the request's target does not begin with /");
  HttpTarget parsed;
  const std::size_t question = target.find('?');
  for (const auto raw :
       Split(target.substr(1, question == target.npos ? question : question - 1), '/')) {
    auto segment = Decode(raw, false);
    if (!segment || HasControlCharacters(*segment)) {
      return Reject("the request's path is badly encoded");
    }
    parsed.path += "/" + *segment;
    parsed.segments.push_back(std::move(*segment));
  }
  if (question == target.npos) return parsed;
  for (const auto raw : Split(target.substr(question + 1), '&')) {
    if (raw.empty()) continue;
    const std::size_t equals = raw.find('=');
    auto name = Decode(raw.substr(0, equals), true);
    auto value = Decode(equals == raw.npos ? "" : raw.substr(equals + 1), true);
    if (!name || !value) return Reject("the request's query is badly encoded");
    parsed.query.emplace(std::move(*name), std::move(*value));
  }
  return parsed;
}

void HttpRoutes::Add(std::string method, std::string_view pattern) {
  assert(pattern.starts_with('/'));
  Route route{std::move(method), {}};
  for (const auto segment : Split(pattern.substr(1), '/')) {
    assert(!IsParam(segment) || segment.ends_with('}'));
    route.segments.emplace_back(segment);
  }
  for (const auto& other : routes_) {
    assert(other.method != route.method || other.segments != route.segments);
  }
  routes_.push_back(std::move(route));
}

HttpRoutes::Match HttpRoutes::Find(std::string_view method, const HttpTarget& target) const {
  const std::string_view wanted = method == "HEAD" ? "GET" : method;
  Match match;
  std::set<std::string> methods;
  std::string best;  // One letter a segment; 'a', a literal, sorts before 'b', a {name}.
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    const auto& segments = routes_[i].segments;
    if (segments.size() != target.segments.size()) continue;
    std::string shape;
    for (std::size_t s = 0; s < segments.size(); ++s) {
      if (segments[s] == target.segments[s]) {
        shape += 'a';
      } else if (IsParam(segments[s]) && !target.segments[s].empty()) {
        shape += 'b';
      } else {
        break;
      }
    }
    if (shape.size() != segments.size()) continue;
    methods.insert(routes_[i].method);
    if (routes_[i].method != wanted || (match.found && best <= shape)) continue;
    match.found = true;
    match.index = i;
    best = shape;
  }
  if (!match.found) {
    if (methods.contains("GET")) methods.insert("HEAD");
    for (const auto& each : methods) match.allow += (match.allow.empty() ? "" : ", ") + each;
    return match;
  }
  const auto& segments = routes_[match.index].segments;
  for (std::size_t s = 0; s < segments.size(); ++s) {
    if (!IsParam(segments[s])) continue;
    match.params.emplace(segments[s].substr(1, segments[s].size() - 2), target.segments[s]);
  }
  return match;
}

}  // namespace lowbalance
