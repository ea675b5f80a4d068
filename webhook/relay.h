#pragma once
// One way to reach people outside this program.

#include <string>

#include "core/result.h"
#include "webhook/records.h"

namespace lowbalance {

class Relay {
 public:
  virtual ~Relay() = default;

  // Delivers a message to one recipient, within a time of its own. Errors: kRetry where it may
  // work later, kGiveUp where the remote party says that it will not for this recipient; the text
  // goes into log, store and API and holds no secret. Called by one thread at a time.
  [[nodiscard]] virtual Result<void> Send(const Message& message, const std::string& recipient) = 0;

  // Makes a Send that is under way on another thread return soon, with kRetry, and every later one
  // at once. Thread-safe.
  virtual void Abort() = 0;

  // There is nothing to send for now: the time to let go of what was kept for the next Send,
  // without waiting for anybody. Called by the thread that calls Send.
  virtual void Rest() {}
};

}  // namespace lowbalance
