#pragma once
// Edits of many accounts, and the audit, as the API writes and reads them. Pure.

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/account_json.h"
#include "exporter/accounts.h"
#include "exporter/settings_csv.h"

namespace lowbalance {

struct BulkBody {
  BulkEdit edit;
  bool dry_run = false;
  std::string basis;
  std::size_t limit = 1000;              // Of results in the answer.
  std::vector<CsvMistake> csv_mistakes;  // Where there are any, nothing else counts.
};
// `only_provider` is that of all accounts, where there is but one.
[[nodiscard]] tl::expected<BulkBody, BodyError> ParseBulkBody(std::string_view body,
                                                              std::string_view only_provider);

// At most `limit` results; what is refused is told in `language`.
[[nodiscard]] nlohmann::ordered_json BulkJson(const BulkOutcome& outcome, bool dry_run,
                                              std::size_t limit, Language language);
[[nodiscard]] nlohmann::ordered_json CsvMistakesJson(const std::vector<CsvMistake>& mistakes,
                                                     Language language);
[[nodiscard]] nlohmann::ordered_json EditJson(const EditRecord& edit);

}  // namespace lowbalance
