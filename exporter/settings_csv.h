#pragma once
// Settings as a spreadsheet holds them, one account and level a line:
//
//   provider,account_id,account_name,contact,currency,level,enabled,threshold,state,available_credit,version
//   alibaba,17,Acme,finance,USD,warning,yes,500.00,ok,1234.00,v9f86d081884c7d65
//
// What is written can be edited and read again. Of the columns, `account_id` must be there and at
// least one of `enabled` and `threshold`; `provider` where accounts of several providers are
// known. account_name, contact, available_credit and state are for the reader and are not read. An
// empty cell leaves its setting as it is. A byte order mark at the beginning, and the `v` of a
// version, may be there or not. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "exporter/edits.h"
#include "exporter/snapshot.h"

namespace lowbalance {

struct CsvMistake {
  int line = 0;        // From 1.
  std::string column;  // May be empty.
  Bilingual message;
};

// At most 200,000 lines; separated by commas, semicolons or tabs. `only_provider` is taken where
// there is no column of providers. All mistakes are found, up to 100.
[[nodiscard]] tl::expected<std::vector<EditWish>, std::vector<CsvMistake>> ParseSettingsCsv(
    std::string_view text, std::string_view only_provider);

[[nodiscard]] std::string SettingsCsv(const std::vector<AccountPtr>& accounts);

// The audit: at,who,through,provider,account_id,level,from_enabled,from_threshold,from_currency,
// to_enabled,to_threshold,to_currency. The first line names the columns.
[[nodiscard]] std::string EditsCsv(const std::vector<EditRecord>& edits);

}  // namespace lowbalance
