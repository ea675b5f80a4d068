#include "config/shapes.h"

#include <algorithm>
#include <optional>

#include "core/text.h"

namespace lowbalance {
namespace {

constexpr std::string_view kDigits = "0123456789";

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsPort(std::string_view text, int least) {
  if (text.empty() || text.size() > 5 ||
      text.find_first_not_of(kDigits) != std::string_view::npos) {
    return false;
  }
  const int port = std::stoi(std::string(text));
  return port >= least && port <= 65535;
}

// A host name, an IPv4 address, or an IPv6 address in brackets.
bool IsHost(std::string_view text) {
  if (text.size() >= 2 && text.front() == '[' && text.back() == ']') {
    const std::string_view inside = text.substr(1, text.size() - 2);
    return inside.find(':') != std::string_view::npos &&
           std::all_of(inside.begin(), inside.end(), [](char c) {
             return IsDigit(c) || IsLetter(c) || c == ':' || c == '.' || c == '%';
           });
  }
  return !text.empty() && text.size() <= 253 && text.front() != '.' && text.front() != '-' &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return IsDigit(c) || IsLetter(c) || c == '.' || c == '-' || c == '_';
         });
}

struct HostPort {
  std::string_view host;
  std::optional<std::string_view> port;
};

// Splits at the last colon that does not stand in brackets.
HostPort Split(std::string_view text) {
  const auto bracket = text.rfind(']');
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || (bracket != std::string_view::npos && colon < bracket)) {
    return {text, std::nullopt};
  }
  return {text.substr(0, colon), text.substr(colon + 1)};
}

// "sqlite" of "sqlite:x.db"; empty where there is none, as in "x.db" and "dir/a:b".
std::string_view Scheme(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || colon < 2 || !IsLetter(text.front())) return {};
  const std::string_view scheme = text.substr(0, colon);
  const bool well = std::all_of(scheme.begin(), scheme.end(), [](char c) {
    return IsLetter(c) || IsDigit(c) || c == '+' || c == '-' || c == '.';
  });
  return well ? scheme : std::string_view{};
}

// What stands after "sqlite:" or "file:", as a path from `folder`. Three slashes are an absolute
// path in a URL's clothes; two would make the first folder a host, which nobody means.
Result<std::string> LocalPath(std::string_view text, const std::filesystem::path& folder) {
  if (text.starts_with("///")) {
    text.remove_prefix(2);
  } else if (text.starts_with("//")) {
    return Reject(
        "a relative path has no slash and an absolute one a single slash before it, not "
        "two: " +
        Quoted(text));
  }
  if (text.empty()) return Reject("the path is missing");
  if (HasControlCharacters(text)) return Reject("control characters in the path " + Quoted(text));
  return (folder / std::filesystem::path(text)).lexically_normal().string();
}

}  // namespace

Result<std::string> ParseListenAddress(std::string_view text) {
  const HostPort parts = Split(text);
  if (!parts.port || !IsPort(*parts.port, 0) || !(parts.host.empty() || IsHost(parts.host))) {
    return Reject("not an address like :10380, 127.0.0.1:10380 or [::1]:10380: " + Quoted(text));
  }
  return std::string(text);
}

Result<std::string> ParseStoreUrl(std::string_view text, const std::filesystem::path& folder) {
  const std::string_view scheme = Scheme(text);
  if (!scheme.empty() && scheme != "sqlite") {
    // The rest of such a URL may hold a password.
    return Reject("only SQLite stores are supported, as sqlite:PATH or a path: " +
                  Quoted(std::string(scheme) + ":"));
  }
  if (scheme == "sqlite") text.remove_prefix(scheme.size() + 1);
  const auto path = LocalPath(text, folder);
  if (!path) return path;
  return "sqlite:" + *path;
}

Result<std::string> ParseEmailUrl(std::string_view text, const std::filesystem::path& folder) {
  const std::string forms = "smtp://host:port, smtps://host:port or file:FOLDER";
  if (text.starts_with("file:")) {
    const auto path = LocalPath(text.substr(5), folder);
    if (!path) return path;
    return "file:" + *path;
  }
  if (text.find('@') != std::string_view::npos) {
    return Reject(
        "a user name or password must not stand in the URL; use username and "
        "password_file");
  }
  std::string_view rest = text;
  if (rest.starts_with("smtp://")) {
    rest.remove_prefix(7);
  } else if (rest.starts_with("smtps://")) {
    rest.remove_prefix(8);
  } else {
    return Reject("not of the form " + forms + ": " + Quoted(text));
  }
  if (rest.ends_with('/')) {
    rest.remove_suffix(1);
    text.remove_suffix(1);
  }
  const HostPort parts = Split(rest);
  if (!IsHost(parts.host) || (parts.port && !IsPort(*parts.port, 1))) {
    return Reject("not of the form " + forms + ": " + Quoted(text));
  }
  return std::string(text);
}

Result<std::string> ParseEmailAddress(std::string_view text) {
  const auto at = text.find('@');
  const std::string_view local = text.substr(0, std::min(at, text.size()));
  const std::string_view domain = at == std::string_view::npos ? "" : text.substr(at + 1);
  const bool well = !local.empty() && local.size() <= 64 && !domain.empty() && text.size() <= 254 &&
                    IsValidUtf8(text) && !HasControlCharacters(text) &&
                    text.find_first_of(" <>(),;:\\\"[]") == std::string_view::npos &&
                    domain.find('@') == std::string_view::npos &&
                    text.find("..") == std::string_view::npos && local.front() != '.' &&
                    local.back() != '.' && domain.front() != '.' && domain.back() != '.' &&
                    domain.front() != '-' && domain.back() != '-';
  if (!well) return Reject("not an e-mail address: " + Quoted(text));
  return std::string(text);
}

Result<std::string> ParseSender(std::string_view text) {
  const auto open = text.find('<');
  if (open == std::string_view::npos) return ParseEmailAddress(text);
  const std::string_view name = text.substr(0, open);
  if (!text.ends_with('>') || !IsValidUtf8(name) || HasControlCharacters(name) ||
      !ParseEmailAddress(text.substr(open + 1, text.size() - open - 2))) {
    return Reject("not a sender like \"Low Balance Alerts <alerts@example.com>\": " + Quoted(text));
  }
  return std::string(text);
}

Result<std::string> ParseTimeZone(std::string_view text) {
  bool well = !text.empty() && text.size() <= 64;
  for (std::string_view rest = text; well;) {
    const auto slash = rest.find('/');
    const std::string_view part = rest.substr(0, slash);
    well = !part.empty() && IsLetter(part.front()) &&
           std::all_of(part.begin(), part.end(), [](char c) {
             return IsLetter(c) || IsDigit(c) || c == '_' || c == '+' || c == '-';
           });
    if (slash == std::string_view::npos) break;
    rest.remove_prefix(slash + 1);
  }
  if (!well) return Reject("not a time zone like Asia/Shanghai: " + Quoted(text));
  return std::string(text);
}

Result<std::string> ParseRecipient(std::string_view text) {
  if (text.empty() || text.size() > 128 || !IsValidUtf8(text) || HasControlCharacters(text) ||
      text.front() == ' ' || text.back() == ' ') {
    return Reject("not a recipient's name (1 to 128 bytes, no control characters): " +
                  Quoted(text));
  }
  return std::string(text);
}

}  // namespace lowbalance
