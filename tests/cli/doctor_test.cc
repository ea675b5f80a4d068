// What doctor says of canned answers, and where Alertmanager's routes lead.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cli/alert_routing.h"
#include "cli/doctor_judge.h"
#include "cli/metrics_text.h"

namespace lowbalance::cli {
namespace {

using testing::HasSubstr;

constexpr Time kNow = TimeFromMillis(1'795'435'200'000);  // 2026-11-23T12:00:00Z.

Answer Ok(std::string body) { return {.status = 200, .body = std::move(body)}; }

// "FAIL watchdog: silent for …", of the only finding.
std::string Said(const Findings& findings) {
  std::string text;
  for (const Finding& finding : findings.all()) {
    text += (text.empty() ? "" : "\n") + std::string(ToString(finding.verdict)) + " " +
            finding.check + ": " + finding.detail;
  }
  return text;
}

Seen Webhook(const std::string& metrics) {
  Seen seen;
  seen.now = kNow;
  seen.config.webhook.watchdog.silence = std::chrono::minutes{10};
  seen.webhook.url = "http://127.0.0.1:10381";
  seen.webhook.answers[std::string(kReadyPath)] = Ok("lowbalance-webhook is ready.\n");
  seen.webhook.answers[std::string(kMetricsPath)] = Ok(metrics);
  return seen;
}

TEST(DoctorTest, TellsHowLongTheWatchdogIsSilent) {
  const std::string heard = "lowbalance_webhook_last_watchdog_timestamp_seconds ";
  const std::string start = "process_start_time_seconds ";
  const struct {
    const char* name;
    std::string metrics;
    const char* want;
  } cases[] = {
      {"within the silence", heard + "1795434600\n", "ok watchdog: heard 10m ago"},
      {"a second longer", heard + "1795434599\n",
       "FAIL watchdog: silent for 10m1s, longer than 10m: no alert arrives"},
      {"refused for want of a token",
       heard + "1795434599\nlowbalance_webhook_notifications_total{code=\"401\"} 3\n",
       "FAIL watchdog: silent for 10m1s, longer than 10m: no alert arrives; 3 notifications were "
       "answered 401"},
      {"just started", start + "1795435140\n",
       "warn watchdog: not heard yet; the webhook is up for 1m"},
      {"never heard", start + "1795430000\n",
       "FAIL watchdog: never heard since the webhook's start"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Findings findings;
    JudgeWatchdog(Webhook(c.metrics), findings);
    EXPECT_EQ(Said(findings), c.want);
  }
}

TEST(DoctorTest, TellsOfServicesThatRunSomethingElse) {
  const std::string version =
      "lowbalance_webhook_build_info{version=\"" LOWBALANCE_VERSION "\"} 1\n";
  const std::string reloaded = "lowbalance_webhook_config_last_reload_successful 1\n";
  const struct {
    const char* name;
    std::string metrics;
    const char* want;
  } cases[] = {
      {"the same", version + reloaded + "lowbalance_webhook_config_hash 281474976710655\n",
       "ok webhook: http://127.0.0.1:10381, version " LOWBALANCE_VERSION},
      {"another configuration", version + reloaded + "lowbalance_webhook_config_hash 17\n",
       "warn webhook: it runs another configuration than lowbalance.yml"},
      {"a refused reload", version + "lowbalance_webhook_config_last_reload_successful 0\n",
       "FAIL webhook: its last reload was refused: it runs an older configuration"},
      {"another version", "lowbalance_webhook_build_info{version=\"0.0.9\"} 1\n" + reloaded,
       "warn webhook: it runs version \"0.0.9\", this command is " LOWBALANCE_VERSION},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Seen seen = Webhook(c.metrics);
    seen.config_file = "lowbalance.yml";
    seen.config_hash = "281474976710655";
    Findings findings;
    JudgeService("webhook", seen, findings);
    EXPECT_EQ(Said(findings), c.want);
  }
  Seen lost = Webhook("");
  lost.webhook.answers[std::string(kReadyPath)] = {.status = 503,
                                                   .body = "store w.db: was moved\n"};
  Findings findings;
  JudgeService("webhook", lost, findings);
  EXPECT_EQ(Said(findings), "FAIL webhook: not ready: store w.db: was moved");
}

TEST(DoctorTest, TellsOfWaitingAndDeadDeliveries) {
  const std::string counts =
      "lowbalance_webhook_pending_deliveries 2\nlowbalance_webhook_dead_letters ";
  const std::string oldest = "lowbalance_webhook_oldest_undelivered_timestamp_seconds ";
  const struct {
    std::string metrics;
    const char* want;
  } cases[] = {
      {counts + "0\n" + oldest + "1795434300\n", "ok deliveries: 2 pending, no dead letters"},
      {counts + "0\n" + oldest + "1795434299\n",
       "FAIL deliveries: 2 wait, the oldest since 2026-11-23T11:44:59Z"},
      {counts + "1\n", "warn deliveries: 1 dead letter: somebody was not told"},
      {"", "FAIL deliveries: the webhook cannot read its store"},
  };
  for (const auto& c : cases) {
    Findings findings;
    JudgeDeliveries(Webhook(c.metrics), findings);
    EXPECT_EQ(Said(findings), c.want);
  }
}

TEST(DoctorTest, TellsOfClocksThatDiffer) {
  Seen seen = Webhook("");
  Answer& webhook = seen.webhook.answers[std::string(kReadyPath)];
  Answer& prometheus = seen.prometheus.answers[std::string(kBuildPath)];
  const auto said = [&](std::chrono::seconds of_webhook, std::chrono::seconds of_prometheus) {
    webhook.ahead = of_webhook;
    prometheus.ahead = of_prometheus;
    Findings findings;
    JudgeClocks(seen, findings);
    return Said(findings);
  };
  using std::chrono::seconds;
  EXPECT_EQ(said(seconds{10}, seconds{-10}), "ok clocks: 2 clocks within 10s of this machine's");
  EXPECT_EQ(said(seconds{0}, seconds{-11}),
            "warn clocks: Prometheus' is 11s behind of this machine's");
  EXPECT_EQ(said(seconds{300}, seconds{-301}),
            "FAIL clocks: the webhook's is 5m ahead, Prometheus' is 5m1s behind of this machine's; "
            "facts older than 10m decide nothing");
}

TEST(DoctorTest, TellsOfAlertsDroppedLately) {
  const std::string sent = "prometheus_notifications_sent_total{alertmanager=\"a\"} 40\n";
  const std::string dropped = "prometheus_notifications_dropped_total 7\n";
  const auto vector = [](const std::string& samples) {
    return R"({"status":"success","data":{"resultType":"vector","result":[)" + samples + "]}}";
  };
  const struct {
    const char* name;
    std::string metrics;
    std::string lately;
    const char* want;
  } cases[] = {
      {"never", sent, vector(R"({"metric":{},"value":[1795435200,"0"]})"),
       "ok notifications: 40 alerts sent since Prometheus' start, none dropped"},
      {"at its start, before it knew Alertmanager", sent + dropped,
       vector(R"({"metric":{},"value":[1795435200,"0"]})"),
       "ok notifications: 40 alerts sent since Prometheus' start, 7 dropped, none of them within "
       "the last 15 minutes"},
      {"lately", sent + dropped, vector(R"({"metric":{},"value":[1795435200,"2.2"]})"),
       "warn notifications: 3 alerts dropped within the last 15 minutes"},
      {"it does not scrape itself", sent + dropped, vector(""),
       "ok notifications: 40 alerts sent since Prometheus' start, 7 dropped; when, only a "
       "Prometheus "
       "that scrapes itself can tell"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Seen seen;
    seen.prometheus.answers[std::string(kBuildPath)] = Ok("{}");
    seen.prometheus.answers[std::string(kMetricsPath)] = Ok(c.metrics);
    seen.prometheus.answers[std::string(kDroppedPath)] = Ok(c.lately);
    Findings findings;
    JudgeDropped(seen, findings);
    EXPECT_EQ(Said(findings), c.want);
  }
}

TEST(DoctorTest, WhatFollowsFromAFailureIsSkipped) {
  Seen seen;
  seen.prometheus.url = "http://p:9090";
  seen.prometheus.answers[std::string(kBuildPath)].error = "no answer from http://p:9090";
  Findings findings;
  JudgePrometheus(seen, findings);
  JudgeScrape("exporter", seen, findings);
  JudgeRules(seen, findings);
  JudgeAlertmanagers(seen, findings);
  JudgeRoute(seen, findings);
  EXPECT_EQ(Said(findings),
            "FAIL prometheus: no answer from http://p:9090\n"
            "skipped exporter scrape: Prometheus cannot be asked\n"
            "skipped rules: Prometheus cannot be asked\n"
            "skipped alertmanagers: Prometheus cannot be asked\n"
            "skipped route: Alertmanager cannot be asked");
}

TEST(DoctorTest, TheTextHasARemedyUnderWhatFailed) {
  Findings findings;
  findings.Ok("rules", "13 rules");
  findings.Fail("mail", "one two three four five six\x1b[2J", "mend the mail server, all of it");
  EXPECT_EQ(FindingsText(findings, 60),
            "ok      rules                 13 rules\n"
            "FAIL    mail                  one two three four five six\n"
            "                              [2J\n"
            "        -> mend the mail server, all of it\n"
            "2 checks: 1 ok, 0 to look at, 1 failed\n");
  EXPECT_THAT(FindingsJson(findings), HasSubstr("\"ok\": false"));
}

TEST(MetricsTextTest, ReadsLabelsAndValues) {
  const std::string text =
      "# HELP a b\na_b{x=\"1\"} 9\na{x=\"q\\\"u,o}te\",y=\"2\"} 1.5e3\na{x=\"z\",y=\"2\"} 2 "
      "1700000\n"
      "a{broken 7\n";
  const auto samples = SamplesOf(text, "a");
  ASSERT_EQ(samples.size(), 2U);
  EXPECT_EQ(samples[0].labels.at("x"), "q\"u,o}te");
  EXPECT_EQ(samples[0].value, 1500);
  EXPECT_EQ(SumOf(text, "a", {{"y", "2"}}), 1502);
  EXPECT_EQ(SumOf(text, "a", {{"x", "z"}}), 2);
  EXPECT_EQ(ValueOf(text, "b"), std::nullopt);
}

TEST(AlertRoutingTest, FindsTheReceiversOfAnAlert) {
  const std::string receivers =
      "receivers:\n- name: ours\n  webhook_configs:\n  - url: http://w/api/v1/alerts\n"
      "    max_alerts: 0\n- name: theirs\n- name: both\n  webhook_configs:\n  - url: <secret>\n";
  const AlertLabels labels{{"alertname", "LowBalance"}, {"severity", "warning"}, {"team", "a,b"}};
  const struct {
    const char* name;
    const char* routes;
    const char* want;
  } cases[] = {
      {"no route but the root", "[]", "theirs"},
      {"matchers with quotes and blanks",
       "[{receiver: ours, matchers: ['alertname =~ \"LowBalance|LowBalanceEnded\"']}]", "ours"},
      {"a regular expression must match the whole",
       "[{receiver: ours, matchers: ['alertname=~\"Low\"']}]", "theirs"},
      {"all matchers must hold",
       "[{receiver: ours, matchers: ['{alertname=\"LowBalance\",severity!=\"warning\"}']}]",
       "theirs"},
      {"a comma in a quoted value",
       "[{receiver: ours, matchers: ['team=\"a,b\",alertname!~\"X.*\"']}]", "ours"},
      {"match and match_re",
       "[{receiver: ours, match: {alertname: LowBalance}, match_re: "
       "{severity: 'w.*'}}]",
       "ours"},
      {"the first that matches wins", "[{receiver: both}, {receiver: ours}]", "both"},
      {"unless it continues", "[{receiver: both, continue: true}, {receiver: ours}]", "both ours"},
      {"nested, and inherited", "[{receiver: ours, routes: [{matchers: ['severity=warning']}]}]",
       "ours"},
      {"a label that is missing is empty", "[{receiver: ours, matchers: ['cluster=']}]", "ours"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto routed = RouteAlert("route:\n  receiver: theirs\n  repeat_interval: 4h\n  routes: " +
                                       std::string(c.routes) + "\n" + receivers,
                                   labels);
    ASSERT_TRUE(routed) << routed.error().message;
    std::string names;
    for (const RoutedTo& to : *routed) {
      names += (names.empty() ? "" : " ") + to.receiver;
      EXPECT_EQ(to.repeat_interval, std::chrono::hours{4});
      EXPECT_EQ(to.webhooks.size(), to.receiver == "theirs" ? 0U : 1U);
    }
    EXPECT_EQ(names, c.want);
  }
  EXPECT_FALSE(RouteAlert("nonsense", labels));
  EXPECT_FALSE(RouteAlert("route: {routes: [{matchers: ['a=~\"(\"']}]}\nreceivers: []\n", labels));
}

}  // namespace
}  // namespace lowbalance::cli
