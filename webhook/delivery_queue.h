#pragma once
// The pending deliveries: who takes which, and what became of it. Also the inbox, whose
// deliveries are made by writing.

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.h"
#include "webhook/database.h"
#include "webhook/records.h"
#include "webhook/retry.h"

namespace lowbalance {

// Thread-safe.
class DeliveryQueue {
 public:
  // At most this many deliveries to one recipient are on their way at once, so that one whose
  // server hangs leaves workers to the others.
  static constexpr int kPerRecipientMax = 2;

  explicit DeliveryQueue(Database& database);

  // An e-mail delivery that one worker has to itself until it says Finish or Release.
  struct Claim {
    Delivery delivery;
    Message message;
  };

  struct Taken {
    std::optional<Claim> claim;
    int expired = 0;  // How many deliveries were given up on the way because they had expired.
  };

  // The next e-mail delivery that is due, those never tried first. An alert that was never tried
  // gets one attempt even where it has expired. An instant of the next attempt that lies further
  // ahead than the policy's longest wait comes from a clock that was set back, and counts as due.
  // Throws StoreError; also while an earlier Finish could not be recorded, since whoever cannot
  // note what has been sent must not send.
  [[nodiscard]] Taken Take(const RetryPolicy& policy, Time now);

  enum class Outcome { kDelivered, kRetry, kDead };
  // Records what became of a claim. For kRetry `next_attempt` says when to try again; from its
  // expiry on it is dead instead. Returns what was recorded, or nothing if the delivery was
  // cancelled meanwhile and has failed. Throws StoreError; the outcome is then kept and recorded
  // by the next call, and the delivery not made again unless the process dies first.
  std::optional<DeliveryState> Finish(const Claim& claim, Outcome outcome, std::string error,
                                      Time next_attempt, Time now);
  // Gives a claim back untouched: it is tried again at once, or by the next process.
  void Release(const Claim& claim);

  struct Internal {
    int delivered = 0;
    int dead = 0;
  };
  // Puts up to `max` pending internal messages into the inbox and marks them delivered, in one
  // transaction, so that each appears exactly once.
  [[nodiscard]] Internal DeliverInternal(Time now, int max);

  // When the next delivery of the relay that can be taken is due; `now` + `longest` at the latest.
  [[nodiscard]] Time NextDue(std::string_view relay, const RetryPolicy& policy, Time now);

  struct Stats {
    std::int64_t pending = 0;
    std::int64_t dead = 0;
    std::optional<Time> oldest;  // When the oldest message with a pending delivery was created.
  };
  [[nodiscard]] Stats GetStats();

 private:
  struct Finished {
    Delivery delivery;
    Outcome outcome{};
    std::string error;
    Time next_attempt{};
    Time now{};
  };
  std::optional<DeliveryState> Record(const Finished& finished);
  void RecordLeftOvers();

  Database& database_;
  std::mutex mutex_;
  // Guarded by mutex_:
  std::map<std::int64_t, std::string> taken_;  // Claims by the delivery's id, with recipients.
  std::vector<Finished> unrecorded_;           // Outcomes that the store did not take yet.
  std::int64_t last_inbox_ = 0;                // The id given last.
};

}  // namespace lowbalance
