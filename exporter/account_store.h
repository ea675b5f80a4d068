#pragma once
// The exporter's tables: accounts, levels, the history of changes, the audit of edits.
//
// What is committed survives kill -9 and comes back exactly. Not thread-safe: the owner guards it.
// Failures are StoreErrors that name the file and say what to do; a commit that throws has changed
// nothing.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/store.h"
#include "exporter/snapshot.h"

namespace lowbalance {

// One edit of one level, for the audit.
struct EditRecord {
  Time at{};
  std::string who;      // A user, or the configuration file.
  std::string through;  // "api", "console", "cli", "file".
  AccountKey account;
  std::string level;
  std::optional<LevelMemory> from;  // Empty if the level is new.
  LevelMemory to;
  std::int64_t id = 0;  // Given by the store, ascending.
};

// Which edits are asked for. Empty fields do not filter.
struct EditFilter {
  std::string provider;
  std::string account_id;
  std::string who;
  std::string through;
  std::optional<Time> since;           // At this instant or later.
  std::optional<Time> until;           // Before this instant.
  std::optional<std::int64_t> before;  // Ids below this one.
  std::optional<std::int64_t> newer;   // Ids above this one.
  int limit = 100;
};

// Available credit from this instant on.
struct CreditChange {
  Time at{};
  std::string currency;
  Money available_credit;
};

class AccountStore {
 public:
  // The migrations to open the Store with.
  [[nodiscard]] static std::span<const std::string_view> Migrations();

  explicit AccountStore(Store& store);

  // All accounts, ordered by key, with what is stored of them: memory and source. Throws a
  // StoreError naming the account where the store holds what cannot have been written by us.
  [[nodiscard]] std::vector<Account> Load();

  // Writes what differs between before and after, with the edits, in one transaction; nothing if
  // nothing differs. `now` is when first values count as seen, in the history.
  void Commit(std::span<const AccountChange> changes, std::span<const EditRecord> edits, Time now);

  // The newest first. What an edit left as low or overdue is not kept: `from` and `to` are
  // settings.
  [[nodiscard]] std::vector<EditRecord> FindEdits(const EditFilter& filter);
  // The id of the latest edit; 0 if there is none.
  [[nodiscard]] std::int64_t LastEdit();
  // The account's changes from the one in force at `since` on, the oldest first.
  [[nodiscard]] std::vector<CreditChange> FindChanges(const AccountKey& account, Time since);

 private:
  void WriteAll(std::span<const AccountChange> changes, std::span<const EditRecord> edits,
                Time now);

  Store& store_;
};

}  // namespace lowbalance
