// Settings in a spreadsheet: every mistake is told with its line, and cells read as they were
// written.

#include "exporter/settings_csv.h"

#include "core/text.h"
#include "exporter/csv.h"
#include "tests/fuzz/fuzz.h"

namespace lowbalance::fuzz {
namespace {

void TryCells(std::string_view input) {
  CsvReader reader(input);
  CsvRecord record;
  std::vector<CsvRecord> records;
  std::string csv;
  while (!reader.AtEnd()) {
    if (const auto wrong = reader.Next(&record)) {
      PROMISE_MESSAGE(wrong->en, 400);
      PROMISE_MESSAGE(wrong->zh, 400);
      PROMISE(reader.line() <= LinesOf(input));
      return;
    }
    for (const CsvCell& cell : record.cells) {
      csv += (&cell == record.cells.data() ? "" : ",") + CsvText(cell.text);
      const std::string foreign = CsvForeignText(cell.text);
      const std::string_view bare =
          std::string_view(foreign).substr(foreign.starts_with('"') ? 1 : 0);
      PROMISE_OF(foreign, bare.empty() || std::string_view("=+-@").find(bare[0]) == bare.npos);
    }
    csv += "\n";
    records.push_back(record);
  }
  CsvReader again(csv);
  for (const CsvRecord& expected : records) {
    PROMISE_OF(csv, !again.Next(&record) && record.cells.size() == expected.cells.size());
    for (std::size_t i = 0; i < record.cells.size(); ++i) {
      PROMISE_OF(csv, record.cells[i].text == expected.cells[i].text);
    }
  }
  PROMISE(again.AtEnd());
}

}  // namespace

void Try(std::string_view input) {
  TryCells(input);
  for (const std::string_view only_provider : {"", "demo"}) {
    const auto wishes = ParseSettingsCsv(input, only_provider);
    if (!wishes) {
      PROMISE(!wishes.error().empty() && wishes.error().size() <= 100);
      for (const CsvMistake& mistake : wishes.error()) {
        PROMISE(mistake.line >= 1 && mistake.line <= LinesOf(input));
        PROMISE_MESSAGE(mistake.message.en, 600);
        PROMISE_MESSAGE(mistake.message.zh, 600);
      }
      continue;
    }
    int line = 0;
    for (const EditWish& wish : *wishes) {
      PROMISE(IsValidName(wish.account.provider) && IsValidAccountId(wish.account.account_id));
      PROMISE(IsValidName(wish.edit.level) && (wish.edit.enabled || wish.edit.threshold));
      PROMISE(wish.line > line && wish.line <= LinesOf(input));
      line = wish.line;
    }
  }
}

}  // namespace lowbalance::fuzz
