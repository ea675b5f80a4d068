#pragma once
// What the exporter says of itself: lowbalance_exporter_… and process_….
//
// Thread-safe. The metrics of accounts are not among these; see exposition.h.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "core/time.h"
#include "exporter/source.h"

namespace lowbalance {

class ExporterMetrics {
 public:
  ExporterMetrics();
  ~ExporterMetrics();
  ExporterMetrics(const ExporterMetrics&) = delete;
  ExporterMetrics& operator=(const ExporterMetrics&) = delete;

  // How one poll of a source ended.
  struct PollReport {
    enum class Outcome { kSuccess, kPartial, kFailure };  // Partial: without some of the accounts.
    Outcome outcome = Outcome::kSuccess;
    Time at{};
    std::chrono::duration<double> took{};
    std::size_t accounts = 0;         // Read.
    std::size_t accounts_failed = 0;  // Known of, and not read.
    int failures_in_a_row = 0;
  };

  // A source has series from AddSource to RemoveSource.
  void AddSource(const std::string& source);
  void RemoveSource(const std::string& source);
  void PollDone(const std::string& source, const PollReport& report);
  void PollDue(const std::string& source, Time at);

  // What the calls of a poll came to.
  void CallsMade(const std::string& source, const CallCounts& calls);

  void EditDone(bool applied);
  void StoreFailed();
  void ConfigLoaded(std::uint64_t hash);   // ConfigHash of what is in effect.
  void ReloadDone(bool success, Time at);  // The start counts as the first.

  // In the Prometheus text format.
  [[nodiscard]] std::string Text() const;

 private:
  struct Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace lowbalance
