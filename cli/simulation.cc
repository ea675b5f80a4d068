#include "cli/simulation.h"

#include <algorithm>
#include <map>
#include <utility>

#include "cli/simulated_exporter.h"
#include "core/contract.h"
#include "webhook/plan.h"

namespace lowbalance {
namespace {

using std::chrono::minutes;

constexpr Millis kPollInterval = minutes{10};
constexpr Millis kHeartbeat = minutes{1};
// 2026-01-01T00:00:00Z; any instant would do.
constexpr Time kStart = TimeFromMillis(1'767'225'600'000);

Alert ToAlert(const Facts& facts) {
  const bool low = facts.kind == AlertKind::kLowBalance;
  Alert alert;
  alert.labels = {{"alertname", std::string(low ? kAlertLowBalance : kAlertLowBalanceEnded)},
                  {std::string(kLabelProvider), facts.account.provider},
                  {std::string(kLabelAccountId), facts.account.account_id},
                  {std::string(kLabelLevel), facts.level},
                  {std::string(kLabelCurrency), facts.currency}};
  alert.annotations = {{std::string(kAnnotationFacts), FormatFacts(facts)}};
  return alert;
}

// The webhook: decides on what it hears. What it does not store it forgets at a restart.
class Webhook {
 public:
  explicit Webhook(DecisionLimits limits) : limits_(limits) {}

  // Decides, and remembers. Returns every decision.
  std::vector<Decided> Hear(std::span<const Alert> alerts, Time now) {
    Plan plan = MakePlan(alerts, remembered_, limits_, now);
    for (const Plan::State& state : plan.states) {
      remembered_[state.key.account][state.key.level] = state.episode;
      if (state.worth_storing) stored_[state.key.account][state.key.level] = state.episode;
    }
    return std::move(plan.decisions);
  }

  void Restart() { remembered_ = stored_; }

 private:
  const DecisionLimits limits_;
  Episodes remembered_;
  Episodes stored_;
};

class Simulation {
 public:
  Simulation(const Story& story, const SimulationOptions& options)
      : story_(story),
        options_(options),
        exporter_(story),
        webhook_({.cadence = options.cadence,
                  .extra = story.extra,
                  .facts_max_age = options.pipeline.facts_max_age,
                  .billing_data_max_age = options.pipeline.billing_data_max_age,
                  .unheard_max = options.pipeline.ended_hold()}) {}

  Result<std::vector<SimulatedDecision>> Run() {
    auto event = story_.events.begin();
    for (at_ = Millis{}; at_ <= story_.end;) {
      for (; event != story_.events.end() && event->at == at_; ++event) {
        const Time now = Now();
        const Picture before = PresentPicture(now);
        if (const auto done = Happen(*event); !done) {
          return Reject(story_.name + ":" + std::to_string(event->line) + ": " +
                        done.error().message);
        }
        if (PresentPicture(now) != before) Hear();
      }
      if (at_ % kPollInterval == Millis{}) {
        if (const auto done = exporter_.Poll(Now()); !done) return Reject(done.error().message);
      }
      if (at_ % kHeartbeat == Millis{}) Hear();
      const Millis next_minute = (at_ / kHeartbeat + 1) * kHeartbeat;
      at_ = event != story_.events.end() ? std::min(event->at, next_minute) : next_minute;
    }
    return std::move(decisions_);
  }

 private:
  using Kind = StoryEvent::Kind;
  using Picture = std::vector<Facts>;

  [[nodiscard]] Time Now() const { return kStart + at_ + clock_shift_; }

