#include "exporter/edit_json.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/text.h"
#include "exporter/account_list.h"

namespace lowbalance {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::size_t kMostResults = 200'000;
constexpr std::size_t kMostAccounts = 200'000;

// Reads the members of a body one by one; the first mistake ends it.
class BulkReader {
 public:
  explicit BulkReader(std::string_view only_provider) : only_provider_(only_provider) {}

  tl::expected<BulkBody, BodyError> Read(const json& object) {
    for (const auto& [name, value] : object.items()) {
      Take(name, value);
      if (wrong_) return tl::make_unexpected(std::move(*wrong_));
    }
    Check(object);
    if (wrong_) return tl::make_unexpected(std::move(*wrong_));
    return std::move(body_);
  }

 private:
  void Wrong(BodyError error) {
    if (!wrong_) wrong_ = std::move(error);
  }
  void NotOfForm(std::string field, const std::string& message) {
    Wrong(NotOfTheForm(std::move(field), message));
  }

  std::string Text(const std::string& name, const json& value) {
    if (value.is_string()) return value.get<std::string>();
    NotOfForm(name, "expected text in quotes");
    return "";
  }

  bool Flag(const std::string& name, const json& value) {
    if (value.is_boolean()) return value.get<bool>();
    NotOfForm(name, "expected true or false");
    return false;
  }

  std::optional<Money> Amount(const std::string& name, const json& value) {
    const std::string text = Text(name, value);
    if (!value.is_string()) return std::nullopt;
    const auto amount = Money::Parse(text);
    if (amount) return *amount;
    Wrong({422, name, amount.error().Said()});
    return std::nullopt;
  }

  std::string Currency(const std::string& name, const std::string& text) {
    const auto currency = ParseCurrency(text);
    if (currency) return *currency;
    Wrong({422, name, currency.error().Said()});
    return "";
  }

  void Take(const std::string& name, const json& value) {
    BulkEdit& edit = body_.edit;
    if (name == "select") return TakeSelect(Text(name, value));
    if (name == "accounts") return TakeAccounts(value);
    if (name == "csv") return TakeCsv(Text(name, value));
    if (name == "provider") return;  // Taken with the CSV.
    if (name == "dry_run") {
      body_.dry_run = Flag(name, value);
    } else if (name == "include_without_costs") {
      edit.include_without_costs = Flag(name, value);
    } else if (name == "leave_out_provisioned") {
      edit.leave_out_provisioned = Flag(name, value);
    } else if (name == "basis") {
      body_.basis = Text(name, value);
    } else if (name == "level") {
      edit.edit.level = Text(name, value);
      if (!IsValidName(edit.edit.level)) {
        const std::string seen = Quoted(edit.edit.level);
        Wrong({422, name, Verbatim("not a name of a-z, 0-9, _ and -: " + seen)});
      }
    } else if (name == "enabled") {
      edit.edit.enabled = Flag(name, value);
    } else if (name == "currency") {
      edit.edit.currency = Currency(name, Text(name, value));
    } else if (name == "threshold") {
      if (const auto amount = Amount(name, value)) edit.thresholds.emplace("", *amount);
    } else if (name == "thresholds") {
      TakeThresholds(value);
    } else if (name == "limit") {
      if (!value.is_number_unsigned() || value.get<std::size_t>() > kMostResults) {
        return NotOfForm(name, "expected a number from 0 to " + std::to_string(kMostResults));
      }
      body_.limit = value.get<std::size_t>();
    } else {
      NotOfForm(name,
                "unknown key " + Quoted(name) +
                    "; known are select, accounts, csv, provider, level, enabled, threshold, "
                    "thresholds, currency, include_without_costs, leave_out_provisioned, dry_run, "
                    "basis and limit");
    }
  }

  void TakeSelect(const std::string& text) {
    auto parsed = Selection::Parse(text);
    if (!parsed) return NotOfForm("select", ToString(parsed.error()));
    body_.edit.select = std::move(*parsed);
  }

  void TakeThresholds(const json& value) {
    if (!value.is_object()) {
      return NotOfForm("thresholds", R"(expected an object like {"USD":"500","CNY":"3500"})");
    }
    for (const auto& [currency, amount] : value.items()) {
      const std::string code = Currency("thresholds", currency);
      if (const auto parsed = Amount("thresholds." + currency, amount)) {
        body_.edit.thresholds.emplace(code, *parsed);
      }
    }
  }

