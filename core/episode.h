#pragma once
// When a person should hear about an account, and when to stay quiet: rules S1 to S11 and S16 of
// the project's semantics page.
//
// Pure. The webhook calls Decide for each account that a notification speaks of, and commits what
// comes back (states and messages) in one transaction. A crash then repeats nothing and loses
// nothing: Alertmanager sends the notification again, and a decision made once is remembered.

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/contract.h"
#include "core/message_kind.h"
#include "core/pipeline.h"
#include "core/time.h"

namespace lowbalance {

// S15. The same word in the log, the metrics, the API, the console and the tests.
enum class Reason {
  kAlert,                // Sent: the alert of the episode.
  kReminder,             // Sent: a reminder.
  kAwaitingFirstChange,  // S2: low since an edit or the first value; nothing until it changes.
  kReminderNotDue,       // S5: alerted, and the next reminder's day has not come.
  kRemindersExhausted,   // S5: all reminders of the episode are sent or their days have passed.
  kOverdue,              // S7: below zero within the episode, so no more reminders.
  kCoveredByLowerLevel,  // S16: a level with a lower threshold speaks for this one.
  kRecovered,            // S6: the episode ended, …
  kDisabled,             // S4: …
  kThresholdLowered,     // S3c: …
  kStaleFacts,           // S9: evaluated too long ago; put off.
  kStaleBillingData,     // S9: the billing data is too old; put off.
  kBadFacts,             // S10: no facts, or facts that do not parse.
  kDuplicate,            // S8: a repeated, delayed or reordered delivery with nothing new in it.
};
inline constexpr int kReasonCount = 14;
[[nodiscard]] std::string_view ToString(Reason reason);  // "awaiting_first_change", …
[[nodiscard]] std::optional<Reason> ParseReason(std::string_view text);

// What the webhook remembers of the latest episode of one account at one level.
struct Episode {
  Time low_since{};                // Its identity.
  std::optional<Time> alerted_at;  // When the alert was decided on; reminders count from it.
  int last_reminder = 0;           // The number of the last one sent or counted as sent.
  bool covered = false;            // The alert only counts as sent: a lower level's was.
  bool overdue = false;            // Below zero at some time within the episode.
  // Being below zero has been told, or counts as told: by the alert, by an overdue notice, or
  // because there was nothing to tell it with when it was heard of.
  bool overdue_told = false;
  // Known to be over. While a recovery notice is put off, its reason is kStaleBillingData. Where
  // only the end was heard of and never the episode, low_since is the instant of the end: what
  // began before it is over, and nothing more is known.
  std::optional<Ended> ended;
  // The newest evaluation of LowBalance heard of. It moves with every notification, so a store
  // keeps it less often than the rest (IsWorthStoring): what it protects from does no harm beyond
  // an older amount in a message, or an alert too many after hours of silence. (LowBalanceEnded is
  // a group of its own in Alertmanager and may run ahead; the two are put in order by the instants
  // of the episodes, which strictly increase.)
  Time newest_evaluation{};
  // Why the last decision went as it did; kDuplicate is not noted here, as it is about the
  // delivery and not about the account.
  Reason reason = Reason::kAwaitingFirstChange;

  friend bool operator==(const Episode&, const Episode&) = default;
};

struct DecisionLimits {
  Cadence cadence;
  ExtraNotices extra;
  Millis facts_max_age{};         // S9, inclusive.
  Millis billing_data_max_age{};  // S9, inclusive.
  // An episode unheard of for longer than this when another instant is given for its beginning is
  // over, inclusive: an exporter that lost its store cannot say so.
  Millis unheard_max{};
};

// What to tell people.
struct Notice {
  MessageKind kind = MessageKind::kAlert;
  int number = 0;  // Of a reminder, from 1; 0 for every other kind.
  friend auto operator<=>(const Notice&, const Notice&) = default;
};
// "alert", "reminder 3": as stories and logs print it.
[[nodiscard]] std::string ToString(const Notice& notice);

//
// A recovery notice (reason kRecovered) follows an alert that was sent, when available credit is
// still at the threshold or more by the time it is heard of. Where several levels of an account
// recover at once, only the one with the highest threshold says so: it says the most. An overdue
// notice (reason kOverdue) follows an alert that did not itself say that available credit is below
// zero; a reminder due in the same decision counts as sent.
struct Decision {
  Reason reason = Reason::kDuplicate;
  std::optional<Episode> next;   // The state to remember; empty where there is none still.
  std::optional<Notice> notice;  // What to send, if anything.
  // S12: this account's and level's episodes that began before this instant are known to be over;
  // what is still undelivered of them is to be cancelled.
  std::optional<Time> cancel_before;
};

// Decides for one account. `facts` are what one notification says of it: at most one per level
// and kind, all of the same account, LowBalanceEnded and LowBalance in any order. `known` are the
// remembered episodes by level. Returns one decision for each element of `facts`, in their order.
// S10's alerts never come here: the caller gives them kBadFacts.
[[nodiscard]] std::vector<Decision> Decide(const DecisionLimits& limits,
                                           const std::map<std::string, Episode, std::less<>>& known,
                                           std::span<const Facts> facts, Time now);

// Does `next` differ from `known` in more than the newest evaluation, or in that by so much that a
// half of unheard_max has begun? A notification that only repeats the picture is not worth a write.
[[nodiscard]] bool IsWorthStoring(const DecisionLimits& limits, const Episode& known, Episode next);

// When the next reminder of an episode is due, were it to stay low; empty if there is none to
// come. For people who look; Decide does not use it.
[[nodiscard]] std::optional<Time> NextReminder(const Cadence& cadence, const Episode& episode,
                                               Time now);

}  // namespace lowbalance
