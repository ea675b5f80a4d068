#include "exporter/poller.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <random>
#include <utility>

#include "base/log.h"

namespace lowbalance {
namespace {

using Outcome = ExporterMetrics::PollReport::Outcome;

// Numbers of a thread's own, so that exporters started together do not poll in step.
double RandomOfThread() {
  thread_local std::mt19937_64 engine{std::random_device{}()};
  return std::uniform_real_distribution<double>{0, 1}(engine);
}

Millis Part(Millis whole, double part) {
  return std::chrono::floor<Millis>(std::chrono::duration<double, std::milli>(whole) * part);
}

}  // namespace

SourcePoll::SourcePoll(SourceConfig config, std::unique_ptr<Source> source, Accounts& accounts,
                       ExporterMetrics& metrics, Random random)
    : config_(std::move(config)),
      source_(std::move(source)),
      accounts_(accounts),
      metrics_(metrics),
      random_(std::move(random)) {
  metrics_.AddSource(config_.name);
}

SourcePoll::~SourcePoll() { metrics_.RemoveSource(config_.name); }

Time SourcePoll::Step(Time now, const std::stop_token& stop) {
  if (stop.stop_requested()) return now + std::chrono::seconds{1};  // Nobody comes back for it.
  if (!begun_) {
    begun_ = true;
    DueAfter(now, Part(config_.jitter, random_()));
  }
  const bool clock_set_back = due_ > now + wait_;
  if (now < due_ && !clock_set_back) return due_;
  Poll(now, stop);
  return due_;
}

void SourcePoll::Poll(Time now, const std::stop_token& stop) {
  const auto start = std::chrono::steady_clock::now();
  const auto fetched = Fetch(now, stop);
  const bool whole = fetched && fetched->failures.empty() && fetched->complete;
  if (stop.stop_requested() && !whole) return;

  const std::string error = Apply(fetched, now);
  failures_in_a_row_ = error.empty() ? 0 : failures_in_a_row_ + 1;
  const auto took = std::chrono::steady_clock::now() - start;
  if (error.empty()) {
    DueAfter(now, config_.interval + Part(config_.jitter, random_()));
  } else {
    DueAfter(now, std::chrono::ceil<Millis>(took) + RetryWait());
  }
  metrics_.PollDone(config_.name, {.outcome = !error.empty() ? Outcome::kFailure
                                              : whole        ? Outcome::kSuccess
                                                             : Outcome::kPartial,
                                   .at = now,
                                   .took = took,
                                   .accounts = fetched ? fetched->readings.size() : 0,
                                   .accounts_failed = fetched ? fetched->failures.size() : 0,
                                   .failures_in_a_row = failures_in_a_row_});
  LogOutcome(error, fetched ? fetched->readings.size() : 0);
  polled_ = true;
}

Result<Fetched> SourcePoll::Fetch(Time now, const std::stop_token& stop) {
  try {
    return source_->Fetch(
        {.now = now,
         .deadline = std::chrono::steady_clock::now() + config_.timeout,
         .stop = stop,
         .count = [this](const CallCounts& calls) { metrics_.CallsMade(config_.name, calls); }});
  } catch (const std::exception& e) {
    return Retry(std::string("unexpected: ") + e.what());
  }
}

// Why the poll failed; empty if it did not.
std::string SourcePoll::Apply(const Result<Fetched>& fetched, Time now) {
  try {
    if (!fetched) {
      accounts_.ApplyFailure(config_.name, now);
      return fetched.error().message;
    }
    accounts_.ApplyFetched(config_.name, *fetched, now);
    if (!fetched->readings.empty() || fetched->failures.empty()) return "";
    return "none of " + std::to_string(fetched->failures.size()) +
           " accounts could be read; the first: " + fetched->failures.front().message;
  } catch (const std::exception& e) {
    metrics_.StoreFailed();
    log::Error("poll not stored, so not published",
               {{"source", config_.name}, {"error", e.what()}});
    return std::string("not stored: ") + e.what();
  }
}

Millis SourcePoll::RetryWait() const {
  Millis wait = config_.retry_first;
  for (int i = 1; i < failures_in_a_row_ && wait < config_.retry_longest; ++i) wait *= 2;
  wait = std::min(wait, config_.retry_longest);
  return wait - Part(wait, random_() / 4);
}

void SourcePoll::DueAfter(Time now, Millis wait) {
  wait_ = wait;
  due_ = now + wait;
  metrics_.PollDue(config_.name, due_);
}

// Says what is new only: that the source fails, that it fails otherwise, that it works again.
void SourcePoll::LogOutcome(const std::string& error, std::size_t accounts) {
  if (logged_ && error == logged_error_) return;
  if (error.empty()) {
    log::Info("source polled", {{"source", config_.name}, {"accounts", std::to_string(accounts)}});
  } else {
    log::Warn("poll failed",
              {{"source", config_.name}, {"error", error}, {"next_poll", FormatRfc3339(due_)}});
  }
  logged_ = true;
  logged_error_ = error;
}

Poller::Running::Running(std::unique_ptr<SourcePoll> what, const Clock& clock)
    : poll(std::move(what)),
      loop("poll " + poll->config().name, clock,
           [step = poll.get(), token = stop.get_token()](Time now) {
             return step->Step(now, token);
           }) {}

Poller::Poller(Accounts& accounts, ExporterMetrics& metrics, Clock clock, Factory factory)
    : accounts_(accounts),
      metrics_(metrics),
      clock_(std::move(clock)),
      factory_(std::move(factory)) {}

Poller::~Poller() { Stop(std::move(running_)); }

void Poller::Stop(std::vector<std::unique_ptr<Running>> going) {
  for (const auto& running : going) running->stop.request_stop();
  going.clear();
}

void Poller::Configure(const std::vector<SourceConfig>& sources) {
  std::vector<std::unique_ptr<Running>> going;
  std::vector<std::unique_ptr<Running>> staying;
  {
    const std::lock_guard lock(mutex_);
    for (auto& running : running_) {
      const SourceConfig& has = running->poll->config();
      const bool stays = std::find(sources.begin(), sources.end(), has) != sources.end();
      (stays ? staying : going).push_back(std::move(running));
    }
    running_ = std::move(staying);
  }
  // Gone before its successor of the same name begins: two polls of one source never overlap.
  Stop(std::move(going));

  for (const SourceConfig& source : sources) {
    const std::lock_guard lock(mutex_);
    const bool runs = std::any_of(running_.begin(), running_.end(), [&](const auto& running) {
      return running->poll->config().name == source.name;
    });
    if (runs) continue;
    auto poll =
        std::make_unique<SourcePoll>(source, factory_(source), accounts_, metrics_, RandomOfThread);
    running_.push_back(std::make_unique<Running>(std::move(poll), clock_));
  }
}

bool Poller::EverySourcePolled() const {
  const std::lock_guard lock(mutex_);
  return std::all_of(running_.begin(), running_.end(),
                     [](const auto& running) { return running->poll->polled(); });
}

}  // namespace lowbalance
