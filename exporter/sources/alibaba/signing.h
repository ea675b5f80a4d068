#pragma once
// The two schemes that Alibaba Cloud's RPC gateways accept: ACS3-HMAC-SHA256, in headers, and the
// older HMAC-SHA1, in query parameters.
//
// Pure: instant and nonce are told. A request that is sent again must be signed again, with a new
// instant and a nonce that was never used: the gateway refuses one it has seen within 15 minutes.

#include <optional>
#include <string>
#include <string_view>

#include "base/http_client.h"
#include "core/time.h"

namespace lowbalance::alibaba {

struct Credentials {
  std::string access_key_id;
  std::string access_key_secret;
  std::string security_token;   // Of temporary ones; empty else.
  std::optional<Time> expires;  // Empty: never.

  friend bool operator==(const Credentials&, const Credentials&) = default;
};

// One call of an operation, not yet signed. Parameters stand as they are meant, not encoded.
struct ApiRequest {
  std::string operation;  // "QueryAccountBalance".
  std::string version;    // "2017-12-14".
  std::string endpoint;   // "https://business.aliyuncs.com"; a port may follow.
  HttpFields query;
  HttpFields form;
  bool has_form = false;  // The operation takes a form body, which may be empty.
};

// Signed in headers.
[[nodiscard]] HttpCall SignAcs3(const ApiRequest& request, const Credentials& credentials, Time now,
                                std::string_view nonce);
// Signed in the query.
[[nodiscard]] HttpCall SignRpc(const ApiRequest& request, const Credentials& credentials, Time now,
                               std::string_view nonce);
// Not signed, for AssumeRoleWithOIDC.
[[nodiscard]] HttpCall Unsigned(const ApiRequest& request, Time now, std::string_view nonce);

// ---- The parts, as the vendor's documentation names them.

// Everything but A-Z a-z 0-9 - _ . ~ as %XX.
[[nodiscard]] std::string PercentEncode(std::string_view text);
// Parameters sorted by name, encoded, joined with '&'. Also the form of a form body.
[[nodiscard]] std::string CanonicalQuery(HttpFields parameters);
// Of header names in lower case, all of which are signed.
[[nodiscard]] std::string CanonicalRequest(std::string_view method, std::string_view path,
                                           const HttpFields& query, const HttpFields& headers,
                                           std::string_view payload_hash);
// The Authorization header for the same.
[[nodiscard]] std::string Acs3Authorization(std::string_view canonical_request,
                                            const HttpFields& headers,
                                            const Credentials& credentials);
[[nodiscard]] std::string RpcStringToSign(std::string_view method, const HttpFields& parameters);
[[nodiscard]] std::string RpcSignature(std::string_view string_to_sign,
                                       std::string_view access_key_secret);

}  // namespace lowbalance::alibaba
