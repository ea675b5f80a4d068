#pragma once
// How polls and configurations change the accounts.
//
// Pure: (accounts, what happened, now) → accounts, and what is to be committed before they are
// published. An account that did not change is the same object before and after.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/account_rules.h"
#include "exporter/account_store.h"
#include "exporter/snapshot.h"
#include "exporter/source.h"

namespace lowbalance {

struct Merged {
  Snapshot next;
  std::vector<AccountChange> changes;
  std::vector<EditRecord> edits;
  // Why an account could not be taken from the poll, or its setting not from the configuration.
  std::map<AccountKey, std::string> problems;
};

// What a poll of a source showed. Accounts that it could not be asked about, those that it no
// longer contains, and those whose reading is older than what is known count as polled without
// success. An account that another configured source has is left alone.
[[nodiscard]] Merged MergeFetched(const Snapshot& before, const AccountRules& rules,
                                  std::string_view source, const Fetched& fetched, Time now);

// A poll of a source that failed as a whole.
[[nodiscard]] Merged MergeFailure(const Snapshot& before, std::string_view source);

// A configuration, at the start or after a reload: contacts, provisioned settings. Accounts that
// it lists are known from then on; one that no source ever showed is forgotten when it is no
// longer listed. Accounts of a source that is no longer configured count as polled without success.
[[nodiscard]] Merged MergeRules(const Snapshot& before, const AccountRules& rules, Time now);

// Edits of accounts that are in `before`.
[[nodiscard]] Merged MergeEdits(const Snapshot& before, std::vector<AccountChange> changes,
                                std::vector<EditRecord> edits);

}  // namespace lowbalance
