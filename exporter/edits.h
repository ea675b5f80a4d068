#pragma once
// Edits of settings, of one account or of many: what each comes to, worked out before anything is
// stored. Pure; Accounts commits the outcome.
//
// Many accounts are edited as each would be alone (S14), and as a whole or not at all: one refusal
// refuses the edit.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/account_rules.h"
#include "exporter/account_select.h"
#include "exporter/edit_effect.h"
#include "exporter/merge.h"

namespace lowbalance {

// Who edits. `only_contact`: accounts of others are to them as if they were not there.
struct Editor {
  std::string who;
  std::string through = "api";  // "api", "console", "cli".
  std::optional<std::string> only_contact;

  [[nodiscard]] bool Sees(const Account& account) const {
    return !only_contact || account.contact == *only_contact;
  }
};

// A wish to change one level of one account.
struct EditWish {
  AccountKey account;
  SettingEdit edit;
  std::string version;  // The SettingsVersion that was seen; empty: whatever it is.
  int line = 0;         // Of the CSV it stands in; 0 if in none.
};

struct EditRefusal {
  enum class Why { kUnknownAccount, kProvisioned, kNotAllowed, kStale };
  Why why = Why::kNotAllowed;
  std::string field;  // The field that is wrong; may be empty.
  Bilingual message;
};

struct EditedAccount {
  AccountPtr before;
  AccountPtr after;  // The same as before where the edit changes nothing.
  EditEffect effect = EditEffect::kUnchanged;
  std::optional<EditRecord> record;  // Where something changes.
};

// A provisioned setting refuses what would change it, and that alone.
[[nodiscard]] tl::expected<EditedAccount, EditRefusal> EditAccount(const AccountPtr& account,
                                                                   const AccountRules& rules,
                                                                   const EditWish& wish,
                                                                   const Editor& editor, Time now);
// "alice set warning from 100.00 USD to 200.00 USD at 2026-11-23T12:00:00Z through console".
[[nodiscard]] Bilingual Describe(const EditRecord& edit);
[[nodiscard]] EditRefusal UnknownAccount(const AccountKey& account);

// An edit of many accounts: those of a selection, those that are named, or, with an edit each,
// those of a CSV.
struct BulkEdit {
  std::optional<Selection> select;
  std::vector<EditWish> wishes;
  // With `select`: what to change in each. The amounts by currency, or one for all ("").
  SettingEdit edit;
  std::map<std::string, Money, std::less<>> thresholds;
  bool thresholds_for_wishes = false;  // The wishes take their amounts from `thresholds` too.
  bool include_without_costs = false;  // With `select`: accounts known to have had no costs too.
  bool leave_out_provisioned = false;  // Instead of being refused for their sake.
};

struct BulkItem {
  enum class Outcome { kChanged, kUnchanged, kLeftOut, kRefused };
  AccountKey account;
  std::string level;
  int line = 0;
  Outcome outcome = Outcome::kUnchanged;
  std::string left_out;  // Why: "no_costs", "provisioned".
  EditEffect effect = EditEffect::kUnchanged;
  EditRefusal refusal;
  AccountPtr before;  // Null where there is no such account.
  AccountPtr after;
};
[[nodiscard]] std::string_view ToString(BulkItem::Outcome outcome);

struct BulkPlan {
  std::vector<BulkItem> items;  // By account and level.
  int changed = 0;
  int unchanged = 0;
  int left_out = 0;
  int refused = 0;
  // What is wrong with the edit as a whole, such as one amount for two currencies.
  std::optional<EditRefusal> refusal;
  std::vector<std::string> currencies;  // Of the accounts that would change.
  // Names all accounts and settings that the plan was made from.
  std::string basis;
  std::vector<EditedAccount> edited;  // What changes, by account; each account once.
  std::vector<EditRecord> records;

  [[nodiscard]] bool Applicable() const { return refused == 0 && !refusal; }
};

// `view_of` is asked of accounts that `select` may mean.
[[nodiscard]] BulkPlan PlanBulkEdit(const Snapshot& before, const AccountRules& rules,
                                    const BulkEdit& edit, const Editor& editor,
                                    const std::function<AccountView(const Account&)>& view_of,
                                    Time now);

}  // namespace lowbalance
