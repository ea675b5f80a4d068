#include "core/episode.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <numeric>
#include <tuple>

namespace lowbalance {
namespace {

constexpr std::array<std::string_view, kReasonCount> kReasonNames{"alert",
                                                                  "reminder",
                                                                  "awaiting_first_change",
                                                                  "reminder_not_due",
                                                                  "reminders_exhausted",
                                                                  "overdue",
                                                                  "covered_by_lower_level",
                                                                  "recovered",
                                                                  "disabled",
                                                                  "threshold_lowered",
                                                                  "stale_facts",
                                                                  "stale_billing_data",
                                                                  "bad_facts",
                                                                  "duplicate"};

Reason ReasonOf(EndReason reason) {
  switch (reason) {
    case EndReason::kRecovered:
      return Reason::kRecovered;
    case EndReason::kDisabled:
      return Reason::kDisabled;
    case EndReason::kThresholdLowered:
      return Reason::kThresholdLowered;
  }
  return Reason::kRecovered;
}

// Whole reminder intervals since the alert; 0 while a clock set back makes it lie ahead.
int IntervalsSince(const Cadence& cadence, Time alerted_at, Time now) {
  assert(cadence.every.count() > 0);
  if (now < alerted_at) return 0;
  return static_cast<int>(std::min<std::int64_t>((now - alerted_at) / cadence.every, 1'000'000));
}

struct Judgement {
  Reason reason;
  std::optional<Notice> notice = {};
};

// S1, S2, S5, S7, S16 for an episode whose facts are current. Changes `episode` as if what it
// returns were done.
Judgement Judge(const DecisionLimits& limits, const Facts& facts, bool covered, Time now,
                Episode& episode) {
  const Cadence& cadence = limits.cadence;
  const bool below_zero = facts.available_credit < Money();
  if (!episode.alerted_at) {
    if (!facts.first_change) return {Reason::kAwaitingFirstChange};
    episode.alerted_at = now;
    episode.covered = covered;
    episode.overdue_told = below_zero;
    if (covered) return {Reason::kCoveredByLowerLevel};
    return {Reason::kAlert, Notice{MessageKind::kAlert}};
  }
  const bool newly_overdue = below_zero && !episode.overdue_told;
  episode.overdue_told = episode.overdue_told || below_zero;
  const int number = IntervalsSince(cadence, *episode.alerted_at, now);
  const int counted = std::max(episode.last_reminder, std::min(number, cadence.at_most));
  if (covered) {
    episode.last_reminder = counted;
    return {Reason::kCoveredByLowerLevel};
  }
  if (newly_overdue && limits.extra.overdue) {
    episode.last_reminder = counted;
    return {Reason::kOverdue, Notice{MessageKind::kOverdue}};
  }
  if (cadence.stop_when_overdue && episode.overdue) return {Reason::kOverdue};
  if (number > cadence.at_most || episode.last_reminder >= cadence.at_most) {
    return {Reason::kRemindersExhausted};
  }
  if (number <= episode.last_reminder) return {Reason::kReminderNotDue};
  episode.last_reminder = number;
  return {Reason::kReminder, Notice{MessageKind::kReminder, number}};
}

// A delivery that repeats what is known: the same evaluation, nothing to send, and not even the
// passing of time has made the facts too old. Its reason is about the delivery, so the account
// keeps the one it has.
bool SaysNothingNew(const Episode& known, const Episode& after) {
  const bool stale =
      after.reason == Reason::kStaleFacts || after.reason == Reason::kStaleBillingData;
  if (stale) return after == known;
  Episode same_reason = after;
  same_reason.reason = known.reason;
  return same_reason == known;
}

// Do these facts of LowBalance speak of this episode? They do if they name it. Exporters that
// publish one account from stores of their own each have their own instant for one and the same
// stretch, and the facts carry the latest of those that are up just now. A later one is of the
// same episode unless an end lies between, or a silence in which an end may have been lost with an
// exporter's store. An earlier one is, if it was found after the episode
// began and the episode is alerted: a Prometheus that lags behind may still speak of the episode
// before, so it must not bring an alert about, but it does say that the account is low.
bool IsOf(const DecisionLimits& limits, const Episode& episode, const Facts& facts) {
  const Time low_since = *facts.low_since;
  if (low_since == episode.low_since) return true;
  if (episode.ended) return false;
  if (low_since > episode.low_since) {
    if (facts.ended && facts.ended->at > episode.low_since) return false;
    return low_since - episode.newest_evaluation <= limits.unheard_max;
  }
  return episode.alerted_at && facts.evaluated_at > episode.low_since;
}

Decision DecideLow(const DecisionLimits& limits, const Episode* known, const Facts& facts,
                   bool covered, Time now) {
  assert(facts.low_since);
  const Time low_since = *facts.low_since;
  const bool same = known != nullptr && IsOf(limits, *known, facts);
  if (known != nullptr) {
    const bool is_over = known->ended && low_since <= known->ended->at;
    // A clock set back leaves the newest evaluation in the future; it must not hold up what
    // comes now.
    const bool is_older = same && facts.evaluated_at < std::min(known->newest_evaluation, now);
    if ((low_since < known->low_since && !same) || is_over || is_older) return {};
  }

  Decision decision;
  Episode episode = same ? *known : Episode{.low_since = low_since};
  if (known != nullptr && !same) decision.cancel_before = low_since;
  episode.newest_evaluation = facts.evaluated_at;
  episode.overdue = episode.overdue || (facts.overdue && *facts.overdue >= episode.low_since);
  if (now - facts.evaluated_at > limits.facts_max_age) {
    episode.reason = Reason::kStaleFacts;
  } else if (now - facts.last_success > limits.billing_data_max_age) {
    episode.reason = Reason::kStaleBillingData;
  } else {
    const Judgement judgement = Judge(limits, facts, covered, now, episode);
    episode.reason = judgement.reason;
    decision.notice = judgement.notice;
  }
  if (same && SaysNothingNew(*known, episode)) return {};

  decision.reason = episode.reason;
  decision.next = episode;
  return decision;
}

Decision DecideEnded(const DecisionLimits& limits, const Episode* known, const Facts& facts,
                     Time now) {
  assert(facts.ended);
  const Ended ended = *facts.ended;
  // An end that is known already says nothing new, but that its notice may be due by now.
  const bool put_off =
      known != nullptr && known->ended == ended && known->reason == Reason::kStaleBillingData;
  if (known != nullptr && !put_off &&
      (ended.at <= known->low_since || (known->ended && ended.at <= known->ended->at))) {
    return {};
  }
  if (now - facts.evaluated_at > limits.facts_max_age) {
    return Decision{.reason = Reason::kStaleFacts};
  }
  Decision decision{.reason = ReasonOf(ended.reason)};
  if (!put_off) decision.cancel_before = ended.at;
  decision.next = known != nullptr ? *known : Episode{.low_since = ended.at};
  decision.next->ended = ended;
  // That an episode is over stays true however old the billing data is; what to tell does not.
  const bool told =
      known != nullptr && known->alerted_at && !known->covered && (!known->ended || put_off);
  if (limits.extra.recovery && told && ended.reason == EndReason::kRecovered &&
      facts.available_credit >= facts.threshold) {
    if (now - facts.last_success > limits.billing_data_max_age) {
      decision.reason = Reason::kStaleBillingData;
    } else {
      decision.notice = Notice{MessageKind::kRecovery};
    }
  }
  decision.next->reason = decision.reason;
  if (put_off && decision.reason == Reason::kStaleBillingData) return {};
  return decision;
}

}  // namespace

std::string ToString(const Notice& notice) {
  std::string text(ToString(notice.kind));
  if (notice.number > 0) text += " " + std::to_string(notice.number);
  return text;
}

std::string_view ToString(Reason reason) {
  return kReasonNames.at(static_cast<std::size_t>(reason));
}

std::optional<Reason> ParseReason(std::string_view text) {
  const auto* const found = std::find(kReasonNames.begin(), kReasonNames.end(), text);
  if (found == kReasonNames.end()) return std::nullopt;
  return static_cast<Reason>(found - kReasonNames.begin());
}

std::vector<Decision> Decide(const DecisionLimits& limits,
                             const std::map<std::string, Episode, std::less<>>& known,
                             std::span<const Facts> facts, Time now) {
  std::vector<Decision> decisions(facts.size());
  // Ends first, then S16's order: levels by their thresholds, equal ones by name.
  std::vector<std::size_t> order(facts.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const auto rank = [](const Facts& f) {
      return std::make_tuple(f.kind == AlertKind::kLowBalance, f.threshold,
                             std::string_view(f.level));
    };
    return rank(facts[a]) < rank(facts[b]);
  });

