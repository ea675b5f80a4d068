#include "base/loop.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "base/log.h"

namespace lowbalance {
namespace {

constexpr Millis kShortestWait{1};
constexpr Millis kWaitAfterException = std::chrono::seconds{1};

}  // namespace

Loop::Loop(std::string name, Clock clock, Step step, Millis longest_wait)
    : name_(std::move(name)),
      clock_(std::move(clock)),
      step_(std::move(step)),
      longest_wait_(std::max(longest_wait, kShortestWait)),
      thread_([this](const std::stop_token& stop) { Run(stop); }) {}

Loop::~Loop() = default;

void Loop::Wake() {
  {
    const std::lock_guard lock(mutex_);
    woken_ = true;
  }
  changed_.notify_all();
}

void Loop::Run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    {
      // Cleared before the step and not after it: a wake-up during the step may be about something
      // that the step has already passed by.
      const std::lock_guard lock(mutex_);
      woken_ = false;
    }
    Millis wait = kWaitAfterException;
    bool failed = false;
    try {
      const Time next = step_(clock_());
      const Time now = clock_();
      // Compared before they are subtracted: "always" and "never" are the ends of time.
      if (next <= now) {
        wait = kShortestWait;
      } else {
        wait = next >= now + longest_wait_ ? longest_wait_ : next - now;
      }
    } catch (const std::exception& e) {
      failed = true;
      log::Error("step failed, to be repeated", {{"loop", name_}, {"error", e.what()}});
    } catch (...) {
      failed = true;
      log::Error("step failed, to be repeated", {{"loop", name_}, {"error", "unknown exception"}});
    }
    std::unique_lock lock(mutex_);
    if (failed || wait <= kShortestWait) {
      // Not even a wake-up shortens these: a step that fails or is always due must not spin.
      changed_.wait_for(lock, stop, wait, [] { return false; });
      continue;
    }
    changed_.wait_for(lock, stop, wait, [this] { return woken_; });
  }
}

}  // namespace lowbalance
