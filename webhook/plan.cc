#include "webhook/plan.h"

#include <algorithm>
#include <array>
#include <cassert>

#include "core/money.h"
#include "core/text.h"

namespace lowbalance {
namespace {

constexpr std::string_view kFiring = "firing";

std::string_view Find(const std::map<std::string, std::string, std::less<>>& map,
                      std::string_view name) {
  const auto found = map.find(name);
  return found == map.end() ? std::string_view() : std::string_view(found->second);
}

// Names come from whoever can reach Alertmanager; metrics must not grow with them.
std::string_view OneOf(std::string_view text, std::span<const std::string_view> known) {
  const auto found = std::find(known.begin(), known.end(), text);
  return found == known.end() ? std::string_view("other") : *found;
}

constexpr std::array<std::string_view, 3> kNames{kAlertLowBalance, kAlertLowBalanceEnded,
                                                 kAlertWatchdog};
constexpr std::array<std::string_view, 2> kStatuses{kFiring, "resolved"};

// Facts of one account, at most one per level and kind.
class AccountFacts {
 public:
  // Gives back the facts that do not count, if there are any.
  std::optional<Facts> Add(Facts facts) {
    for (Facts& kept : facts_) {
      if (kept.kind != facts.kind || kept.level != facts.level) continue;
      if (facts.evaluated_at > kept.evaluated_at) std::swap(kept, facts);
      return facts;
    }
    facts_.push_back(std::move(facts));
    return std::nullopt;
  }
  [[nodiscard]] std::span<const Facts> all() const { return facts_; }

