#pragma once
// Sends what the outbox holds: a loop for the inbox and one for each e-mail worker.

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/loop.h"
#include "webhook/delivery_queue.h"
#include "webhook/live_config.h"
#include "webhook/metrics.h"
#include "webhook/relay.h"

namespace lowbalance {

// Thread-safe, but that Wake is not called before Start has returned nor after Stop is called. The
// arguments must outlive it.
class Dispatcher {
 public:
  // `jitter` gives numbers from 0 to 1, spread evenly.
  Dispatcher(const LiveConfig& config, DeliveryQueue& queue, WebhookMetrics& metrics, Clock clock,
             std::function<double()> jitter);
  // Stops.
  ~Dispatcher();
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  // Starts a loop for the inbox, and one for each relay, which sends e-mails. Once.
  void Start(std::vector<std::unique_ptr<Relay>> relays);
  // Something new may be due.
  void Wake();
  // Begins nothing new, and gives e-mails under way up to `patience` to get there. Thread-safe,
  // Wake included.
  void Finish(Millis patience);
  // Finishes, then aborts what is still under way: it stays pending. Idempotent.
  void Stop(Millis patience);

  // The loops' steps; each does what is due and returns when there is more. SendDue sends at most
  // one e-mail.
  [[nodiscard]] Time SendDue(Relay& relay, Time now);
  [[nodiscard]] Time DeliverInternal(Time now);

 private:
  [[nodiscard]] RetryPolicy Policy() const;
  void Send(Relay& relay, const DeliveryQueue::Claim& claim, const RetryPolicy& policy);

  const LiveConfig& config_;
  DeliveryQueue& queue_;
  WebhookMetrics& metrics_;
  const Clock clock_;
  const std::function<double()> jitter_;
  std::atomic<bool> stopping_{false};
  std::atomic<int> sending_{0};
  std::vector<std::unique_ptr<Relay>> relays_;  // Made before the loops, and not changed after.
  std::vector<std::unique_ptr<Loop>> loops_;    // Last, so that they are joined first.
};

}  // namespace lowbalance
