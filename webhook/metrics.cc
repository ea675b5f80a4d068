#include "webhook/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <array>

#include "base/process_metrics.h"
#include "core/contract.h"
#include "webhook/records.h"

namespace lowbalance {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;

double Seconds(Time at) { return static_cast<double>(ToMillis(at)) / 1000.0; }

Family<Counter>& CounterFamily(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}
Family<Gauge>& GaugeFamily(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
}

Family<Histogram>& HistogramFamily(prometheus::Registry& registry, const char* name,
                                   const char* help) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
}

// Seconds. With the shipped intervals an alert is decided on within 3 minutes of the poll that saw
// the crossing, or within 17 where it awaited a change; a mail that is tried again takes its time.
Histogram::BucketBoundaries LatencyBuckets() {
  return {0.5, 1, 5, 15, 30, 60, 120, 180, 300, 600, 1020, 1800, 3600, 21600, 86400};
}

double InSeconds(Millis d) { return static_cast<double>(d.count()) / 1000.0; }

}  // namespace

struct WebhookMetrics::Families {
  // One registry for what is counted here, another for what is read from the store at each scrape.
  prometheus::Registry counted;

  Family<Gauge>& build_info = GaugeFamily(counted, "lowbalance_webhook_build_info",
                                          "The version of the program; always 1.");
  Family<Counter>& notifications =
      CounterFamily(counted, "lowbalance_webhook_notifications_total",
                    "Notifications of Alertmanager, by the status answered.");
  Family<Counter>& alerts = CounterFamily(counted, "lowbalance_webhook_alerts_total",
                                          "Alerts in accepted notifications.");
  Family<Counter>& decisions =
      CounterFamily(counted, "lowbalance_webhook_decisions_total",
                    "Decisions on alerts, sent or not, by the reason that each one has.");
  Family<Counter>& messages =
      CounterFamily(counted, "lowbalance_webhook_messages_total",
                    "Messages decided on; each goes to every recipient of a contact.");
  Family<Counter>& deliveries = CounterFamily(
      counted, "lowbalance_webhook_deliveries_total",
      "What became of attempts to deliver: delivered, retry (failed, to be tried again), dead "
      "(given up) or cancelled (the account is not low any more).");
  Family<Histogram>& decision_latency =
      HistogramFamily(counted, "lowbalance_webhook_decision_latency_seconds",
                      "From the poll that saw the change an alert is about until the alert was "
                      "decided on and committed.");
  Family<Histogram>& delivery_latency =
      HistogramFamily(counted, "lowbalance_webhook_delivery_latency_seconds",
                      "From when a message was decided on until it was delivered.");
  Family<Counter>& unknown_contacts =
      CounterFamily(counted, "lowbalance_webhook_unknown_contacts_total",
                    "Messages whose account names a contact that is not configured here; they went "
                    "to the default contact.");
  Family<Gauge>& last_notification =
      GaugeFamily(counted, "lowbalance_webhook_last_notification_timestamp_seconds",
                  "When the last notification was accepted; absent until the first.");
  Family<Gauge>& last_watchdog =
      GaugeFamily(counted, "lowbalance_webhook_last_watchdog_timestamp_seconds",
                  "When LowbalanceWatchdog was last heard of; absent until the first time.");
  Family<Gauge>& reload_successful =
      GaugeFamily(counted, "lowbalance_webhook_config_last_reload_successful",
                  "Whether the last attempt to read the configuration succeeded.");
  Family<Gauge>& config_hash =
      GaugeFamily(counted, "lowbalance_webhook_config_hash",
                  "A hash of the configuration file that is in effect, to compare programs by.");
  Family<Gauge>& reload_timestamp =
      GaugeFamily(counted, "lowbalance_webhook_config_last_reload_success_timestamp_seconds",
                  "When the configuration was last read successfully.");
};

WebhookMetrics::WebhookMetrics() : families_(std::make_unique<Families>()) {
  families_->build_info.Add({{"version", LOWBALANCE_VERSION}}).Set(1);
  // What can be counted is there from the start, so that rate() sees the first one.
  for (const char* const code : {"200", "400", "401", "413", "503"}) {
    families_->notifications.Add({{"code", code}});
  }
  for (int i = 0; i < kReasonCount; ++i) {
    families_->decisions.Add({{"reason", std::string(ToString(static_cast<Reason>(i)))}});
  }
  for (const char* const kind : {"alert", "reminder", "watchdog"})
    families_->messages.Add({{"kind", kind}});
  for (const std::string_view relay : {kRelayEmail, kRelayInternal}) {
    for (const char* const outcome : {"delivered", "retry", "dead", "cancelled"}) {
      families_->deliveries.Add({{"relay", std::string(relay)}, {"outcome", outcome}});
    }
  }
  families_->unknown_contacts.Add({});
  families_->decision_latency.Add({}, LatencyBuckets());
  families_->delivery_latency.Add({{"relay", std::string(kRelayEmail)}}, LatencyBuckets());
}

