#pragma once
// Watches the watcher. LowbalanceWatchdog always fires; when it is heard no more, Prometheus,
// Alertmanager or the way from there is cut, no alert can arrive, and nobody else would say so.
//
// Tells the operator contact once per silence, and once when the watchdog is heard again. A silence
// counts from the watchdog heard last, or from the start of the process: one that begins with the
// start is told too, so that an Alertmanager that was never connected does not go unnoticed. What
// was told stands in the store, so a restart does not repeat it; a silence not yet told begins
// anew with a restart.

#include <atomic>
#include <functional>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "base/loop.h"
#include "webhook/database.h"
#include "webhook/live_config.h"
#include "webhook/metrics.h"
#include "webhook/outbox.h"

namespace lowbalance {

// The arguments must outlive it.
class Watchdog {
 public:
  // Reads what was told last. `committed` is called when there is a message to deliver. Throws
  // StoreError.
  Watchdog(const LiveConfig& config, Database& database, Outbox& outbox, WebhookMetrics& metrics,
           Clock clock, std::function<void()> committed);

  // Starts the loop that calls Look. Once.
  void Start();
  // Idempotent.
  void Stop();

  // The watchdog was heard. Thread-safe.
  void Heard() { heard_ = true; }

  // The loop's step. Throws StoreError where a message could not be stored; the next look tries
  // again.
  [[nodiscard]] Time Look(Time now);

 private:
  void Tell(bool heard_again, Time since, Time now);

  const LiveConfig& config_;
  Outbox& outbox_;
  WebhookMetrics& metrics_;
  const Clock clock_;
  const std::function<void()> committed_;
  std::atomic<bool> heard_{false};  // Since the last look.
  // Only Look changes these:
  Time silent_since_{};      // When it was last heard, or the start.
  bool ever_heard_ = false;  // Since the start.
  Time last_look_{};
  Millis silence_{};                // As far as somebody looked: see Look.
  std::optional<Time> told_since_;  // The silence that was told and whose end was not.
  bool is_over_ = false;            // That silence; its end is to be told.
  std::unique_ptr<Loop> loop_;      // Last, so that it is joined first.
};

}  // namespace lowbalance
