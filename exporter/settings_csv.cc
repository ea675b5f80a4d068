#include "exporter/settings_csv.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "core/text.h"
#include "exporter/account_json.h"
#include "exporter/csv.h"

namespace lowbalance {
namespace {

constexpr std::size_t kMostLines = 200'000;
constexpr std::size_t kMostMistakes = 100;

constexpr std::array<std::string_view, 11> kColumns{
    "provider", "account_id", "account_name", "contact",          "currency", "level",
    "enabled",  "threshold",  "state",        "available_credit", "version"};
enum Column { kProvider, kAccountId, kName, kContact, kCurrency, kLevel, kEnabled, kThreshold };
constexpr std::size_t kVersion = 10;

// Goes before a version: 16 hexadecimal digits may look like a number, of which a spreadsheet keeps
// the first few.
constexpr char kVersionMark = 'v';

std::string Trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return std::string(text);
}

std::string LowerCase(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

std::optional<bool> ParseSwitch(const std::string& text) {
  const std::string lower = LowerCase(text);
  for (const std::string_view yes : {"yes", "true", "on", "1", "enabled", "是"}) {
    if (lower == yes) return true;
  }
  for (const std::string_view no : {"no", "false", "off", "0", "disabled", "否"}) {
    if (lower == no) return false;
  }
  return std::nullopt;
}

class Reader {
 public:
  explicit Reader(std::string_view only_provider) : only_provider_(only_provider) {}

  void Read(std::string_view text) {
    constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
    if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
    CsvReader reader(text, GuessSeparator(text));
    CsvRecord record;
    while (!reader.AtEnd() && mistakes_.size() < kMostMistakes) {
      if (const std::string wrong = reader.Next(&record); !wrong.empty()) {
        return Mistaken(reader.line(), "", wrong);
      }
      if (record.IsBlank()) continue;
      if (columns_.empty()) {
        if (!ReadHeader(record)) return;
      } else if (wishes_.size() == kMostLines) {
        return Mistaken(record.line, "",
                        "more than " + std::to_string(kMostLines) + " accounts at once");
      } else {
        ReadLine(record);
      }
    }
    if (columns_.empty()) return Mistaken(1, "", "there is no line that names the columns");
    if (wishes_.empty() && mistakes_.empty()) Mistaken(1, "", "there is no account in it");
  }

  std::vector<EditWish> wishes_;
  std::vector<CsvMistake> mistakes_;

 private:
  void Mistaken(int line, std::string_view column, std::string message) {
    if (mistakes_.size() == kMostMistakes) return;
    mistakes_.push_back({line, std::string(column), std::move(message)});
  }

  bool ReadHeader(const CsvRecord& header) {
    const std::vector<std::string> names(kColumns.begin(), kColumns.end());
    for (const CsvCell& cell : header.cells) {
      if (mistakes_.size() == kMostMistakes) break;
      const std::string name = LowerCase(Trimmed(cell.text));
      const auto found = std::find(names.begin(), names.end(), name);
      const auto column = static_cast<std::size_t>(found - names.begin());
      if (found == names.end()) {
        const std::string_view nearest = NearestWord(name, names);
        Mistaken(cell.line, "",
                 "unknown column " + Quoted(name) +
                     (nearest.empty() ? "" : "; did you mean " + std::string(nearest) + "?"));
      } else if (Has(column)) {
        Mistaken(cell.line, name, "the column stands there twice");
      }
      columns_.push_back(column);
    }
    if (!mistakes_.empty()) return false;
    if (!Has(kAccountId)) Mistaken(header.line, "account_id", "the column is missing");
    if (!Has(kProvider) && only_provider_.empty()) {
      Mistaken(header.line, "provider",
               "the column is missing, and there are accounts of several providers");
    }
    if (!Has(kEnabled) && !Has(kThreshold)) {
      Mistaken(header.line, "", "nothing to change: give a column enabled or threshold");
    }
    return mistakes_.empty();
  }

  [[nodiscard]] bool Has(std::size_t column) const {
    return std::find(columns_.begin(), columns_.end(), column) != columns_.end();
  }

  void ReadLine(const CsvRecord& record) {
    if (record.cells.size() != columns_.size()) {
      return Mistaken(record.line, "",
                      std::to_string(record.cells.size()) + " cells where the header has " +
                          std::to_string(columns_.size()));
    }
    std::array<std::string, kColumns.size()> cells;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      cells.at(columns_[i]) = Trimmed(record.cells[i].text);
    }
    const std::size_t before = mistakes_.size();
    const auto wrong = [&](Column column, std::string message) {
      Mistaken(record.line, kColumns.at(column), std::move(message));
    };
    std::string& version = cells.at(kVersion);
    if (version.starts_with(kVersionMark)) version.erase(0, 1);
    EditWish wish{.version = version, .line = record.line};
    wish.account.provider = Has(kProvider) ? cells[kProvider] : std::string(only_provider_);
    wish.account.account_id = cells[kAccountId];
    if (!IsValidName(wish.account.provider)) {
      wrong(kProvider, "not a provider: " + Quoted(wish.account.provider));
    }
    if (!IsValidAccountId(wish.account.account_id)) {
      wrong(kAccountId, "not an account id: " + Quoted(wish.account.account_id));
    }
    if (!cells[kLevel].empty()) wish.edit.level = cells[kLevel];
    if (!IsValidName(wish.edit.level)) wrong(kLevel, "not a level: " + Quoted(cells[kLevel]));
    if (!cells[kEnabled].empty()) {
      wish.edit.enabled = ParseSwitch(cells[kEnabled]);
      if (!wish.edit.enabled) wrong(kEnabled, "neither yes nor no: " + Quoted(cells[kEnabled]));
    }
    if (!cells[kThreshold].empty()) {
      if (const auto amount = Money::Parse(cells[kThreshold])) {
        wish.edit.threshold = *amount;
      } else {
        wrong(kThreshold, amount.error().message);
      }
    }
    if (!cells[kCurrency].empty()) {
      if (auto currency = ParseCurrency(cells[kCurrency])) {
        wish.edit.currency = std::move(*currency);
      } else {
        wrong(kCurrency, currency.error().message);
      }
    }
    // An account that has no setting and is to have none: as it is exported.
    const bool nothing = !wish.edit.enabled && !wish.edit.threshold;
    if (mistakes_.size() == before && !nothing) wishes_.push_back(std::move(wish));
  }

  const std::string_view only_provider_;
  std::vector<std::size_t> columns_;
};

std::string Switch(bool on) { return on ? "yes" : "no"; }

std::string Line(const Account& account, const std::string& name, const LevelMemory* level) {
  const AccountMemory& m = account.memory;
  std::string line = CsvText(m.account.provider) + "," + CsvText(m.account.account_id) + "," +
                     CsvForeignText(m.account_name) + "," + CsvForeignText(account.contact) + "," +
                     m.currency + "," + name + ",";
  if (level != nullptr && level->suspended) {
    // Its amount is in another currency than the account's: read again, it must not set one.
    line += ",," + std::string(AlertState(m, *level)) + ",";
  } else if (level != nullptr) {
    line += Switch(level->enabled) + "," + (level->threshold ? level->threshold->ToString(2) : "") +
            "," + std::string(AlertState(m, *level)) + ",";
  } else {
    line += ",,,";
  }
  line += m.available_credit ? m.available_credit->ToString(2) : "";
  return line + "," + kVersionMark + SettingsVersion(m) + "\r\n";
}

}  // namespace

