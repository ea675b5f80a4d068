#include "cli/backtest.h"

#include <algorithm>
#include <utility>

namespace lowbalance {
namespace {

constexpr const char* kAccount = "1";
constexpr const char* kAnyCurrency = "XXX";

// The history as the events of a story: what polls saw, and when they saw nothing.
Story ToStory(const History& history, Money threshold, const BacktestOptions& options) {
  using Kind = StoryEvent::Kind;
  Story story{.name = history.name, .extra = options.extra};
  story.accounts = {{kAccount, history.currency.empty() ? kAnyCurrency : history.currency}};
  const Time start = history.samples.front().at;
  const auto add = [&](Millis at, Kind kind, Money amount) {
    story.events.push_back(
        {.at = at, .kind = kind, .amount = amount, .account = kAccount, .level = options.level});
  };
  add(Millis{}, Kind::kEnable, threshold);
  std::optional<Money> seen;
  bool failing = false;
  for (const HistorySample& sample : history.samples) {
    const Millis at = sample.at - start;
    if (!sample.credit) {
      if (!failing) add(at, Kind::kPollFails, {});
      failing = true;
      continue;
    }
    if (seen != sample.credit) add(at, Kind::kCredit, *sample.credit);
    seen = sample.credit;
    if (failing) add(at, Kind::kPollWorks, {});
    failing = false;
  }
  story.end = history.samples.back().at - start;
  return story;
}

std::optional<Money> CreditAt(const History& history, Time at) {
  std::optional<Money> credit;
  for (const HistorySample& sample : history.samples) {
    if (sample.at > at) break;
    if (sample.credit) credit = sample.credit;
  }
  return credit;
}

// When the account became overdue and how long it was low, from the history alone.
void Measure(const History& history, Backtest& result) {
  auto message = result.messages.begin();
  std::optional<Time> alerted;  // Since the account is low.
  std::optional<Money> last;
  for (std::size_t i = 0; i < history.samples.size(); ++i) {
    const HistorySample& sample = history.samples[i];
    const bool was_low = last && *last < result.threshold;
    const bool was_overdue = last && *last < Money{};
    for (; message != result.messages.end() && message->at < sample.at; ++message) {
      if (was_low && message->notice.kind == MessageKind::kAlert) alerted = message->at;
    }
    if (!sample.credit) continue;
    const bool low = *sample.credit < result.threshold;
    if (!low || !was_low) alerted.reset();
    for (; message != result.messages.end() && message->at == sample.at; ++message) {
      if (low && message->notice.kind == MessageKind::kAlert) alerted = message->at;
    }
    if (*sample.credit < Money{} && !was_overdue) result.overdue.push_back({sample.at, alerted});
    if (low && i + 1 < history.samples.size()) {
      result.low += history.samples[i + 1].at - sample.at;
    }
    last = sample.credit;
  }
}

}  // namespace

int Backtest::Count(MessageKind kind) const {
  return static_cast<int>(std::count_if(
      messages.begin(), messages.end(),
      [kind](const BacktestMessage& message) { return message.notice.kind == kind; }));
}

bool Backtest::unwarned() const {
  return std::any_of(overdue.begin(), overdue.end(),
                     [](const BacktestOverdue& o) { return !o.alerted; });
}

std::optional<Millis> Backtest::shortest_notice() const {
  std::optional<Millis> shortest;
  if (unwarned()) return shortest;
  for (const BacktestOverdue& o : overdue) {
    const Millis notice = o.at - *o.alerted;
    shortest = shortest ? std::min(*shortest, notice) : notice;
  }
  return shortest;
}

Result<Backtest> RunBacktest(const History& history, Money threshold,
                             const BacktestOptions& options) {
  const Story story = ToStory(history, threshold, options);
  const auto decisions = Simulate(story, options.simulation);
  if (!decisions) return tl::unexpected(decisions.error());
  Backtest result{.threshold = threshold};
  for (const StoryMessage& sent : MessagesOf(*decisions)) {
    const Time at = history.samples.front().at + sent.at;
    result.messages.push_back(
        {.at = at, .notice = sent.notice, .credit = CreditAt(history, at).value_or(Money{})});
  }
  Measure(history, result);
  return result;
}

}  // namespace lowbalance
