#include <algorithm>
#include <cmath>
#include <string>

#include "cli/config_checks.h"
#include "cli/doctor_judge.h"
#include "cli/metrics_text.h"
#include "core/text.h"

namespace lowbalance::cli {
namespace {

// Clocks are asked for by a header that has whole seconds.
constexpr Millis kNearEnough = std::chrono::seconds{10};

const Server& ServerOf(const std::string& name, const Seen& seen) {
  return name == "exporter" ? seen.exporter : seen.webhook;
}

std::string FirstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

std::string InLog(const std::string& name) { return "journalctl -u lowbalance-" + name + " -n 50"; }

Time InstantOf(double seconds) { return TimeFromMillis(std::llround(seconds * 1000)); }

std::string WholeSeconds(Millis d) {
  return FormatDuration(std::chrono::duration_cast<std::chrono::seconds>(d));
}

std::string VersionOf(const std::string& metrics, const std::string& prefix) {
  for (const Sample& sample : SamplesOf(metrics, prefix + "build_info")) {
    const auto version = sample.labels.find("version");
    if (version != sample.labels.end()) return version->second;
  }
  return "";
}

// What the service's own metrics say of version and configuration.
void JudgeRunning(const std::string& name, const std::string& metrics, const Seen& seen,
                  Findings& findings) {
  const std::string prefix = "lowbalance_" + name + "_";
  const std::string version = VersionOf(metrics, prefix);
  const std::string reload =
      "reload it: systemctl reload lowbalance-" + name + ", or kill -HUP, or POST /-/reload";
  if (ValueOf(metrics, prefix + "config_last_reload_successful") == 0.0) {
    findings.Fail(name, "its last reload was refused: it runs an older configuration",
                  "mend what `lowbalance check` names, then " + reload);
    return;
  }
  const auto hash = ValueOf(metrics, prefix + "config_hash");
  if (hash && !seen.config_hash.empty() &&
      std::to_string(std::llround(*hash)) != seen.config_hash) {
    findings.Warn(name, "it runs another configuration than " + seen.config_file,
                  reload + "; or name the file it runs with --config.file");
    return;
  }
  if (version != LOWBALANCE_VERSION) {
    findings.Warn(name,
                  "it runs version " + Quoted(version) + ", this command is " LOWBALANCE_VERSION,
                  "restart it if it was upgraded: systemctl restart lowbalance-" + name);
    return;
  }
  std::string detail = ServerOf(name, seen).url + ", version " + version;
  if (const auto start = ValueOf(metrics, "process_start_time_seconds")) {
    detail += ", up " + WholeSeconds(std::max(Millis{0}, seen.now - InstantOf(*start)));
  }
  findings.Ok(name, detail);
}

bool CannotBeRead(const std::string& check, const Server& server, const std::string& name,
                  Findings& findings) {
  const Answer& metrics = server.At(kMetricsPath);
  if (metrics.ok()) return false;
  findings.Skipped(check, "the metrics of the " + name + " cannot be read");
  return true;
}

}  // namespace

void JudgeService(const std::string& name, const Seen& seen, Findings& findings) {
  const Server& server = ServerOf(name, seen);
  const Answer& ready = server.At(kReadyPath);
  if (!ready.error.empty()) {
    findings.Fail(name, ready.error,
                  "start it: systemctl start lowbalance-" + name + "; see " + InLog(name) +
                      "; if it runs elsewhere, give --" + name + ".url");
    return;
  }
  if (ready.status == 503) {
    findings.Fail(name, "not ready: " + FirstLine(ready.body), "see " + InLog(name));
    return;
  }
  if (ready.status != 200 || ready.body.find("lowbalance-" + name) == std::string::npos) {
    findings.Fail(name,
                  "what answers at " + server.url + " is no lowbalance-" + name + ": status " +
                      std::to_string(ready.status),
                  "give the right --" + name + ".url");
    return;
  }
  const Answer& metrics = server.At(kMetricsPath);
  if (metrics.status == 401 || metrics.status == 403) {
    findings.Warn(name, "ready; it lets nobody see more without a login",
                  "give --user and --password-file, or LOWBALANCE_USER and LOWBALANCE_PASSWORD");
    return;
  }
  if (!metrics.ok()) {
    findings.Fail(
        name,
        "ready, but its metrics cannot be read: " +
            (metrics.error.empty() ? "status " + std::to_string(metrics.status) : metrics.error),
        "see " + InLog(name));
    return;
  }
  JudgeRunning(name, metrics.body, seen, findings);
}

void JudgePolls(const Seen& seen, Findings& findings) {
  const std::string check = "polls";
  if (CannotBeRead(check, seen.exporter, "exporter", findings)) return;
  const std::string& metrics = seen.exporter.At(kMetricsPath).body;
  std::string failing;
  for (const Sample& sample : SamplesOf(metrics, "lowbalance_exporter_consecutive_poll_failures")) {
    if (sample.value == 0) continue;
    const auto source = sample.labels.find("source");
    failing += (failing.empty() ? "" : ", ") +
               (source == sample.labels.end() ? "?" : source->second) + " (" +
               std::to_string(std::llround(sample.value)) + " in a row)";
  }
  if (!failing.empty()) {
    findings.Fail(check, "polls fail: " + failing,
                  "lowbalance sources test; journalctl -u lowbalance-exporter | grep level=warn");
    return;
  }
  const double accounts = SumOf(metrics, "lowbalance_exporter_accounts");
  const double failed = SumOf(metrics, "lowbalance_exporter_accounts_failed");
  const std::string read = Count(static_cast<std::size_t>(std::max(0.0, accounts)), "account");
  if (failed > 0) {
    findings.Warn(check,
                  Count(static_cast<std::size_t>(failed), "account") + " could not be read, " +
                      read + " could",
                  "lowbalance accounts list --select failing; lowbalance sources test");
    return;
  }
  findings.Ok(check, read + " read");
}

void JudgeWatchdog(const Seen& seen, Findings& findings) {
  const std::string check = "watchdog";
  if (CannotBeRead(check, seen.webhook, "webhook", findings)) return;
  const std::string& metrics = seen.webhook.At(kMetricsPath).body;
  const Millis patience = seen.config.webhook.watchdog.silence;
  const Time now = seen.now + seen.webhook.At(kMetricsPath).ahead.value_or(Millis{0});
  const auto heard = ValueOf(metrics, "lowbalance_webhook_last_watchdog_timestamp_seconds");
  const auto start = ValueOf(metrics, "process_start_time_seconds");
  const std::string remedy =
      "mend what failed above, from Prometheus on; then docs/runbooks.md#lowbalancewatchdog";
  std::string refused;
  for (const std::string code : {"401", "413", "503"}) {
    const double count = SumOf(metrics, "lowbalance_webhook_notifications_total", {{"code", code}});
    if (count > 0) {
      refused +=
          "; " + std::to_string(std::llround(count)) + " notifications were answered " + code;
    }
  }
  if (!heard) {
    const Millis up = start ? now - InstantOf(*start) : patience;
    if (up < patience) {
      findings.Warn(check, "not heard yet; the webhook is up for " + WholeSeconds(up) + refused,
                    "ask again in " + WholeSeconds(patience - up + std::chrono::seconds{1}));
    } else {
      findings.Fail(check, "never heard since the webhook's start" + refused, remedy);
    }
    return;
  }
  const Millis silence = std::max(Millis{0}, now - InstantOf(*heard));
  const bool cut_before = findings.Failed("prometheus") || findings.Failed("rules") ||
                          findings.Failed("alertmanagers") || findings.Failed("alertmanager") ||
                          findings.Failed("route");
  if (silence > patience && cut_before) {
    findings.Skipped(check, "silent for " + WholeSeconds(silence) + ", as what failed above says");
    return;
  }
  if (silence > patience) {
    findings.Fail(check,
                  "silent for " + WholeSeconds(silence) + ", longer than " +
                      FormatDuration(patience) + ": no alert arrives" + refused,
                  remedy);
    return;
  }
  findings.Ok(check, "heard " + WholeSeconds(silence) + " ago");
}

void JudgeDeliveries(const Seen& seen, Findings& findings) {
  const std::string check = "deliveries";
  if (CannotBeRead(check, seen.webhook, "webhook", findings)) return;
  if (findings.Failed("webhook")) {
    findings.Skipped(check, "the webhook has failed already");
    return;
  }
  const std::string& metrics = seen.webhook.At(kMetricsPath).body;
  const auto pending = ValueOf(metrics, "lowbalance_webhook_pending_deliveries");
  const auto dead = ValueOf(metrics, "lowbalance_webhook_dead_letters");
  if (!pending || !dead) {
    findings.Fail(check, "the webhook cannot read its store",
                  "see the check of its store, and " + InLog("webhook"));
    return;
  }
  const auto oldest = ValueOf(metrics, "lowbalance_webhook_oldest_undelivered_timestamp_seconds");
  if (oldest && seen.now - InstantOf(*oldest) > seen.config.pipeline.heartbeat) {
    findings.Fail(check,
                  std::to_string(std::llround(*pending)) + " wait, the oldest since " +
                      FormatRfc3339(std::chrono::floor<std::chrono::seconds>(InstantOf(*oldest))),
                  "lowbalance messages deliveries --state pending shows the mail server's words; "
                  "docs/runbooks.md#lowbalancedeliveryfailing");
    return;
  }
  if (*dead > 0) {
    findings.Warn(check,
                  Count(static_cast<std::size_t>(*dead), "dead letter") + ": somebody was not told",
                  "lowbalance messages deliveries --state dead; then messages resend or cancel");
    return;
  }
  findings.Ok(check, std::to_string(std::llround(*pending)) + " pending, no dead letters");
}

void JudgeClocks(const Seen& seen, Findings& findings) {
  const std::string check = "clocks";
  Millis ahead{0};
  Millis behind{0};
  std::string told;
  int asked = 0;
  const auto look = [&](const std::string& name, const Answer& answer) {
    if (!answer.ahead) return;
    ++asked;
    ahead = std::max(ahead, *answer.ahead);
    behind = std::min(behind, *answer.ahead);
    if (std::chrono::abs(*answer.ahead) <= kNearEnough) return;
    told += (told.empty() ? "" : ", ") + name + " is " +
            WholeSeconds(std::chrono::abs(*answer.ahead)) +
            (*answer.ahead > Millis{0} ? " ahead" : " behind");
  };
  look("the exporter's", seen.exporter.At(kReadyPath));
  look("the webhook's", seen.webhook.At(kReadyPath));
  look("Prometheus'", seen.prometheus.At(kBuildPath));
  look("Alertmanager's", seen.alertmanager.At(kStatusPath));
  const std::string remedy = "set the clocks by NTP (timedatectl status)";
  if (asked == 0) {
    findings.Skipped(check, "nobody answers who could be asked for the time");
  } else if (ahead - behind > std::max(kNearEnough, seen.config.pipeline.facts_max_age)) {
    findings.Fail(check,
                  told + " of this machine's; facts older than " +
                      FormatDuration(seen.config.pipeline.facts_max_age) + " decide nothing",
                  remedy);
  } else if (!told.empty()) {
    findings.Warn(check, told + " of this machine's", remedy);
  } else {
    findings.Ok(check, Count(static_cast<std::size_t>(asked), "clock") + " within " +
                           FormatDuration(kNearEnough) + " of this machine's");
  }
}

}  // namespace lowbalance::cli
