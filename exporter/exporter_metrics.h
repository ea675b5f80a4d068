#pragma once
// What the exporter says of itself: lowbalance_exporter_… and process_….
//
// Thread-safe. The metrics of accounts are not among these; see exposition.h.

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "core/time.h"

namespace lowbalance {

class ExporterMetrics {
 public:
  ExporterMetrics();
  ~ExporterMetrics();
  ExporterMetrics(const ExporterMetrics&) = delete;
  ExporterMetrics& operator=(const ExporterMetrics&) = delete;

  // A source has series from AddSource to RemoveSource.
  void AddSource(const std::string& source);
  void RemoveSource(const std::string& source);
  void PollSucceeded(const std::string& source, Time at, std::chrono::duration<double> took,
                     std::size_t accounts);
  void PollFailed(const std::string& source, Time at, std::chrono::duration<double> took);

  void EditDone(bool applied);
  void StoreFailed();
  void ReloadDone(bool success, Time at);  // The start counts as the first.

  // In the Prometheus text format.
  [[nodiscard]] std::string Text() const;

 private:
  struct Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace lowbalance
