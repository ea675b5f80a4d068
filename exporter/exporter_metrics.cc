#include "exporter/exporter_metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <map>
#include <mutex>
#include <set>

#include "base/process_metrics.h"

namespace lowbalance {

using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;

namespace {

double Seconds(Time t) { return static_cast<double>(ToMillis(t)) / 1000; }

struct SourceSeries {
  std::array<Counter*, 3> polls;  // In the order of PollReport::Outcome.
  Gauge* duration;
  Gauge* last_poll;
  Gauge* next_poll;
  Gauge* failures_in_a_row;
  Gauge* accounts;
  Gauge* accounts_failed;
  std::set<Counter*> requests;  // Those of its operations that were ever called.
  std::set<Counter*> retries;
  std::set<Counter*> throttled;
};

}  // namespace

struct ExporterMetrics::Impl {
  prometheus::Registry registry;

  Gauge& build_info = BuildGauge()
                          .Name("lowbalance_exporter_build_info")
                          .Help("The version that is running: always 1.")
                          .Register(registry)
                          .Add({{"version", LOWBALANCE_VERSION}});
  Family<Counter>& polls = BuildCounter()
                               .Name("lowbalance_exporter_polls_total")
                               .Help("Polls of a source, by outcome.")
                               .Register(registry);
  Family<Gauge>& poll_duration = BuildGauge()
                                     .Name("lowbalance_exporter_poll_duration_seconds")
                                     .Help("How long the last poll of a source took.")
                                     .Register(registry);
  Family<Gauge>& last_poll = BuildGauge()
                                 .Name("lowbalance_exporter_last_poll_timestamp_seconds")
                                 .Help("When a source was last polled, whatever the outcome.")
                                 .Register(registry);
  Family<Gauge>& next_poll = BuildGauge()
                                 .Name("lowbalance_exporter_next_poll_timestamp_seconds")
                                 .Help("When a source is due to be polled next.")
                                 .Register(registry);
  Family<Gauge>& failures_in_a_row =
      BuildGauge()
          .Name("lowbalance_exporter_consecutive_poll_failures")
          .Help("Polls of a source that failed since the last that did not.")
          .Register(registry);
  Family<Gauge>& accounts = BuildGauge()
                                .Name("lowbalance_exporter_accounts")
                                .Help("Accounts read in the last poll of a source that answered.")
                                .Register(registry);
  Family<Gauge>& accounts_failed =
      BuildGauge()
          .Name("lowbalance_exporter_accounts_failed")
          .Help("Accounts that the last poll of a source that answered could not read.")
          .Register(registry);
  Family<Counter>& requests =
      BuildCounter()
          .Name("lowbalance_exporter_api_requests_total")
          .Help("Requests to billing APIs, by operation and the code they ended with.")
          .Register(registry);
  Family<Counter>& retries =
      BuildCounter()
          .Name("lowbalance_exporter_api_retries_total")
          .Help("Requests to billing APIs that were not the first try of their call.")
          .Register(registry);
  Family<Counter>& throttled = BuildCounter()
                                   .Name("lowbalance_exporter_api_throttled_total")
                                   .Help("Requests that billing APIs refused for being too many.")
                                   .Register(registry);
  Family<Counter>& edits = BuildCounter()
                               .Name("lowbalance_exporter_edits_total")
                               .Help("Edits of alert settings through the API, by outcome.")
                               .Register(registry);
  Counter& edits_applied = edits.Add({{"outcome", "applied"}});
  Counter& edits_refused = edits.Add({{"outcome", "refused"}});
  Counter& store_errors =
      BuildCounter()
          .Name("lowbalance_exporter_store_errors_total")
          .Help("Commits to the store that failed; what they held was not published.")
          .Register(registry)
          .Add({});
  Gauge& reload_ok = BuildGauge()
                         .Name("lowbalance_exporter_config_last_reload_successful")
                         .Help("Whether the configuration was taken in at the last attempt.")
                         .Register(registry)
                         .Add({});
  Gauge& config_hash =
      BuildGauge()
          .Name("lowbalance_exporter_config_hash")
          .Help("A hash of the configuration file that is in effect, to compare programs by.")
          .Register(registry)
          .Add({});
  Gauge& reload_at = BuildGauge()
                         .Name("lowbalance_exporter_config_last_reload_success_timestamp_seconds")
                         .Help("When the configuration in use was taken in.")
                         .Register(registry)
                         .Add({});

