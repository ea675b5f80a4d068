#include "exporter/sources/alibaba/source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "tests/exporter/sources/alibaba/fake_transport.h"

namespace lowbalance::alibaba {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr const char* kFrozenInTheList =
    R"({"Data":[{"FundAccountId":"501","FundAccountStatus":"FROZEN"}]})";
constexpr const char* kBalance =
    R"({"RequestId":"1","AvailableAmount":"1,157.74","CashAmount":"1,157.74","CreditAmount":"0",)"
    R"("CreditRefundAmount":"0","CurrentMonthUnclearedAmount":"0",)"
    R"("HistoryMonthUnclearedAmount":"0","Currency":"CNY","FundAccountStatus":"VALID"})";
constexpr const char* kOlderBalance =
    R"({"Code":"200","Success":true,"Data":{"AvailableAmount":"849.70",)"
    R"("AvailableCashAmount":"900.00","CreditAmount":"0.00","Currency":"CNY"}})";
constexpr const char* kNoPermission = R"({"Code":"NoPermission"})";

// The part of the query that follows `name=`; empty if there is none.
std::string QueryOf(const HttpCall& call, const std::string& name) {
  const auto at = call.url.find(name + "=");
  if (at == std::string::npos) return "";
  const auto begin = at + name.size() + 1;
  return call.url.substr(begin, call.url.find('&', begin) - begin);
}

// A vendor with a directory of so many members, whose clock stands still but for waits.
class AlibabaSourceTest : public testing::Test {
 protected:
  FakeTransport::Answer Answer(const HttpCall& call) {
    const std::string operation = HeaderOf(call, "x-acs-action");
    ++asked_[operation];
    if (operation == "ListAccounts") return Page(call);
    if (operation == "AssumeRole") return Role(QueryOf(call, "RoleArn"));
    if (operation == "GetCallerIdentity") return Answered(R"({"AccountId":"1000"})");
    if (operation == "GetFundAccountAvailableAmount") return Answered(balance_, balance_status_);
    if (operation == "ListFundAccount" && !fund_accounts_.empty()) return Answered(fund_accounts_);
    if (operation == "QueryAccountBalance") return Answered(kOlderBalance);
    if (operation == "QueryBillOverview") {
      const auto bills = bills_.find(QueryOf(call, "BillingCycle"));
      return Answered(R"({"Success":true,"Data":)" +
                      (bills == bills_.end() ? R"({"Items":{"Item":[]}})" : bills->second) + "}");
    }
    return Answered(R"({"Code":"InvalidAction.NotFound"})", 404);
  }
  FakeTransport::Answer Page(const HttpCall& call) {
    const std::string token = QueryOf(call, "NextToken");
    const int from = token.empty() ? 0 : std::stoi(token) - shown_twice_;
    const int size = std::stoi(QueryOf(call, "MaxResults"));
    std::string list;
    for (int i = from; i < std::min(from + size, members_); ++i) {
      list += (list.empty() ? "" : ",") + (R"({"AccountId":")" + std::to_string(20'000 + i)) +
              R"(","DisplayName":"Member","Status":")" +
              (i == 7 ? "InvitePending" : "CreateSuccess") + R"("})";
    }
    const std::string next =
        from + size < members_ ? R"(,"NextToken":")" + std::to_string(from + size) + "\"" : "";
    return Answered(R"({"Accounts":{"Account":[)" + list + "]}" + next + "}");
  }
  FakeTransport::Answer Role(const std::string& arn) {
    const std::string expires = FormatRfc3339(transport_->WallTime() + hours{1});
    return Answered(R"({"Credentials":{"AccessKeyId":"STS.)" + arn +
                    R"(","AccessKeySecret":"s","SecurityToken":"t","Expiration":")" + expires +
                    R"("}})");
  }

  void Make(AlibabaConfig config) {
    config.site = "china";
    auto transport =
        std::make_unique<FakeTransport>([this](const HttpCall& call) { return Answer(call); });
    transport_ = transport.get();
    source_ = std::make_unique<AlibabaSource>(
        "cloud", "alibaba", std::move(config),
        SourceWorld{.transport = std::move(transport),
                    .clock = [this] { return transport_->WallTime(); },
                    .environment = [](const char* name) -> std::string {
                      const std::string_view key(name);
                      if (key == "ALIBABA_CLOUD_ACCESS_KEY_ID") return "LTAI";
                      return key == "ALIBABA_CLOUD_ACCESS_KEY_SECRET" ? "secret" : "";
                    }});
  }
  Fetched Fetch(SteadyTime deadline = SteadyTime::max()) {
    auto fetched = source_->Fetch({.now = transport_->WallTime(), .deadline = deadline});
    EXPECT_TRUE(fetched) << (fetched ? "" : fetched.error().message);
    return fetched.value_or(Fetched{});
  }

  int members_ = 0;
  int shown_twice_ = 0;        // Members that end one page and begin the next.
  std::string fund_accounts_;  // What ListFundAccount answers; empty: that there is no such thing.
  std::string balance_ = kBalance;
  int balance_status_ = 200;
  std::map<std::string, std::string> bills_;  // By month; none in the others.
  std::map<std::string, int> asked_;
  FakeTransport* transport_ = nullptr;
  std::unique_ptr<AlibabaSource> source_;
};

