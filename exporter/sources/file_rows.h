#pragma once
// What JSON and CSV files of balances have in common: rows of named fields, and what a row must
// say to be a reading.
//
// Pure. A file with any mistake is refused as a whole; every mistake is found and named with file,
// line, account, field and what was seen.

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/account_memory.h"
#include "core/result.h"
#include "core/time.h"

namespace lowbalance {

struct FileContext {
  std::string file;      // As mistakes name it.
  std::string provider;  // Of rows that name none.
  Time modified{};       // How old rows are that do not say.
};

// The fields of a row: keys of a JSON object, columns of a CSV file. The formula's terms are in
// the order of kCreditTerms.
enum FileField : std::size_t {
  kFileAccountId,
  kFileAccountName,
  kFileOwner,
  kFileStatus,
  kFileProvider,
  kFileCurrency,
  kFileAvailableCredit,
  kFileFirstTerm,
  kFileCostsIncurred = kFileFirstTerm + kCreditTerms.size(),
  kFileAsOf,
  kFileFields,  // How many there are.
};
[[nodiscard]] std::string_view FileFieldName(std::size_t field);

// The field of that name; else empty, with `complaint` saying so and naming the nearest one.
[[nodiscard]] std::optional<std::size_t> FindFileField(std::string_view name,
                                                       std::string* complaint);

struct FileCell {
  std::string text;    // Empty: unknown, as if the field were not there.
  int line = 0;        // From 1.
  bool wrong = false;  // Its mistake has been noted already.
};

struct FileRow {
  int line = 0;
  std::array<std::optional<FileCell>, kFileFields> cells;
};

// Turns rows into readings and keeps the mistakes.
class FileReadings {
 public:
  explicit FileReadings(FileContext context);

  void Add(const FileRow& row);
  // How old the rows are that do not say so themselves. Before or after them.
  void SetAsOf(const FileCell& cell);
  // `account` and `field` may be empty.
  void Mistaken(int line, std::string_view account, std::string_view field,
                std::string_view message);

  // The readings, or one error that lists the first twenty mistakes and counts the others. A file
  // without any account is a mistake too.
  [[nodiscard]] Result<std::vector<Reading>> Finish() &&;

 private:
  [[nodiscard]] std::optional<Money> Amount(const FileRow& row, std::size_t field,
                                            std::string_view account);

  const FileContext context_;
  std::optional<Time> as_of_;
  std::vector<Reading> readings_;
  std::unordered_map<std::string, int> lines_;  // Of the accounts seen, by provider and id.
  std::size_t rows_ = 0;
  std::size_t mistakes_ = 0;
  std::string listed_;
};

}  // namespace lowbalance
