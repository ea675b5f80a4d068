#pragma once
// The accounts in memory: the one place where polls, edits and configurations meet.
//
// Whatever changes is committed to the store first and published after; when the commit throws,
// nothing has changed and the exception goes to the caller. Thread-safe; reading takes no lock that
// a poll or a commit holds.

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/account_rules.h"
#include "exporter/account_store.h"
#include "exporter/burn_rates.h"
#include "exporter/edits.h"
#include "exporter/merge.h"
#include "exporter/snapshot.h"

namespace lowbalance {

// A wish to change one level of one account, by a person.
struct EditRequest {
  AccountKey account;
  SettingEdit edit;
  std::string who;
  bool dry_run = false;  // Only say what it would come to.
  std::string version;   // As in EditWish.
  std::string through = "api";
  std::optional<std::string> only_contact;  // As in Editor.
};

struct EditOutcome {
  AccountPtr before;
  AccountPtr after;  // The same as before where the edit changes nothing.
  EditEffect effect = EditEffect::kUnchanged;
};

struct BulkRequest {
  BulkEdit edit;
  Editor editor;
  bool dry_run = false;
  // What a dry run gave. Empty: whatever has changed since. Otherwise the edit is made only if it
  // would be made from the same accounts and settings.
  std::string basis;
};

struct BulkOutcome {
  BulkPlan plan;
  std::string basis;                  // For the edit that follows a dry run.
  bool applied = false;               // Committed, or nothing to change.
  bool moved = false;                 // Refused because `basis` no longer holds.
  std::vector<EditRecord> conflicts;  // Where `moved`: the edits since, of these accounts.
};

class Accounts {
 public:
  // Publishes what the store holds. `store` must outlive this. Throws where it cannot be read.
  explicit Accounts(AccountStore& store);

  [[nodiscard]] std::shared_ptr<const Snapshot> snapshot() const;

  // Polls of sources that the last configuration does not have are ignored.
  void Configure(const AccountRules& rules, Time now);
  void ApplyFetched(const std::string& source, const Fetched& fetched, Time now);
  void ApplyFailure(const std::string& source, Time now);

  [[nodiscard]] tl::expected<EditOutcome, EditRefusal> ApplyEdit(const EditRequest& request,
                                                                 Time now);
  // One transaction, or nothing.
  [[nodiscard]] BulkOutcome ApplyBulk(const BulkRequest& request, Time now);

  // Beside each account, in its order. With `runway` an account's history is read once.
  [[nodiscard]] std::vector<AccountView> Views(std::span<const AccountPtr> accounts, bool runway,
                                               Time now);
  [[nodiscard]] std::vector<EditRecord> Edits(const EditFilter& filter);
  [[nodiscard]] std::vector<CreditChange> History(const AccountKey& account, Time since);

 private:
  void CommitAndPublish(Merged merged, Time now);
  void LoadBurnRates(std::span<const AccountPtr> accounts, Time now);
  [[nodiscard]] std::vector<EditRecord> EditsSince(const std::string& id, const BulkPlan& plan);
  [[nodiscard]] Bilingual WhoChanged(const AccountKey& account);
  void LogProblems(const std::string& source, const std::map<AccountKey, std::string>& problems);

  std::mutex mutex_;     // Held over a commit, so that changes happen one after the other.
  AccountStore& store_;  // Guarded by mutex_, as are the next two.
  AccountRules rules_;
  std::map<std::string, std::map<AccountKey, std::string>> problems_;  // By source; logged already.

  std::atomic<Millis> stale_after_{Millis::max()};
  std::mutex burn_mutex_;  // Taken after mutex_ where both are.
  BurnRates burn_rates_;   // Guarded by burn_mutex_.

  mutable std::mutex published_mutex_;         // Held for a copy of the pointer only.
  std::shared_ptr<const Snapshot> published_;  // Guarded by published_mutex_.
};

}  // namespace lowbalance
