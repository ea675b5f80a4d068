#include "exporter/exposition.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>

#include "core/contract.h"
#include "tests/exporter/helpers.h"

namespace lowbalance {
namespace {

Snapshot SnapshotOf(std::vector<Account> accounts) {
  Snapshot snapshot;
  for (Account& account : accounts) {
    snapshot.accounts.push_back(std::make_shared<const Account>(std::move(account)));
  }
  return snapshot;
}

std::string TextOf(const Snapshot& snapshot) {
  std::string text;
  AppendAccountMetrics(snapshot, text);
  return text;
}

// The series alone, without HELP and TYPE.
std::string SeriesOf(const Snapshot& snapshot) {
  std::istringstream lines(TextOf(snapshot));
  std::string series;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with('#')) series += line + "\n";
  }
  return series;
}

// An account of which everything is known and has happened.
Account Full() {
  Account account;
  AccountMemory& m = account.memory;
  m.account = {"acme", "17"};
  m.account_name = "Acme";
  m.owner = "Acme \"Holding\"";
  m.status = AccountStatus::kActive;
  m.currency = "USD";
  m.available_credit = Amount("-1234.5");
  m.terms = {.cash_balance = Amount("0.000001"),
             .credit_limit = Amount("1000"),
             .credit_refunds = Amount("0"),
             .unsettled_current_month = Amount("2234.5"),
             .unsettled_previous_months = Amount("0.100001")};
  m.up = true;
  m.last_success = kNoon;
  m.changed = kNoon - Millis{1};
  m.spend_total = Amount("9223372036854.775807");
  m.top_up_total = Amount("100");
  m.levels["critical"] = {.enabled = true, .threshold = Amount("20"), .currency = "USD"};
  m.levels["warning"] = {.enabled = true,
                         .threshold = Amount("99.9"),
                         .currency = "USD",
                         .low_since = kNoon - Millis{120'050},
                         .first_change = kNoon - Millis{60'500},
                         .overdue = kNoon,
                         .ended = Ended{kNoon - std::chrono::hours{1}, EndReason::kRecovered}};
  account.source = "bills";
  account.contact = "finance";
  return account;
}

TEST(ExpositionTest, EverySeriesOfAnAccount) {
  EXPECT_EQ(TextOf(SnapshotOf({Full()})),
            R"(# HELP billing_account_info Names of the account: always 1. The only place for names.
# TYPE billing_account_info gauge
billing_account_info{provider="acme",account_id="17",account_name="Acme",contact="finance",source="bills",owner="Acme \"Holding\""} 1
# HELP billing_account_available_credit Available credit as the provider states it, in whole currency units. Polled on a timer, not on scrape; see billing_account_last_success_timestamp_seconds for its age.
# TYPE billing_account_available_credit gauge
billing_account_available_credit{provider="acme",account_id="17",currency="USD"} -1234.5
# HELP billing_account_cash_balance The remaining funds in the account.
# TYPE billing_account_cash_balance gauge
billing_account_cash_balance{provider="acme",account_id="17",currency="USD"} 0.000001
# HELP billing_account_credit_limit The credit line approved for the account.
# TYPE billing_account_credit_limit gauge
billing_account_credit_limit{provider="acme",account_id="17",currency="USD"} 1000
# HELP billing_account_credit_refunds Refunds of what had been paid for with the credit line.
# TYPE billing_account_credit_refunds gauge
billing_account_credit_refunds{provider="acme",account_id="17",currency="USD"} 0
# HELP billing_account_unsettled_current_month Usage of the current month that is not billed yet.
# TYPE billing_account_unsettled_current_month gauge
billing_account_unsettled_current_month{provider="acme",account_id="17",currency="USD"} 2234.5
# HELP billing_account_unsettled_previous_months Amounts billed for previous months that await payment.
# TYPE billing_account_unsettled_previous_months gauge
billing_account_unsettled_previous_months{provider="acme",account_id="17",currency="USD"} 0.100001
# HELP billing_account_unexplained_amount Available credit minus the formula over its terms; not 0 where the provider has ledgers the formula does not know.
# TYPE billing_account_unexplained_amount gauge
billing_account_unexplained_amount{provider="acme",account_id="17",currency="USD"} 0.1
# HELP billing_account_available_credit_change_timestamp_seconds When available credit was last seen to change.
# TYPE billing_account_available_credit_change_timestamp_seconds gauge
billing_account_available_credit_change_timestamp_seconds{provider="acme",account_id="17"} 1795435199.999
# HELP billing_account_spend_total Every decrease of available credit seen, added up.
# TYPE billing_account_spend_total counter
billing_account_spend_total{provider="acme",account_id="17",currency="USD"} 9223372036854.775807
# HELP billing_account_top_up_total Every increase of available credit seen, added up.
# TYPE billing_account_top_up_total counter
billing_account_top_up_total{provider="acme",account_id="17",currency="USD"} 100
# HELP billing_account_up Whether the last poll of the account succeeded.
# TYPE billing_account_up gauge
billing_account_up{provider="acme",account_id="17"} 1
# HELP billing_account_status Whether the account is active, frozen or closed at the provider: 1 for the one it is in, 0 for the others; absent where the provider does not say.
# TYPE billing_account_status gauge
billing_account_status{provider="acme",account_id="17",status="active"} 1
billing_account_status{provider="acme",account_id="17",status="frozen"} 0
billing_account_status{provider="acme",account_id="17",status="closed"} 0
# HELP billing_account_last_success_timestamp_seconds As of when the newest billing data is.
# TYPE billing_account_last_success_timestamp_seconds gauge
billing_account_last_success_timestamp_seconds{provider="acme",account_id="17"} 1795435200
# HELP billing_account_alert_enabled Whether Low Balance Alerts are enabled; 0 too while the setting is suspended because the account's currency has changed, and while the account is frozen or closed.
# TYPE billing_account_alert_enabled gauge
billing_account_alert_enabled{provider="acme",account_id="17",level="critical"} 1
billing_account_alert_enabled{provider="acme",account_id="17",level="warning"} 1
# HELP billing_account_alert_threshold The alert threshold, in whole currency units; present whenever one is set.
# TYPE billing_account_alert_threshold gauge
billing_account_alert_threshold{provider="acme",account_id="17",level="critical",currency="USD"} 20
billing_account_alert_threshold{provider="acme",account_id="17",level="warning",currency="USD"} 99.9
# HELP billing_account_alert_low_timestamp_seconds Since when available credit is below the threshold; present only then.
# TYPE billing_account_alert_low_timestamp_seconds gauge
billing_account_alert_low_timestamp_seconds{provider="acme",account_id="17",level="warning"} 1795435079.95
# HELP billing_account_alert_first_change_timestamp_seconds When available credit first changed while below the threshold, the crossing included.
# TYPE billing_account_alert_first_change_timestamp_seconds gauge
billing_account_alert_first_change_timestamp_seconds{provider="acme",account_id="17",level="warning"} 1795435139.5
# HELP billing_account_alert_overdue_timestamp_seconds When available credit was first seen below zero since it is below the threshold.
# TYPE billing_account_alert_overdue_timestamp_seconds gauge
billing_account_alert_overdue_timestamp_seconds{provider="acme",account_id="17",level="warning"} 1795435200
# HELP billing_account_alert_ended_timestamp_seconds When the last time below the threshold ended, and why: recovered, disabled or threshold_lowered.
# TYPE billing_account_alert_ended_timestamp_seconds gauge
billing_account_alert_ended_timestamp_seconds{provider="acme",account_id="17",level="warning",reason="recovered"} 1795431600
)");
}

TEST(ExpositionTest, HasTheFamiliesOfTheContractInItsOrder) {
  std::istringstream lines(TextOf(SnapshotOf({Full()})));
  std::vector<std::string> families;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# TYPE ")) families.push_back(line.substr(7, line.rfind(' ') - 7));
  }
  ASSERT_EQ(families.size(), kAccountMetrics.size());
  for (std::size_t i = 0; i < families.size(); ++i) {
    EXPECT_EQ(families[i], kAccountMetrics.at(i).name);
  }
}

TEST(ExpositionTest, NoAccountsIsNoText) { EXPECT_EQ(TextOf(Snapshot{}), ""); }

TEST(ExpositionTest, WhatIsUnknownHasNoSeries) {
  Account account;
  account.memory.account = {"demo", "99"};
  account.contact = "finance";
  // Listed in the configuration, never polled: its threshold has no currency yet.
  account.memory.levels["warning"] = {.enabled = true, .threshold = Amount("5")};
  EXPECT_EQ(
      SeriesOf(SnapshotOf({account})),
      R"(billing_account_info{provider="demo",account_id="99",account_name="",contact="finance",source=""} 1
billing_account_up{provider="demo",account_id="99"} 0
billing_account_alert_enabled{provider="demo",account_id="99",level="warning"} 1
)");
}

TEST(ExpositionTest, ASuspendedSettingIsShownAsNotEnabledWithItsThreshold) {
  Account account;
  account.memory.account = {"demo", "17"};
  account.memory.currency = "EUR";
  account.memory.levels["warning"] = {
      .enabled = true, .threshold = Amount("5"), .currency = "USD", .suspended = true};
  const std::string series = SeriesOf(SnapshotOf({account}));
  EXPECT_NE(series.find("alert_enabled{provider=\"demo\",account_id=\"17\",level=\"warning\"} 0\n"),
            std::string::npos);
  EXPECT_NE(series.find("level=\"warning\",currency=\"USD\"} 5\n"), std::string::npos);
}

TEST(ExpositionTest, AStoppedAccountIsShownAsNotEnabled) {
  for (const AccountStatus status : {AccountStatus::kFrozen, AccountStatus::kClosed}) {
    Account account;
    account.memory.account = {"demo", "17"};
    account.memory.currency = "USD";
    account.memory.status = status;
    account.memory.levels["warning"] = {
        .enabled = true, .threshold = Amount("5"), .currency = "USD"};
    EXPECT_NE(SeriesOf(SnapshotOf({account}))
                  .find("alert_enabled{provider=\"demo\",account_id=\"17\",level=\"warning\"} 0\n"),
              std::string::npos);
  }
}

TEST(ExpositionTest, EscapesLabels) {
  Account account;
  account.memory.account = {"demo", R"(a\"b)"};
  account.memory.account_name = "\"Acme\" \\ 北京\nline 2\\";
  EXPECT_EQ(SeriesOf(SnapshotOf({account})),
            "billing_account_info{provider=\"demo\",account_id=\"a\\\\\\\"b\","
            "account_name=\"\\\"Acme\\\" \\\\ 北京\\nline 2\\\\\",contact=\"\",source=\"\"} 1\n"
            "billing_account_up{provider=\"demo\",account_id=\"a\\\\\\\"b\"} 0\n");
}

TEST(ExpositionTest, PrintsAmountsExactly) {
  for (const char* amount :
       {"0", "1", "-1", "10", "100", "0.1", "-0.000001", "0.000010", "12345.678901", "-0.5",
        "9223372036854.775807", "-9223372036854.775808", "1000000", "0.999999"}) {
    Account account;
    account.memory.account = {"demo", "17"};
    account.memory.currency = "USD";
    account.memory.available_credit = Amount(amount);
    const std::string want =
        "available_credit{provider=\"demo\",account_id=\"17\",currency=\"USD\"} " +
        Amount(amount).ToString() + "\n";
    EXPECT_NE(SeriesOf(SnapshotOf({account})).find(want), std::string::npos) << amount;
  }
}

}  // namespace
}  // namespace lowbalance
