#pragma once
// Where balances come from: one Source per billing API, or file, that is polled.

#include <memory>
#include <vector>

#include "config/config.h"
#include "core/account_memory.h"
#include "core/result.h"
#include "core/time.h"

namespace lowbalance {

class Source {
 public:
  virtual ~Source() = default;

  // Reads all accounts the source has, each once. An answer that is wrong in any part is an error
  // as a whole: a failed poll changes no balance. Called from one thread at a time; may block.
  [[nodiscard]] virtual Result<std::vector<Reading>> Fetch(Time now) = 0;
};

// The source that a configuration without mistakes describes.
[[nodiscard]] std::unique_ptr<Source> MakeSource(const SourceConfig& config);

}  // namespace lowbalance
