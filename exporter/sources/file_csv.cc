#include "exporter/sources/file_csv.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/text.h"

namespace lowbalance {
namespace {

struct Record {
  int line = 0;
  std::vector<FileCell> cells;
};

// Takes records off the front of a text that ends with a line end.
class CsvReader {
 public:
  explicit CsvReader(std::string_view text) : text_(text) {}

  [[nodiscard]] bool AtEnd() const { return text_.empty(); }
  [[nodiscard]] int line() const { return line_; }

  // Empty if well, else what is wrong at line(); the reader is then of no further use.
  [[nodiscard]] std::string Next(Record* record) {
    record->line = line_;
    record->cells.clear();
    while (true) {
      FileCell cell{.line = line_};
      const std::string wrong = Peek() == '"' ? TakeQuoted(&cell.text) : TakePlain(&cell.text);
      if (!wrong.empty()) return wrong;
      record->cells.push_back(std::move(cell));
      if (Peek() == ',') {
        text_.remove_prefix(1);
        continue;
      }
      return TakeLineEnd();
    }
  }

 private:
  [[nodiscard]] char Peek() const { return text_.empty() ? '\n' : text_.front(); }

  std::string TakePlain(std::string* cell) {
    const std::size_t end = std::min(text_.find_first_of(",\"\r\n"), text_.size());
    *cell = text_.substr(0, end);
    text_.remove_prefix(end);
    if (Peek() == '"') {
      return "a quote within a cell that does not begin with one: " + Quoted(*cell + '"');
    }
    return "";
  }

  std::string TakeQuoted(std::string* cell) {
    text_.remove_prefix(1);
    while (true) {
      const std::size_t quote = text_.find('"');
      if (quote == std::string_view::npos) return "a quote is opened and never closed";
      const std::string_view part = text_.substr(0, quote);
      *cell += part;
      line_ += static_cast<int>(std::count(part.begin(), part.end(), '\n'));
      text_.remove_prefix(quote + 1);
      if (Peek() != '"') break;
      *cell += '"';
      text_.remove_prefix(1);
    }
    if (text_.empty() || Peek() == ',' || Peek() == '\r' || Peek() == '\n') return "";
    return "after a closing quote comes neither a comma nor the line's end: " +
           Quoted(text_.substr(0, text_.find_first_of(",\r\n")));
  }

  std::string TakeLineEnd() {
    if (Peek() == '\r') {
      text_.remove_prefix(1);
      if (Peek() != '\n' || text_.empty()) return "a carriage return that does not end the line";
    }
    if (!text_.empty()) text_.remove_prefix(1);
    ++line_;
    return "";
  }

  std::string_view text_;
  int line_ = 1;
};

bool IsBlank(const Record& record) {
  return record.cells.size() == 1 && record.cells.front().text.empty();
}

// The field that each column holds; false if the header has mistakes.
bool ReadHeader(const Record& header, FileReadings* readings, std::vector<std::size_t>* fields) {
  bool well = true;
  for (const FileCell& cell : header.cells) {
    std::string complaint;
    const auto field = FindFileField(cell.text, &complaint);
    if (field && std::find(fields->begin(), fields->end(), *field) != fields->end()) {
      complaint = "the column " + cell.text + " stands there twice";
    }
    if (!complaint.empty()) {
      readings->Mistaken(cell.line, "", "", complaint);
      well = false;
    }
    fields->push_back(field.value_or(kFileFields));
  }
  return well;
}

}  // namespace

Result<std::vector<Reading>> ParseFileCsv(std::string_view text, const FileContext& context) {
  FileReadings readings(context);
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  if (text.empty()) {
    readings.Mistaken(0, "", "", "the file is empty");
    return std::move(readings).Finish();
  }
  if (text.back() != '\n') {
    const auto line = static_cast<int>(std::count(text.begin(), text.end(), '\n')) + 1;
    readings.Mistaken(line, "", "",
                      "the last line has no line end, so the file may be half written");
    return std::move(readings).Finish();
  }

  CsvReader reader(text);
  Record record;
  std::vector<std::size_t> fields;
  while (!reader.AtEnd()) {
    if (const std::string wrong = reader.Next(&record); !wrong.empty()) {
      readings.Mistaken(reader.line(), "", "", wrong);
      break;
    }
    if (IsBlank(record)) continue;
    if (fields.empty()) {
      if (!ReadHeader(record, &readings, &fields)) break;
      continue;
    }
    if (record.cells.size() != fields.size()) {
      readings.Mistaken(record.line, "", "",
                        std::to_string(record.cells.size()) + " cells where the header has " +
                            std::to_string(fields.size()));
      continue;
    }
    FileRow row{.line = record.line};
    for (std::size_t i = 0; i < fields.size(); ++i) {
      row.cells.at(fields[i]) = std::move(record.cells[i]);
    }
    readings.Add(row);
  }
  return std::move(readings).Finish();
}

}  // namespace lowbalance