 private:
  std::vector<Facts> facts_;
};

void DecideAccount(const DecisionLimits& limits, const EpisodesByLevel& known,
                   std::span<const Facts> facts, Time now, Plan& plan) {
  const std::vector<Decision> decisions = Decide(limits, known, facts, now);
  // A notification may bring an end and a new episode of one level; the end is decided first, and
  // the last state is the one to remember.
  std::map<std::string_view, Plan::State> states;
  const auto earlier_messages = static_cast<std::ptrdiff_t>(plan.messages.size());
  for (const AlertKind kind : {AlertKind::kLowBalanceEnded, AlertKind::kLowBalance}) {
    for (std::size_t i = 0; i < facts.size(); ++i) {
      const Facts& fact = facts[i];
      if (fact.kind != kind) continue;
      const Decision& decision = decisions[i];
      const EpisodeKey key{fact.account, fact.level};
      const auto found = known.find(fact.level);
      const Episode* before = found == known.end() ? nullptr : &found->second;
      Decided decided{.key = key, .contact = fact.contact, .reason = decision.reason};
      decided.low_since = fact.low_since;
      if (!decided.low_since && before != nullptr) decided.low_since = before->low_since;
      if (decision.cancel_before) plan.cancellations.push_back({key, *decision.cancel_before});
      if (decision.next) {
        decided.changed = before == nullptr || before->reason != decision.next->reason ||
                          before->low_since != decision.next->low_since;
        states[fact.level] =
            Plan::State{key, *decision.next,
                        before == nullptr || IsWorthStoring(limits, *before, *decision.next)};
      }
      if (decision.notice) {
        assert(decision.next && decision.next->alerted_at);
        decided.notice = decision.notice;
        decided.changed = true;
        plan.messages.push_back(PlannedMessage{.facts = fact,
                                               .notice = *decision.notice,
                                               .last_reminder = decision.next->last_reminder,
                                               .low_since = decision.next->low_since,
                                               .alerted_at = *decision.next->alerted_at,
                                               .overdue = decision.next->overdue});
      }
      plan.decisions.push_back(std::move(decided));
    }
  }
  const auto goes_on = [&](std::string_view level, const Episode& episode) {
    const auto state = states.find(level);
    return !(state == states.end() ? episode : state->second.episode).ended;
  };
  for (auto message = plan.messages.begin() + earlier_messages; message != plan.messages.end();
       ++message) {
    message->another_level_low =
        std::any_of(known.begin(), known.end(), [&](const auto& level_and_episode) {
          const auto& [level, episode] = level_and_episode;
          return level != message->facts.level && goes_on(level, episode);
        });
  }
  for (auto& [level, state] : states) plan.states.push_back(std::move(state));
}

}  // namespace

std::string_view Alert::Label(std::string_view name) const { return Find(labels, name); }
std::string_view Alert::Annotation(std::string_view name) const { return Find(annotations, name); }

bool Plan::ChangesStore() const {
  return !messages.empty() || !cancellations.empty() || !bad_alerts.empty() ||
         std::any_of(states.begin(), states.end(),
                     [](const State& state) { return state.worth_storing; });
}

DecisionLimits LimitsOf(const Config& config) {
  return DecisionLimits{.cadence = config.webhook.reminders,
                        .extra = config.webhook.extra_notices,
                        .facts_max_age = config.pipeline.facts_max_age,
                        .billing_data_max_age = config.pipeline.billing_data_max_age,
                        .unheard_max = config.pipeline.ended_hold()};
}

Result<Facts> ReadFacts(const Alert& alert) {
  Facts facts;
  facts.kind = alert.Label("alertname") == kAlertLowBalanceEnded ? AlertKind::kLowBalanceEnded
                                                                 : AlertKind::kLowBalance;
  facts.account = {std::string(alert.Label(kLabelProvider)),
                   std::string(alert.Label(kLabelAccountId))};
  facts.level = alert.Label(kLabelLevel);
  const auto wrong = [](std::string_view label, std::string_view seen) {
    return Reject("the label " + std::string(label) +
                  (seen.empty() ? " is missing" : " is not a valid one: " + Quoted(seen)));
  };
  if (!IsValidName(facts.account.provider)) return wrong(kLabelProvider, facts.account.provider);
  if (!IsValidAccountId(facts.account.account_id)) {
    return wrong(kLabelAccountId, facts.account.account_id);
  }
  if (!IsValidName(facts.level)) return wrong(kLabelLevel, facts.level);
  const std::string_view currency = alert.Label(kLabelCurrency);
  auto parsed = ParseCurrency(currency);
  if (!parsed) return wrong(kLabelCurrency, currency);
  facts.currency = std::move(*parsed);
  const auto line = alert.annotations.find(kAnnotationFacts);
  if (line == alert.annotations.end()) {
    return Reject("the annotation " + std::string(kAnnotationFacts) + " is missing");
  }
  return ParseFacts(std::move(facts), line->second);
}

Plan MakePlan(std::span<const Alert> alerts, const Episodes& known, const DecisionLimits& limits,
              Time now) {
  Plan plan;
  std::map<AccountKey, AccountFacts> accounts;
  for (const Alert& alert : alerts) {
    const std::string_view name = OneOf(alert.Label("alertname"), kNames);
    ++plan.counts[{name, OneOf(alert.status, kStatuses)}];
    if (alert.status != kFiring) continue;
    if (name == kAlertWatchdog) plan.watchdog = true;
    if (name != kAlertLowBalance && name != kAlertLowBalanceEnded) continue;
    auto facts = ReadFacts(alert);
    if (!facts) {
      const EpisodeKey key{
          {std::string(alert.Label(kLabelProvider)), std::string(alert.Label(kLabelAccountId))},
          std::string(alert.Label(kLabelLevel))};
      plan.decisions.push_back(Decided{.key = key, .reason = Reason::kBadFacts});
      plan.bad_alerts.push_back({alert, facts.error().message});
      continue;
    }
    const AccountKey account = facts->account;
    if (const auto left_out = accounts[account].Add(std::move(*facts))) {
      plan.decisions.push_back(Decided{.key = {account, left_out->level},
                                       .contact = left_out->contact,
                                       .low_since = left_out->low_since});
    }
  }
  static const EpisodesByLevel kNothing;
  for (const auto& [account, facts] : accounts) {
    const auto found = known.find(account);
    DecideAccount(limits, found == known.end() ? kNothing : found->second, facts.all(), now, plan);
  }
  return plan;
}

}  // namespace lowbalance
