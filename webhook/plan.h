#pragma once
// What one notification of Alertmanager causes: the alerts' facts are read, grouped by account and
// decided on.
//
// Pure, so that a simulation runs the very code that the webhook runs. The caller remembers
// Plan::states and sends Plan::messages; the webhook does both in one transaction.

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/config.h"
#include "core/contract.h"
#include "core/episode.h"
#include "core/time.h"

namespace lowbalance {

// One alert as a notification carries it.
struct Alert {
  std::map<std::string, std::string, std::less<>> labels;
  std::map<std::string, std::string, std::less<>> annotations;
  std::string status = "firing";  // Or "resolved".

  // Empty where there is no such label or annotation.
  [[nodiscard]] std::string_view Label(std::string_view name) const;
  [[nodiscard]] std::string_view Annotation(std::string_view name) const;
};

// An account at a level, which is what episodes are remembered by.
struct EpisodeKey {
  AccountKey account;
  std::string level;
  friend auto operator<=>(const EpisodeKey&, const EpisodeKey&) = default;
};

// What is remembered: of each account, the latest episode of each level.
using EpisodesByLevel = std::map<std::string, Episode, std::less<>>;
using Episodes = std::map<AccountKey, EpisodesByLevel>;

// A message to be made and sent.
struct PlannedMessage {
  Facts facts;
  Notice notice;
  int last_reminder = 0;  // Of the reminders that are sent or count as sent, this one included.
  Time low_since{};
  Time alerted_at{};               // Reminders are counted from it; for the alert it is now.
  bool overdue = false;            // Below zero at some time within the episode.
  bool another_level_low = false;  // An episode of another level of the account goes on.
};

// What is still undelivered of this account's and level's episodes that began before `before` is
// to be cancelled.
struct Cancellation {
  EpisodeKey key;
  Time before{};
};

// S10: an alert that decides nothing, kept for inspection.
struct BadAlert {
  Alert alert;
  std::string error;
};

// One decision, for the log and the metrics.
struct Decided {
  EpisodeKey key;
  // The account's contact, as the facts name it; empty where they name none, and nothing where
  // there are no facts.
  std::optional<std::string> contact;
  Reason reason = Reason::kDuplicate;
  // Of the episode the facts are of; where they say only that one has ended, of the episode
  // remembered; nothing where there is neither.
  std::optional<Time> low_since;
  std::optional<Notice> notice;  // The message it causes, if it causes one.
  // Worth a line in the log: something is sent, or the episode's reason is another than before.
  bool changed = false;
};

struct Plan {
  std::vector<Decided> decisions;
  // Every state that comes out, and whether it differs from what is known by enough to be stored
  // (IsWorthStoring). What is not worth storing is still worth remembering.
  struct State {
    EpisodeKey key;
    Episode episode;
    bool worth_storing = false;
  };
  std::vector<State> states;
  std::vector<PlannedMessage> messages;
  std::vector<Cancellation> cancellations;
  std::vector<BadAlert> bad_alerts;
  // How many alerts of each name (the three of the contract, or "other") and status ("firing",
  // "resolved" or "other") there were.
  std::map<std::pair<std::string_view, std::string_view>, int> counts;
  bool watchdog = false;  // A firing LowbalanceWatchdog was among them.

  // Does it ask for anything to be written?
  [[nodiscard]] bool ChangesStore() const;
};

// The limits that a configuration sets on decisions.
[[nodiscard]] DecisionLimits LimitsOf(const Config& config);

// The facts of an alert named LowBalance or LowBalanceEnded; what is wrong with it otherwise.
[[nodiscard]] Result<Facts> ReadFacts(const Alert& alert);

// Decides on the alerts of one notification. Only firing alerts named LowBalance or
// LowBalanceEnded are decided on (S8); of two of one account, level and kind (they differ in a
// label of no interest to us) the one evaluated later counts.
[[nodiscard]] Plan MakePlan(std::span<const Alert> alerts, const Episodes& known,
                            const DecisionLimits& limits, Time now);

}  // namespace lowbalance
