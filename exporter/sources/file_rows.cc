#include "exporter/sources/file_rows.h"

#include <algorithm>
#include <utility>

#include "core/text.h"

namespace lowbalance {
namespace {

constexpr std::size_t kListedMistakes = 20;
constexpr std::size_t kMaxNameBytes = 1024;

// White space that a name may have within: it is escaped where names are printed.
bool IsStrayControl(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte == 0x7f || (byte < 0x20 && c != '\t' && c != '\n' && c != '\r');
}

std::string WrongName(std::string_view name) {
  if (name.size() > kMaxNameBytes) {
    return "longer than " + std::to_string(kMaxNameBytes) + " bytes: " + Quoted(name);
  }
  if (!IsValidUtf8(name)) return "not UTF-8: " + Quoted(name);
  if (std::any_of(name.begin(), name.end(), IsStrayControl)) {
    return "has control characters: " + Quoted(name);
  }
  return "";
}

}  // namespace

std::string_view FileFieldName(std::size_t field) {
  switch (field) {
    case kFileAccountId:
      return "account_id";
    case kFileAccountName:
      return "account_name";
    case kFileOwner:
      return "owner";
    case kFileStatus:
      return "status";
    case kFileProvider:
      return "provider";
    case kFileCurrency:
      return "currency";
    case kFileAvailableCredit:
      return "available_credit";
    case kFileCostsIncurred:
      return "costs_incurred";
    case kFileAsOf:
      return "as_of";
    default:
      return kCreditTerms.at(field - kFileFirstTerm).name;
  }
}

std::optional<std::size_t> FindFileField(std::string_view name, std::string* complaint) {
  std::vector<std::string> names;
  for (std::size_t field = 0; field < kFileFields; ++field) {
    if (FileFieldName(field) == name) return field;
    names.emplace_back(FileFieldName(field));
  }
  const std::string_view nearest = NearestWord(name, names);
  *complaint = "unknown field " + Quoted(name);
  if (!nearest.empty()) *complaint += ", did you mean " + std::string(nearest) + "?";
  return std::nullopt;
}

FileReadings::FileReadings(FileContext context) : context_(std::move(context)) {}

void FileReadings::Mistaken(int line, std::string_view account, std::string_view field,
                            std::string_view message) {
  if (++mistakes_ > kListedMistakes) return;
  if (!listed_.empty()) listed_ += "; ";
  listed_ += context_.file;
  if (line > 0) listed_ += ":" + std::to_string(line);
  if (!account.empty()) listed_ += ": account " + Quoted(account);
  if (!field.empty()) listed_ += ": " + std::string(field);
  listed_ += ": " + std::string(message);
}

void FileReadings::SetAsOf(const FileCell& cell) {
  const auto as_of = ParseRfc3339(cell.text);
  if (!as_of) return Mistaken(cell.line, "", "as_of", as_of.error().message);
  as_of_ = *as_of;
}

std::optional<Money> FileReadings::Amount(const FileRow& row, std::size_t field,
                                          std::string_view account) {
  const auto& cell = row.cells.at(field);
  if (!cell || cell->wrong || cell->text.empty()) return std::nullopt;
  const auto amount = Money::Parse(cell->text);
  if (!amount) {
    Mistaken(cell->line, account, FileFieldName(field), amount.error().message);
    return std::nullopt;
  }
  return *amount;
}

void FileReadings::Add(const FileRow& row) {
  ++rows_;
  const std::size_t mistakes_before = mistakes_;
  const auto text = [&row](std::size_t field) -> std::string_view {
    const auto& cell = row.cells.at(field);
    return cell ? std::string_view(cell->text) : std::string_view();
  };
  const std::string_view account = text(kFileAccountId);
  const auto check = [&](std::size_t field, const std::string& wrong) {
    const auto& cell = row.cells.at(field);
    if (wrong.empty() || (cell && cell->wrong)) return;
    Mistaken(cell ? cell->line : row.line, account, FileFieldName(field), wrong);
  };

  Reading reading;
  reading.account.account_id = account;
  if (account.empty()) {
    check(kFileAccountId, "missing");
  } else if (!IsValidAccountId(account)) {
    check(kFileAccountId,
          "not an account id (1 to 128 bytes of UTF-8 without control characters or white space "
          "at its ends): " +
              Quoted(account));
  }
  reading.account.provider = text(kFileProvider).empty() ? context_.provider : text(kFileProvider);
  if (reading.account.provider.empty()) {
    check(kFileProvider, "missing, and the source names none");
  } else if (!IsValidName(reading.account.provider)) {
    check(kFileProvider, "not a name of a-z, 0-9, _ and -: " + Quoted(reading.account.provider));
  }
  reading.account_name = text(kFileAccountName);
  check(kFileAccountName, WrongName(reading.account_name));
  reading.owner = text(kFileOwner);
  check(kFileOwner, WrongName(reading.owner));
  if (const auto status = text(kFileStatus); !status.empty()) {
    const auto parsed = ParseAccountStatus(status);
    if (parsed) reading.status = *parsed;
    if (!parsed) check(kFileStatus, "not one of active, frozen and closed: " + Quoted(status));
  }
  if (const auto currency = ParseCurrency(text(kFileCurrency))) {
    reading.currency = *currency;
  } else {
    check(kFileCurrency, text(kFileCurrency).empty() ? "missing" : currency.error().message);
  }

  for (std::size_t i = 0; i < kCreditTerms.size(); ++i) {
    reading.terms.*kCreditTerms.at(i).member = Amount(row, kFileFirstTerm + i, account);
  }
  const auto stated = Amount(row, kFileAvailableCredit, account);
  if (stated) {
    reading.available_credit = *stated;
  } else if (text(kFileAvailableCredit).empty() && mistakes_ == mistakes_before) {
    const auto formula = AvailableCredit(reading.terms);
    if (formula) reading.available_credit = *formula;
    if (!formula) {
      check(kFileAvailableCredit,
            "missing, and the formula cannot give it: " + formula.error().message);
    }
  }

  const std::string_view costs = text(kFileCostsIncurred);
  if (costs == "true") {
    reading.costs_incurred = CostsIncurred::kYes;
  } else if (costs == "false") {
    reading.costs_incurred = CostsIncurred::kNo;
  } else if (!costs.empty()) {
    check(kFileCostsIncurred, "neither true nor false: " + Quoted(costs));
  }
  if (const auto as_of = text(kFileAsOf); !as_of.empty()) {
    const auto parsed = ParseRfc3339(as_of);
    if (parsed) reading.as_of = *parsed;
    if (!parsed) check(kFileAsOf, parsed.error().message);
  }

  if (!account.empty()) {
    const auto [at, first] =
        lines_.try_emplace(reading.account.provider + '\n' + reading.account.account_id, row.line);
    if (!first) {
      check(kFileAccountId, "stands in line " + std::to_string(at->second) + " already");
    }
  }
  if (mistakes_ == 0) readings_.push_back(std::move(reading));
}

Result<std::vector<Reading>> FileReadings::Finish() && {
  if (rows_ == 0 && mistakes_ == 0) Mistaken(0, "", "", "no accounts in it");
  if (mistakes_ > kListedMistakes) {
    const std::size_t more = mistakes_ - kListedMistakes;
    listed_ += "; and " + std::to_string(more) + (more == 1 ? " more mistake" : " more mistakes");
  }
  if (mistakes_ > 0) return Reject(std::move(listed_));
  for (Reading& reading : readings_) {
    if (!reading.as_of) reading.as_of = as_of_.value_or(context_.modified);
  }
  return std::move(readings_);
}

}  // namespace lowbalance
