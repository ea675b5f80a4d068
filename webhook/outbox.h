#pragma once
// What the webhook remembers and what it has yet to say: episodes, messages and their deliveries
// enter the store here, in one transaction per notification.

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "webhook/database.h"
#include "webhook/plan.h"
#include "webhook/records.h"

namespace lowbalance {

// Thread-safe.
class Outbox {
 public:
  // Reads all episodes; they stay in memory. Throws StoreError.
  explicit Outbox(Database& database);

  struct Batch {
    Time now{};
    Plan plan;
    // Turns a message of the plan into one to store. Called for one after the other as they are
    // written: thousands of worded messages at once would take more memory than the notification.
    std::function<NewMessage(const PlannedMessage&)> compose;
  };
  struct Committed {
    int messages = 0;                               // How many were new.
    std::map<std::string_view, int> cancellations;  // Of deliveries, by relay.
  };

  // Asks `make` for what is to happen in view of the episodes remembered, commits it, and only
  // then remembers. Calls do not overlap, so that two notifications at once are decided one after
  // the other. A batch that changes nothing of importance writes nothing. Throws StoreError with
  // everything as it was before. Batch::compose is not called once this has returned.
  Committed Transact(const std::function<Batch(const Episodes&)>& make, Batch* done = nullptr);

  // Commits messages that no notification caused. Throws StoreError.
  Committed Add(const std::vector<NewMessage>& messages, Time now);

  // What was decided last of an account's level, duplicates included; since the start of the
  // process, for those who ask why nothing came.
  struct LastDecision {
    Time at{};
    Reason reason{};
    std::optional<std::string> contact;  // As the latest facts that could be read name it.
  };
  [[nodiscard]] std::optional<LastDecision> FindLastDecision(const EpisodeKey& key) const;

  // The remembered episodes of the accounts that match; empty matches all.
  [[nodiscard]] Episodes Find(std::string_view provider, std::string_view account_id) const;

  // Only the newest are kept, by when they were last seen.
  static constexpr int kBadAlertsMax = 1000;

 private:
  void Load();
  // `more` are messages that are none of the plan's.
  Committed Commit(const Batch& batch, const std::vector<NewMessage>& more = {});
  void Remember(const Plan& plan, Time now);

  Database& database_;
  mutable std::mutex mutex_;
  Episodes episodes_;                                  // Guarded by mutex_, as are the following.
  std::map<EpisodeKey, LastDecision> last_decisions_;  // Only of what there is an episode of.
  std::int64_t last_message_ = 0;                      // The ids given last.
  std::int64_t last_delivery_ = 0;
};

}  // namespace lowbalance
