#pragma once
// Forgets what was sent long ago, so that the store does not grow for ever: a store that is full
// takes no more alerts.
//
// A message goes with its deliveries and its internal messages, read or not, once it is older than
// `webhook.retention`. Kept however old they are: messages with a delivery that is still to be made
// or was given up within that time (a dead letter stays to be seen), those of an episode that goes
// on (they are the timeline of what is wrong now), and the newest of each table, so that no id is
// ever given twice. Age counts to the newest message, or to now if that is sooner, so that a clock
// which is ahead forgets nothing until something is sent by it. The file does not shrink; its room
// is used again.

#include <memory>

#include "base/clock.h"
#include "base/loop.h"
#include "webhook/database.h"
#include "webhook/live_config.h"

namespace lowbalance {

// The arguments must outlive it.
class Retention {
 public:
  Retention(const LiveConfig& config, Database& database, Clock clock);

  // Starts the loop that calls Look. Once.
  void Start();
  // Idempotent.
  void Stop();

  // The loop's step: forgets some messages in one transaction, few enough that notifications do not
  // wait for it. Throws StoreError with nothing changed; the next look tries again.
  [[nodiscard]] Time Look(Time now);

 private:
  const LiveConfig& config_;
  Database& database_;
  const Clock clock_;
  int forgotten_ = 0;           // Since the last time that nothing was left to forget.
  std::unique_ptr<Loop> loop_;  // Last, so that it is joined first.
};

}  // namespace lowbalance