tl::expected<std::vector<EditWish>, std::vector<CsvMistake>> ParseSettingsCsv(
    std::string_view text, std::string_view only_provider) {
  Reader reader(only_provider);
  reader.Read(text);
  if (!reader.mistakes_.empty()) return tl::make_unexpected(std::move(reader.mistakes_));
  return std::move(reader.wishes_);
}

std::string SettingsCsv(const std::vector<AccountPtr>& accounts) {
  std::string csv =
      "provider,account_id,account_name,contact,currency,level,enabled,threshold,state,"
      "available_credit,version\r\n";
  for (const AccountPtr& account : accounts) {
    for (const auto& [name, level] : account->memory.levels) csv += Line(*account, name, &level);
    if (account->memory.levels.empty()) csv += Line(*account, std::string(kDefaultLevel), nullptr);
  }
  return csv;
}

std::string EditsCsv(const std::vector<EditRecord>& edits) {
  std::string csv =
      "at,who,through,provider,account_id,level,from_enabled,from_threshold,from_currency,"
      "to_enabled,to_threshold,to_currency\r\n";
  const auto setting = [](const std::optional<LevelMemory>& level) {
    if (!level) return std::string(",,");
    return Switch(level->enabled) + "," + (level->threshold ? level->threshold->ToString(2) : "") +
           "," + level->currency;
  };
  for (const EditRecord& edit : edits) {
    csv += FormatRfc3339(edit.at) + "," + CsvForeignText(edit.who) + "," + edit.through + "," +
           CsvText(edit.account.provider) + "," + CsvForeignText(edit.account.account_id) + "," +
           edit.level + "," + setting(edit.from) + "," + setting(edit.to) + "\r\n";
  }
  return csv;
}

}  // namespace lowbalance
