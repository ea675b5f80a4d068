// Alibaba Cloud's replies, of both billing APIs and of those around them: each operation's reader
// takes or refuses any body, and what may be logged of it is harmless. The vendor's files of
// credentials likewise.

#include <algorithm>

#include "base/http_client.h"
#include "core/text.h"
#include "exporter/sources/alibaba/failure.h"
#include "exporter/sources/alibaba/profile.h"
#include "exporter/sources/alibaba/replies.h"
#include "exporter/sources/alibaba/unread_fields.h"
#include "tests/fuzz/fuzz.h"

namespace lowbalance::fuzz {
namespace {

using namespace lowbalance::alibaba;

constexpr std::size_t kLongest = 600;

// Holds a refusal to what it promises.
template <class T>
Result<T> Refusal(Result<T> result) {
  if (!result) PROMISE_MESSAGE(result.error().message, kLongest);
  return result;
}

void CheckBalance(Result<Balance> result) {
  const auto balance = Refusal(std::move(result));
  if (balance) PROMISE(ParseCurrency(balance->currency) == balance->currency);
}

void TryFailures(std::string_view input) {
  for (const int status : {200, 400, 503}) {
    const HttpReply reply{.status = status,
                          .headers = {{"x-acs-retry-after", std::string(input)},
                                      {"date", std::string(input)},
                                      {"content-type", std::string(input)}},
                          .body = std::string(input)};
    const auto failure = FindFailure("QueryAccountBalance", reply, TimeFromMillis(1));
    PROMISE(failure || status == 200);
    if (!failure) continue;
    PROMISE(failure->code == Harmless(failure->code) && !failure->code.empty());
    PROMISE(failure->request_id == Harmless(failure->request_id));
    PROMISE_MESSAGE(failure->ToString(), 2 * kLongest);
    if (failure->retry_after) PROMISE(*failure->retry_after <= std::chrono::minutes{2});
    (void)AdviceFor(*failure);
  }
}

}  // namespace

void Try(std::string_view input) {
  CheckBalance(ParseFundAccountAmount(input));
  CheckBalance(ParseAccountBalance(input));
  if (const auto accounts = Refusal(ParseFundAccounts(input))) {
    PROMISE(accounts->size() <= input.size());
    for (const FundAccount& account : *accounts) PROMISE(!account.id.empty());
  }
  if (const auto page = Refusal(ParseMembers(input))) {
    PROMISE(page->members.size() <= input.size());
    for (const Member& member : page->members) PROMISE(!member.id.empty());
  }
  (void)Refusal(ParseAlarm(input));
  (void)Refusal(ParseBillOverview(input));
  if (const auto key = Refusal(ParseCredentials(input))) {
    PROMISE(!key->access_key_id.empty() && !key->access_key_secret.empty());
  }
  if (const auto id = Refusal(ParseCallerIdentity(input))) PROMISE(!id->empty());
  std::size_t unread = 0;
  for (const std::string& field : UnreadFields(input)) unread += field.size();
  PROMISE(unread <= 8 * input.size() + 1000);
  TryFailures(input);
  (void)Refusal(ParseCliProfile(input, ""));
  (void)Refusal(ParseIniProfile(input, ""));
}

}  // namespace lowbalance::fuzz
