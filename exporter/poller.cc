#include "exporter/poller.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include "base/log.h"

namespace lowbalance {
namespace {

bool SameSource(const SourceConfig& a, const SourceConfig& b) {
  return a.name == b.name && a.type == b.type && a.provider == b.provider &&
         a.interval == b.interval && a.path == b.path;
}

}  // namespace

SourcePoll::SourcePoll(SourceConfig config, std::unique_ptr<Source> source, Accounts& accounts,
                       ExporterMetrics& metrics)
    : config_(std::move(config)),
      source_(std::move(source)),
      accounts_(accounts),
      metrics_(metrics) {
  metrics_.AddSource(config_.name);
}

SourcePoll::~SourcePoll() { metrics_.RemoveSource(config_.name); }

Time SourcePoll::Step(Time now) {
  // Due further ahead than an interval: the clock was set back.
  const bool wait = polled_ && now < due_ && due_ <= now + config_.interval;
  if (wait) return due_;
  due_ = now + config_.interval;
  Poll(now);
  polled_ = true;
  return due_;
}

void SourcePoll::Poll(Time now) {
  const auto start = std::chrono::steady_clock::now();
  auto readings = Fetch(now);
  const std::size_t accounts = readings ? readings->size() : 0;
  std::string error = readings ? "" : readings.error().message;
  try {
    if (readings) {
      accounts_.ApplyReadings(config_.name, std::move(*readings), now);
    } else {
      accounts_.ApplyFailure(config_.name, now);
    }
  } catch (const std::exception& e) {
    metrics_.StoreFailed();
    log::Error("poll not stored, so not published",
               {{"source", config_.name}, {"error", e.what()}});
    error = std::string("not stored: ") + e.what();
  }
  const auto took = std::chrono::steady_clock::now() - start;
  if (error.empty()) {
    metrics_.PollSucceeded(config_.name, now, took, accounts);
  } else {
    metrics_.PollFailed(config_.name, now, took);
  }
  LogOutcome(error, accounts);
}

Result<std::vector<Reading>> SourcePoll::Fetch(Time now) {
  try {
    return source_->Fetch(now);
  } catch (const std::exception& e) {
    return Retry(std::string("unexpected: ") + e.what());
  }
}

// Says what is new only: that the source fails, that it fails otherwise, that it works again.
void SourcePoll::LogOutcome(const std::string& error, std::size_t accounts) {
  if (logged_ && error == logged_error_) return;
  if (error.empty()) {
    log::Info("source polled", {{"source", config_.name}, {"accounts", std::to_string(accounts)}});
  } else {
    log::Warn("poll failed", {{"source", config_.name}, {"error", error}});
  }
  logged_ = true;
  logged_error_ = error;
}

Poller::Running::Running(std::unique_ptr<SourcePoll> what, const Clock& clock)
    : poll(std::move(what)),
      loop("poll " + poll->config().name, clock,
           [step = poll.get()](Time now) { return step->Step(now); }) {}

Poller::Poller(Accounts& accounts, ExporterMetrics& metrics, Clock clock, Factory factory)
    : accounts_(accounts),
      metrics_(metrics),
      clock_(std::move(clock)),
      factory_(std::move(factory)) {}

void Poller::Configure(const std::vector<SourceConfig>& sources) {
  std::vector<std::unique_ptr<Running>> going;
  std::vector<std::unique_ptr<Running>> staying;
  {
    const std::lock_guard lock(mutex_);
    for (auto& running : running_) {
      const SourceConfig& has = running->poll->config();
      const bool stays = std::any_of(sources.begin(), sources.end(),
                                     [&](const SourceConfig& is) { return SameSource(has, is); });
      (stays ? staying : going).push_back(std::move(running));
    }
    running_ = std::move(staying);
  }
  // Gone before its successor of the same name begins: two polls of one source never overlap.
  going.clear();

  for (const SourceConfig& source : sources) {
    const std::lock_guard lock(mutex_);
    const bool runs = std::any_of(running_.begin(), running_.end(), [&](const auto& running) {
      return running->poll->config().name == source.name;
    });
    if (runs) continue;
    auto poll = std::make_unique<SourcePoll>(source, factory_(source), accounts_, metrics_);
    running_.push_back(std::make_unique<Running>(std::move(poll), clock_));
  }
}

bool Poller::EverySourcePolled() const {
  const std::lock_guard lock(mutex_);
  return std::all_of(running_.begin(), running_.end(),
                     [](const auto& running) { return running->poll->polled(); });
}

}  // namespace lowbalance
