#pragma once
// What the webhook says of itself on /metrics.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/episode.h"
#include "core/message_kind.h"
#include "core/time.h"
#include "webhook/delivery_queue.h"
#include "webhook/plan.h"

namespace lowbalance {

// Thread-safe.
class WebhookMetrics {
 public:
  WebhookMetrics();
  ~WebhookMetrics();
  WebhookMetrics(const WebhookMetrics&) = delete;
  WebhookMetrics& operator=(const WebhookMetrics&) = delete;

  // A notification was answered with this status.
  void CountNotification(int code);
  // A notification was committed: its alerts, decisions and messages.
  void CountPlan(const Plan& plan, Time now);
  // A message that no notification caused.
  void CountMessage(MessageKind kind);
  void CountUnknownContact();
  // `outcome` is delivered, retry, dead or cancelled.
  void CountDeliveries(std::string_view relay, std::string_view outcome, int count = 1);
  // A delivery got there so long after its message was decided on.
  void ObserveDelivery(std::string_view relay, Millis since_decision);
  void NoteConfig(std::uint64_t hash);  // ConfigHash of what is in effect.
  void NoteReload(bool success, Time now);

  // The text format. Without `deliveries`, which the caller reads from the store, their families
  // are left out.
  [[nodiscard]] std::string Render(const DeliveryQueue::Stats* deliveries);

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace lowbalance
