#pragma once
// Polls each source at its interval and hands what it shows to the accounts.
//
// Every source has a thread of its own: none holds up another, and none is polled twice at once.

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/loop.h"
#include "exporter/accounts.h"
#include "exporter/exporter_metrics.h"
#include "exporter/source.h"

namespace lowbalance {

// One source and when it is due.
class SourcePoll {
 public:
  // The references must outlive this.
  SourcePoll(SourceConfig config, std::unique_ptr<Source> source, Accounts& accounts,
             ExporterMetrics& metrics);
  ~SourcePoll();

  // Polls the source if it is due at `now`, and returns when it is due next. A failed poll, or one
  // whose result could not be stored, is tried again at the next.
  Time Step(Time now);

  [[nodiscard]] const SourceConfig& config() const { return config_; }
  [[nodiscard]] bool polled() const { return polled_; }  // At all, whatever the outcome.

 private:
  void Poll(Time now);
  [[nodiscard]] Result<std::vector<Reading>> Fetch(Time now);
  void LogOutcome(const std::string& error, std::size_t accounts);

  const SourceConfig config_;
  const std::unique_ptr<Source> source_;
  Accounts& accounts_;
  ExporterMetrics& metrics_;
  Time due_{};
  std::string logged_error_;  // Empty: the last poll succeeded.
  bool logged_ = false;
  std::atomic<bool> polled_ = false;
};

class Poller {
 public:
  using Factory = std::function<std::unique_ptr<Source>(const SourceConfig&)>;

  // The references must outlive this.
  Poller(Accounts& accounts, ExporterMetrics& metrics, Clock clock, Factory factory = MakeSource);

  // Polls these sources from now on, new and altered ones at once. Those that stay as they are go
  // on undisturbed. Waits for a running poll of one that goes. Called by one thread at a time.
  void Configure(const std::vector<SourceConfig>& sources);

  // Thread-safe.
  [[nodiscard]] bool EverySourcePolled() const;

 private:
  struct Running {
    Running(std::unique_ptr<SourcePoll> what, const Clock& clock);
    std::unique_ptr<SourcePoll> poll;
    Loop loop;  // Last, so that it is joined first.
  };

  Accounts& accounts_;
  ExporterMetrics& metrics_;
  const Clock clock_;
  const Factory factory_;
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Running>> running_;  // Guarded by mutex_.
};

}  // namespace lowbalance
