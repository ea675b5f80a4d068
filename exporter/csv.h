#pragma once
// Comma-separated values as RFC 4180 has them, with other separators too: what spreadsheets save
// and what is copied out of them. Pure.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/bilingual.h"

namespace lowbalance {

struct CsvCell {
  int line = 0;  // From 1.
  std::string text;
};
struct CsvRecord {
  int line = 0;
  std::vector<CsvCell> cells;

  [[nodiscard]] bool IsBlank() const { return cells.size() == 1 && cells.front().text.empty(); }
};

// Takes records off the front of a text.
class CsvReader {
 public:
  explicit CsvReader(std::string_view text, char separator = ',')
      : text_(text), separator_(separator) {}

  [[nodiscard]] bool AtEnd() const { return text_.empty(); }
  [[nodiscard]] int line() const { return line_; }

  // Nothing if well, else what is wrong at line(); the reader is then of no further use.
  [[nodiscard]] std::optional<Bilingual> Next(CsvRecord* record);

 private:
  [[nodiscard]] char Peek() const { return text_.empty() ? '\n' : text_.front(); }
  std::optional<Bilingual> TakePlain(std::string* cell);
  std::optional<Bilingual> TakeQuoted(std::string* cell);
  std::optional<Bilingual> TakeLineEnd();

  std::string_view text_;
  const char separator_;
  int line_ = 1;
};

// The separator of a text whose first line is a header: a tab, a semicolon or a comma.
[[nodiscard]] char GuessSeparator(std::string_view text);

// A cell as it stands in a file: in quotes where it must be.
[[nodiscard]] std::string CsvText(std::string_view text);
// The same for text that others chose: a spreadsheet must not take it for a formula, so that an
// apostrophe goes before what would begin one.
[[nodiscard]] std::string CsvForeignText(std::string_view text);

}  // namespace lowbalance
