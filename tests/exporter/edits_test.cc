#include "exporter/edits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/exporter/helpers.h"

namespace lowbalance {
namespace {

using std::chrono::minutes;

AccountMemory Remembered(std::string_view credit, const SettingEdit& setting = {}) {
  AccountMemory memory;
  memory.account = {"demo", "17"};
  memory = Observe(memory, ReadingOf("17", credit, kNoon), kNoon).value();
  if (setting.enabled || setting.threshold) memory = Edit(memory, setting, kNoon).value();
  return memory;
}

SettingEdit On(std::string_view threshold) {
  return {.enabled = true, .threshold = Amount(threshold)};
}

TEST(EditEffectTest, SaysWhatAnEditComesTo) {
  const AccountMemory changed =
      Observe(Remembered("150", On("100")), ReadingOf("17", "90", kNoon + minutes{1}),
              kNoon + minutes{1})
          .value();
  AccountMemory unknown;
  unknown.account = {"demo", "17"};
  const struct {
    const char* name;
    AccountMemory before;
    SettingEdit edit;
    std::string_view effect;
  } cases[] = {
      {"the same again", Remembered("150", On("100")), On("100"), "unchanged"},
      {"high enough", Remembered("150"), On("100"), "will_watch"},
      {"exactly the threshold is not low", Remembered("100"), On("100"), "will_watch"},
      {"enabled while low", Remembered("90"), On("100"), "first_change"},
      {"enabled below zero", Remembered("-1"), On("100"), "first_change_overdue"},
      {"raised above the credit", Remembered("150", On("100")), On("200"), "first_change"},
      {"raised while waiting", Remembered("90", On("100")), On("200"), "first_change"},
      {"raised after the alert", changed, On("200"), "goes_on"},
      {"lowered below the credit", changed, On("80"), "no_longer_low"},
      {"off while low", changed, {.enabled = false}, "switched_off_low"},
      {"off while high", Remembered("150", On("100")), {.enabled = false}, "switched_off"},
      {"a threshold for later", Remembered("150"), {.threshold = Amount("1")}, "stays_off"},
      {"not polled yet", unknown, On("100"), "unknown_credit"},
  };
  for (const auto& c : cases) {
    const AccountMemory after = Edit(c.before, c.edit, kNoon + minutes{5}).value();
    EXPECT_EQ(ToString(EffectOf(c.before, after, "warning")), c.effect) << c.name;
  }
}

TEST(SettingsVersionTest, FollowsTheSettingsAlone) {
  const AccountMemory a = Remembered("150", On("100"));
  EXPECT_EQ(SettingsVersion(a), SettingsVersion(Remembered("3", On("100"))));
  EXPECT_NE(SettingsVersion(a), SettingsVersion(Remembered("150", On("101"))));
  EXPECT_NE(SettingsVersion(a), SettingsVersion(Edit(a, {.enabled = false}, kNoon).value()));
  EXPECT_NE(SettingsVersion(a),
            SettingsVersion(Edit(a, {.level = "x", .threshold = Amount("1")}, kNoon).value()));
}

class BulkEditTest : public testing::Test {
 protected:
  BulkEditTest() {
    Add("1", "150", "USD", CostsIncurred::kYes);
    Add("2", "90", "USD", CostsIncurred::kUnknown);
    Add("3", "-1", "USD", CostsIncurred::kYes);
    Add("4", "500", "USD", CostsIncurred::kNo);
    Add("5", "500", "CNY", CostsIncurred::kYes);
    Account provisioned = *before_.accounts.front();
    provisioned.memory.account.account_id = "6";
    provisioned.provisioned = {"warning"};
    before_.accounts.push_back(std::make_shared<const Account>(provisioned));
    rules_.file = "lowbalance.yml";
  }

  void Add(const std::string& id, std::string_view credit, const std::string& currency,
           CostsIncurred costs) {
    Account account;
    account.memory.account = {"demo", id};
    account.contact = id == "2" ? "ops" : "finance";
    Reading reading = ReadingOf(id, credit, kNoon, currency);
    reading.costs_incurred = costs;
    account.memory = Observe(account.memory, reading, kNoon).value();
    before_.accounts.push_back(std::make_shared<const Account>(account));
  }

