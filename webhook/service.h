#pragma once
// The webhook put together: store, outbox, dispatcher, HTTP server, and the configuration they run
// by.

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/http_server.h"
#include "config/config.h"
#include "webhook/archive.h"
#include "webhook/database.h"
#include "webhook/deliveries.h"
#include "webhook/delivery_queue.h"
#include "webhook/dispatcher.h"
#include "webhook/live_config.h"
#include "webhook/metrics.h"
#include "webhook/outbox.h"
#include "webhook/receiver.h"
#include "webhook/retention.h"
#include "webhook/watchdog.h"

namespace lowbalance {

class WebhookService {
 public:
  struct Options {
    Clock clock;
    // Reads the configuration anew, for a reload.
    std::function<ConfigResult()> load_config;
    // Asked while another process holds the store; true gives up, and the constructor throws.
    std::function<bool()> stop_waiting;
  };

  // Opens the store, waiting until no other process holds it, and takes in the configuration,
  // which has no mistakes. Throws, saying why, where the webhook cannot start.
  WebhookService(const Config& config, Options options);

  // Begins to send what is pending and to listen; returns the port. Throws where it cannot bind.
  std::uint16_t Start();

  // Says that it is not ready, gives e-mails under way some seconds to get there, answers what is
  // being asked, and leaves everything else pending for the next start. Until the e-mails are done
  // notifications are still taken: what is committed is sent after the next start.
  void Stop();

  // "GET /metrics", … of everything that is served.
  [[nodiscard]] std::vector<std::string> Routes() const { return server_.Routes(); }

  // Reads the configuration again and goes on with it; returns what is wrong with it, in which case
  // the old one stays. Where to listen, whom to let in and which store to use are settled at the
  // start. Thread-safe.
  [[nodiscard]] std::vector<std::string> Reload();

 private:
  void AddRoutes();
  HttpResponse ShowMetrics();
  [[nodiscard]] HttpResponse ShowReady() const;

  const Options options_;
  const WebhookConfig started_with_;
  const std::uint64_t first_config_hash_;  // Before the store, which may be waited for.
  LiveConfig config_;
  WebhookMetrics metrics_;
  Database database_;
  Outbox outbox_;
  DeliveryQueue queue_;
  Archive archive_;
  Deliveries deliveries_;
  std::mutex reload_mutex_;  // One reload at a time.
  std::atomic<bool> stopping_ = false;
  Dispatcher dispatcher_;
  Watchdog watchdog_;
  Retention retention_;
  Receiver receiver_;
  HttpServer server_;  // Last, so that it stops first.
};

}  // namespace lowbalance
