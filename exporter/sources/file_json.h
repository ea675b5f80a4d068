#pragma once
// Balances from the text of a JSON file:
//   {"as_of": "2026-11-23T07:12:00Z", "accounts": [{"account_id": "17", "currency": "USD", …}]}

#include <string_view>
#include <vector>

#include "exporter/sources/file_rows.h"

namespace lowbalance {

// Amounts are texts or numbers; a number is taken as its digits stand in the file, never through a
// double. null is unknown.
[[nodiscard]] Result<std::vector<Reading>> ParseFileJson(std::string_view text,
                                                         const FileContext& context);

}  // namespace lowbalance