  std::mutex mutex;
  std::map<std::string, SourceSeries> sources;  // Guarded by mutex.
};

ExporterMetrics::ExporterMetrics() : impl_(std::make_unique<Impl>()) { impl_->build_info.Set(1); }
ExporterMetrics::~ExporterMetrics() = default;

void ExporterMetrics::AddSource(const std::string& source) {
  const std::lock_guard lock(impl_->mutex);
  impl_->sources.try_emplace(
      source, SourceSeries{
                  .polls = {&impl_->polls.Add({{"source", source}, {"outcome", "success"}}),
                            &impl_->polls.Add({{"source", source}, {"outcome", "partial"}}),
                            &impl_->polls.Add({{"source", source}, {"outcome", "failure"}})},
                  .duration = &impl_->poll_duration.Add({{"source", source}}),
                  .last_poll = &impl_->last_poll.Add({{"source", source}}),
                  .next_poll = &impl_->next_poll.Add({{"source", source}}),
                  .failures_in_a_row = &impl_->failures_in_a_row.Add({{"source", source}}),
                  .accounts = &impl_->accounts.Add({{"source", source}}),
                  .accounts_failed = &impl_->accounts_failed.Add({{"source", source}}),
              });
}

void ExporterMetrics::RemoveSource(const std::string& source) {
  const std::lock_guard lock(impl_->mutex);
  const auto found = impl_->sources.find(source);
  if (found == impl_->sources.end()) return;
  for (Counter* const outcome : found->second.polls) impl_->polls.Remove(outcome);
  impl_->poll_duration.Remove(found->second.duration);
  impl_->last_poll.Remove(found->second.last_poll);
  impl_->next_poll.Remove(found->second.next_poll);
  impl_->failures_in_a_row.Remove(found->second.failures_in_a_row);
  impl_->accounts.Remove(found->second.accounts);
  impl_->accounts_failed.Remove(found->second.accounts_failed);
  for (Counter* const counter : found->second.requests) impl_->requests.Remove(counter);
  for (Counter* const counter : found->second.retries) impl_->retries.Remove(counter);
  for (Counter* const counter : found->second.throttled) impl_->throttled.Remove(counter);
  impl_->sources.erase(found);
}

void ExporterMetrics::PollDone(const std::string& source, const PollReport& report) {
  const std::lock_guard lock(impl_->mutex);
  const SourceSeries& series = impl_->sources.at(source);
  series.polls.at(static_cast<std::size_t>(report.outcome))->Increment();
  series.duration->Set(report.took.count());
  series.last_poll->Set(Seconds(report.at));
  series.failures_in_a_row->Set(report.failures_in_a_row);
  if (report.outcome == PollReport::Outcome::kFailure && report.accounts_failed == 0) return;
  series.accounts->Set(static_cast<double>(report.accounts));
  series.accounts_failed->Set(static_cast<double>(report.accounts_failed));
}

void ExporterMetrics::PollDue(const std::string& source, Time at) {
  const std::lock_guard lock(impl_->mutex);
  impl_->sources.at(source).next_poll->Set(Seconds(at));
}

void ExporterMetrics::CallsMade(const std::string& source, const CallCounts& calls) {
  const std::lock_guard lock(impl_->mutex);
  const auto found = impl_->sources.find(source);
  if (found == impl_->sources.end()) return;
  SourceSeries& series = found->second;
  for (const auto& [call, count] : calls.requests) {
    Counter& counter =
        impl_->requests.Add({{"source", source}, {"operation", call.first}, {"code", call.second}});
    counter.Increment(static_cast<double>(count));
    series.requests.insert(&counter);
  }
  for (const auto& [operation, count] : calls.retries) {
    Counter& counter = impl_->retries.Add({{"source", source}, {"operation", operation}});
    counter.Increment(static_cast<double>(count));
    series.retries.insert(&counter);
  }
  for (const auto& [operation, count] : calls.throttled) {
    Counter& counter = impl_->throttled.Add({{"source", source}, {"operation", operation}});
    counter.Increment(static_cast<double>(count));
    series.throttled.insert(&counter);
  }
}

void ExporterMetrics::EditDone(bool applied) {
  (applied ? impl_->edits_applied : impl_->edits_refused).Increment();
}

void ExporterMetrics::StoreFailed() { impl_->store_errors.Increment(); }

void ExporterMetrics::ConfigLoaded(std::uint64_t hash) {
  impl_->config_hash.Set(static_cast<double>(hash));
}

void ExporterMetrics::ReloadDone(bool success, Time at) {
  impl_->reload_ok.Set(success ? 1 : 0);
  if (success) impl_->reload_at.Set(Seconds(at));
}

std::string ExporterMetrics::Text() const {
  return prometheus::TextSerializer().Serialize(impl_->registry.Collect()) + ProcessMetrics();
}

}  // namespace lowbalance
