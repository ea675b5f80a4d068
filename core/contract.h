#pragma once
// The contract between exporter, rules and webhook, written once.
//
// The exporter publishes the account metrics named here; the generated rules (core/alert_rules.h)
// turn them into alerts whose one annotation `lowbalance_facts` carries a line of `name=value`
// pairs; the webhook reads amounts, instants and names from that line and from nowhere else.
// docs/metrics.md lists the same names, held together by a test.

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "core/account_memory.h"
#include "core/available_credit.h"
#include "core/money.h"
#include "core/result.h"
#include "core/time.h"

namespace lowbalance {

// ---- Account metrics. Every series carries kLabelProvider and kLabelAccountId.

inline constexpr std::string_view kLabelProvider = "provider";
inline constexpr std::string_view kLabelAccountId = "account_id";
inline constexpr std::string_view kLabelCurrency = "currency";
inline constexpr std::string_view kLabelLevel = "level";
inline constexpr std::string_view kLabelReason = "reason";
inline constexpr std::string_view kLabelAccountName = "account_name";
inline constexpr std::string_view kLabelContact = "contact";
inline constexpr std::string_view kLabelSource = "source";
inline constexpr std::string_view kLabelOwner = "owner";  // Only where it is known.
inline constexpr std::string_view kLabelStatus = "status";
inline constexpr std::string_view kLabelShard = "shard";  // Alerts only: the id's last character.

// Which labels a family has beside provider and account_id.
enum class AccountLabels { kNone, kInfo, kCurrency, kStatus, kLevel, kLevelCurrency, kLevelReason };

struct AccountMetric {
  std::string_view name;
  std::string_view type;  // "gauge" or "counter".
  AccountLabels labels;
  std::string_view help;
};

inline constexpr AccountMetric kInfo{"billing_account_info", "gauge", AccountLabels::kInfo,
                                     "Names of the account: always 1. The only place for names."};
inline constexpr AccountMetric kAvailableCredit{
    "billing_account_available_credit", "gauge", AccountLabels::kCurrency,
    "Available credit as the provider states it, in whole currency units. Polled on a timer, not "
    "on scrape; see billing_account_last_success_timestamp_seconds for its age."};
inline constexpr AccountMetric kCashBalance{"billing_account_cash_balance", "gauge",
                                            AccountLabels::kCurrency,
                                            "The remaining funds in the account."};
inline constexpr AccountMetric kCreditLimit{"billing_account_credit_limit", "gauge",
                                            AccountLabels::kCurrency,
                                            "The credit line approved for the account."};
inline constexpr AccountMetric kCreditRefunds{
    "billing_account_credit_refunds", "gauge", AccountLabels::kCurrency,
    "Refunds of what had been paid for with the credit line."};
inline constexpr AccountMetric kUnsettledCurrentMonth{
    "billing_account_unsettled_current_month", "gauge", AccountLabels::kCurrency,
    "Usage of the current month that is not billed yet."};
inline constexpr AccountMetric kUnsettledPreviousMonths{
    "billing_account_unsettled_previous_months", "gauge", AccountLabels::kCurrency,
    "Amounts billed for previous months that await payment."};
inline constexpr AccountMetric kUnexplainedAmount{
    "billing_account_unexplained_amount", "gauge", AccountLabels::kCurrency,
    "Available credit minus the formula over its terms; not 0 where the provider has ledgers the "
    "formula does not know."};
inline constexpr AccountMetric kChangeTimestamp{
    "billing_account_available_credit_change_timestamp_seconds", "gauge", AccountLabels::kNone,
    "When available credit was last seen to change."};
inline constexpr AccountMetric kSpendTotal{"billing_account_spend_total", "counter",
                                           AccountLabels::kCurrency,
                                           "Every decrease of available credit seen, added up."};
inline constexpr AccountMetric kTopUpTotal{"billing_account_top_up_total", "counter",
                                           AccountLabels::kCurrency,
                                           "Every increase of available credit seen, added up."};
inline constexpr AccountMetric kUp{"billing_account_up", "gauge", AccountLabels::kNone,
                                   "Whether the last poll of the account succeeded."};
inline constexpr AccountMetric kStatus{
    "billing_account_status", "gauge", AccountLabels::kStatus,
    "Whether the account is active, frozen or closed at the provider: 1 for the one it is in, 0 "
    "for the others; absent where the provider does not say."};
inline constexpr AccountMetric kLastSuccessTimestamp{
    "billing_account_last_success_timestamp_seconds", "gauge", AccountLabels::kNone,
    "As of when the newest billing data is."};
inline constexpr AccountMetric kAlertEnabled{
    "billing_account_alert_enabled", "gauge", AccountLabels::kLevel,
    "Whether Low Balance Alerts are enabled; 0 too while the setting is suspended because the "
    "account's currency has changed, and while the account is frozen or closed."};
inline constexpr AccountMetric kAlertThreshold{
    "billing_account_alert_threshold", "gauge", AccountLabels::kLevelCurrency,
    "The alert threshold, in whole currency units; present whenever one is set."};
inline constexpr AccountMetric kAlertLowTimestamp{
    "billing_account_alert_low_timestamp_seconds", "gauge", AccountLabels::kLevel,
    "Since when available credit is below the threshold; present only then."};
inline constexpr AccountMetric kAlertFirstChangeTimestamp{
    "billing_account_alert_first_change_timestamp_seconds", "gauge", AccountLabels::kLevel,
    "When available credit first changed while below the threshold, the crossing included."};
inline constexpr AccountMetric kAlertOverdueTimestamp{
    "billing_account_alert_overdue_timestamp_seconds", "gauge", AccountLabels::kLevel,
    "When available credit was first seen below zero since it is below the threshold."};
inline constexpr AccountMetric kAlertEndedTimestamp{
    "billing_account_alert_ended_timestamp_seconds", "gauge", AccountLabels::kLevelReason,
    "When the last time below the threshold ended, and why: recovered, disabled or "
    "threshold_lowered."};

// All families, in the order of exposition.
inline constexpr std::array<AccountMetric, 20> kAccountMetrics{kInfo,
                                                               kAvailableCredit,
                                                               kCashBalance,
                                                               kCreditLimit,
                                                               kCreditRefunds,
                                                               kUnsettledCurrentMonth,
                                                               kUnsettledPreviousMonths,
                                                               kUnexplainedAmount,
                                                               kChangeTimestamp,
                                                               kSpendTotal,
                                                               kTopUpTotal,
                                                               kUp,
                                                               kStatus,
                                                               kLastSuccessTimestamp,
                                                               kAlertEnabled,
                                                               kAlertThreshold,
                                                               kAlertLowTimestamp,
                                                               kAlertFirstChangeTimestamp,
                                                               kAlertOverdueTimestamp,
                                                               kAlertEndedTimestamp};

// Series of the generated recording rules.
inline constexpr std::string_view kBurnRate = "billing_account:burn_rate_per_day";
inline constexpr std::string_view kRunway = "billing_account:runway_seconds";

// ---- Alerts.

inline constexpr std::string_view kAlertLowBalance = "LowBalance";
inline constexpr std::string_view kAlertLowBalanceEnded = "LowBalanceEnded";
inline constexpr std::string_view kAlertWatchdog = "LowbalanceWatchdog";
inline constexpr std::string_view kAnnotationSummary = "summary";
inline constexpr std::string_view kAnnotationFacts = "lowbalance_facts";

enum class AlertKind { kLowBalance, kLowBalanceEnded };

// What one alert says of one account at one level.
struct Facts {
  AlertKind kind = AlertKind::kLowBalance;
  // From the alert's labels, which are its identity.
  AccountKey account;
  std::string level;
  std::string currency;
  // From the facts line. kLowBalance has low_since, kLowBalanceEnded has ended.
  Time evaluated_at{};
  Money available_credit;
  Money threshold;
  std::optional<Time> low_since;
  std::optional<Time> first_change;
  std::optional<Time> overdue;
  std::optional<Ended> ended;
  std::optional<Time> changed;
  Time last_success{};
  CreditTerms terms;
  std::optional<Money> burn_rate;  // Per day.
  std::optional<Millis> runway;    // Until available credit is used up at that rate.
  std::string account_name;        // Empty if unknown.
  std::string contact;             // A name in the configuration, never an address.

  friend bool operator==(const Facts&, const Facts&) = default;
};

// The template that makes Prometheus write the facts line into the annotation: one query for the
// instant, one for all series of the alert's account at its level. Text for a rule file's
// annotation, not yet quoted as YAML.
[[nodiscard]] std::string FactsTemplate();

// The facts line as FactsTemplate makes Prometheus write it. Used where no Prometheus stands
// between (the simulation, tests); the labels' part of `facts` is not in the line.
[[nodiscard]] std::string FormatFacts(const Facts& facts);

// Reads a facts line into `facts`, whose kind and labels are already filled in. Pairs stand in
// any order, separated by blanks; names this version does not know are skipped, so that a newer
// rule file can feed an older webhook. Where two exporters publish an account, a name may come
// twice: then the later instant and the greater amount count, as with max() in the rules, and the
// first account name. Refused, naming the fact and what was seen: a value of the wrong form, a
// required one missing, Go's "<error expanding template", NaN or Inf.
[[nodiscard]] Result<Facts> ParseFacts(Facts facts, std::string_view line);

}  // namespace lowbalance
