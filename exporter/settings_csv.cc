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
      if (auto wrong = reader.Next(&record)) {
        return Mistaken(reader.line(), "", std::move(*wrong));
      }
      if (record.IsBlank()) continue;
      if (columns_.empty()) {
        if (!ReadHeader(record)) return;
      } else if (wishes_.size() == kMostLines) {
        const std::string most = std::to_string(kMostLines);
        return Mistaken(
            record.line, "",
            {"more than " + most + " accounts at once", "一次超过 " + most + " 个账户"});
      } else {
        ReadLine(record);
      }
    }
    if (columns_.empty()) {
      return Mistaken(1, "", {"there is no line that names the columns", "没有列名行"});
    }
    if (wishes_.empty() && mistakes_.empty()) {
      Mistaken(1, "", {"there is no account in it", "文件中没有账户"});
    }
  }

  std::vector<EditWish> wishes_;
  std::vector<CsvMistake> mistakes_;

 private:
  void Mistaken(int line, std::string_view column, Bilingual message) {
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
        Bilingual message{"unknown column " + Quoted(name), "没有名为 " + Quoted(name) + " 的列"};
        if (const std::string nearest(NearestWord(name, names)); !nearest.empty()) {
          message += {"; did you mean " + nearest + "?", "；是否指 " + nearest + "？"};
        }
        Mistaken(cell.line, "", std::move(message));
      } else if (Has(column)) {
        Mistaken(cell.line, name, {"the column stands there twice", "该列出现了两次"});
      }
      columns_.push_back(column);
    }
    if (!mistakes_.empty()) return false;
    if (!Has(kAccountId)) {
      Mistaken(header.line, "account_id", {"the column is missing", "缺少该列"});
    }
    if (!Has(kProvider) && only_provider_.empty()) {
      Mistaken(header.line, "provider",
               {"the column is missing, and there are accounts of several providers",
                "缺少该列，而账户来自多个服务商"});
    }
    if (!Has(kEnabled) && !Has(kThreshold)) {
      Mistaken(header.line, "",
               {"nothing to change: give a column enabled or threshold",
                "没有要修改的内容：请提供 enabled 或 threshold 列"});
    }
    return mistakes_.empty();
  }

  [[nodiscard]] bool Has(std::size_t column) const {
    return std::find(columns_.begin(), columns_.end(), column) != columns_.end();
  }

  void ReadLine(const CsvRecord& record) {
    if (record.cells.size() != columns_.size()) {
      const std::string seen = std::to_string(record.cells.size());
      const std::string wanted = std::to_string(columns_.size());
      return Mistaken(record.line, "",
                      {seen + " cells where the header has " + wanted,
                       "有 " + seen + " 个单元格，而列名行有 " + wanted + " 个"});
    }
    std::array<std::string, kColumns.size()> cells;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      cells.at(columns_[i]) = Trimmed(record.cells[i].text);
    }
    const std::size_t before = mistakes_.size();
    const auto wrong = [&](Column column, Bilingual message) {
      Mistaken(record.line, kColumns.at(column), std::move(message));
    };
    const auto not_a = [&](Column column, const Bilingual& what, const std::string& seen) {
      wrong(column, {what.en + ": " + Quoted(seen), what.zh + "：" + Quoted(seen)});
    };
    std::string& version = cells.at(kVersion);
    if (version.starts_with(kVersionMark)) version.erase(0, 1);
    EditWish wish{.version = version, .line = record.line};
    wish.account.provider = Has(kProvider) ? cells[kProvider] : std::string(only_provider_);
    wish.account.account_id = cells[kAccountId];
    if (!IsValidName(wish.account.provider)) {
      not_a(kProvider, {"not a provider", "服务商无效"}, wish.account.provider);
    }
    if (!IsValidAccountId(wish.account.account_id)) {
      not_a(kAccountId, {"not an account id", "账户 ID 无效"}, wish.account.account_id);
    }
    if (!cells[kLevel].empty()) wish.edit.level = cells[kLevel];
    if (!IsValidName(wish.edit.level)) not_a(kLevel, {"not a level", "级别无效"}, cells[kLevel]);
    if (!cells[kEnabled].empty()) {
      wish.edit.enabled = ParseSwitch(cells[kEnabled]);
      if (!wish.edit.enabled) {
        not_a(kEnabled, {"neither yes nor no", "既不是 yes（是）也不是 no（否）"}, cells[kEnabled]);
      }
    }
    if (!cells[kThreshold].empty()) {
      if (const auto amount = Money::Parse(cells[kThreshold])) {
        wish.edit.threshold = *amount;
      } else {
        wrong(kThreshold, amount.error().Said());
      }
    }
    if (!cells[kCurrency].empty()) {
      if (auto currency = ParseCurrency(cells[kCurrency])) {
        wish.edit.currency = std::move(*currency);
      } else {
        wrong(kCurrency, currency.error().Said());
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