  Result<void> Happen(const StoryEvent& event) {
    switch (event.kind) {
      case Kind::kCredit:
        exporter_.SetCredit(event);
        return exporter_.Poll(Now());
      case Kind::kEnable:
      case Kind::kDisable:
      case Kind::kThreshold:
        return exporter_.Edit(event, Now());
      case Kind::kPollFails:
        exporter_.SetPollFails(event, true);
        return {};
      case Kind::kPollWorks:
        exporter_.SetPollFails(event, false);
        return exporter_.Poll(Now());
      case Kind::kExporterDown:
        exporter_.SetUp(false);
        return {};
      case Kind::kExporterUp:
        exporter_.SetUp(true);
        return exporter_.Poll(Now());
      case Kind::kExporterRestart:
        return exporter_.Poll(Now());
      case Kind::kPipelineDown:
        pipeline_up_ = false;
        return {};
      case Kind::kPipelineUp:
        pipeline_up_ = true;
        Hear();
        return {};
      case Kind::kWebhookRestart:
        webhook_.Restart();
        return {};
      case Kind::kDuplicate:
        Deliver(last_heard_, /*duplicate=*/true);
        return {};
      case Kind::kResolved:
        HearResolved();
        return {};
      case Kind::kClockBack:
        clock_shift_ -= event.by;
        return {};
      case Kind::kClockForward:
        clock_shift_ += event.by;
        return {};
      case Kind::kEnd:
        return {};
    }
    return {};
  }

  // What the alerts say, but for the instants that move by themselves.
  [[nodiscard]] Picture PresentPicture(Time now) const {
    Picture picture;
    for (const AlertKind kind : {AlertKind::kLowBalanceEnded, AlertKind::kLowBalance}) {
      for (Facts& facts : exporter_.Firing(kind, options_.pipeline, now)) {
        facts.evaluated_at = Time{};
        facts.last_success = Time{};
        picture.push_back(std::move(facts));
      }
    }
    return picture;
  }

  // Alertmanager groups by alert name, so ends come in a notification of their own.
  void Hear() {
    if (!pipeline_up_) return;
    for (const AlertKind kind : {AlertKind::kLowBalanceEnded, AlertKind::kLowBalance}) {
      std::vector<Alert> alerts;
      for (const Facts& facts : exporter_.Firing(kind, options_.pipeline, Now())) {
        alerts.push_back(ToAlert(facts));
      }
      if (alerts.empty()) continue;
      Deliver(alerts, /*duplicate=*/false);
      last_heard_ = std::move(alerts);
    }
  }

  void HearResolved() {
    std::vector<Alert> alerts;
    for (const Facts& facts : exporter_.Firing(AlertKind::kLowBalance, options_.pipeline, Now())) {
      alerts.push_back(ToAlert(facts));
      alerts.back().status = "resolved";
    }
    Deliver(alerts, /*duplicate=*/false);
    last_heard_ = std::move(alerts);
  }

  void Deliver(std::span<const Alert> alerts, bool duplicate) {
    for (const Decided& decided : webhook_.Hear(alerts, Now())) {
      if (decided.reason == Reason::kDuplicate && !duplicate) continue;
      const auto whose = std::pair(decided.key.account.account_id, decided.key.level);
      const auto known = reasons_.find(whose);
      const bool same = known != reasons_.end() && known->second == decided.reason;
      if (same && !decided.notice) continue;
      if (decided.reason != Reason::kDuplicate) reasons_[whose] = decided.reason;
      decisions_.push_back({at_, decided.reason, decided.notice, whose.first, whose.second});
    }
  }

  const Story& story_;
  const SimulationOptions& options_;
  SimulatedExporter exporter_;
  Webhook webhook_;
  Millis at_{};
  Millis clock_shift_{};
  bool pipeline_up_ = true;
  std::vector<Alert> last_heard_;  // The last notification the webhook heard.
  std::map<std::pair<std::string, std::string>, Reason> reasons_;
  std::vector<SimulatedDecision> decisions_;
};

}  // namespace

Result<std::vector<SimulatedDecision>> Simulate(const Story& story,
                                                const SimulationOptions& options) {
  return Simulation(story, options).Run();
}

std::vector<StoryMessage> MessagesOf(const std::vector<SimulatedDecision>& decisions) {
  std::vector<StoryMessage> messages;
  for (const SimulatedDecision& decision : decisions) {
    if (!decision.notice) continue;
    messages.push_back({decision.at, *decision.notice, decision.account, decision.level});
  }
  return messages;
}

std::string ToLine(const Story& story, const SimulatedDecision& decision) {
  if (decision.notice) {
    return ToLine(story,
                  StoryMessage{decision.at, *decision.notice, decision.account, decision.level});
  }
  return FormatOffset(decision.at) + " " + std::string(ToString(decision.reason)) +
         Whose(story, decision.account, decision.level);
}

}  // namespace lowbalance
