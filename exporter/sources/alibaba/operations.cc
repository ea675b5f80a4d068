#include "exporter/sources/alibaba/operations.h"

#include <chrono>
#include <string_view>
#include <utility>

namespace lowbalance::alibaba {
namespace {

constexpr std::string_view kBilling = "2017-12-14";
constexpr std::string_view kFundAccounts = "2023-09-30";
constexpr std::string_view kSts = "2015-04-01";
constexpr std::string_view kResourceDirectory = "2022-04-19";
// The most that a page may have.
constexpr std::string_view kMembersInAPage = "100";

ApiRequest InQuery(std::string operation, std::string_view version, const std::string& endpoint,
                   HttpFields query) {
  return {.operation = std::move(operation),
          .version = std::string(version),
          .endpoint = endpoint,
          .query = std::move(query)};
}

ApiRequest InForm(std::string operation, std::string_view version, const std::string& endpoint,
                  HttpFields form) {
  return {.operation = std::move(operation),
          .version = std::string(version),
          .endpoint = endpoint,
          .form = std::move(form),
          .has_form = true};
}

HttpFields FundAccount(const std::string& id) {
  return id.empty() ? HttpFields{} : HttpFields{{"FundAccountId", id}};
}

HttpFields Session(const RoleSession& session) {
  using std::chrono::duration_cast;
  using std::chrono::seconds;
  HttpFields fields{
      {"RoleArn", session.role_arn},
      {"RoleSessionName", session.session_name},
      {"DurationSeconds", std::to_string(duration_cast<seconds>(session.duration).count())}};
  if (!session.external_id.empty()) fields.emplace_back("ExternalId", session.external_id);
  return fields;
}

}  // namespace

ApiRequest GetFundAccountAvailableAmount(const std::string& endpoint,
                                         const std::string& fund_account) {
  return InForm("GetFundAccountAvailableAmount", kFundAccounts, endpoint,
                FundAccount(fund_account));
}

ApiRequest GetFundAccountLowAvailableAmountAlarm(const std::string& endpoint,
                                                 const std::string& fund_account) {
  return InForm("GetFundAccountLowAvailableAmountAlarm", kFundAccounts, endpoint,
                FundAccount(fund_account));
}

ApiRequest ListFundAccount(const std::string& endpoint, bool only_managed) {
  return InForm("ListFundAccount", kFundAccounts, endpoint,
                {{"QueryOnlyManage", only_managed ? "true" : "false"}});
}

ApiRequest QueryAccountBalance(const std::string& endpoint) {
  return InQuery("QueryAccountBalance", kBilling, endpoint, {});
}

ApiRequest QueryBillOverview(const std::string& endpoint, const std::string& month) {
  return InQuery("QueryBillOverview", kBilling, endpoint, {{"BillingCycle", month}});
}

ApiRequest AssumeRole(const std::string& endpoint, const RoleSession& session) {
  return InQuery("AssumeRole", kSts, endpoint, Session(session));
}

ApiRequest AssumeRoleWithOidc(const std::string& endpoint, const RoleSession& session,
                              const std::string& provider_arn, const std::string& token) {
  HttpFields form = Session(session);
  form.emplace_back("OIDCProviderArn", provider_arn);
  form.emplace_back("OIDCToken", token);
  return InForm("AssumeRoleWithOIDC", kSts, endpoint, std::move(form));
}

ApiRequest GetCallerIdentity(const std::string& endpoint) {
  return InQuery("GetCallerIdentity", kSts, endpoint, {});
}

ApiRequest ListAccounts(const std::string& endpoint, const std::string& next_token) {
  HttpFields query{{"MaxResults", std::string(kMembersInAPage)}};
  if (!next_token.empty()) query.emplace_back("NextToken", next_token);
  return InQuery("ListAccounts", kResourceDirectory, endpoint, std::move(query));
}

}  // namespace lowbalance::alibaba
