#include "exporter/sources/alibaba/unread_fields.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "core/text.h"
#include "exporter/sources/alibaba/json_reply.h"

namespace lowbalance::alibaba {
namespace {

using nlohmann::json;

// What replies.cc and failure.cc read, of all operations together.
constexpr std::array<std::string_view, 33> kRead{"Code",
                                                 "Message",
                                                 "RequestId",
                                                 "Success",
                                                 "Metadata",
                                                 "Currency",
                                                 "AvailableAmount",
                                                 "CashAmount",
                                                 "CreditAmount",
                                                 "CreditRefundAmount",
                                                 "CurrentMonthUnclearedAmount",
                                                 "HistoryMonthUnclearedAmount",
                                                 "CreditUser",
                                                 "AvailableCashAmount",
                                                 "FundAccountId",
                                                 "FundAccountName",
                                                 "FundAccountOwnerAccountId",
                                                 "FundAccountStatus",
                                                 "ThresholdAmount",
                                                 "AlarmEnabled",
                                                 "AccountId",
                                                 "DisplayName",
                                                 "Status",
                                                 "NextToken",
                                                 "OutstandingAmount",
                                                 "PretaxGrossAmount",
                                                 "Data",
                                                 "Accounts",
                                                 "Account",
                                                 "Items",
                                                 "Item",
                                                 "HostId",
                                                 "Recommend"};

// Goes down to where the amounts are: Data, Items.Item, Accounts.Account; the first of a list.
const json& Innermost(const json& value) {
  if (value.is_array()) return value.empty() ? value : Innermost(value.front());
  for (const char* const name : {"Data", "Items", "Item", "Accounts", "Account"}) {
    if (const json& inner = PartOf(value, name); !inner.is_null()) return Innermost(inner);
  }
  return value;
}

}  // namespace

std::vector<std::string> UnreadFields(std::string_view body) {
  const auto reply = ParseJson(body);
  if (!reply) return {};
  const json& object = Innermost(*reply);
  std::vector<std::string> unread;
  if (!object.is_object()) return unread;
  for (const auto& [name, value] : object.items()) {
    if (std::find(kRead.begin(), kRead.end(), name) != kRead.end()) continue;
    const std::string text = value.is_string()
                                 ? Quoted(value.get_ref<const std::string&>(), 200)
                                 : value.dump(-1, ' ', false, json::error_handler_t::replace);
    unread.push_back(name + ": " + text.substr(0, 300));
  }
  return unread;
}

}  // namespace lowbalance::alibaba
