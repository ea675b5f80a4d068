#pragma once
// What both forms of a file of balances promise.

#include <string_view>
#include <vector>

#include "exporter/sources/file_rows.h"

namespace lowbalance::fuzz {

[[nodiscard]] FileContext BalancesFile();

// A refusal lists mistakes, each with the file and a line that there is. Readings are of accounts
// with valid keys, each once, and are the same when they are written as CSV and read from it.
void CheckReadings(const Result<std::vector<Reading>>& readings, std::string_view input);

}  // namespace lowbalance::fuzz
