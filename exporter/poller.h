#pragma once
// Polls each source at its interval and hands what it shows to the accounts.
//
// Every source has a thread of its own: none holds up another, and none is polled twice at once.

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
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
  using Random = std::function<double()>;  // At least 0, below 1.

  // The references must outlive this.
  SourcePoll(SourceConfig config, std::unique_ptr<Source> source, Accounts& accounts,
             ExporterMetrics& metrics, Random random);
  ~SourcePoll();

  // Polls the source if it is due at `now`, and returns when it is due next. A poll that fails, or
  // whose result could not be stored, is tried again as the source's back-off says. Once `stop` is
  // requested, what a poll did not get any more is nobody's failure, and changes nothing.
  Time Step(Time now, const std::stop_token& stop);

  [[nodiscard]] const SourceConfig& config() const { return config_; }
  [[nodiscard]] bool polled() const { return polled_; }  // At all, whatever the outcome.

 private:
  void Poll(Time now, const std::stop_token& stop);
  [[nodiscard]] Result<Fetched> Fetch(Time now, const std::stop_token& stop);
  [[nodiscard]] std::string Apply(const Result<Fetched>& fetched, Time now);
  [[nodiscard]] Millis RetryWait() const;
  void DueAfter(Time now, Millis wait);
  void LogOutcome(const std::string& error, std::size_t accounts);

  const SourceConfig config_;
  const std::unique_ptr<Source> source_;
  Accounts& accounts_;
  ExporterMetrics& metrics_;
  const Random random_;
  bool begun_ = false;
  Time due_{};
  Millis wait_{};  // What was decided on for due_; further ahead it lies if the clock is set back.
  int failures_in_a_row_ = 0;
  std::string logged_error_;  // Empty: the last poll succeeded.
  bool logged_ = false;
  std::atomic<bool> polled_ = false;
};

class Poller {
 public:
  using Factory = std::function<std::unique_ptr<Source>(const SourceConfig&)>;

  // The references must outlive this.
  Poller(Accounts& accounts, ExporterMetrics& metrics, Clock clock, Factory factory = MakeSource);
  // Tells all running polls to stop, and waits for them.
  ~Poller();

  // Polls these sources from now on, new and altered ones at once but for their jitter. Those that
  // stay as they are go on undisturbed. A running poll of one that goes is told to stop, and waited
  // for. Called by one thread at a time.
  void Configure(const std::vector<SourceConfig>& sources);

  // Thread-safe.
  [[nodiscard]] bool EverySourcePolled() const;

 private:
  struct Running {
    Running(std::unique_ptr<SourcePoll> what, const Clock& clock);
    std::unique_ptr<SourcePoll> poll;
    std::stop_source stop;
    Loop loop;  // Last, so that it is joined first.
  };

  // All are told before the first is waited for.
  static void Stop(std::vector<std::unique_ptr<Running>> going);

  Accounts& accounts_;
  ExporterMetrics& metrics_;
  const Clock clock_;
  const Factory factory_;
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Running>> running_;  // Guarded by mutex_.
};

}  // namespace lowbalance
