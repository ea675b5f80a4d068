#include "config/links.h"

#include <algorithm>
#include <array>
#include <vector>

#include "core/text.h"

namespace lowbalance {
namespace {

constexpr std::array<std::string_view, 3> kPlaces{"provider", "account_id", "level"};
constexpr std::string_view kHexDigits = "0123456789ABCDEF";

bool IsUnreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

std::string PercentEncoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (IsUnreserved(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += {'%', kHexDigits[byte >> 4U], kHexDigits[byte & 0xfU]};
  }
  return out;
}

}  // namespace

Result<std::string> ParseLink(std::string_view text) {
  const auto refuse = [](const std::string& why) { return Reject("not a link: " + why); };
  std::string_view rest = text;
  if (rest.starts_with("https://")) {
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else {
    return refuse("it must begin with https:// or http://");
  }
  const std::string_view host = rest.substr(0, rest.find_first_of("/?#"));
  if (host.empty()) return refuse("it has no host: " + Quoted(text, 200));
  // Not quoted: what stands there may be a password.
  if (host.find('@') != std::string_view::npos) return refuse("a user or password in it");
  if (host.find_first_of("{}") != std::string_view::npos) {
    return refuse("the host cannot depend on the account: " + Quoted(host));
  }
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte >= 0x7f ||
        std::string_view("\"<>\\^`|").find(c) != std::string::npos) {
      return refuse("it has a character that must be percent-encoded: " + Quoted(text, 200));
    }
  }
  while (!rest.empty()) {
    const auto open = rest.find_first_of("{}");
    if (open == std::string_view::npos) break;
    const auto close = rest.find('}', open);
    if (rest[open] == '}' || close == std::string_view::npos) {
      return refuse("a brace without its other: " + Quoted(text, 200));
    }
    const std::string_view place = rest.substr(open + 1, close - open - 1);
    if (std::find(kPlaces.begin(), kPlaces.end(), place) == kPlaces.end()) {
      std::string what = "no such place: {" + std::string(place) + "}";
      const std::vector<std::string> known(kPlaces.begin(), kPlaces.end());
      const std::string_view nearest = NearestWord(place, known);
      if (!nearest.empty()) what += " (did you mean {" + std::string(nearest) + "}?)";
      return refuse(what + "; there are {provider}, {account_id} and {level}");
    }
    rest.remove_prefix(close + 1);
  }
  return std::string(text);
}

std::string ExpandLink(std::string_view link, std::string_view provider,
                       std::string_view account_id, std::string_view level) {
  const std::array<std::string_view, 3> values{provider, account_id, level};
  std::string out;
  while (!link.empty()) {
    const auto open = std::min(link.find('{'), link.size());
    out += link.substr(0, open);
    link.remove_prefix(open);
    if (link.empty()) break;
    const auto close = link.find('}');
    const auto* const place = std::find(kPlaces.begin(), kPlaces.end(), link.substr(1, close - 1));
    if (place != kPlaces.end()) {
      out += PercentEncoded(values.at(static_cast<std::size_t>(place - kPlaces.begin())));
    }
    link.remove_prefix(std::min(close, link.size() - 1) + 1);
  }
  return out;
}

}  // namespace lowbalance
