#pragma once
// The operations we call, as requests.
//
// Pure. Names, versions and where parameters stand are the vendor's; those of 2023-09-30 stand in a
// form body, the older ones in the query.

#include <string>

#include "exporter/sources/alibaba/signing.h"

namespace lowbalance::alibaba {

// ---- On the billing endpoint.

// An empty `fund_account` asks for the caller's own.
[[nodiscard]] ApiRequest GetFundAccountAvailableAmount(const std::string& endpoint,
                                                       const std::string& fund_account);
[[nodiscard]] ApiRequest GetFundAccountLowAvailableAmountAlarm(const std::string& endpoint,
                                                               const std::string& fund_account);
[[nodiscard]] ApiRequest ListFundAccount(const std::string& endpoint, bool only_managed);
[[nodiscard]] ApiRequest QueryAccountBalance(const std::string& endpoint);
// `month`: "2026-11".
[[nodiscard]] ApiRequest QueryBillOverview(const std::string& endpoint, const std::string& month);

// ---- On the Security Token Service.

struct RoleSession {
  std::string role_arn;
  std::string session_name;
  std::string external_id;  // May be empty.
  Millis duration{};
};
[[nodiscard]] ApiRequest AssumeRole(const std::string& endpoint, const RoleSession& session);
// Not signed.
[[nodiscard]] ApiRequest AssumeRoleWithOidc(const std::string& endpoint, const RoleSession& session,
                                            const std::string& provider_arn,
                                            const std::string& token);
[[nodiscard]] ApiRequest GetCallerIdentity(const std::string& endpoint);

// ---- On Resource Directory. An empty `next_token` asks for the first page.

[[nodiscard]] ApiRequest ListAccounts(const std::string& endpoint, const std::string& next_token);

}  // namespace lowbalance::alibaba
