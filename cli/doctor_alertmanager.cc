#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/alert_routing.h"
#include "cli/config_checks.h"
#include "cli/doctor_json.h"
#include "cli/doctor_judge.h"
#include "cli/metrics_text.h"
#include "core/contract.h"
#include "core/text.h"

namespace lowbalance::cli {
namespace {

using nlohmann::json;

constexpr std::string_view kAlertmanager = "alertmanager";
constexpr std::string_view kRoute = "route";
// Prometheus sends what fires again at every second minute.
constexpr Millis kUntilResent = std::chrono::minutes{3};
constexpr std::string_view kHidden = "<secret>";

// Labels as our alerts have them. What Alertmanager's own watchdog has beside its name and severity
// (external labels, those of `lowbalance rules --label`) all of them have.
std::vector<AlertLabels> OurAlerts(const Seen& seen) {
  AlertLabels common;
  const json held = ParseJson(seen.alertmanager.At(kWatchdogPath).body);
  if (held.is_array() && !held.empty()) {
    const json held_labels = Member(held.front(), "labels");
    for (const auto& [name, value] : held_labels.items()) {
      if (value.is_string()) common[name] = value.get<std::string>();
    }
  }
  const auto with = [&](std::string_view alert, const std::string& severity, bool of_account) {
    AlertLabels labels = common;
    labels["alertname"] = alert;
    labels["severity"] = severity;
    if (!of_account) return labels;
    for (const auto& [name, value] :
         {std::pair{kLabelProvider, "example"}, std::pair{kLabelAccountId, "1234567890"},
          std::pair{kLabelCurrency, "USD"}, std::pair{kLabelShard, "0"}}) {
      labels[std::string(name)] = value;
    }
    labels[std::string(kLabelLevel)] = kDefaultLevel;
    return labels;
  };
  return {with(kAlertLowBalance, "warning", true), with(kAlertLowBalanceEnded, "none", true),
          with(kAlertWatchdog, "none", false)};
}

std::string ConfigOf(const Seen& seen) {
  return Text(Member(ParseJson(seen.alertmanager.At(kStatusPath).body), "config"), "original");
}

// Whether the watchdog has come since Alertmanager took in its configuration: then its routes work,
// whatever the addresses look like from here.
bool HeardSinceLoaded(const Seen& seen) {
  const auto loaded = ValueOf(seen.alertmanager.At(kMetricsPath).body,
                              "alertmanager_config_last_reload_success_timestamp_seconds");
  const auto heard = ValueOf(seen.webhook.At(kMetricsPath).body,
                             "lowbalance_webhook_last_watchdog_timestamp_seconds");
  return loaded && heard && *heard > *loaded;
}

// Why a receiver's address cannot be the webhook's; empty if it can. `sure` says whether that was
// seen.
std::string WrongAddress(const std::string& url, const Seen& seen, bool& sure) {
  sure = true;
  if (url == seen.route_url) return "";
  if (HeardSinceLoaded(seen)) return "";
  if (url == kHidden) {
    sure = false;
    return "Alertmanager hides its receiver's address, and no watchdog has come since it was "
           "loaded";
  }
  const auto there = seen.receivers.find(url);
  if (there == seen.receivers.end()) {
    sure = false;
    return "its receiver has the address " + url;
  }
  const Answer& answer = there->second;
  if (answer.ok() && answer.body.find("lowbalance-webhook") != std::string::npos) {
    return url.ends_with("/api/v1/alerts") ? "" : "its receiver has the path of " + url;
  }
  return "its receiver has the address " + url + ", where " +
         (answer.error.empty() ? "something else answers" : "nothing answers");
}

struct Verdicts {
  std::string wrong;
  bool sure = true;
  bool address = false;  // It is the address that is wrong.
  std::string doubt;
};

// Whether one of the receivers that the alert comes to is the webhook.
Verdicts JudgeAlert(const AlertLabels& labels, const Seen& seen) {
  Verdicts verdicts;
  const auto name = labels.find("alertname")->second;
  const auto routed = RouteAlert(ConfigOf(seen), labels);
  if (!routed) {
    verdicts.doubt = "the routes cannot be read here: " + routed.error().message;
    return verdicts;
  }
  std::string receivers;
  for (const RoutedTo& to : *routed) {
    receivers += (receivers.empty() ? "" : ", ") + to.receiver;
    for (const WebhookReceiver& webhook : to.webhooks) {
      bool sure = true;
      const std::string wrong = WrongAddress(webhook.url, seen, sure);
      if (wrong.empty()) {
        verdicts.wrong.clear();
        if (webhook.max_alerts > 0) verdicts.doubt = "max_alerts cuts notifications, for good";
        if (name == kAlertLowBalance && to.repeat_interval > seen.config.pipeline.heartbeat) {
          verdicts.doubt = "repeat_interval is " + FormatDuration(to.repeat_interval) +
                           ", pipeline.heartbeat " + FormatDuration(seen.config.pipeline.heartbeat);
        }
        return verdicts;
      }
      verdicts.wrong = wrong;
      verdicts.address = true;
      verdicts.sure = sure;
    }
  }
  if (verdicts.wrong.empty()) {
    verdicts.wrong = "goes to " + Quoted(receivers) + ", which has no webhook";
  }
  verdicts.wrong = name + ": " + verdicts.wrong;
  return verdicts;
}

}  // namespace

std::vector<std::string> OtherReceivers(const Seen& seen) {
  std::vector<std::string> urls;
  for (const AlertLabels& labels : OurAlerts(seen)) {
    const auto routed = RouteAlert(ConfigOf(seen), labels);
    if (!routed) continue;
    for (const RoutedTo& to : *routed) {
      for (const WebhookReceiver& webhook : to.webhooks) {
        if (webhook.url == kHidden || webhook.url == seen.route_url) continue;
        if (std::find(urls.begin(), urls.end(), webhook.url) == urls.end()) {
          urls.push_back(webhook.url);
        }
      }
    }
  }
  return urls;
}

void JudgeAlertmanager(const Seen& seen, Findings& findings) {
  const Answer& status = seen.alertmanager.At(kStatusPath);
  const json answer = ParseJson(status.body);
  if (status.status == 401 || status.status == 403) {
    findings.Fail(kAlertmanager, seen.alertmanager.url + " wants a login",
                  "give --alertmanager.user and --alertmanager.password-file, or "
                  "--alertmanager.bearer-token-file");
    return;
  }
  if (!status.error.empty()) {
    findings.Fail(kAlertmanager, status.error,
                  "start it; if it runs elsewhere, give --alertmanager.url");
    return;
  }
  if (!status.ok() || !answer.is_object()) {
    findings.Fail(kAlertmanager,
                  "what answers at " + seen.alertmanager.url + " is no Alertmanager: status " +
                      std::to_string(status.status),
                  "give the right --alertmanager.url");
    return;
  }
  const std::string detail =
      seen.alertmanager.url + ", version " + Text(Member(answer, "versionInfo"), "version");
  const Answer& watchdog = seen.alertmanager.At(kWatchdogPath);
  const json held = ParseJson(watchdog.body);
  const bool rules_are_well = !findings.Failed("rules") && !findings.Failed("prometheus") &&
                              !findings.Failed("alertmanagers");
  if (watchdog.ok() && rules_are_well && (!held.is_array() || held.empty())) {
    const auto start = ParseRfc3339(Text(answer, "uptime"));
    if (start && seen.now - *start < kUntilResent) {
      findings.Warn(kAlertmanager, detail + "; it has just started and heard of nothing yet",
                    "ask again in two minutes");
      return;
    }
    findings.Fail(kAlertmanager, detail + "; it has no LowbalanceWatchdog, which always fires",
                  "see whether Prometheus sends to this Alertmanager, and its log");
    return;
  }
  findings.Ok(kAlertmanager, detail);
}

void JudgeRoute(const Seen& seen, Findings& findings) {
  if (!seen.alertmanager.At(kStatusPath).ok()) {
    findings.Skipped(kRoute, "Alertmanager cannot be asked");
    return;
  }
  const std::string remedy =
      "merge what `lowbalance route --url URL` prints into alertmanager.yml, before other routes "
      "that would match, and reload Alertmanager";
  Verdicts worst;
  for (const AlertLabels& labels : OurAlerts(seen)) {
    const Verdicts verdicts = JudgeAlert(labels, seen);
    if (!verdicts.wrong.empty() && (worst.wrong.empty() || verdicts.sure)) worst = verdicts;
    if (worst.doubt.empty()) worst.doubt = verdicts.doubt;
  }
  const json silenced = ParseJson(seen.alertmanager.At(kSilencedPath).body);
  if (worst.address && findings.Failed("webhook")) {
    // Who should answer there is not there.
    findings.Skipped(kRoute, worst.wrong + "; the webhook has failed already");
  } else if (!worst.wrong.empty() && worst.sure) {
    findings.Fail(kRoute, worst.wrong, remedy);
  } else if (!worst.wrong.empty()) {
    findings.Warn(
        kRoute, worst.wrong,
        "if that is the webhook, wait for the watchdog, or give --route.url; else " + remedy);
  } else if (!worst.doubt.empty()) {
    findings.Warn(kRoute, worst.doubt, remedy);
  } else if (silenced.is_array() && !silenced.empty()) {
    findings.Warn(kRoute, Count(silenced.size(), "alert") + " LowBalance silenced",
                  "expire the silence: over a recovery it hides the next crossing. To be quiet "
                  "about an account: lowbalance accounts disable");
  } else {
    findings.Ok(kRoute, "LowBalance, LowBalanceEnded and LowbalanceWatchdog go to the webhook");
  }
}

}  // namespace lowbalance::cli
