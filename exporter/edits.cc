#include "exporter/edits.h"

#include <algorithm>
#include <memory>
#include <set>
#include <tuple>
#include <utility>

#include "core/text.h"
#include "exporter/fnv.h"

namespace lowbalance {
namespace {

EditRefusal Provisioned(const Account& account, std::string_view level, const AccountRules& rules) {
  if (rules.ImportsAlarm(account) && level == kDefaultLevel) {
    return {EditRefusal::Why::kProvisioned,
            "",
            {"read-only: the setting is the provider's own, which source " + account.source +
                 " imports; change it there",
             "只读：该设置由数据源 " + account.source + " 从服务商导入，请在服务商处修改"}};
  }
  const auto listed = rules.accounts.find(account.memory.account);
  const int number = listed == rules.accounts.end() ? 0 : listed->second.line;
  const std::string line = number > 0 ? std::to_string(number) : "";
  return {EditRefusal::Why::kProvisioned,
          "",
          {"read-only: the setting stands in " + rules.file +
               (line.empty() ? "" : ", line " + line) + "; change it there and reload",
           "只读：该设置写在 " + rules.file + (line.empty() ? "" : " 第 " + line + " 行") +
               "，请在那里修改并重新加载"}};
}

// Is it what a spreadsheet leaves of a long id that it took for a number? It writes 1.23457E+15, or
// 15 digits and then zeros.
bool IsRounded(std::string_view id) {
  const bool digits = id.find_first_not_of("0123456789") == std::string_view::npos;
  if (digits) return id.size() > 15 && id.find_first_not_of('0', 15) == std::string_view::npos;
  const std::size_t exponent = id.find("E+");
  return exponent != std::string_view::npos && exponent > 0 &&
         id.substr(0, exponent).find_first_not_of("0123456789.,") == std::string_view::npos &&
         id.find_first_not_of("0123456789", exponent + 2) == std::string_view::npos;
}

Bilingual NoAmountFor(const std::string& currency) {
  if (currency.empty()) {
    return {"there is no amount for its currency, which is not known yet",
            "币种未知，无法确定该用哪个金额"};
  }
  return {"there is no amount for its currency " + currency, "没有给出 " + currency + " 的金额"};
}

bool IsStale(const Account& account, const EditWish& wish) {
  return !wish.version.empty() && wish.version != SettingsVersion(account.memory);
}

EditRefusal Stale() {
  return {EditRefusal::Why::kStale,
          "version",
          {"the settings have changed since they were looked at", "查看之后设置已被修改"}};
}

// What is edited in the course of one bulk edit: an account may have edits of several levels.
class Planner {
 public:
  Planner(const Snapshot& before, const AccountRules& rules, const BulkEdit& edit,
          const Editor& editor, Time now)
      : before_(before), rules_(rules), edit_(edit), editor_(editor), now_(now) {}

  void AddSelected(const AccountPtr& account) {
    BulkItem item{.account = account->memory.account,
                  .level = edit_.edit.level,
                  .before = account,
                  .after = account};
    if (account->memory.costs_incurred == CostsIncurred::kNo && !edit_.include_without_costs) {
      return LeaveOut(std::move(item), "no_costs");
    }
    EditWish wish{.account = item.account, .edit = edit_.edit};
    Amount(account, &wish.edit);
    Add(std::move(item), wish);
  }

  void AddWish(const EditWish& asked) {
    BulkItem item{.account = asked.account, .level = asked.edit.level, .line = asked.line};
    item.before = item.after = before_.Find(asked.account);
    if (!item.before || !editor_.Sees(*item.before)) {
      item.before = item.after = nullptr;
      EditRefusal refusal = UnknownAccount(asked.account);
      if (asked.line > 0 && (IsRounded(asked.account.account_id) || LostZeros(asked.account))) {
        refusal.message += {
            "; a spreadsheet seems to have turned the account id into a number: open the file anew "
            "with the column account_id as text",
            "；账户 ID 似乎已被电子表格转成数字：请用原文件重新导入，并将 account_id "
            "列按“文本”导入"};
      }
      return Refuse(std::move(item), std::move(refusal));
    }
    if (!seen_.emplace(asked.account, asked.edit.level).second) {
      return Refuse(std::move(item), {EditRefusal::Why::kNotAllowed,
                                      "account_id",
                                      {"the account is named twice at level " + asked.edit.level,
                                       "该账户的级别 " + asked.edit.level + " 出现了两次"}});
    }
    if (!edit_.thresholds_for_wishes) return Add(std::move(item), asked);
    EditWish wish = asked;
    Amount(item.before, &wish.edit);
    Add(std::move(item), wish);
  }

