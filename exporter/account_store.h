#pragma once
// The exporter's tables: accounts, levels, the history of changes, the audit of edits.
//
// What is committed survives kill -9 and comes back exactly. Not thread-safe: the owner guards it.
// Failures are exceptions; a commit that throws has changed nothing.

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
  std::string through;  // "api", "file".
  AccountKey account;
  std::string level;
  std::optional<LevelMemory> from;  // Empty if the level is new.
  LevelMemory to;
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

 private:
  void WriteAll(std::span<const AccountChange> changes, std::span<const EditRecord> edits,
                Time now);

  Store& store_;
};

}  // namespace lowbalance
