#include "exporter/sources/alibaba/signing.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "base/digest.h"

namespace lowbalance::alibaba {
namespace {

constexpr std::string_view kAlgorithm = "ACS3-HMAC-SHA256";
constexpr std::string_view kForm = "application/x-www-form-urlencoded";

// The gateways take whole seconds.
std::string Timestamp(Time now) {
  return FormatRfc3339(std::chrono::floor<std::chrono::seconds>(now));
}

// The Host header that the URL's request will have.
std::string HostOf(const std::string& endpoint) {
  const auto scheme = endpoint.find("://");
  return endpoint.substr(scheme == std::string::npos ? 0 : scheme + 3);
}

std::string_view Trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Values of a name that comes several times are sorted and joined.
std::map<std::string, std::string> Merged(const HttpFields& headers) {
  std::map<std::string, std::vector<std::string>> values;
  for (const auto& [name, value] : headers) values[name].emplace_back(Trimmed(value));
  std::map<std::string, std::string> merged;
  for (auto& [name, list] : values) {
    std::sort(list.begin(), list.end());
    std::string& joined = merged[name];
    for (const std::string& value : list) joined += (joined.empty() ? "" : ",") + value;
  }
  return merged;
}

std::string SignedNames(const HttpFields& headers) {
  std::string names;
  for (const auto& [name, value] : Merged(headers)) names += (names.empty() ? "" : ";") + name;
  return names;
}

HttpCall CallOf(const ApiRequest& request, const HttpFields& query) {
  HttpCall call{.method = "POST", .url = request.endpoint + "/"};
  const std::string parameters = CanonicalQuery(query);
  if (!parameters.empty()) call.url += "?" + parameters;
  if (request.has_form) call.body = CanonicalQuery(request.form);
  return call;
}

// The parameters that every request of the older scheme has.
HttpFields PublicParameters(const ApiRequest& request, Time now, std::string_view nonce) {
  HttpFields query = request.query;
  query.emplace_back("Action", request.operation);
  query.emplace_back("Version", request.version);
  query.emplace_back("Format", "JSON");
  query.emplace_back("Timestamp", Timestamp(now));
  query.emplace_back("SignatureNonce", nonce);
  return query;
}

HttpFields PlainHeaders(const ApiRequest& request) {
  HttpFields headers{{"accept", "application/json"}};
  if (request.has_form) headers.emplace_back("content-type", kForm);
  return headers;
}

}  // namespace

std::string PercentEncode(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    const bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += '%';
    encoded += kDigits[byte >> 4U];
    encoded += kDigits[byte & 0xfU];
  }
  return encoded;
}

std::string CanonicalQuery(HttpFields parameters) {
  std::sort(parameters.begin(), parameters.end());
  std::string query;
  for (const auto& [name, value] : parameters) {
    if (!query.empty()) query += '&';
    query += PercentEncode(name) + "=" + PercentEncode(value);
  }
  return query;
}

std::string CanonicalRequest(std::string_view method, std::string_view path,
                             const HttpFields& query, const HttpFields& headers,
                             std::string_view payload_hash) {
  std::string text(method);
  text.append("\n").append(path).append("\n").append(CanonicalQuery(query)).append("\n");
  for (const auto& [name, value] : Merged(headers)) text += name + ":" + value + "\n";
  text.append("\n").append(SignedNames(headers)).append("\n").append(payload_hash);
  return text;
}

std::string Acs3Authorization(std::string_view canonical_request, const HttpFields& headers,
                              const Credentials& credentials) {
  const std::string to_sign = std::string(kAlgorithm) + "\n" + Sha256Hex(canonical_request);
  return std::string(kAlgorithm) + " Credential=" + credentials.access_key_id +
         ",SignedHeaders=" + SignedNames(headers) +
         ",Signature=" + HmacSha256Hex(credentials.access_key_secret, to_sign);
}

HttpCall SignAcs3(const ApiRequest& request, const Credentials& credentials, Time now,
                  std::string_view nonce) {
  HttpCall call = CallOf(request, request.query);
  const std::string hash = Sha256Hex(call.body);
  HttpFields headers{{"host", HostOf(request.endpoint)},
                     {"x-acs-action", request.operation},
                     {"x-acs-version", request.version},
                     {"x-acs-date", Timestamp(now)},
                     {"x-acs-signature-nonce", std::string(nonce)},
                     {"x-acs-content-sha256", hash}};
  if (request.has_form) headers.emplace_back("content-type", kForm);
  if (!credentials.security_token.empty()) {
    headers.emplace_back("x-acs-accesskey-id", credentials.access_key_id);
    headers.emplace_back("x-acs-security-token", credentials.security_token);
  }
  const std::string canonical = CanonicalRequest("POST", "/", request.query, headers, hash);
  headers.emplace_back("authorization", Acs3Authorization(canonical, headers, credentials));
  headers.emplace_back("accept", "application/json");
  call.headers = std::move(headers);
  return call;
}

std::string RpcStringToSign(std::string_view method, const HttpFields& parameters) {
  return std::string(method) + "&%2F&" + PercentEncode(CanonicalQuery(parameters));
}

std::string RpcSignature(std::string_view string_to_sign, std::string_view access_key_secret) {
  return Base64(HmacSha1(std::string(access_key_secret) + "&", string_to_sign));
}

HttpCall SignRpc(const ApiRequest& request, const Credentials& credentials, Time now,
                 std::string_view nonce) {
  HttpFields query = PublicParameters(request, now, nonce);
  query.emplace_back("AccessKeyId", credentials.access_key_id);
  query.emplace_back("SignatureMethod", "HMAC-SHA1");
  query.emplace_back("SignatureVersion", "1.0");
  if (!credentials.security_token.empty()) {
    query.emplace_back("SecurityToken", credentials.security_token);
  }
  HttpFields signed_parameters = query;
  if (request.has_form) {
    signed_parameters.insert(signed_parameters.end(), request.form.begin(), request.form.end());
  }
  query.emplace_back("Signature", RpcSignature(RpcStringToSign("POST", signed_parameters),
                                               credentials.access_key_secret));
  HttpCall call = CallOf(request, query);
  call.headers = PlainHeaders(request);
  return call;
}

HttpCall Unsigned(const ApiRequest& request, Time now, std::string_view nonce) {
  HttpCall call = CallOf(request, PublicParameters(request, now, nonce));
  call.headers = PlainHeaders(request);
  return call;
}

}  // namespace lowbalance::alibaba