  BulkPlan Finish() && {
    const auto before = [](const BulkItem& a, const BulkItem& b) {
      return std::tie(a.account, a.level) < std::tie(b.account, b.level);
    };
    // A selection's are in order already.
    if (!std::is_sorted(plan_.items.begin(), plan_.items.end(), before)) {
      std::stable_sort(plan_.items.begin(), plan_.items.end(), before);
    }
    Fnv basis;
    for (const BulkItem& item : plan_.items) {
      basis.Add(item.account.provider);
      basis.Add(item.account.account_id);
      basis.Add(item.level);
      basis.Add(item.before ? SettingsVersion(item.before->memory) : "");
    }
    plan_.basis = basis.Hex();
    plan_.currencies.assign(currencies_.begin(), currencies_.end());
    const bool one_amount = edit_.thresholds.contains("") && edit_.edit.currency.empty();
    if (one_amount && currencies_.size() > 1) {
      Bilingual text{"the accounts are in several currencies; give one amount for each of",
                     "这些账户有多个币种，请分别给出金额："};
      for (const std::string& currency : currencies_) {
        text += {" " + currency, (currency == *currencies_.begin() ? "" : "、") + currency};
      }
      plan_.refusal = EditRefusal{EditRefusal::Why::kNotAllowed, "thresholds", std::move(text)};
    }
    for (auto& [key, edited] : edited_) plan_.edited.push_back(std::move(edited));
    return std::move(plan_);
  }

 private:
  // Is there an account of that id with zeros in front? A number has none.
  [[nodiscard]] bool LostZeros(AccountKey key) const {
    constexpr std::size_t kLongest = 16;
    while (key.account_id.size() < kLongest) {
      key.account_id.insert(0, "0");
      if (const AccountPtr found = before_.Find(key); found && editor_.Sees(*found)) return true;
    }
    return false;
  }

  // The amount that is meant for this account.
  void Amount(const AccountPtr& account, SettingEdit* edit) const {
    if (edit_.thresholds.empty()) return;
    auto found = edit_.thresholds.find(account->memory.currency);
    if (found == edit_.thresholds.end()) found = edit_.thresholds.find("");
    if (found == edit_.thresholds.end()) return;
    edit->threshold = found->second;
    if (!found->first.empty()) edit->currency = found->first;
  }

  void Add(BulkItem item, const EditWish& wish) {
    if (item.before->IsProvisioned(item.level) && edit_.leave_out_provisioned) {
      return LeaveOut(std::move(item), "provisioned");
    }
    const bool by_currency = !edit_.thresholds.empty() && !wish.edit.threshold;
    if (by_currency) {
      return Refuse(std::move(item), {EditRefusal::Why::kNotAllowed, "thresholds",
                                      NoAmountFor(item.before->memory.currency)});
    }
    // A version is of all levels, as they were before any of these edits.
    if (IsStale(*item.before, wish)) return Refuse(std::move(item), Stale());
    EditWish fresh = wish;
    fresh.version.clear();
    auto edited = EditAccount(Latest(item.before), rules_, fresh, editor_, now_);
    if (!edited) return Refuse(std::move(item), std::move(edited.error()));
    if (!item.before->memory.currency.empty()) currencies_.insert(item.before->memory.currency);
    item.effect = edited->effect;
    item.after = edited->after;
    item.outcome = edited->record ? BulkItem::Outcome::kChanged : BulkItem::Outcome::kUnchanged;
    ++(edited->record ? plan_.changed : plan_.unchanged);
    if (edited->record) {
      plan_.records.push_back(*std::exchange(edited->record, std::nullopt));
      edited->before = item.before;
      edited_.insert_or_assign(item.account, std::move(*edited));
    }
    plan_.items.push_back(std::move(item));
  }

  AccountPtr Latest(const AccountPtr& account) const {
    const auto found = edited_.find(account->memory.account);
    return found == edited_.end() ? account : found->second.after;
  }

  void LeaveOut(BulkItem item, std::string why) {
    item.outcome = BulkItem::Outcome::kLeftOut;
    item.left_out = std::move(why);
    ++plan_.left_out;
    plan_.items.push_back(std::move(item));
  }

  void Refuse(BulkItem item, EditRefusal refusal) {
    item.outcome = BulkItem::Outcome::kRefused;
    item.refusal = std::move(refusal);
    ++plan_.refused;
    plan_.items.push_back(std::move(item));
  }

