#include "base/http_message.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>
#include <vector>

#include "base/gzip.h"

namespace lowbalance {
namespace {

constexpr std::size_t kLeastToCompress = 1024;

// One of what a client accepts, in lower case, and how much it wants it: 0 (not at all) to 1000
// thousandths (RFC 9110, 12.4.2). A weight that cannot be read counts as the full one.
struct Accepted {
  std::string name;
  int weight = 1000;
};

std::vector<Accepted> ParseAccepted(std::string_view header) {
  std::vector<Accepted> all;
  while (!header.empty()) {
    const std::size_t comma = std::min(header.find(','), header.size());
    std::string item(header.substr(0, comma));
    header.remove_prefix(std::min(header.size(), comma + 1));
    std::erase_if(item, [](char c) { return c == ' ' || c == '\t'; });
    std::transform(item.begin(), item.end(), item.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    const std::size_t semicolon = std::min(item.find(';'), item.size());
    Accepted accepted{.name = item.substr(0, semicolon)};
    if (const std::string_view weight = std::string_view(item).substr(semicolon);
        weight.starts_with(";q=")) {
      double share = 1;
      const auto [end, error] = std::from_chars(weight.begin() + 3, weight.end(), share);
      const bool well = error == std::errc() && share >= 0 && share <= 1;
      if (well) accepted.weight = static_cast<int>(share * 1000);
    }
    all.push_back(std::move(accepted));
  }
  return all;
}

bool AcceptsGzip(std::string_view header) {
  bool any = false;
  for (const Accepted& coding : ParseAccepted(header)) {
    const bool wanted = coding.weight > 0;
    if (coding.name == "gzip" || coding.name == "x-gzip") return wanted;
    if (coding.name == "*") any = wanted;
  }
  return any;
}

bool HasHeader(const HttpResponse& response, std::string_view name) {
  return std::any_of(response.headers.begin(), response.headers.end(),
                     [&](const auto& header) { return header.first == name; });
}

}  // namespace

std::string_view HttpRequest::Header(std::string_view lower_case_name) const {
  const auto found = headers.find(lower_case_name);
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

std::string_view HttpRequest::Query(std::string_view name) const {
  const auto found = query.find(name);
  return found == query.end() ? std::string_view() : std::string_view(found->second);
}

HttpResponse JsonError(int status, std::string_view message, std::string_view field) {
  nlohmann::ordered_json error;
  if (!field.empty()) error["field"] = field;
  error["message"] = message;
  HttpResponse response = JsonOk(nlohmann::ordered_json{{"error", error}}.dump(
      -1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
  response.status = status;
  return response;
}

HttpResponse JsonError(const HttpRequest& request, int status, const Bilingual& message,
                       std::string_view field) {
  return JsonError(status, message.In(request.language), field);
}

HttpResponse JsonOk(std::string json) {
  return {.content_type = "application/json", .body = std::move(json) + "\n"};
}

tl::unexpected<HttpResponse> Refuse(int status, std::string_view message) {
  return tl::make_unexpected(JsonError(status, message));
}

OrRefusal<HttpHeaders> ParseHttpHeaders(std::string_view head) {
  HttpHeaders headers;
  const auto next_line = [&] {
    const std::size_t end = std::min(head.find("\r\n"), head.size());
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(std::min(head.size(), end + 2));
    return line;
  };
  (void)next_line();  // The request line.
  for (std::string_view line = next_line(); !line.empty(); line = next_line()) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    std::string name(line.substr(0, colon));
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : static_cast<char>(c);
    });
    std::string_view value = line.substr(colon + 1);
    while (value.starts_with(' ') || value.starts_with('\t')) value.remove_prefix(1);
    while (value.ends_with(' ') || value.ends_with('\t')) value.remove_suffix(1);
    const auto [known, is_new] = headers.emplace(std::move(name), value);
    if (is_new) continue;
    for (const std::string_view once : {"authorization", "content-length", "host", "origin"}) {
      if (known->first == once) return Refuse(400, "the header " + known->first + " stands twice");
    }
    known->second += ", ";
    known->second += value;
  }
  return headers;
}

Language PreferredLanguage(std::string_view accept_language) {
  int english = 0;
  int chinese = 0;
  for (const Accepted& range : ParseAccepted(accept_language)) {
    const std::string primary = range.name.substr(0, range.name.find('-'));
    if (primary == "zh") chinese = std::max(chinese, range.weight);
    if (primary == "en") english = std::max(english, range.weight);
  }
  return chinese > english ? Language::kChinese : Language::kEnglish;
}

bool AnnouncesBody(const HttpHeaders& headers) {
  const auto length = headers.find("content-length");
  return headers.contains("transfer-encoding") ||
         (length != headers.end() && length->second != "0");
}

OrRefusal<std::size_t> BodyLength(const HttpRequest& request, std::size_t max_body) {
  const bool may_have_one = request.method != "GET" && request.method != "HEAD";
  if (request.headers.contains("transfer-encoding")) {
    return Refuse(400, "bodies in chunks are not taken; send Content-Length");
  }
  if (const auto encoding = request.Header("content-encoding");
      !encoding.empty() && encoding != "identity") {
    return Refuse(415, "compressed bodies are not taken");
  }
  const auto found = request.headers.find("content-length");
  if (found == request.headers.end()) return 0;
  std::size_t length = 0;
  const std::string& text = found->second;
  const char* const end = text.data() + text.size();
  const auto [rest, failed] = std::from_chars(text.data(), end, length);
  if (failed == std::errc::result_out_of_range) length = max_body + 1;
  if (text.empty() || rest != end || failed == std::errc::invalid_argument) {
    return Refuse(400, "Content-Length is not a number");
  }
  if (length > 0 && !may_have_one) return Refuse(400, "a request of this method has no body");
  if (length > max_body) {
    const std::string most = std::to_string(max_body);
    return tl::make_unexpected(
        JsonError(request, 413,
                  {"the body is larger than " + most + " bytes", "内容超过 " + most + " 字节"}));
  }
  return length;
}

void CompressBody(const HttpRequest& request, HttpResponse* response) {
  const std::string_view type = response->content_type;
  if (!type.starts_with("text/") && !type.starts_with("application/json") &&
      !type.starts_with("application/openmetrics-text")) {
    return;
  }
  if (response->body.size() <= kLeastToCompress || HasHeader(*response, "Content-Encoding")) return;
  response->headers.emplace_back("Vary", "Accept-Encoding");
  if (!AcceptsGzip(request.Header("accept-encoding"))) return;
  response->body = Gzip(response->body);
  response->headers.emplace_back("Content-Encoding", "gzip");
}

void AddSecurityHeaders(HttpResponse* response) {
  const auto add = [&](const char* name, const char* value) {
    if (!HasHeader(*response, name)) response->headers.emplace_back(name, value);
  };
  add("X-Content-Type-Options", "nosniff");
  add("Cache-Control", "no-store");
  if (!response->content_type.starts_with("text/html")) return;
  add("Content-Security-Policy",
      "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
      "base-uri 'none'; form-action 'self'; frame-ancestors 'none'");
  add("X-Frame-Options", "DENY");
  add("Referrer-Policy", "no-referrer");
}

}  // namespace lowbalance
