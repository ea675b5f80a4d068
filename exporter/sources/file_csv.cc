#include "exporter/sources/file_csv.h"

#include <algorithm>
#include <string>
#include <utility>

#include "exporter/csv.h"

namespace lowbalance {
namespace {

// The field that each column holds; false if the header has mistakes.
bool ReadHeader(const CsvRecord& header, FileReadings* readings, std::vector<std::size_t>* fields) {
  bool well = true;
  for (const CsvCell& cell : header.cells) {
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
  CsvRecord record;
  std::vector<std::size_t> fields;
  while (!reader.AtEnd()) {
    if (const auto wrong = reader.Next(&record)) {
      readings.Mistaken(reader.line(), "", "", wrong->en);
      break;
    }
    if (record.IsBlank()) continue;
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
      CsvCell& cell = record.cells[i];
      row.cells.at(fields[i]) = FileCell{.text = std::move(cell.text), .line = cell.line};
    }
    readings.Add(row);
  }
  return std::move(readings).Finish();
}

}  // namespace lowbalance
