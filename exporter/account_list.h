#pragma once
// Which accounts a list shows, in which order, from where to where. Pure.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/account_select.h"
#include "exporter/edits.h"
#include "exporter/snapshot.h"

namespace lowbalance {

enum class SortKey {
  kAccount,
  kName,
  kContact,
  kCredit,
  kThreshold,
  kRunway,
  kState,    // The worst first: overdue, low, awaiting its first change, …
  kChanged,  // When available credit last changed.
};

struct ListQuery {
  Selection select;
  SortKey sort = SortKey::kAccount;
  bool descending = false;
  int limit = 100;
  int offset = 0;
  std::optional<AccountKey> after;  // Instead of `offset`, in the order of accounts.

  [[nodiscard]] bool NeedsRunway() const {
    return sort == SortKey::kRunway || select.NeedsRunway();
  }
};

struct QueryError {
  std::string field;
  std::string message;
};
// From `select`, `sort` ("credit", "-credit"), `limit`, `offset`, `after`; and, each for itself,
// `provider`, `account_id`, `contact` and `state`, which mean what they mean in a selection.
[[nodiscard]] tl::expected<ListQuery, QueryError> ParseListQuery(
    const std::map<std::string, std::string, std::less<>>& parameters);
// "not understood: \"lowe\" at 3: unknown word …".
[[nodiscard]] std::string ToString(const SelectError& error);

// The accounts that match, sorted; `views` are beside `accounts`. Accounts whose value for the
// order is unknown come last either way. Indices into `accounts`.
[[nodiscard]] std::vector<std::size_t> SortedMatches(const ListQuery& query,
                                                     const std::vector<AccountPtr>& accounts,
                                                     const std::vector<AccountView>& views);

// "provider/account_id", as the `after` of the next page; empty if it is none.
[[nodiscard]] std::string Cursor(const AccountKey& key);
[[nodiscard]] std::optional<AccountKey> ParseCursor(const std::string& text);

}  // namespace lowbalance
