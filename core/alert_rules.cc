#include "core/alert_rules.h"

#include <algorithm>
#include <cctype>
#include <string_view>
#include <vector>

#include "core/contract.h"

namespace lowbalance {
namespace {

struct Rule {
  std::string alert;
  std::string expr;
  std::string wait;  // `for`; empty means none.
  std::string severity;
  std::string summary;
  std::string facts;  // The facts annotation; empty for alerts about the pipeline itself.
};

// A YAML single-quoted scalar: nothing in it is special but the quote.
std::string Scalar(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    out += c;
    if (c == '\'') out += c;
  }
  return out + "'";
}

std::string Block(std::string_view text, std::string_view indent) {
  std::string out;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    out += std::string(indent) + std::string(text.substr(0, end)) + "\n";
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

// max by (...) (metric): one value per account however many exporters publish it, and no label
// that changes with the instance or the pod.
std::string Max(std::string_view by, const AccountMetric& metric) {
  return "max by (" + std::string(by) + ") (" + std::string(metric.name) + ")";
}

// Seconds as PromQL writes them, exact to the millisecond.
std::string Seconds(Millis d) { return FormatSeconds(Time{d}); }

constexpr std::string_view kAccount = "provider, account_id";
constexpr std::string_view kAmount = "provider, account_id, currency";
constexpr std::string_view kSetting = "provider, account_id, level";
constexpr std::string_view kSettingAmount = "provider, account_id, currency, level";

// An account that the provider has frozen or closed is nobody's emergency.
std::string UnlessStopped() {
  return "\nunless on (" + std::string(kAccount) + ")\n  max by (" + std::string(kAccount) + ") (" +
         std::string(kStatus.name) + "{status!=\"active\"}) == 1";
}

// The shard keeps Alertmanager's groups at a handful whatever the number of accounts.
std::string WithShard(const std::string& expr) {
  return "label_replace(\n" + Block(expr, "  ").substr(0) + "  , \"" + std::string(kLabelShard) +
         "\", \"$1\", \"account_id\", \".*(.)\")";
}

// A program that was scraped here within a week, told by the series it always has, and is not now:
// its instance cannot be scraped, or its whole job is gone, as where a pod that does not start has
// another address than the one before.
std::string Down(const std::string& always) {
  const std::string lately = "last_over_time(" + always + "[7d])";
  return "up == 0 and on (instance, job) " + lately + "\nor on (job)\n(group by (job) (" + lately +
         ") unless on (job) " + always + ")";
}

std::vector<Rule> Rules(const Pipeline& pipeline) {
  const std::string account = "account {{ $labels.account_id }} ({{ $labels.provider }})";
  const std::string patience = FormatDuration(pipeline.heartbeat);
  std::vector<Rule> rules;

  // No `for` and no keep_firing_for: the identity of the episode in the facts makes a flap
  // harmless, and a rule that fires on after a recovery would do so with old facts.
  rules.push_back(
      {.alert = std::string(kAlertLowBalance),
       .expr = WithShard("(\n  " + Max(kAmount, kAvailableCredit) + "\n    < on (" +
                         std::string(kAmount) + ") group_right ()\n  " +
                         Max(kSettingAmount, kAlertThreshold) + "\n)\nand on (" +
                         std::string(kSetting) + ")\n  " + Max(kSetting, kAlertEnabled) + " == 1"),
       .severity = "warning",
       .summary = "Available credit of " + account + " is below its threshold.",
       .facts = FactsTemplate()});
  // How the webhook learns that an episode is over, and why; a resolved notification proves
  // nothing.
  rules.push_back(
      {.alert = std::string(kAlertLowBalanceEnded),
       .expr =
           WithShard(Max(kSettingAmount, kAlertThreshold) + "\nand on (" + std::string(kSetting) +
                     ")\n  time() - " + Max(kSetting, kAlertEndedTimestamp) + " < " +
                     Seconds(pipeline.ended_hold())),
       // As the watchdog: it is news for the webhook and for nobody else, and kube-prometheus-stack
       // mutes whatever says "info".
       .severity = "none",
       .summary = "Available credit of " + account + " is no longer below its threshold.",
       .facts = FactsTemplate()});
  rules.push_back({.alert = "AccountOverdue",
                   .expr = Max(kAmount, kAvailableCredit) + " < 0" + UnlessStopped(),
                   .severity = "critical",
                   .summary = "Available credit of " + account + " is below zero."});
  rules.push_back({.alert = "BillingDataStale",
                   .expr = "time() - " + Max(kAccount, kLastSuccessTimestamp) + " > " +
                           Seconds(pipeline.billing_data_max_age) + UnlessStopped(),
                   .severity = "warning",
                   .summary = "Billing data of " + account +
                              " is too old to decide on: no alert will be sent."});
  rules.push_back({.alert = "BillingPollFailing",
                   .expr = Max(kAccount, kUp) + " == 0" + UnlessStopped(),
                   .wait = patience,
                   .severity = "warning",
                   .summary = "Polling the billing data of " + account + " keeps failing."});
  // Of a source that never worked there are no accounts, and of one whose polls cannot be stored
  // the accounts stay as they were.
  rules.push_back({.alert = "BillingSourceFailing",
                   .expr = "max by (source) (lowbalance_exporter_consecutive_poll_failures) > 0",
                   .wait = patience,
                   .severity = "warning",
                   .summary = "Polls of the source {{ $labels.source }} keep failing, or cannot be "
                              "stored."});
  rules.push_back(
      {.alert = "BillingAccountDisagreement",
       .expr = "count by (" + std::string(kAccount) + ") (\n  count by (" + std::string(kAccount) +
               ", value) (\n    count_values by (" + std::string(kAccount) + ") (\"value\", " +
               std::string(kAvailableCredit.name) + ")\n  )\n) > 1",
       .wait = patience,
       .severity = "warning",
       .summary = "Exporters publish different available credits for " + account + "."});
  rules.push_back(
      {.alert = "LowBalanceSettingSuspended",
       .expr = "(\n  " + Max(kSettingAmount, kAlertThreshold) + "\n  unless on (" +
               std::string(kAmount) + ")\n  " + Max(kAmount, kAvailableCredit) + "\n)\nand on (" +
               std::string(kAccount) + ")\n  " + Max(kAmount, kAvailableCredit),
       .severity = "warning",
       .summary = "The currency of " + account +
                  " has changed: its alert is suspended until a threshold is set anew."});
  rules.push_back(
      {.alert = "LowbalanceExporterDown",
       .expr = "(\n" + Block(Down("lowbalance_exporter_build_info"), "  ") +
               ")\nor on ()\nabsent(lowbalance_exporter_build_info)",
       .wait = FormatDuration(pipeline.evaluation * 5),
       .severity = "critical",
       .summary = "A lowbalance exporter cannot be scraped: its balances are not being watched."});
  rules.push_back(
      {.alert = "LowbalanceWebhookDown",
       // Only of a webhook that was scraped here: another Prometheus may be the one to watch it.
       .expr = Down("lowbalance_webhook_build_info"),
       .wait = FormatDuration(pipeline.evaluation * 5),
       .severity = "critical",
       .summary = "The lowbalance webhook cannot be scraped: it may not be sending anything."});
  rules.push_back(
      {.alert = "LowbalanceDeliveryFailing",
       .expr = "time() - min(lowbalance_webhook_oldest_undelivered_timestamp_seconds) > " +
               Seconds(pipeline.heartbeat),
       .severity = "critical",
       .summary = "Messages wait to be delivered and are not getting through."});
  rules.push_back({.alert = "LowbalanceDeadLetters",
                   .expr = "max(lowbalance_webhook_dead_letters) > 0",
                   .severity = "warning",
                   .summary = "Messages could not be delivered and were given up."});
  rules.push_back(
      {.alert = "LowbalanceBadAlerts",
       // As long as an ended episode is told: scaled down with the pipeline like all else.
       .expr = "sum(increase(lowbalance_webhook_decisions_total{reason=\"bad_facts\"}[" +
               FormatDuration(pipeline.ended_hold()) + "])) > 0",
       .severity = "warning",
       .summary = "The webhook received alerts without usable facts."});
  rules.push_back(
      {.alert = "LowbalanceFactsStale",
       .expr = "sum(increase(lowbalance_webhook_decisions_total{reason=\"stale_facts\"}[" +
               FormatDuration(pipeline.heartbeat * 2) + "])) > 0",
       // One late notification is nothing; a clock that is wrong makes all of them late.
       .wait = FormatDuration(pipeline.ended_hold()),
       .severity = "critical",
       .summary = "Alerts keep reaching the webhook too late to decide on: nothing is sent for "
                  "them."});
  rules.push_back({.alert = std::string(kAlertWatchdog),
                   .expr = "vector(1)",
                   .severity = "none",
                   .summary = "Always fires, so that its silence tells that the pipeline is cut."});
  return rules;
}

std::string Render(const Rule& rule, const RuleOptions& options) {
  std::string out =
      "      - alert: " + rule.alert + "\n        expr: |\n" + Block(rule.expr, "          ");
  if (!rule.wait.empty()) out += "        for: " + rule.wait + "\n";
  out += "        labels:\n          severity: " + rule.severity + "\n";
  for (const auto& [name, value] : options.extra_labels) {
    out += "          " + name + ": " + Scalar(value) + "\n";
  }
  out += "        annotations:\n          summary: " + Scalar(rule.summary) + "\n";
  if (!rule.facts.empty()) {
    // Each annotation costs Prometheus its time for every alert at every evaluation, so the two
    // alerts that come by the thousand have these two and no runbook_url.
    out += "          " + std::string(kAnnotationFacts) + ": " + Scalar(rule.facts) + "\n";
  } else {
    out +=
        "          runbook_url: " + Scalar(options.runbook_base + "#" + Lower(rule.alert)) + "\n";
  }
  return out;
}

std::string RecordingRules(const Pipeline& pipeline) {
  // A difference of two instants rather than increase(): nothing is extrapolated, a new pod does
  // not look like new spending, and there is no value until a whole window has been seen.
  const std::string spend = Max(kAmount, kSpendTotal);
  const std::string window = FormatDuration(pipeline.burn_rate_window);
  const std::string before = "max by (" + std::string(kAmount) + ") (" +
                             std::string(kSpendTotal.name) + " offset " + window + ")";
  const std::string to_days = "86400 / " + Seconds(pipeline.burn_rate_window);
  return "      - record: " + std::string(kBurnRate) + "\n        expr: |\n" +
         Block("(" + spend + " - " + before + " >= 0)\n* (" + to_days + ")", "          ") +
         "      - record: " + std::string(kRunway) + "\n        expr: |\n" +
         Block("86400 * (" + Max(kAmount, kAvailableCredit) + " > 0)\n/ on (" +
                   std::string(kAmount) + ")\n(" + std::string(kBurnRate) + " > 0)",
               "          ");
}

}  // namespace

std::string AlertRules(const RuleOptions& options) {
  std::string out =
      "# Written by `lowbalance rules`; edit lowbalance.yml rather than this file.\n"
      "groups:\n"
      "  - name: lowbalance\n"
      "    interval: " +
      FormatDuration(options.pipeline.evaluation) +
      "\n"
      "    rules:\n" +
      RecordingRules(options.pipeline);
  for (const Rule& rule : Rules(options.pipeline)) out += Render(rule, options);
  return out;
}

}  // namespace lowbalance
