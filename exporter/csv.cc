#include "exporter/csv.h"

#include <algorithm>
#include <utility>

#include "core/text.h"

namespace lowbalance {

std::optional<Bilingual> CsvReader::Next(CsvRecord* record) {
  record->line = line_;
  record->cells.clear();
  while (true) {
    CsvCell cell{.line = line_, .text = ""};
    auto wrong = Peek() == '"' ? TakeQuoted(&cell.text) : TakePlain(&cell.text);
    if (wrong) return wrong;
    record->cells.push_back(std::move(cell));
    if (Peek() == separator_) {
      text_.remove_prefix(1);
      continue;
    }
    return TakeLineEnd();
  }
}

std::optional<Bilingual> CsvReader::TakePlain(std::string* cell) {
  const auto ends = [this](char c) {
    return c == separator_ || c == '"' || c == '\r' || c == '\n';
  };
  const auto end =
      static_cast<std::size_t>(std::find_if(text_.begin(), text_.end(), ends) - text_.begin());
  *cell = text_.substr(0, end);
  text_.remove_prefix(end);
  if (Peek() == '"') {
    const std::string seen = Quoted(*cell + '"');
    return Bilingual{"a quote within a cell that does not begin with one: " + seen,
                     "单元格不以引号开头，中间却有引号：" + seen};
  }
  return std::nullopt;
}

std::optional<Bilingual> CsvReader::TakeQuoted(std::string* cell) {
  text_.remove_prefix(1);
  while (true) {
    const std::size_t quote = text_.find('"');
    if (quote == std::string_view::npos) {
      return Bilingual{"a quote is opened and never closed", "引号没有闭合"};
    }
    const std::string_view part = text_.substr(0, quote);
    *cell += part;
    line_ += static_cast<int>(std::count(part.begin(), part.end(), '\n'));
    text_.remove_prefix(quote + 1);
    if (Peek() != '"') break;
    *cell += '"';
    text_.remove_prefix(1);
  }
  if (text_.empty() || Peek() == separator_ || Peek() == '\r' || Peek() == '\n') {
    return std::nullopt;
  }
  const std::string seen = Quoted(text_.substr(0, text_.find_first_of(",\r\n")));
  return Bilingual{"after a closing quote comes neither a comma nor the line's end: " + seen,
                   "右引号之后既不是逗号也不是行尾：" + seen};
}

std::optional<Bilingual> CsvReader::TakeLineEnd() {
  if (Peek() == '\r') {
    text_.remove_prefix(1);
    if (Peek() != '\n' || text_.empty()) {
      return Bilingual{"a carriage return that does not end the line", "回车符不在行尾"};
    }
  }
  if (!text_.empty()) text_.remove_prefix(1);
  ++line_;
  return std::nullopt;
}

char GuessSeparator(std::string_view text) {
  const std::string_view header = text.substr(0, text.find_first_of("\r\n"));
  for (const char separator : {'\t', ';'}) {
    if (header.find(separator) != std::string_view::npos) return separator;
  }
  return ',';
}

std::string CsvText(std::string_view text) {
  if (text.find_first_of(",;\t\"\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::string CsvForeignText(std::string_view text) {
  const bool formula =
      !text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos;
  return CsvText(formula ? "'" + std::string(text) : std::string(text));
}

}  // namespace lowbalance
