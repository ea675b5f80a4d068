#pragma once
// The accounts as they are published at one moment: what scrapes and the API read.
//
// Immutable once published, so reading it takes no lock. Accounts that did not change are shared
// between one snapshot and the next.

#include <memory>
#include <string>
#include <vector>

#include "core/account_memory.h"

namespace lowbalance {

struct Account {
  AccountMemory memory;
  // Whose reading the memory is of, or who said first that the account is there; empty if no source
  // ever did.
  std::string source;
  // The last good poll of `source` did not contain the account, so another source may have it.
  bool released = false;

  // From the configuration file.
  bool billed_before_tax = false;        // Tax comes on top of the unsettled amount, with the bill.
  std::string contact;                   // Its own, else the default one; empty if there is none.
  std::vector<std::string> provisioned;  // Levels whose setting stands there, and is read-only.

  friend bool operator==(const Account&, const Account&) = default;

  [[nodiscard]] bool IsProvisioned(std::string_view level) const;
};
using AccountPtr = std::shared_ptr<const Account>;

struct Snapshot {
  std::vector<AccountPtr> accounts;  // Ordered by key, each key once.

  // The first account whose key is not before `key`.
  [[nodiscard]] std::vector<AccountPtr>::const_iterator LowerBound(const AccountKey& key) const;
  // Null if there is none of that key.
  [[nodiscard]] AccountPtr Find(const AccountKey& key) const;
};

// What became of one account. No `before`: it is new. No `after`: it is forgotten.
struct AccountChange {
  AccountPtr before;
  AccountPtr after;
};

}  // namespace lowbalance
