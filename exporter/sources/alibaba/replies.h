#pragma once
// What the operations' replies say, read from their bodies.
//
// Pure. A body that lacks what the operation promises is refused, naming the field and what was
// seen; nothing is taken for 0. Fields nobody asked for are left alone. Amounts may have commas and
// white space; more than six decimals are rounded to the nearest millionth, as bills are priced
// finer than anybody pays.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/account_memory.h"
#include "core/available_credit.h"
#include "core/money.h"
#include "core/result.h"
#include "core/time.h"
#include "exporter/sources/alibaba/signing.h"

namespace lowbalance::alibaba {

// "1,234.56", "-11.19", "10000.00\n", "0.1234567890".
[[nodiscard]] Result<Money> ParseAmount(std::string_view text);

// One account's money, from either operation. A term the operation does not give is empty.
struct Balance {
  std::string currency;
  Money available_credit;
  CreditTerms terms;
  CostsIncurred costs_incurred = CostsIncurred::kUnknown;  // Yes where the amounts show it.
  AccountStatus status = AccountStatus::kUnknown;
  std::string owner;        // Of the fund account: an account's id. Empty if not said.
  bool uses_credit = true;  // Unless the operation shows that there is no credit control.
};

// GetFundAccountAvailableAmount.
[[nodiscard]] Result<Balance> ParseFundAccountAmount(std::string_view body);
// QueryAccountBalance. Its CreditAmount is the limit or what is left of it, which its makers say
// differently in different places; so there is no credit limit.
[[nodiscard]] Result<Balance> ParseAccountBalance(std::string_view body);

// ListFundAccount, without the accounts the caller has no part in.
struct FundAccount {
  std::string id;
  std::string name;
  std::string owner;
  AccountStatus status = AccountStatus::kUnknown;
};
[[nodiscard]] Result<std::vector<FundAccount>> ParseFundAccounts(std::string_view body);

// GetFundAccountLowAvailableAmountAlarm. Without a threshold the alarm was never set.
struct VendorAlarm {
  bool enabled = false;
  std::optional<Money> threshold;
};
[[nodiscard]] Result<VendorAlarm> ParseAlarm(std::string_view body);

// One page of Resource Directory's ListAccounts.
struct Member {
  std::string id;
  std::string name;
  bool joined = true;  // It is there to be asked: created, or its invitation accepted.
};
struct MemberPage {
  std::vector<Member> members;
  std::string next_token;  // Empty: the last page.
};
[[nodiscard]] Result<MemberPage> ParseMembers(std::string_view body);

// QueryBillOverview: what one month's bills leave unsettled, and whether there were any costs.
struct BillSum {
  Money unsettled;
  bool costs = false;
};
[[nodiscard]] Result<BillSum> ParseBillOverview(std::string_view body);

// AssumeRole, AssumeRoleWithOIDC (`Credentials` within), and the metadata server and credentials
// URI (the same four fields at the top). An error never quotes a value.
[[nodiscard]] Result<Credentials> ParseCredentials(std::string_view body);
// GetCallerIdentity: the account's id.
[[nodiscard]] Result<std::string> ParseCallerIdentity(std::string_view body);

}  // namespace lowbalance::alibaba
