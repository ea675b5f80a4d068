#include "webhook/dispatcher.h"

#include <chrono>
#include <string>
#include <thread>
#include <utility>

#include "base/log.h"

namespace lowbalance {
namespace {

// Internal messages per transaction: enough to make a burst cheap, few enough that the store is
// free for notifications in between.
constexpr int kInternalPerStep = 200;
constexpr Millis kPollWhileStopping{20};

}  // namespace

Dispatcher::Dispatcher(const LiveConfig& config, DeliveryQueue& queue, WebhookMetrics& metrics,
                       Clock clock, std::function<double()> jitter)
    : config_(config),
      queue_(queue),
      metrics_(metrics),
      clock_(std::move(clock)),
      jitter_(std::move(jitter)) {}

Dispatcher::~Dispatcher() { Stop(Millis{0}); }

void Dispatcher::Start(std::vector<std::unique_ptr<Relay>> relays) {
  relays_ = std::move(relays);
  loops_.push_back(std::make_unique<Loop>("internal messages", clock_,
                                          [this](Time now) { return DeliverInternal(now); }));
  for (const auto& relay : relays_) {
    loops_.push_back(std::make_unique<Loop>(
        "e-mail", clock_, [this, &relay](Time now) { return SendDue(*relay, now); }));
  }
}

void Dispatcher::Wake() {
  for (const auto& loop : loops_) loop->Wake();
}

void Dispatcher::Finish(Millis patience) {
  stopping_ = true;
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (sending_ > 0 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(kPollWhileStopping);
  }
}

void Dispatcher::Stop(Millis patience) {
  Finish(patience);
  for (const auto& relay : relays_) relay->Abort();
  loops_.clear();
}

RetryPolicy Dispatcher::Policy() const {
  const auto config = config_.Get();
  return {config->webhook.retry_first, config->webhook.retry_longest};
}

Time Dispatcher::SendDue(Relay& relay, Time now) {
  const RetryPolicy policy = Policy();
  // Counted before it is looked at, so that Finish() waits for whatever begins.
  ++sending_;
  const std::unique_ptr<std::atomic<int>, void (*)(std::atomic<int>*)> done(
      &sending_, [](std::atomic<int>* count) { --*count; });
  if (stopping_) return now + policy.longest;
  const DeliveryQueue::Taken taken = queue_.Take(policy, now);
  metrics_.CountDeliveries(kRelayEmail, "dead", taken.expired);
  if (!taken.claim) {
    relay.Rest();
    return taken.expired > 0 ? now : queue_.NextDue(kRelayEmail, policy, now);
  }
  Send(relay, *taken.claim, policy);
  return now;
}

void Dispatcher::Send(Relay& relay, const DeliveryQueue::Claim& claim, const RetryPolicy& policy) {
  const Delivery& delivery = claim.delivery;
  const Result<void> sent = [&] {
    try {
      return relay.Send(claim.message, delivery.recipient);
    } catch (...) {  // Out of memory: whoever called goes on, and so must this delivery, later.
      queue_.Release(claim);
      throw;
    }
  }();
  if (!sent && stopping_) {
    queue_.Release(claim);
    return;
  }
  const Time now = clock_();
  auto outcome = DeliveryQueue::Outcome::kDelivered;
  if (!sent) {
    outcome = sent.error().kind == Error::Kind::kRetry ? DeliveryQueue::Outcome::kRetry
                                                       : DeliveryQueue::Outcome::kDead;
  }
  const Time next = now + RetryWait(policy, delivery.attempts + 1, jitter_());
  const auto state =
      queue_.Finish(claim, outcome, sent ? std::string() : sent.error().message, next, now);
  const std::string_view word = state == DeliveryState::kDelivered ? "delivered"
                                : state == DeliveryState::kPending ? "retry"
                                : state == DeliveryState::kDead    ? "dead"
                                                                   : "cancelled";
  // What was cancelled on its way has been counted when it was cancelled.
  if (state) metrics_.CountDeliveries(kRelayEmail, word);
  if (sent) metrics_.ObserveDelivery(kRelayEmail, now - claim.message.created);
  if (sent) {
    log::Info("e-mail delivered", {{"message", std::to_string(claim.message.id)},
                                   {"delivery", std::to_string(delivery.id)},
                                   {"attempt", std::to_string(delivery.attempts + 1)},
                                   {"provider", claim.message.key.account.provider},
                                   {"account_id", claim.message.key.account.account_id}});
  } else {
    log::Warn("e-mail not delivered", {{"outcome", std::string(word)},
                                       {"message", std::to_string(claim.message.id)},
                                       {"delivery", std::to_string(delivery.id)},
                                       {"attempt", std::to_string(delivery.attempts + 1)},
                                       {"provider", claim.message.key.account.provider},
                                       {"account_id", claim.message.key.account.account_id},
                                       {"error", sent.error().message}});
  }
}

Time Dispatcher::DeliverInternal(Time now) {
  const RetryPolicy policy = Policy();
  if (stopping_) return now + policy.longest;
  const DeliveryQueue::Internal done = queue_.DeliverInternal(now, kInternalPerStep);
  metrics_.CountDeliveries(kRelayInternal, "delivered", done.delivered);
  metrics_.CountDeliveries(kRelayInternal, "dead", done.dead);
  return done.delivered + done.dead == kInternalPerStep ? now : now + policy.longest;
}

}  // namespace lowbalance
