#include "exporter/account_rules.h"

#include <gtest/gtest.h>

#include "tests/exporter/helpers.h"

namespace lowbalance {
namespace {

const ProvisionedSetting kHundred{.threshold = Amount("100")};
const ProvisionedSetting kHundredDollars{.threshold = Amount("100"), .currency = "USD"};

AccountMemory At(std::string_view credit, std::string currency = "USD") {
  AccountMemory memory;
  memory.account = {"demo", "17"};
  return Observe(memory, ReadingOf("17", credit, kNoon, std::move(currency)), kNoon).value();
}

AccountMemory With(AccountMemory memory, const ProvisionedSetting& setting) {
  auto provisioned = Provision(std::move(memory), setting, kNoon);
  EXPECT_TRUE(provisioned) << provisioned.error().message.en;
  return provisioned.value();
}

TEST(ProvisionTest, AppliesWhatDiffersAsAnEdit) {
  const AccountMemory memory = With(At("90"), kHundred);
  const LevelMemory& level = memory.levels.at("warning");
  EXPECT_TRUE(level.enabled);
  EXPECT_EQ(level.threshold, Amount("100"));
  EXPECT_EQ(level.currency, "USD");
  EXPECT_TRUE(level.low_since) << "S2: an episode begun by an edit";
  EXPECT_FALSE(level.first_change);
}

TEST(ProvisionTest, ARestartChangesNothing) {
  const struct {
    const char* name;
    AccountMemory memory;
    ProvisionedSetting setting;
  } cases[] = {
      {"low", At("90"), kHundred},
      {"low, with a currency", At("90"), kHundredDollars},
      {"never polled", {.account = {"demo", "17"}}, kHundred},
      {"never polled, with a currency", {.account = {"demo", "17"}}, kHundredDollars},
      {"disabled", At("90"), {.enabled = false, .threshold = Amount("100")}},
      {"in another currency", At("90", "EUR"), kHundredDollars},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const AccountMemory once = With(c.memory, c.setting);
    EXPECT_EQ(With(once, c.setting), once);
  }
}

TEST(ProvisionTest, ASuspendedSettingStaysSoUntilTheFileSetsItAnew) {
  AccountMemory memory = With(At("90"), kHundred);
  memory = Observe(memory, ReadingOf("17", "90", kNoon, "EUR"), kNoon).value();
  ASSERT_TRUE(memory.levels.at("warning").suspended);

  const struct {
    const char* name;
    ProvisionedSetting setting;
    bool suspended;
  } cases[] = {
      {"the same setting", kHundred, true},
      {"the currency it had", kHundredDollars, true},
      {"disabled", {.enabled = false, .threshold = Amount("100")}, true},
      {"another amount in the currency it had",
       {.threshold = Amount("120"), .currency = "USD"},
       true},
      {"another amount", {.threshold = Amount("120")}, false},
      {"the new currency", {.threshold = Amount("100"), .currency = "EUR"}, false},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const LevelMemory level = With(memory, c.setting).levels.at("warning");
    EXPECT_EQ(level.suspended, c.suspended);
    EXPECT_EQ(level.enabled, c.setting.enabled);
    EXPECT_EQ(level.threshold, c.setting.threshold);
  }
}

TEST(ProvisionTest, EnabledAgainWhileSuspendedIsStillSuspended) {
  AccountMemory memory = With(At("90"), {.enabled = false, .threshold = Amount("100")});
  memory = Observe(memory, ReadingOf("17", "90", kNoon, "EUR"), kNoon).value();
  const LevelMemory level = With(memory, kHundred).levels.at("warning");
  EXPECT_TRUE(level.enabled);
  EXPECT_TRUE(level.suspended);
  EXPECT_FALSE(level.low_since);
}

// The same whether the setting or the account's currency was there first.
TEST(ProvisionTest, ASettingInAnotherCurrencyIsSuspended) {
  const LevelMemory later = With(At("90", "EUR"), kHundredDollars).levels.at("warning");
  AccountMemory first = With({.account = {"demo", "17"}}, kHundredDollars);
  first = Observe(first, ReadingOf("17", "90", kNoon, "EUR"), kNoon).value();
  EXPECT_EQ(later, first.levels.at("warning"));
  EXPECT_TRUE(later.suspended);
  EXPECT_EQ(later.currency, "USD");
}

TEST(ProvisionTest, SuspendingEndsTheEpisode) {
  AccountMemory memory = With(At("90"), kHundred);
  memory = With(memory, {.threshold = Amount("100"), .currency = "EUR"});
  const LevelMemory& level = memory.levels.at("warning");
  EXPECT_TRUE(level.suspended);
  EXPECT_FALSE(level.low_since);
  ASSERT_TRUE(level.ended);
  EXPECT_EQ(level.ended->reason, EndReason::kDisabled);
}

TEST(AccountRulesTest, ContactsComeFromTheFileElseTheDefault) {
  Config config;
  config.default_contact = "finance";
  config.exporter.accounts = {
      {.account = {"demo", "17"}, .contact = "ops", .settings = {kHundred}},
      {.account = {"demo", "18"}},
  };
  const AccountRules rules = MakeAccountRules(config);
  const auto decorated = [&](std::string id) {
    Account account;
    account.memory.account = {"demo", std::move(id)};
    account.contact = "old";
    account.provisioned = {"old"};
    rules.Decorate(account);
    return account;
  };
  EXPECT_EQ(decorated("17").contact, "ops");
  EXPECT_TRUE(decorated("17").IsProvisioned("warning"));
  EXPECT_EQ(decorated("18").contact, "finance");
  EXPECT_FALSE(decorated("18").IsProvisioned("warning"));
  EXPECT_EQ(decorated("19").contact, "finance");
  EXPECT_FALSE(decorated("19").IsProvisioned("old"));
}

}  // namespace
}  // namespace lowbalance