  static BulkEdit Select(std::string_view select, std::string_view threshold) {
    BulkEdit edit{.select = Selection::Parse(select).value()};
    edit.edit.enabled = true;
    edit.thresholds.emplace("", Amount(threshold));
    return edit;
  }

  BulkPlan Plan(const BulkEdit& edit) {
    return PlanBulkEdit(
        before_, rules_, edit, editor_, [](const Account&) { return AccountView{}; },
        kNoon + minutes{5});
  }

  static std::string Print(const BulkPlan& plan) {
    std::string text;
    for (const BulkItem& item : plan.items) {
      text += (text.empty() ? "" : ", ") + item.account.account_id + " ";
      text += ToString(item.outcome);
      if (!item.left_out.empty()) text += " " + item.left_out;
      if (!item.refusal.field.empty()) text += " " + item.refusal.field;
    }
    return text + (plan.refusal ? "; " + plan.refusal->field : "");
  }

  Snapshot before_;
  AccountRules rules_;
  Editor editor_{.who = "alice"};
};

TEST_F(BulkEditTest, GivesEachAccountWhatTheSameEditAloneWouldGive) {
  BulkEdit edit = Select("currency=USD,!provisioned", "100");
  edit.include_without_costs = true;
  const BulkPlan plan = Plan(edit);
  EXPECT_EQ(Print(plan), "1 changed, 2 changed, 3 changed, 4 changed");
  ASSERT_EQ(plan.edited.size(), 4);
  for (const EditedAccount& edited : plan.edited) {
    const auto alone = EditAccount(edited.before, rules_,
                                   {.account = edited.before->memory.account, .edit = On("100")},
                                   editor_, kNoon + minutes{5});
    ASSERT_TRUE(alone);
    EXPECT_EQ(*edited.after, *alone->after);
    EXPECT_EQ(edited.effect, alone->effect);
  }
}

TEST_F(BulkEditTest, LeavesOutWhatHadNoCostsUnlessAskedForIt) {
  EXPECT_EQ(Print(Plan(Select("account=3|4", "1"))), "3 changed, 4 left_out no_costs");
  BulkEdit named;
  named.thresholds_for_wishes = true;
  named.thresholds.emplace("", Amount("1"));
  named.wishes = {{.account = {"demo", "4"}, .edit = On("1")}};
  EXPECT_EQ(Print(Plan(named)), "4 changed") << "who is named is asked for";
}

TEST_F(BulkEditTest, SeveralCurrenciesWantOneAmountEach) {
  const BulkPlan mixed = Plan(Select("account=1|5", "100"));
  EXPECT_EQ(Print(mixed), "1 changed, 5 changed; thresholds");
  EXPECT_FALSE(mixed.Applicable());
  EXPECT_THAT(mixed.currencies, testing::ElementsAre("CNY", "USD"));

  BulkEdit each{.select = Selection::Parse("account=1|5").value()};
  each.edit.enabled = true;
  each.thresholds = {{"USD", Amount("100")}, {"CNY", Amount("700")}};
  const BulkPlan plan = Plan(each);
  ASSERT_TRUE(plan.Applicable());
  EXPECT_EQ(plan.edited[0].after->memory.levels.at("warning").threshold, Amount("100"));
  EXPECT_EQ(plan.edited[1].after->memory.levels.at("warning").threshold, Amount("700"));

  each.thresholds.erase("CNY");
  EXPECT_EQ(Print(Plan(each)), "1 changed, 5 refused thresholds");
}

TEST_F(BulkEditTest, OneRefusalRefusesAll) {
  const BulkPlan refused = Plan(Select("account=1|6", "100"));
  EXPECT_EQ(Print(refused), "1 changed, 6 refused");
  EXPECT_FALSE(refused.Applicable());
  BulkEdit without = Select("account=1|6", "100");
  without.leave_out_provisioned = true;
  EXPECT_EQ(Print(Plan(without)), "1 changed, 6 left_out provisioned");
  EXPECT_TRUE(Plan(without).Applicable());
}

TEST_F(BulkEditTest, AProvisionedSettingRefusesWhatWouldChangeItAlone) {
  Account provisioned = *before_.accounts.back();
  provisioned.memory = Edit(provisioned.memory, On("100"), kNoon).value();
  before_.accounts.back() = std::make_shared<const Account>(provisioned);
  EXPECT_EQ(Print(Plan(Select("account=1|6", "100"))), "1 changed, 6 unchanged");
  EXPECT_EQ(Print(Plan(Select("account=1|6", "100.01"))), "1 changed, 6 refused");
}

TEST_F(BulkEditTest, RefusesTheUnknownTheForeignTheDoubleAndTheStale) {
  editor_.only_contact = "finance";
  BulkEdit edit;
  edit.wishes = {{.account = {"demo", "1"}, .edit = On("1")},
                 {.account = {"demo", "1"}, .edit = On("2")},
                 {.account = {"demo", "2"}, .edit = On("1")},
                 {.account = {"demo", "3"}, .edit = On("1"), .version = "0123456789abcdef"},
                 {.account = {"demo", "9"}, .edit = On("1")}};
  EXPECT_EQ(Print(Plan(edit)),
            "1 changed, 1 refused account_id, 2 refused account_id, 3 refused version, 9 refused "
            "account_id");
}

TEST_F(BulkEditTest, SaysWhereASpreadsheetHasTurnedAnIdIntoANumber) {
  Add("007", "1", "USD", CostsIncurred::kYes);
  std::sort(before_.accounts.begin(), before_.accounts.end(),
            [](const AccountPtr& a, const AccountPtr& b) {
              return a->memory.account < b->memory.account;
            });
  const struct {
    const char* id;
    bool number;
  } cases[] = {{"1.23457E+15", true},
               {"1,23457E+15", true},
               {"1234567890123450", true},
               {"7", true},
               {"77", false},
               {"1234567890123456", false},
               {"123456789012345", false},
               {"1E5", false},
               {"E+", false},
               {"ACME+15", false},
               {"1.2E+x", false}};
  for (const auto& c : cases) {
    BulkEdit edit;
    edit.wishes = {{.account = {"demo", c.id}, .edit = On("1"), .line = 2},
                   {.account = {"demo", c.id}, .edit = On("1"), .line = 3}};
    for (const BulkItem& item : Plan(edit).items) {
      EXPECT_EQ(item.refusal.why, EditRefusal::Why::kUnknownAccount) << c.id;
      EXPECT_EQ(item.refusal.message.en.find("spreadsheet") != std::string::npos, c.number) << c.id;
      EXPECT_EQ(item.refusal.message.zh.find("电子表格") != std::string::npos, c.number) << c.id;
    }
  }
}

TEST_F(BulkEditTest, EditsSeveralLevelsOfOneAccountAtOnce) {
  const std::string version = SettingsVersion(before_.accounts[0]->memory);
  BulkEdit edit;
  edit.wishes = {{.account = {"demo", "1"}, .edit = On("100"), .version = version},
                 {.account = {"demo", "1"},
                  .edit = {.level = "critical", .enabled = true, .threshold = Amount("20")},
                  .version = version}};
  const BulkPlan plan = Plan(edit);
  ASSERT_EQ(Print(plan), "1 changed, 1 changed");
  ASSERT_EQ(plan.edited.size(), 1);
  EXPECT_EQ(plan.edited[0].after->memory.levels.size(), 2);
  EXPECT_EQ(plan.edited[0].before, before_.accounts[0]);
  EXPECT_EQ(plan.records.size(), 2);
}

TEST_F(BulkEditTest, ItsBasisFollowsAccountsAndSettings) {
  const std::string basis = Plan(Select("account=1|2", "100")).basis;
  EXPECT_EQ(Plan(Select("account=1|2", "200")).basis, basis) << "not of what is to be changed";
  EXPECT_NE(Plan(Select("account=1", "100")).basis, basis);
  Account edited = *before_.accounts[0];
  edited.memory = Edit(edited.memory, On("5"), kNoon).value();
  before_.accounts[0] = std::make_shared<const Account>(edited);
  EXPECT_NE(Plan(Select("account=1|2", "100")).basis, basis);
}

}  // namespace
}  // namespace lowbalance
