#pragma once
// Balances from the text of a CSV file (RFC 4180): a header row, then a row an account.

#include <string_view>
#include <vector>

#include "exporter/sources/file_rows.h"

namespace lowbalance {

// Columns in any order, LF or CRLF, an optional byte order mark; empty cells are unknown, and blank
// lines are skipped. Without a line end at its end the file counts as half written.
[[nodiscard]] Result<std::vector<Reading>> ParseFileCsv(std::string_view text,
                                                        const FileContext& context);

}  // namespace lowbalance