TEST_F(AlibabaSourceTest, ADirectoryOfManyPagesIsReadToItsEnd) {
  members_ = 250;
  Make({.discovery = "resource_directory", .exclude = {"20003"}, .member_role = "reader"});
  const Fetched fetched = Fetch();
  EXPECT_EQ(asked_["ListAccounts"], 3);
  // But for one that is left out and one that has not joined; and the management account.
  EXPECT_EQ(fetched.readings.size(), 249);
  EXPECT_TRUE(fetched.failures.empty());
  EXPECT_TRUE(fetched.complete);
  std::map<std::string, Money> credits;
  for (const Reading& reading : fetched.readings) {
    credits[reading.account.account_id] = reading.available_credit;
  }
  EXPECT_EQ(credits.size(), 249);
  EXPECT_EQ(credits.at("20249"), Money::Parse("1157.74").value());
  EXPECT_TRUE(credits.contains("1000"));
  EXPECT_FALSE(credits.contains("20003"));
  EXPECT_FALSE(credits.contains("20007"));
}

TEST_F(AlibabaSourceTest, AThousandMembersAreAskedWithinSecondsAndKeepTheirRoles) {
  members_ = 1000;
  Make({.discovery = "resource_directory",
        .member_role = "reader",
        .include_management_account = false});
  const SteadyTime begun = transport_->Now();
  EXPECT_EQ(Fetch().readings.size(), 999);
  // Their roles count against one account's limit, 50 a second; their balances against their own.
  EXPECT_LT(transport_->Now() - begun, seconds{30});
  EXPECT_EQ(asked_["AssumeRole"], 999);

  const SteadyTime again = transport_->Now();
  EXPECT_EQ(Fetch().readings.size(), 999);
  EXPECT_EQ(asked_["AssumeRole"], 999) << "used until shortly before they expire";
  EXPECT_LT(transport_->Now() - again, seconds{6});
  EXPECT_EQ(transport_->most_in_flight, 32);
}

TEST_F(AlibabaSourceTest, EachMemberIsAskedWithItsOwnRole) {
  members_ = 3;
  Make({.discovery = "resource_directory",
        .member_role = "reader",
        .include_management_account = false});
  Fetch();
  std::map<std::string, int> keys;
  for (const HttpCall& call : transport_->calls) {
    if (HeaderOf(call, "x-acs-action") != "GetFundAccountAvailableAmount") continue;
    ++keys[HeaderOf(call, "x-acs-accesskey-id")];
  }
  EXPECT_THAT(keys,
              testing::ElementsAre(testing::Pair("STS.acs%3Aram%3A%3A20000%3Arole%2Freader", 1),
                                   testing::Pair("STS.acs%3Aram%3A%3A20001%3Arole%2Freader", 1),
                                   testing::Pair("STS.acs%3Aram%3A%3A20002%3Arole%2Freader", 1)));
}

