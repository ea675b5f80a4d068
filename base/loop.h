#pragma once
// A thread that calls a step when it is due.

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "base/clock.h"
#include "core/time.h"

namespace lowbalance {

class Loop {
 public:
  // Does what is due at `now` and returns when to be called again.
  using Step = std::function<Time(Time now)>;

  // Starts calling `step`, at once for the first time. However far ahead the step's answer lies,
  // it is called again after `longest_wait` at the latest, so that a clock set back delays work
  // but does not stop it; and no sooner than 1 ms after the last call. An exception from a step is
  // logged under `name`, and the step called again after a second.
  Loop(std::string name, Clock clock, Step step, Millis longest_wait = std::chrono::seconds{10});
  // Waits for a running step to return.
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Calls the step soon, whenever it was due. Thread-safe.
  void Wake();

 private:
  void Run(const std::stop_token& stop);

  const std::string name_;
  const Clock clock_;
  const Step step_;
  const Millis longest_wait_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool woken_ = false;   // Guarded by mutex_.
  std::jthread thread_;  // Last, so that it is joined first.
};

}  // namespace lowbalance