  const Snapshot& before_;
  const AccountRules& rules_;
  const BulkEdit& edit_;
  const Editor& editor_;
  const Time now_;
  BulkPlan plan_;
  std::set<std::pair<AccountKey, std::string>> seen_;
  std::set<std::string> currencies_;
  std::map<AccountKey, EditedAccount> edited_;
};

}  // namespace

std::string_view ToString(BulkItem::Outcome outcome) {
  switch (outcome) {
    case BulkItem::Outcome::kChanged:
      return "changed";
    case BulkItem::Outcome::kUnchanged:
      return "unchanged";
    case BulkItem::Outcome::kLeftOut:
      return "left_out";
    case BulkItem::Outcome::kRefused:
      return "refused";
  }
  return "";
}

Bilingual Describe(const EditRecord& edit) {
  const auto through = [&edit]() -> std::string {
    if (edit.through == "console") return "控制台";
    if (edit.through == "cli") return "命令行";
    if (edit.through == "file") return "配置文件";
    if (edit.through == "api") return " API";
    return edit.through;
  };
  const auto setting = [](const std::optional<LevelMemory>& level) -> Bilingual {
    if (!level) return {"nothing", "未设置"};
    Bilingual text = level->enabled ? Bilingual{"enabled", "开启"} : Bilingual{"disabled", "关闭"};
    if (level->threshold) {
      const std::string amount = level->threshold->ToString(2) + " " + level->currency;
      text += {" at " + amount, "，阈值 " + amount};
    }
    return text;
  };
  const Bilingual from = setting(edit.from);
  const Bilingual to = setting(edit.to);
  const std::string at = FormatRfc3339(edit.at);
  return {edit.who + " set " + edit.level + " from " + from.en + " to " + to.en + " at " + at +
              " through " + edit.through,
          edit.who + " 于 " + at + " 将级别 " + edit.level + " 由“" + from.zh + "”改为“" + to.zh +
              "”（通过" + through() + "）"};
}

EditRefusal UnknownAccount(const AccountKey& account) {
  const std::string id = Quoted(account.account_id);
  const std::string provider = Quoted(account.provider);
  return {EditRefusal::Why::kUnknownAccount,
          "account_id",
          {"there is no account " + id + " of " + provider, provider + " 中没有账户 " + id}};
}

tl::expected<EditedAccount, EditRefusal> EditAccount(const AccountPtr& account,
                                                     const AccountRules& rules,
                                                     const EditWish& wish, const Editor& editor,
                                                     Time now) {
  using Why = EditRefusal::Why;
  auto edited = Edit(account->memory, wish.edit, now);
  const bool changes = !edited || *edited != account->memory;
  // What asks for what the file says is no attempt at it: an export can be imported again.
  if (changes && account->IsProvisioned(wish.edit.level)) {
    return tl::make_unexpected(Provisioned(*account, wish.edit.level, rules));
  }
  if (IsStale(*account, wish)) return tl::make_unexpected(Stale());
  if (!edited) {
    EditError& error = edited.error();
    return tl::make_unexpected(
        EditRefusal{Why::kNotAllowed, std::move(error.field), std::move(error.message)});
  }
  EditedAccount outcome{.before = account, .after = account};
  if (!changes) return outcome;

  EditRecord record{.at = now,
                    .who = editor.who,
                    .through = editor.through,
                    .account = wish.account,
                    .level = wish.edit.level,
                    .to = edited->levels.at(wish.edit.level)};
  const auto& levels = account->memory.levels;
  if (const auto was = levels.find(wish.edit.level); was != levels.end()) record.from = was->second;
  outcome.effect = EffectOf(account->memory, *edited, wish.edit.level);
  outcome.record = std::move(record);
  Account after = *account;
  after.memory = std::move(*edited);
  outcome.after = std::make_shared<const Account>(std::move(after));
  return outcome;
}

BulkPlan PlanBulkEdit(const Snapshot& before, const AccountRules& rules, const BulkEdit& edit,
                      const Editor& editor,
                      const std::function<AccountView(const Account&)>& view_of, Time now) {
  Planner planner(before, rules, edit, editor, now);
  if (edit.select) {
    for (const AccountPtr& account : before.accounts) {
      if (editor.Sees(*account) && edit.select->Matches(*account, view_of(*account))) {
        planner.AddSelected(account);
      }
    }
  }
  for (const EditWish& wish : edit.wishes) planner.AddWish(wish);
  return std::move(planner).Finish();
}

}  // namespace lowbalance