// The directory has changed between two pages.
TEST_F(AlibabaSourceTest, AMemberListedTwiceIsOneAccountInEveryPoll) {
  members_ = 250;
  shown_twice_ = 5;
  Make({.discovery = "resource_directory", .member_role = "reader"});
  for (const char* poll : {"the first", "one that knows them"}) {
    SCOPED_TRACE(poll);
    const Fetched fetched = Fetch();
    EXPECT_EQ(fetched.readings.size(), 250);  // One has not joined; the management account has.
    EXPECT_TRUE(fetched.failures.empty());
  }
}

TEST_F(AlibabaSourceTest, WhatAnOldListSaysIsOutrankedByTheBalance) {
  fund_accounts_ = kFrozenInTheList;
  Make({.discovery = "fund_accounts"});
  EXPECT_EQ(Fetch().readings.at(0).status, AccountStatus::kFrozen) << "the list is of this poll";

  fund_accounts_.clear();
  EXPECT_EQ(Fetch().readings.at(0).status, AccountStatus::kActive);
  balance_ = R"({"AvailableAmount":"5","Currency":"CNY"})";
  EXPECT_EQ(Fetch().readings.at(0).status, AccountStatus::kFrozen) << "nothing newer is known";
  balance_ = kNoPermission;
  balance_status_ = 400;
  EXPECT_EQ(Fetch().failures.at(0).status, AccountStatus::kUnknown);

  fund_accounts_ = kFrozenInTheList;
  EXPECT_EQ(Fetch().failures.at(0).status, AccountStatus::kFrozen);
}

TEST_F(AlibabaSourceTest, WhereTheTimeIsShortEveryAccountHasItsTurn) {
  std::string list;
  for (int i = 100; i < 200; ++i) {
    list += (list.empty() ? "" : ",") + (R"({"FundAccountId":")" + std::to_string(i)) + "\"}";
  }
  fund_accounts_ = R"({"Data":[)" + list + "]}";
  Make({.discovery = "fund_accounts"});
  std::map<std::string, int> read;
  for (int poll = 1; poll <= 3; ++poll) {
    const Fetched fetched = Fetch(transport_->Now() + seconds{8});  // At five a second.
    EXPECT_EQ(fetched.readings.size() + fetched.failures.size(), 100);
    EXPECT_GT(fetched.failures.size(), 50);
    for (const Reading& reading : fetched.readings) ++read[reading.account.account_id];
  }
  EXPECT_EQ(read.size(), 100) << "more than a third of them in each";
}

TEST_F(AlibabaSourceTest, BillsThatLackTheirItemsAreNotTakenForNone) {
  balance_ = kNoPermission;
  balance_status_ = 400;
  Make({.unsettled_from_bills = true});
  const Reading none = Fetch().readings.at(0);
  EXPECT_EQ(none.terms.unsettled_current_month, Money{});
  EXPECT_EQ(none.costs_incurred, CostsIncurred::kNo);

  transport_->Wait(hours{2});
  bills_["2026-10"] = R"({"BillingCycle":"2026-10"})";
  const Reading unknown = Fetch().readings.at(0);
  EXPECT_EQ(unknown.available_credit, Money::Parse("849.7").value());
  EXPECT_EQ(unknown.terms.unsettled_current_month, std::nullopt);
  EXPECT_EQ(unknown.terms.unsettled_previous_months, std::nullopt);
  EXPECT_EQ(unknown.costs_incurred, CostsIncurred::kUnknown);
}

TEST_F(AlibabaSourceTest, AFirstListThatCannotBeHadIsAFailedPoll) {
  Make({.discovery = "fund_accounts"});
  const auto fetched = source_->Fetch({.now = transport_->WallTime()});
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().message, "ListFundAccount: InvalidAction.NotFound (HTTP 404)");
}

TEST_F(AlibabaSourceTest, CountsItsCallsWhateverTheyCameTo) {
  Make({.discovery = "fund_accounts"});
  CallCounts counts;
  EXPECT_FALSE(source_->Fetch(
      {.now = transport_->WallTime(), .count = [&](const CallCounts& calls) { counts = calls; }}));
  EXPECT_EQ(counts.requests.at({"ListFundAccount", "InvalidAction.NotFound"}), 1);
}

}  // namespace
}  // namespace lowbalance::alibaba
