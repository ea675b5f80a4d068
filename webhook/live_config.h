#pragma once
// The configuration as it stands now. A reload replaces it as a whole; whoever is at work keeps
// the one it began with.

#include <memory>
#include <mutex>
#include <utility>

#include "config/config.h"

namespace lowbalance {

// Thread-safe.
class LiveConfig {
 public:
  explicit LiveConfig(Config config) { Set(std::move(config)); }

  [[nodiscard]] std::shared_ptr<const Config> Get() const {
    const std::lock_guard lock(mutex_);
    return config_;
  }
  void Set(Config config) {
    auto next = std::make_shared<const Config>(std::move(config));
    const std::lock_guard lock(mutex_);
    config_ = std::move(next);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Config> config_;  // Guarded by mutex_.
};

}  // namespace lowbalance
