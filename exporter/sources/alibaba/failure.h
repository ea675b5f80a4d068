#pragma once
// What can go wrong with a call, what is to be done about it, and how it is told.
//
// Pure. Everything here may stand in a log line: codes and request ids are cut to a harmless shape,
// and the gateway's own sentences are not passed on, as some echo what was signed.

#include <optional>
#include <string>
#include <string_view>

#include "base/http_client.h"
#include "core/time.h"

namespace lowbalance::alibaba {

struct ApiFailure {
  std::string operation;
  // The gateway's code ("Throttling.User"), or ours: timeout, connection, tls, too_large, protocol
  // (no reply), not_json, unexpected_reply (a reply that is not what it should be), credentials
  // (there were none to sign with), abandoned (the poll's time was over).
  std::string code;
  int status = 0;          // Of HTTP; 0 without a reply.
  std::string request_id;  // The gateway's; empty if it said none.
  std::string detail;      // For a person; may be empty.
  // How long the server wants to be left alone, where it said so.
  std::optional<Millis> retry_after;

  // "QueryAccountBalance: NoPermission (HTTP 400, request id 1A2B): allow bss:… in the RAM policy"
  [[nodiscard]] std::string ToString() const;
};

template <class T>
using ApiResult = tl::expected<T, ApiFailure>;

// What to do about a failure.
enum class Advice {
  kRetry,               // Later, by itself.
  kSlowDown,            // Later, and everything else with this operation's budget too.
  kSignAgain,           // At once, once: the nonce was known already.
  kRefreshCredentials,  // Once, with new credentials.
  kGiveUp,              // It will fail again.
};
[[nodiscard]] Advice AdviceFor(const ApiFailure& failure);

// Whether the caller may not use the operation, or the gateway does not know it for this caller:
// another operation may still answer.
[[nodiscard]] bool IsNotForThisCaller(const ApiFailure& failure);

// What a person can do about it; empty where there is nothing to say.
[[nodiscard]] std::string Remedy(const ApiFailure& failure);

// A reply that is an error, or no JSON, as a failure; empty if it is a good one. Good is: status
// 2xx, an object, `Success` not false, and `Code`, if any, 200 or Success.
[[nodiscard]] std::optional<ApiFailure> FindFailure(std::string_view operation,
                                                    const HttpReply& reply, Time now);
[[nodiscard]] ApiFailure NoReply(std::string_view operation, const HttpFailure& failure);

// Whether a good reply has credentials in it, so that no reply may be shown.
[[nodiscard]] bool CarriesCredentials(std::string_view operation);

// Letters, digits, '.', '_' and '-', at most 64 of them, others as '_': a code or a request id as
// it may stand in a metric or a log line.
[[nodiscard]] std::string Harmless(std::string_view text);

}  // namespace lowbalance::alibaba
