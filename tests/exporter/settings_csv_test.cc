#include "exporter/settings_csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/exporter/helpers.h"

namespace lowbalance {
namespace {

std::string Print(const EditWish& wish) {
  std::string text = std::to_string(wish.line) + " " + wish.account.provider + "/" +
                     wish.account.account_id + " " + wish.edit.level;
  if (wish.edit.enabled) text += *wish.edit.enabled ? " on" : " off";
  if (wish.edit.threshold) text += " " + wish.edit.threshold->ToString() + wish.edit.currency;
  return text + (wish.version.empty() ? "" : " @" + wish.version);
}

std::vector<std::string> Read(const std::string& csv, const std::string& provider = "",
                              Language language = Language::kEnglish) {
  std::vector<std::string> lines;
  const auto wishes = ParseSettingsCsv(csv, provider);
  if (!wishes) {
    for (const CsvMistake& m : wishes.error()) {
      lines.push_back(std::to_string(m.line) + " " + m.column + ": " + m.message.In(language));
    }
    return lines;
  }
  for (const EditWish& wish : *wishes) lines.push_back(Print(wish));
  return lines;
}

using testing::ElementsAre;

TEST(SettingsCsvTest, ReadsWhatPeopleHave) {
  EXPECT_THAT(Read("provider,account_id,enabled,threshold\nalibaba,17,yes,500\nalibaba,18,no,\n"),
              ElementsAre("2 alibaba/17 warning on 500", "3 alibaba/18 warning off"));
  EXPECT_THAT(Read("\xef\xbb\xbf"
                   "account_id;threshold\r\n17;\"1,234.5\"\r\n",
                   "alibaba"),
              ElementsAre("2 alibaba/17 warning 1234.5"))
      << "a byte order mark, semicolons, one provider";
  EXPECT_THAT(Read("Account_ID\tThreshold\tlevel\tcurrency\n17\t5\tcritical\tUSD", "a"),
              ElementsAre("2 a/17 critical 5USD"))
      << "pasted from a spreadsheet";
  EXPECT_THAT(Read("account_id,enabled,version\n17,TRUE,9f\n18,是,\n\n", "a"),
              ElementsAre("2 a/17 warning on @9f", "3 a/18 warning on"));
  EXPECT_THAT(Read("account_id,enabled,version\n17,no,v9f\n", "a"),
              ElementsAre("2 a/17 warning off @9f"));
}

TEST(SettingsCsvTest, NamesEveryWrongLine) {
  EXPECT_THAT(
      Read("provider,account_id,enabled,threshold\n"
           "alibaba,17,yes,500\n"
           "alibaba,18,maybe,$5\n"
           "alibaba,19,yes\n"
           "Alibaba,,yes,1\n"),
      ElementsAre("3 enabled: neither yes nor no: \"maybe\"",
                  "3 threshold: not an amount (expected digits): \"$5\"",
                  "4 : 3 cells where the header has 4", "5 provider: not a provider: \"Alibaba\"",
                  "5 account_id: not an account id: \"\""));
}

TEST(SettingsCsvTest, RefusesAHeaderItDoesNotUnderstand) {
  EXPECT_THAT(Read(""), ElementsAre("1 : there is no line that names the columns"));
  EXPECT_THAT(Read("account_id,treshold\n17,5\n", "a"),
              ElementsAre("1 : unknown column \"treshold\"; did you mean threshold?"));
  EXPECT_THAT(Read("account_id,threshold\n17,5\n"),
              ElementsAre("1 provider: the column is missing, and there are accounts of several "
                          "providers"));
  EXPECT_THAT(Read("provider,account_id\na,17\n"),
              ElementsAre("1 : nothing to change: give a column enabled or threshold"));
  EXPECT_THAT(Read("account_id,threshold,threshold\n", "a"),
              ElementsAre("1 threshold: the column stands there twice"));
  EXPECT_THAT(Read("account_id,threshold\n17,\"5\n", "a"),
              ElementsAre("2 : a quote is opened and never closed"));
  EXPECT_THAT(Read("account_id,threshold\n", "a"), ElementsAre("1 : there is no account in it"));
}

TEST(SettingsCsvTest, NamesThemInChineseToo) {
  const auto read = [](const std::string& csv, const std::string& provider = "a") {
    return Read(csv, provider, Language::kChinese);
  };
  EXPECT_THAT(
      read("provider,account_id,enabled,threshold,level,currency\n"
           "alibaba,18,maybe,$5,Warning,dollars\n"
           "alibaba,19,yes\n"
           "Alibaba,,yes,1,,\n"),
      ElementsAre(
          "2 level: 级别无效：\"Warning\"", "2 enabled: 既不是 yes（是）也不是 no（否）：\"maybe\"",
          "2 threshold: 金额无效（应为数字）：\"$5\"",
          "2 currency: 不是 USD 这样的币种代码：\"dollars\"", "3 : 有 3 个单元格，而列名行有 6 个",
          "4 provider: 服务商无效：\"Alibaba\"", "4 account_id: 账户 ID 无效：\"\""));
  EXPECT_THAT(read("account_id,threshold\n1,\n2,1.2345678\n3,12,3\n"),
              ElementsAre("3 threshold: 金额无效（小数超过六位）：\"1.2345678\"",
                          "4 : 有 3 个单元格，而列名行有 2 个"));
  EXPECT_THAT(read(""), ElementsAre("1 : 没有列名行"));
  EXPECT_THAT(read("account_id,treshold\n"),
              ElementsAre("1 : 没有名为 \"treshold\" 的列；是否指 threshold？"));
  EXPECT_THAT(read("threshold\n", ""),
              ElementsAre("1 account_id: 缺少该列", "1 provider: 缺少该列，而账户来自多个服务商"));
  EXPECT_THAT(read("account_id\n"),
              ElementsAre("1 : 没有要修改的内容：请提供 enabled 或 threshold 列"));
  EXPECT_THAT(read("account_id,threshold,threshold\n"), ElementsAre("1 threshold: 该列出现了两次"));
  EXPECT_THAT(read("account_id,threshold\n"), ElementsAre("1 : 文件中没有账户"));
  EXPECT_THAT(read("account_id,threshold\n17,\"5\n"), ElementsAre("2 : 引号没有闭合"));
  EXPECT_THAT(read("account_id,threshold\n17,5\"\n"),
              ElementsAre("2 : 单元格不以引号开头，中间却有引号：\"5\"\""));
  EXPECT_THAT(read("account_id,threshold\n17,\"5\"6\n"),
              ElementsAre("2 : 右引号之后既不是逗号也不是行尾：\"6\""));
  EXPECT_THAT(read("account_id,threshold\n17\r,5\n"), ElementsAre("2 : 回车符不在行尾"));
}

TEST(SettingsCsvTest, NamesUpToAHundredMistakes) {
  std::string lines = "account_id,threshold\n";
  for (int i = 0; i < 250; ++i) lines += ",x\n";
  EXPECT_EQ(Read(lines, "a").size(), 100U);
  EXPECT_EQ(Read(std::string(250, ',') + "\n", "a").size(), 100U) << "in the heading alone";
}

TEST(SettingsCsvTest, AnAmountInAnotherCurrencyIsNotTakenForOneInThis) {
  auto account = std::make_shared<Account>();
  account->memory.account = {"alibaba", "18"};
  account->memory.currency = "CNY";
  account->memory.levels["warning"] = {
      .enabled = true, .threshold = Amount("500"), .currency = "USD", .suspended = true};
  const std::string csv = SettingsCsv({account});
  EXPECT_THAT(csv, testing::HasSubstr("alibaba,18,,,CNY,warning,,,suspended,,"));
  EXPECT_THAT(Read(csv), testing::ElementsAre("1 : there is no account in it"));
}

TEST(SettingsCsvTest, ReadsWhatItWrote) {
  auto account = std::make_shared<Account>();
  account->memory.account = {"alibaba", "a,\"17\""};
  account->memory.account_name = "=cmd|' /C calc'!A0";
  account->memory.currency = "USD";
  account->memory.available_credit = Amount("-1.5");
  account->memory.levels["warning"] = {
      .enabled = true, .threshold = Amount("500"), .currency = "USD"};
  account->memory.levels["critical"] = {
      .enabled = false, .threshold = Amount("0.005"), .currency = "USD"};
  auto unset = std::make_shared<Account>();
  unset->memory.account = {"tencent", "1"};
  const std::string csv = SettingsCsv({account, unset});
  EXPECT_THAT(csv, testing::HasSubstr(",'=cmd|")) << "no formula for a spreadsheet";
  const std::string version = SettingsVersion(account->memory);
  EXPECT_THAT(csv, testing::HasSubstr(",v" + version + "\r\n")) << "no number for a spreadsheet";
  EXPECT_THAT(Read(csv), ElementsAre("2 alibaba/a,\"17\" critical off 0.005USD @" + version,
                                     "3 alibaba/a,\"17\" warning on 500USD @" + version));
}

}  // namespace
}  // namespace lowbalance