WebhookMetrics::~WebhookMetrics() = default;

void WebhookMetrics::CountNotification(int code) {
  families_->notifications.Add({{"code", std::to_string(code)}}).Increment();
}

void WebhookMetrics::CountPlan(const Plan& plan, Time now) {
  for (const auto& [key, count] : plan.counts) {
    families_->alerts
        .Add({{"alertname", std::string(key.first)}, {"status", std::string(key.second)}})
        .Increment(count);
  }
  std::array<int, kReasonCount> reasons{};
  for (const Decided& decided : plan.decisions) {
    ++reasons.at(static_cast<std::size_t>(decided.reason));
  }
  for (int i = 0; i < kReasonCount; ++i) {
    const int count = reasons.at(static_cast<std::size_t>(i));
    if (count == 0) continue;
    families_->decisions.Add({{"reason", std::string(ToString(static_cast<Reason>(i)))}})
        .Increment(count);
  }
  for (const PlannedMessage& message : plan.messages) {
    families_->messages.Add({{"kind", std::string(ToString(message.notice.kind))}}).Increment();
  }
  for (const PlannedMessage& message : plan.messages) {
    // Of the alert itself, which counts reminders from now on; a reminder is about no change.
    if (message.alerted_at != now || !message.facts.first_change) continue;
    families_->decision_latency.Add({}, LatencyBuckets())
        .Observe(InSeconds(now - *message.facts.first_change));
  }
  families_->last_notification.Add({}).Set(Seconds(now));
  if (plan.watchdog) families_->last_watchdog.Add({}).Set(Seconds(now));
}

void WebhookMetrics::CountMessage(MessageKind kind) {
  families_->messages.Add({{"kind", std::string(ToString(kind))}}).Increment();
}

void WebhookMetrics::CountUnknownContact() { families_->unknown_contacts.Add({}).Increment(); }

void WebhookMetrics::CountDeliveries(std::string_view relay, std::string_view outcome, int count) {
  if (count == 0) return;
  families_->deliveries.Add({{"relay", std::string(relay)}, {"outcome", std::string(outcome)}})
      .Increment(count);
}

void WebhookMetrics::ObserveDelivery(std::string_view relay, Millis since_decision) {
  families_->delivery_latency.Add({{"relay", std::string(relay)}}, LatencyBuckets())
      .Observe(InSeconds(since_decision));
}

void WebhookMetrics::NoteConfig(std::uint64_t hash) {
  families_->config_hash.Add({}).Set(static_cast<double>(hash));
}

void WebhookMetrics::NoteReload(bool success, Time now) {
  families_->reload_successful.Add({}).Set(success ? 1 : 0);
  if (success) families_->reload_timestamp.Add({}).Set(Seconds(now));
}

std::string WebhookMetrics::Render(const DeliveryQueue::Stats* deliveries) {
  auto collected = families_->counted.Collect();
  prometheus::Registry current;
  if (deliveries != nullptr) {
    GaugeFamily(current, "lowbalance_webhook_pending_deliveries",
                "Deliveries that are waiting for their first or their next attempt.")
        .Add({})
        .Set(static_cast<double>(deliveries->pending));
    GaugeFamily(current, "lowbalance_webhook_dead_letters",
                "Deliveries that were given up: refused for good, or expired.")
        .Add({})
        .Set(static_cast<double>(deliveries->dead));
    if (deliveries->oldest) {
      GaugeFamily(current, "lowbalance_webhook_oldest_undelivered_timestamp_seconds",
                  "When the oldest message with a pending delivery was made; absent while nothing "
                  "waits.")
          .Add({})
          .Set(Seconds(*deliveries->oldest));
    }
  }
  const auto more = current.Collect();
  collected.insert(collected.end(), more.begin(), more.end());
  // A family without a series yet is nothing to tell.
  std::erase_if(collected, [](const auto& family) { return family.metric.empty(); });
  return prometheus::TextSerializer().Serialize(collected) + ProcessMetrics();
}

}  // namespace lowbalance
