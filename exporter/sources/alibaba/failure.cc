#include "exporter/sources/alibaba/failure.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

#include "core/text.h"
#include "exporter/sources/alibaba/json_reply.h"

namespace lowbalance::alibaba {
namespace {

using nlohmann::json;

// What a server may make us wait for.
constexpr Millis kShortestWait{100};
constexpr Millis kLongestWait = std::chrono::minutes{2};

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

template <std::size_t n>
bool IsOneOf(std::string_view word, const std::array<std::string_view, n>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

constexpr std::array<std::string_view, 8> kRetried{
    "InternalError",      "UndefinedError", "CreditInnerError", "RequestTimeout",
    "ServiceUnavailable", "timeout",        "connection",       "not_json"};
constexpr std::array<std::string_view, 4> kNotPermitted{"NoPermission", "NotAuthorized",
                                                        "Forbidden.RAM", "NoFundAccountPermission"};

std::optional<Millis> ParseMillis(std::string_view text) {
  std::int64_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc{} || end == text.data() || n < 0) return std::nullopt;
  return std::clamp(Millis{n}, kShortestWait, kLongestWait);
}

// "Limit:1,Remain:0,TimeLeft:2000,Reset:1234": the time left, in milliseconds.
std::optional<Millis> TimeLeft(std::string_view text) {
  constexpr std::string_view kName = "TimeLeft:";
  const auto at = text.find(kName);
  if (at == std::string_view::npos) return std::nullopt;
  return ParseMillis(text.substr(at + kName.size()));
}

// The longest wait that any of the headers asks for.
std::optional<Millis> AskedWait(const HttpReply& reply) {
  std::optional<Millis> wait = ParseMillis(reply.Header("x-acs-retry-after"));
  for (const char* const name : {"x-ratelimit-user-api", "x-ratelimit-user"}) {
    const auto left = TimeLeft(reply.Header(name));
    if (left && (!wait || *left > *wait)) wait = left;
  }
  return wait;
}

std::optional<std::string> EitherCase(const json& object, const char* upper, const char* lower) {
  auto text = TextOf(object, upper);
  return text ? text : TextOf(object, lower);
}

// The content of <name>…</name>; gateways answer in XML where they do not get as far as to read
// which format was asked for.
std::string XmlText(std::string_view body, const std::string& name) {
  const std::string open = "<" + name + ">";
  const auto begin = body.find(open);
  if (begin == std::string_view::npos) return "";
  body.remove_prefix(begin + open.size());
  const auto end = body.find("</" + name + ">");
  return end == std::string_view::npos ? "" : std::string(body.substr(0, end));
}

bool IsSuccessCode(std::string_view code) {
  std::string lower(code);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower == "200" || lower == "success" || lower == "ok";
}

// "Thu, 26 Nov 2026 06:04:52 GMT", as HTTP's Date header has it.
std::optional<Time> ParseHttpDate(std::string_view text) {
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (text.size() != 29 || !text.ends_with(" GMT")) return std::nullopt;
  const auto month = kMonths.find(text.substr(8, 3));
  if (month == std::string_view::npos || month % 3 != 0) return std::nullopt;
  const std::string number = std::to_string(month / 3 + 101).substr(1);
  const auto time =
      ParseRfc3339(std::string(text.substr(12, 4)) + "-" + number + "-" +
                   std::string(text.substr(5, 2)) + "T" + std::string(text.substr(17, 8)) + "Z");
  if (!time) return std::nullopt;
  return *time;
}

// How far our clock is from the server's, for a person.
std::string ClockDifference(const HttpReply& reply, Time now) {
  const auto server = ParseHttpDate(reply.Header("date"));
  if (!server) return "";
  const auto apart = std::chrono::duration_cast<std::chrono::seconds>(now - *server);
  const std::string size = FormatDuration(std::chrono::abs(apart));
  return "this machine's clock is " + size + (apart.count() < 0 ? " behind" : " ahead of") +
         " the server's";
}

}  // namespace

std::string Harmless(std::string_view text) {
  std::string harmless(text.substr(0, 64));
  for (char& c : harmless) {
    const bool well = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                      c == '.' || c == '_' || c == '-';
    if (!well) c = '_';
  }
  return harmless;
}

bool CarriesCredentials(std::string_view operation) { return operation.starts_with("AssumeRole"); }

std::string ApiFailure::ToString() const {
  std::string text = operation + ": " + code;
  std::string seen = status == 0 ? "" : "HTTP " + std::to_string(status);
  if (!request_id.empty()) seen += (seen.empty() ? "" : ", ") + ("request id " + request_id);
  if (!seen.empty()) text += " (" + seen + ")";
  if (!detail.empty()) text += ": " + detail;
  const std::string remedy = Remedy(*this);
  if (!remedy.empty()) text += (detail.empty() ? ": " : "; ") + remedy;
  return text;
}

Advice AdviceFor(const ApiFailure& failure) {
  const std::string& code = failure.code;
  if (Contains(code, "Throttling") || (failure.status == 429 && code != "unexpected_reply")) {
    return Advice::kSlowDown;
  }
  if (code == "SignatureNonceUsed") return Advice::kSignAgain;
  if (code == "MissingSecurityToken" || code.starts_with("InvalidSecurityToken")) {
    return Advice::kRefreshCredentials;
  }
  // A web server's error page stands for the gateway's; one that says 200 stands for itself.
  if (code == "not_json" && failure.status < 500) return Advice::kGiveUp;
  if (IsOneOf(code, kRetried) || failure.status >= 500) return Advice::kRetry;
  return Advice::kGiveUp;
}

bool IsNotForThisCaller(const ApiFailure& failure) {
  return IsOneOf(failure.code, kNotPermitted) || failure.code == "NotApplicable" ||
         failure.code == "InvalidVersion" || failure.code == "NoSuchVersion" ||
         failure.code.starts_with("InvalidAction") || failure.code.starts_with("InvalidApi");
}

std::string Remedy(const ApiFailure& failure) {
  const std::string& code = failure.code;
  if (code == "NotApplicable") {
    return "the account is of the other site, or the operation is not for its kind: try `site: "
           "china` or `site: international`";
  }
  if (code == "NoFundAccountPermission") {
    return "the caller neither owns nor manages this fund account";
  }
  if (IsOneOf(code, kNotPermitted)) {
    if (failure.operation == "AssumeRole") {
      return "allow sts:AssumeRole to the caller, and let the role trust it; the key of a whole "
             "account, not of a RAM user, can assume no role";
    }
    if (failure.operation == "QueryAccountBalance") {
      return "allow bss:DescribeAcccount, spelled with three c, in the RAM policy";
    }
    if (failure.operation == "GetFundAccountLowAvailableAmountAlarm") {
      return "allow bss:DescribeAlarm in the RAM policy";
    }
    if (failure.operation == "QueryBillOverview") {
      return "allow bssapi:QueryBillOverview in the RAM policy";
    }
    if (failure.operation == "ListAccounts") {
      return "allow resourcemanager:ListAccounts, to the management account or a delegated "
             "administrator";
    }
    return "allow bss:DescribeBillingAccount in the RAM policy";
  }
  if (code == "InvalidAccessKeyId.NotFound") return "the gateway does not know this AccessKey id";
  if (code == "InvalidAccessKeyId.Inactive") return "the AccessKey is disabled";
  if (code == "SignatureDoesNotMatch" || code == "IncompleteSignature") {
    return "the AccessKey secret does not belong to the id";
  }
  if (code.starts_with("InvalidTimeStamp")) return "set the clock; 15 minutes are tolerated";
  return "";
}

std::optional<ApiFailure> FindFailure(std::string_view operation, const HttpReply& reply,
                                      Time now) {
  ApiFailure failure{.operation = std::string(operation), .status = reply.status};
  const auto body = ParseJson(reply.body);
  const bool well = reply.status >= 200 && reply.status < 300;
  if (!body || !body->is_object()) {
    const std::string code = XmlText(reply.body, "Code");
    failure.code = code.empty() ? "not_json" : Harmless(code);
    failure.request_id = Harmless(XmlText(reply.body, "RequestId"));
    if (code.empty()) {
      if (body) {
        failure.detail = "the reply is no JSON object";
      } else {  // Its error quotes how it begins.
        failure.detail = CarriesCredentials(operation) ? "not JSON" : body.error().message;
      }
      if (const auto type = reply.Header("content-type"); !type.empty()) {
        failure.detail += ", content type " + Quoted(type);
      }
    }
  } else {
    const std::string code = EitherCase(*body, "Code", "code").value_or("");
    const bool refused = BoolOf(*body, "Success") == false || BoolOf(*body, "success") == false;
    if (well && !refused && (code.empty() || IsSuccessCode(code))) return std::nullopt;
    failure.code = code.empty() || IsSuccessCode(code) ? "unexpected_reply" : Harmless(code);
    failure.request_id = Harmless(EitherCase(*body, "RequestId", "requestId").value_or(""));
    if (well && refused) failure.detail = "HTTP 200, yet Success is false";
  }
  if (failure.request_id.empty()) failure.request_id = Harmless(reply.Header("x-acs-request-id"));
  failure.retry_after = AskedWait(reply);
  if (failure.code.starts_with("InvalidTimeStamp")) failure.detail = ClockDifference(reply, now);
  return failure;
}

ApiFailure NoReply(std::string_view operation, const HttpFailure& failure) {
  return {.operation = std::string(operation),
          .code = std::string(ToString(failure.kind)),
          .detail = failure.message};
}

}  // namespace lowbalance::alibaba
