#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/config.h"
#include "config/links.h"

namespace lowbalance {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

ConfigResult Read(const std::string& webhook) {
  return ParseConfig("webhook:\n" + webhook, "lowbalance.yml");
}

std::vector<std::string> Mistakes(const std::string& webhook) {
  std::vector<std::string> lines;
  for (const Mistake& mistake : Read(webhook).mistakes) lines.push_back(mistake.ToString());
  return lines;
}

TEST(MessagesSectionTest, ReadsEveryKey) {
  const ConfigResult result = Read(
      "  recovery_notice: true\n"
      "  overdue_notice: true\n"
      "  billed_before_tax: [alibaba-intl, aws/17, \"demo/a/b\"]\n"
      "  links:\n"
      "    dashboard: https://grafana.example.com/d/x?var-account={account_id}\n"
      "    accounts: http://lowbalance:10380/accounts/{provider}/{account_id}\n"
      "    messages: \"https://[::1]:10381/#level={level}\"\n");
  ASSERT_TRUE(result.mistakes.empty()) << result.mistakes.front().ToString();
  const Config& config = result.config;
  EXPECT_TRUE(config.webhook.extra_notices.recovery);
  EXPECT_TRUE(config.webhook.extra_notices.overdue);
  EXPECT_EQ(config.webhook.links.messages, "https://[::1]:10381/#level={level}");
  EXPECT_TRUE(config.IsBilledBeforeTax({"alibaba-intl", "any"}));
  EXPECT_TRUE(config.IsBilledBeforeTax({"aws", "17"}));
  EXPECT_FALSE(config.IsBilledBeforeTax({"aws", "18"}));
  EXPECT_TRUE(config.IsBilledBeforeTax({"demo", "a/b"}));
  EXPECT_FALSE(config.IsBilledBeforeTax({"demo", "a"}));

  const Config nothing = Read("  listen_address: :1\n").config;
  EXPECT_FALSE(nothing.webhook.extra_notices.recovery || nothing.webhook.extra_notices.overdue);
  EXPECT_FALSE(nothing.IsBilledBeforeTax({"aws", "17"}));
}

TEST(MessagesSectionTest, NamesMistakes) {
  EXPECT_THAT(Mistakes("  recovery_notice: maybe\n"
                       "  billed_before_tax: [aws, aws, \"AWS\", aws/, {}]\n"
                       "  links:\n"
                       "    dashboard: ftp://example.com/\n"
                       "    acounts: https://example.com/\n"),
              ElementsAre(HasSubstr(":2: webhook.recovery_notice: "),
                          HasSubstr(":3: webhook.billed_before_tax[1]: named twice: \"aws\""),
                          HasSubstr("not a provider or provider/account_id: \"AWS\""),
                          HasSubstr("not an account id: \"\""),
                          HasSubstr(":3: webhook.billed_before_tax[4]: "),
                          HasSubstr("not a provider or provider/account_id: \"\""),
                          HasSubstr(":5: webhook.links.dashboard: not a link: it must begin with "
                                    "https:// or http://"),
                          HasSubstr(":6: webhook.links.acounts: unknown key; did you mean "
                                    "accounts?")));
}

TEST(CadencePresetTest, AreDataByName) {
  const struct {
    const char* name;
    int at_most;
    bool stop_when_overdue;
  } cases[] = {{"alibaba", 5, true},
               {"tencent", 4, false},
               {"huawei", 2, false},
               {"volcengine", Cadence::kUnlimited, false},
               {"novita", Cadence::kUnlimited, false},
               {"once", 0, true}};
  for (const auto& c : cases) {
    const Config config = Read(std::string("  reminders: ") + c.name + "\n").config;
    EXPECT_EQ(config.webhook.reminders.every, std::chrono::hours{24}) << c.name;
    EXPECT_EQ(config.webhook.reminders.at_most, c.at_most) << c.name;
    EXPECT_EQ(config.webhook.reminders.stop_when_overdue, c.stop_when_overdue) << c.name;
  }
  EXPECT_EQ(Read("  reminders: {at_most: unlimited}\n").config.webhook.reminders.at_most,
            Cadence::kUnlimited);
  EXPECT_THAT(Mistakes("  reminders: tencnt\n"),
              ElementsAre("lowbalance.yml:2: webhook.reminders: no cadence of this name: "
                          "\"tencnt\" (did you mean \"tencent\"?); there are alibaba, tencent, "
                          "huawei, volcengine, novita and once"));
  EXPECT_THAT(Mistakes("  reminders: {at_most: unlimitd}\n"),
              ElementsAre(HasSubstr("webhook.reminders.at_most")));
}

TEST(ParseLinkTest, RefusesWhatIsNoLinkForAMessage) {
  const struct {
    const char* link;
    const char* why;
  } cases[] = {
      {"javascript:alert(1)", "must begin with https:// or http://"},
      {"HTTPS//example.com", "must begin with https:// or http://"},
      {"/relative", "must begin with https:// or http://"},
      {"https:///path", "it has no host"},
      {"https://me:pw@example.com/", "a user or password in it"},
      {"https://{provider}.example.com/", "the host cannot depend on the account"},
      {"https://example.com/{acount_id}",
       "no such place: {acount_id} (did you mean {account_id}?)"},
      {"https://example.com/{password}", "there are {provider}, {account_id} and {level}"},
      {"https://example.com/{account_id", "a brace without its other"},
      {"https://example.com/account_id}", "a brace without its other"},
      {"https://example.com/a b", "must be percent-encoded"},
      {"https://example.com/\"><b>", "must be percent-encoded"},
      {"https://example.com/账户", "must be percent-encoded"},
      {"https://example.com/a\nb", "must be percent-encoded"},
  };
  for (const auto& c : cases) {
    const auto link = ParseLink(c.link);
    ASSERT_FALSE(link) << c.link;
    EXPECT_THAT(link.error().message, HasSubstr(c.why));
  }
  EXPECT_THAT(ParseLink("https://me:pw@example.com/").error().message,
              testing::Not(HasSubstr("pw")));
}

TEST(ExpandLinkTest, EncodesWhatItPutsIn) {
  EXPECT_EQ(ExpandLink("https://e.com/{provider}/{account_id}?l={level}#{account_id}", "aws",
                       "a/b c?&\"'<账>%", "warning"),
            "https://e.com/aws/a%2Fb%20c%3F%26%22%27%3C%E8%B4%A6%3E%25?l=warning"
            "#a%2Fb%20c%3F%26%22%27%3C%E8%B4%A6%3E%25");
  EXPECT_EQ(ExpandLink("https://e.com/", "aws", "{level}", "warning"), "https://e.com/");
  EXPECT_EQ(ExpandLink("https://e.com/{account_id}", "aws", "{level}", "x"),
            "https://e.com/%7Blevel%7D");
}

}  // namespace
}  // namespace lowbalance
