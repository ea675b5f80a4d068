#pragma once
// One notification of Alertmanager, from the body to the answer.

#include <atomic>
#include <functional>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/http_server.h"
#include "webhook/live_config.h"
#include "webhook/metrics.h"
#include "webhook/outbox.h"

namespace lowbalance {

// Everybody a contact's messages go to, each once.
[[nodiscard]] std::vector<NewMessage::Recipient> RecipientsOf(const Contact& contact);

// Thread-safe. The arguments must outlive it.
class Receiver {
 public:
  // `committed` is called after each commit that may have left something to deliver, `watchdog`
  // after each notification that brought a firing watchdog.
  Receiver(const LiveConfig& config, Outbox& outbox, WebhookMetrics& metrics, Clock clock,
           std::function<void()> committed, std::function<void()> watchdog = {});

  // 200 once all that the notification causes is committed; 503 where it could not be, or where
  // more bodies are being worked on than memory is meant for: Alertmanager then sends it again;
  // 400 for a body that is no notification of version 4.
  [[nodiscard]] HttpResponse Receive(std::string_view body);

 private:
  void Log(const Plan& plan) const;

  const LiveConfig& config_;
  Outbox& outbox_;
  WebhookMetrics& metrics_;
  const Clock clock_;
  const std::function<void()> committed_;
  const std::function<void()> watchdog_;
  std::atomic<std::size_t> bytes_in_work_{0};
};

}  // namespace lowbalance