  void TakeAccounts(const json& value) {
    if (!value.is_array() || value.size() > kMostAccounts) {
      return NotOfForm("accounts",
                       "expected a list of at most " + std::to_string(kMostAccounts) + " accounts");
    }
    for (std::size_t i = 0; i < value.size(); ++i) {
      const json& entry = value[i];
      const std::string name = "accounts[" + std::to_string(i) + "]";
      if (!entry.is_object()) return NotOfForm(name, "expected an object");
      EditWish wish;
      for (const auto& [key, text] : entry.items()) {
        if (key == "provider") {
          wish.account.provider = Text(name + ".provider", text);
        } else if (key == "account_id") {
          wish.account.account_id = Text(name + ".account_id", text);
        } else if (key == "version") {
          wish.version = Text(name + ".version", text);
        } else {
          return NotOfForm(name + "." + key,
                           "unknown key; known are provider, account_id and version");
        }
      }
      body_.edit.wishes.push_back(std::move(wish));
    }
    body_.edit.thresholds_for_wishes = true;
  }

  void TakeCsv(const std::string& text) {
    auto wishes = ParseSettingsCsv(text, only_provider_);
    if (wishes) {
      body_.edit.wishes = std::move(*wishes);
    } else {
      body_.csv_mistakes = std::move(wishes.error());
    }
  }

  void Check(const json& object) {
    const bool csv = object.contains("csv");
    const int ways = static_cast<int>(object.contains("select")) +
                     static_cast<int>(object.contains("accounts")) + static_cast<int>(csv);
    if (ways != 1) return NotOfForm("", "give one of select, accounts and csv");
    BulkEdit& edit = body_.edit;
    for (const char* name : {"level", "enabled", "threshold", "thresholds", "currency"}) {
      if (csv && object.contains(name)) NotOfForm(name, "stands in the CSV, where there is one");
    }
    // Whoever gives these means fewer accounts, or others, than would be edited.
    if (!csv && object.contains("provider")) {
      return NotOfForm("provider", "goes with csv only; a selection says provider=…");
    }
    if (!object.contains("select") && object.contains("include_without_costs")) {
      return NotOfForm("include_without_costs", "goes with select only");
    }
    if (csv) return;
    if (!edit.edit.enabled && edit.thresholds.empty()) {
      return NotOfForm("", "nothing to change: give enabled, threshold or thresholds");
    }
    if (edit.thresholds.contains("") && edit.thresholds.size() > 1) {
      return NotOfForm("threshold", "give either threshold or thresholds");
    }
    for (std::size_t i = 0; i < edit.wishes.size(); ++i) {
      EditWish& wish = edit.wishes[i];
      if (wish.version.empty() && object.at("accounts")[i].contains("version")) {
        return NotOfForm("accounts[" + std::to_string(i) + "].version",
                         "empty; leave it out for any");
      }
      wish.edit = edit.edit;
    }
  }

  const std::string only_provider_;
  BulkBody body_;
  std::optional<BodyError> wrong_;
};

ordered_json SettingJson(const LevelMemory& level) {
  return {{"enabled", level.enabled},
          {"threshold",
           level.threshold ? ordered_json(level.threshold->ToString(2)) : ordered_json(nullptr)},
          {"currency", level.currency}};
}

ordered_json SettingJson(const AccountPtr& account, const std::string& level) {
  if (!account) return nullptr;
  const auto found = account->memory.levels.find(level);
  return found == account->memory.levels.end() ? ordered_json(nullptr) : SettingJson(found->second);
}

ordered_json ErrorJson(const EditRefusal& refusal, Language language) {
  ordered_json error = ordered_json::object();
  if (!refusal.field.empty()) error["field"] = refusal.field;
  error["message"] = refusal.message.In(language);
  return error;
}

ordered_json ItemJson(const BulkItem& item, Language language) {
  ordered_json result{{"provider", item.account.provider},
                      {"account_id", item.account.account_id},
                      {"level", item.level},
                      {"outcome", ToString(item.outcome)}};
  if (item.line > 0) result["line"] = item.line;
  if (item.before) {
    const AccountMemory& m = item.before->memory;
    result["account_name"] = m.account_name;
    result["currency"] = m.currency;
    result["available_credit"] =
        m.available_credit ? ordered_json(m.available_credit->ToString(2)) : ordered_json(nullptr);
    result["from"] = SettingJson(item.before, item.level);
    result["to"] = SettingJson(item.after, item.level);
  }
  switch (item.outcome) {
    case BulkItem::Outcome::kLeftOut:
      result["left_out"] = item.left_out;
      break;
    case BulkItem::Outcome::kRefused:
      result["error"] = ErrorJson(item.refusal, language);
      break;
    default:
      result["effect"] = ToString(item.effect);
      result["sentence"] = Sentence(item.effect);
      result["version"] = SettingsVersion(item.after->memory);
  }
  return result;
}

Bilingual WhyNot(const BulkOutcome& outcome) {
  const BulkPlan& plan = outcome.plan;
  if (outcome.moved) {
    Bilingual text{"since the preview, other accounts are meant or settings have changed",
                   "预览之后，所涉及的账户或设置已有变化"};
    if (!outcome.conflicts.empty()) {
      text += {": ", "："};
      text += Describe(outcome.conflicts.front());
    }
    text += {"; look at the preview again", "；请重新预览"};
    return text;
  }
  if (plan.refusal) return plan.refusal->message;
  const std::string refused = std::to_string(plan.refused);
  const std::string all = std::to_string(plan.items.size());
  return {refused + " of " + all + " accounts refuse the edit, so nothing is changed",
          all + " 个账户中有 " + refused + " 个无法修改，因此未做任何更改"};
}

}  // namespace

