#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/config_checks.h"
#include "cli/doctor_json.h"
#include "cli/doctor_judge.h"
#include "cli/metrics_text.h"
#include "core/text.h"

namespace lowbalance::cli {
namespace {

using nlohmann::json;

constexpr std::string_view kPrometheus = "prometheus";
// Prometheus forgets a series that it has not seen for five minutes.
constexpr Millis kRarestScrape = std::chrono::minutes{4};

// Why Prometheus cannot be judged by; empty if it can.
std::string Missing(const Seen& seen, std::string_view path) {
  const Answer& answer = seen.prometheus.At(path);
  if (!seen.prometheus.At(kBuildPath).ok()) return "Prometheus cannot be asked";
  if (answer.ok()) return "";
  return "Prometheus did not say: " +
         (answer.error.empty() ? "status " + std::to_string(answer.status) : answer.error);
}

// "127.0.0.1:10380" of "http://127.0.0.1:10380/metrics".
std::string HostAndPort(const std::string& url) {
  const auto scheme = url.find("://");
  const std::string rest = scheme == std::string::npos ? url : url.substr(scheme + 3);
  return rest.substr(0, rest.find('/'));
}

std::string PortOf(const std::string& url) {
  const std::string host = HostAndPort(url);
  const auto colon = host.rfind(':');
  return colon == std::string::npos ? "" : host.substr(colon);
}

// Those that scrape the service: by its address, or else, as Prometheus may know it by another
// name, by its port.
std::vector<json> TargetsOf(const Server& server, const json& answer) {
  std::vector<json> by_address;
  std::vector<json> by_port;
  for (const json& target : Items(Member(answer, "data"), "activeTargets")) {
    const std::string url = Text(target, "scrapeUrl");
    if (HostAndPort(url) == HostAndPort(server.url)) by_address.push_back(target);
    if (!PortOf(url).empty() && PortOf(url) == PortOf(server.url)) by_port.push_back(target);
  }
  return by_address.empty() ? by_port : by_address;
}

// Empty if Prometheus cannot tell.
std::optional<double> DroppedLately(const Answer& answer) {
  if (!answer.ok()) return std::nullopt;
  for (const json& sample : Items(Member(ParseJson(answer.body), "data"), "result")) {
    const json value = Member(sample, "value");  // [time, "number"]
    if (!value.is_array() || value.size() != 2 || !value[1].is_string()) continue;
    return std::strtod(value[1].get<std::string>().c_str(), nullptr);
  }
  return std::nullopt;
}

}  // namespace

void JudgePrometheus(const Seen& seen, Findings& findings) {
  const Answer& build = seen.prometheus.At(kBuildPath);
  if (build.status == 401 || build.status == 403) {
    findings.Fail(kPrometheus, seen.prometheus.url + " wants a login",
                  "give --prometheus.user and --prometheus.password-file, or "
                  "--prometheus.bearer-token-file");
  } else if (!build.error.empty()) {
    findings.Fail(kPrometheus, build.error,
                  "start it; if it runs elsewhere, give --prometheus.url");
  } else if (!build.ok()) {
    findings.Fail(kPrometheus,
                  "what answers at " + seen.prometheus.url + " is no Prometheus: status " +
                      std::to_string(build.status),
                  "give the right --prometheus.url");
  } else {
    findings.Ok(kPrometheus, seen.prometheus.url + ", version " +
                                 Text(Member(ParseJson(build.body), "data"), "version"));
  }
}

void JudgeScrape(const std::string& name, const Seen& seen, Findings& findings) {
  const std::string check = name + " scrape";
  const Server& server = name == "exporter" ? seen.exporter : seen.webhook;
  if (const std::string why = Missing(seen, kTargetsPath); !why.empty()) {
    findings.Skipped(check, why);
    return;
  }
  const auto targets = TargetsOf(server, ParseJson(seen.prometheus.At(kTargetsPath).body));
  if (targets.empty()) {
    findings.Fail(check, "Prometheus has no target for " + server.url,
                  "add it to scrape_configs (examples/stack/prometheus) and reload Prometheus");
    return;
  }
  if (findings.Failed(name)) {
    findings.Skipped(check, "the " + name + " has failed already");
    return;
  }
  std::string detail = Count(targets.size(), "target") + " up";
  for (const json& target : targets) {
    const std::string url = Text(target, "scrapeUrl");
    if (Text(target, "health") == "unknown") {
      findings.Warn(check, url + " has not been scraped yet", "ask again in a minute");
      return;
    }
    if (Text(target, "health") != "up") {
      findings.Fail(check, url + " is down for Prometheus: " + Text(target, "lastError"),
                    "mend the address, the login or the network between them");
      return;
    }
    const auto interval = ParseDuration(Text(target, "scrapeInterval"));
    if (interval && *interval > kRarestScrape) {
      findings.Warn(check, url + " is scraped every " + FormatDuration(*interval) + " only",
                    "set its scrape_interval to " +
                        FormatDuration(seen.config.pipeline.evaluation) +
                        ": after five minutes Prometheus forgets");
      return;
    }
  }
  findings.Ok(check, detail + ", " + Text(targets.front(), "scrapeUrl"));
}

std::string FirstAlertmanager(const Answer& alertmanagers) {
  if (!alertmanagers.ok()) return "";
  const json data = Member(ParseJson(alertmanagers.body), "data");
  for (const json& one : Items(data, "activeAlertmanagers")) {
    const std::string url = Text(one, "url");
    const auto path = url.find("/api/v2/alerts");
    if (path != std::string::npos) return url.substr(0, path);
  }
  return "";
}

void JudgeAlertmanagers(const Seen& seen, Findings& findings) {
  const std::string check = "alertmanagers";
  if (const std::string why = Missing(seen, kAlertmanagersPath); !why.empty()) {
    findings.Skipped(check, why);
    return;
  }
  const json data = Member(ParseJson(seen.prometheus.At(kAlertmanagersPath).body), "data");
  std::string known;
  for (const json& one : Items(data, "activeAlertmanagers")) {
    known += (known.empty() ? "" : ", ") + HostAndPort(Text(one, "url"));
  }
  if (known.empty()) {
    findings.Fail(check, "Prometheus knows of no Alertmanager",
                  "name one in prometheus.yml, alerting.alertmanagers, and reload Prometheus");
    return;
  }
  findings.Ok(check, "Prometheus sends to " + known);
}

void JudgeDropped(const Seen& seen, Findings& findings) {
  const std::string check = "notifications";
  if (const std::string why = Missing(seen, kMetricsPath); !why.empty()) {
    findings.Skipped(check, why);
    return;
  }
  const std::string& metrics = seen.prometheus.At(kMetricsPath).body;
  const double dropped = SumOf(metrics, "prometheus_notifications_dropped_total");
  const double sent = SumOf(metrics, "prometheus_notifications_sent_total");
  const double capacity = ValueOf(metrics, "prometheus_notifications_queue_capacity").value_or(0);
  const double accounts =
      SumOf(seen.exporter.At(kMetricsPath).body, "lowbalance_exporter_accounts");
  const auto number = [](double value) { return std::to_string(std::llround(value)); };
  if (capacity > 0 && capacity < 2 * accounts) {
    findings.Warn(check,
                  "Prometheus' queue has room for " + number(capacity) + " alerts, and there are " +
                      number(accounts) + " accounts",
                  "start Prometheus with --alertmanager.notification-queue-capacity=" +
                      number(2 * accounts) + " or more: what has no room is dropped");
    return;
  }
  if (findings.Failed("alertmanager")) {
    findings.Skipped(check, "Alertmanager has failed already");
    return;
  }
  const std::string counts = number(sent) + " alerts sent since Prometheus' start, ";
  const auto lately = DroppedLately(seen.prometheus.At(kDroppedPath));
  if (lately.value_or(0) > 0) {
    findings.Warn(check, number(std::ceil(*lately)) + " alerts dropped within the last 15 minutes",
                  "Prometheus does not reach Alertmanager, or its queue is too short; its log says "
                  "which. What was dropped is sent again within two minutes");
    return;
  }
  if (dropped == 0) {
    findings.Ok(check, counts + "none dropped");
    return;
  }
  findings.Ok(check, counts + number(dropped) + " dropped" +
                         (lately ? ", none of them within the last 15 minutes"
                                 : "; when, only a Prometheus that scrapes itself can tell"));
}

}  // namespace lowbalance::cli