  std::map<std::string, Episode, std::less<>> states = known;
  bool covered = false;
  Decision* recovery = nullptr;  // The one that tells of a recovery.
  for (const std::size_t i : order) {
    const Facts& fact = facts[i];
    const auto found = states.find(fact.level);
    const Episode* state = found == states.end() ? nullptr : &found->second;
    Decision& decision = decisions[i];
    if (fact.kind == AlertKind::kLowBalanceEnded) {
      decision = DecideEnded(limits, state, fact, now);
      if (decision.next) states[fact.level] = *decision.next;
      // In the order of thresholds: what is back above a higher one is back above this one too.
      if (decision.notice && recovery != nullptr) recovery->notice.reset();
      if (decision.notice) recovery = &decision;
      continue;
    }
    decision = DecideLow(limits, state, fact, covered, now);
    if (decision.next) states[fact.level] = *decision.next;
    // A lower level speaks for those above while its own episode, the one these facts are of, has
    // been alerted and goes on. One that this notification does not show to go on covers nothing.
    const auto after = states.find(fact.level);
    covered = covered || (after != states.end() && after->second.alerted_at &&
                          !after->second.ended && IsOf(limits, after->second, fact));
  }
  return decisions;
}

bool IsWorthStoring(const DecisionLimits& limits, const Episode& known, Episode next) {
  const auto half = [&limits](Time at) {
    return at.time_since_epoch() / std::max(limits.unheard_max / 2, Millis{1});
  };
  if (half(known.newest_evaluation) != half(next.newest_evaluation)) return true;
  next.newest_evaluation = known.newest_evaluation;
  return next != known;
}

std::optional<Time> NextReminder(const Cadence& cadence, const Episode& episode, Time now) {
  if (!episode.alerted_at || episode.ended || (cadence.stop_when_overdue && episode.overdue)) {
    return std::nullopt;
  }
  const int next =
      std::max(episode.last_reminder, IntervalsSince(cadence, *episode.alerted_at, now)) + 1;
  if (next > cadence.at_most) return std::nullopt;
  return *episode.alerted_at + next * cadence.every;
}

}  // namespace lowbalance