tl::expected<BulkBody, BodyError> ParseBulkBody(std::string_view body,
                                                std::string_view only_provider) {
  const auto object = ParseObject(body);
  if (!object) return tl::make_unexpected(object.error());
  const auto provider = object->find("provider");
  if (provider == object->end()) return BulkReader(only_provider).Read(*object);
  if (!provider->is_string()) {
    return tl::make_unexpected(NotOfTheForm("provider", "expected text in quotes"));
  }
  return BulkReader(provider->get_ref<const std::string&>()).Read(*object);
}

ordered_json BulkJson(const BulkOutcome& outcome, bool dry_run, std::size_t limit,
                      Language language) {
  const BulkPlan& plan = outcome.plan;
  std::map<std::string_view, int> effects;
  for (const BulkItem& item : plan.items) {
    if (item.outcome == BulkItem::Outcome::kChanged) ++effects[ToString(item.effect)];
  }
  // What is in the way comes first and what changes next, so that a limit hides them last.
  using enum BulkItem::Outcome;
  ordered_json results = ordered_json::array();
  for (const BulkItem::Outcome kind : {kRefused, kChanged, kLeftOut, kUnchanged}) {
    for (const BulkItem& item : plan.items) {
      if (item.outcome != kind) continue;
      if (results.size() == limit) break;
      results.push_back(ItemJson(item, language));
    }
  }
  const std::size_t left = plan.items.size() - results.size();
  ordered_json answer{{"dry_run", dry_run},
                      {"applied", outcome.applied},
                      {"applicable", plan.Applicable() && !outcome.moved},
                      {"changed", plan.changed},
                      {"unchanged", plan.unchanged},
                      {"left_out", plan.left_out},
                      {"refused", plan.refused},
                      {"effects", effects},
                      {"currencies", plan.currencies},
                      {"basis", outcome.basis}};
  if (!plan.Applicable() || outcome.moved) {
    ordered_json error = plan.refusal && !outcome.moved ? ErrorJson(*plan.refusal, language)
                                                        : ordered_json::object();
    if (outcome.moved) error["field"] = "basis";
    error["message"] = WhyNot(outcome).In(language);
    answer["error"] = std::move(error);
  }
  if (outcome.moved) {
    answer["conflicts"] = ordered_json::array();
    for (const EditRecord& edit : outcome.conflicts) answer["conflicts"].push_back(EditJson(edit));
  }
  answer["results"] = std::move(results);
  answer["results_left_out"] = left;
  return answer;
}

ordered_json CsvMistakesJson(const std::vector<CsvMistake>& mistakes, Language language) {
  ordered_json lines = ordered_json::array();
  for (const CsvMistake& mistake : mistakes) {
    lines.push_back({{"line", mistake.line},
                     {"column", mistake.column},
                     {"message", mistake.message.In(language)}});
  }
  const CsvMistake& first = mistakes.front();
  const std::string line = std::to_string(first.line);
  Bilingual text{"line " + line + ": ", "第 " + line + " 行："};
  if (!first.column.empty()) text += {first.column + ": ", first.column + "："};
  text += first.message;
  if (mistakes.size() > 1) {
    const std::string more = std::to_string(mistakes.size() - 1);
    text += {" (and " + more + " more)", "（另有 " + more + " 处）"};
  }
  text += {"; nothing is changed", "；未做任何更改"};
  return {{"error", {{"field", "csv"}, {"message", text.In(language)}}},
          {"lines", std::move(lines)}};
}

ordered_json EditJson(const EditRecord& edit) {
  return {{"id", edit.id},
          {"at", FormatRfc3339(edit.at)},
          {"who", edit.who},
          {"through", edit.through},
          {"provider", edit.account.provider},
          {"account_id", edit.account.account_id},
          {"level", edit.level},
          {"from", edit.from ? SettingJson(*edit.from) : ordered_json(nullptr)},
          {"to", SettingJson(edit.to)}};
}

}  // namespace lowbalance
