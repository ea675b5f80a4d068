#pragma once
// The accounts in memory: the one place where polls, edits and configurations meet.
//
// Whatever changes is committed to the store first and published after; when the commit throws,
// nothing has changed and the exception goes to the caller. Thread-safe; reading takes no lock that
// a poll or a commit holds.

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/account_rules.h"
#include "exporter/account_store.h"
#include "exporter/merge.h"
#include "exporter/snapshot.h"

namespace lowbalance {

// A wish to change one level of one account, by a person.
struct EditRequest {
  AccountKey account;
  SettingEdit edit;
  std::string who;
  bool dry_run = false;  // Only say what it would come to.
};

struct EditOutcome {
  AccountPtr before;
  AccountPtr after;  // The same as before where the edit changes nothing.
};

struct EditRefusal {
  enum class Why { kUnknownAccount, kProvisioned, kNotAllowed };
  Why why = Why::kNotAllowed;
  std::string field;  // The field that is wrong; may be empty.
  std::string message;
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

 private:
  void CommitAndPublish(Merged merged, Time now);
  void LogProblems(const std::string& source, const std::map<AccountKey, std::string>& problems);

  std::mutex mutex_;     // Held over a commit, so that changes happen one after the other.
  AccountStore& store_;  // Guarded by mutex_, as are the next two.
  AccountRules rules_;
  std::map<std::string, std::map<AccountKey, std::string>> problems_;  // By source; logged already.

  mutable std::mutex published_mutex_;         // Held for a copy of the pointer only.
  std::shared_ptr<const Snapshot> published_;  // Guarded by published_mutex_.
};

}  // namespace lowbalance
