#pragma once
// Where balances come from: one Source per billing API, or file, that is polled.

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "config/config.h"
#include "core/account_memory.h"
#include "core/result.h"
#include "core/time.h"

namespace lowbalance {

// The calls of a billing API, for metrics.
struct CallCounts {
  // Requests by operation and by the code they ended with: "ok", the API's own, or the source's.
  std::map<std::pair<std::string, std::string>, std::uint64_t> requests;
  std::map<std::string, std::uint64_t> retries;    // Requests that were not the first try.
  std::map<std::string, std::uint64_t> throttled;  // Refusals for having asked too often.
};

// What a source is told when it is asked.
struct FetchContext {
  Time now{};
  // Nobody waits for the answer any longer than this.
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
  // Requested when the program stops or the source leaves the configuration.
  std::stop_token stop;

  // Told, before Fetch returns, which calls it made. May be empty.
  std::function<void(const CallCounts&)> count;
  // Shown every reply of a billing API as it came, for `lowbalance sources test`; where there are
  // secrets in it, without its body. May be empty.
  std::function<void(const std::string& operation, int status, const std::string& body)> observe;

  // How long the next step may take: nothing once the deadline has passed or stop is requested.
  [[nodiscard]] Millis Remaining() const;
  // Kind kRetry, with what the source was doing, if Remaining() is nothing.
  [[nodiscard]] Result<void> Check(const std::string& doing) const;
};

// An account that the source is known to have, and could not be asked about.
struct AccountFailure {
  AccountKey account;
  std::string message;
  AccountStatus status = AccountStatus::kUnknown;  // Where that is known all the same.
};

// What a source shows. Each account stands in one of the lists, once, with a key that is valid
// (IsValidName, IsValidAccountId).
struct Fetched {
  std::vector<Reading> readings;
  std::vector<AccountFailure> failures;
  // Whether the lists name every account the source has. Then one that is not among them is gone,
  // and another source may have it; else it only counts as polled without success.
  bool complete = true;
};

class Source {
 public:
  virtual ~Source() = default;

  // Reads all accounts the source has. An error is a failed poll of them all. What cannot be
  // trusted as a whole (a file that is wrong anywhere) is an error; where each account is asked for
  // by a call of its own, a call that fails is a failure of that account alone. A failed poll, of
  // all or of one, changes no balance.
  //
  // Called from one thread at a time. May block, but not on after the context's deadline or a
  // request to stop: the thread is waited for.
  [[nodiscard]] virtual Result<Fetched> Fetch(const FetchContext& context) = 0;
};

// The source that a configuration without mistakes describes.
[[nodiscard]] std::unique_ptr<Source> MakeSource(const SourceConfig& config);

}  // namespace lowbalance
