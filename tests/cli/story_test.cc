#include "cli/story.h"

#include <gtest/gtest.h>

namespace lowbalance {
namespace {

using namespace std::chrono_literals;
using Kind = StoryEvent::Kind;

Story Good(std::string_view text) {
  const auto story = ParseStory(text, "x.story");
  EXPECT_TRUE(story) << story.error().message;
  return story.value_or(Story{});
}

TEST(StoryTest, ReadsEveryEvent) {
  const Story story = Good(
      "# A comment, a blank line, and tabs.\n"
      "\n"
      "account 17 USD\r\n"
      "account a/b CNY\n"
      "0h\tcredit -1,234.5 of 17   # cash\n"
      "1h enable 100 of 17\n"
      "1h enable 20 of a/b level critical\n"
      "1h30m disable of a/b level critical\n"
      "1d2h threshold 0.000001 of 17\n"
      "30h poll fails\n"
      "30h poll fails of a/b\n"
      "30h poll works\n"
      "31h exporter down\n"
      "31h exporter up\n"
      "31h exporter restart\n"
      "32h pipeline down\n"
      "32h pipeline up\n"
      "33h webhook restart\n"
      "34h duplicate\n"
      "34h resolved\n"
      "35h clock back 2h30m\n"
      "35h clock forward 3d\n"
      "2d end\n"
      "expect\n"
      "2d reminder 5 of a/b level critical\n"
      "1h alert of 17 level warning\n");
  ASSERT_EQ(story.accounts.size(), 2U);
  EXPECT_EQ(story.accounts[1].id, "a/b");
  EXPECT_EQ(story.accounts[1].currency, "CNY");
  const Kind kinds[] = {Kind::kCredit,     Kind::kEnable,          Kind::kEnable,
                        Kind::kDisable,    Kind::kThreshold,       Kind::kPollFails,
                        Kind::kPollFails,  Kind::kPollWorks,       Kind::kExporterDown,
                        Kind::kExporterUp, Kind::kExporterRestart, Kind::kPipelineDown,
                        Kind::kPipelineUp, Kind::kWebhookRestart,  Kind::kDuplicate,
                        Kind::kResolved,   Kind::kClockBack,       Kind::kClockForward,
                        Kind::kEnd};
  ASSERT_EQ(story.events.size(), std::size(kinds));
  for (std::size_t i = 0; i < story.events.size(); ++i) {
    EXPECT_EQ(story.events[i].kind, kinds[i]) << "event " << i;
  }
  EXPECT_EQ(story.events[0].amount.ToString(), "-1234.5");
  EXPECT_EQ(story.events[0].account, "17");
  EXPECT_EQ(story.events[0].line, 5);
  EXPECT_EQ(story.events[1].level, "warning");
  EXPECT_EQ(story.events[2].level, "critical");
  EXPECT_EQ(story.events[3].at, 90min);
  EXPECT_EQ(story.events[4].at, 26h);
  EXPECT_EQ(story.events[5].account, "");
  EXPECT_EQ(story.events[6].account, "a/b");
  EXPECT_EQ(story.events[16].by, 150min);
  EXPECT_EQ(story.events[17].by, 72h);
  EXPECT_EQ(story.end, 48h);
  EXPECT_TRUE(story.shows_account);
  EXPECT_TRUE(story.shows_level);
  ASSERT_TRUE(story.expected);
  EXPECT_EQ((*story.expected)[0],
            (StoryMessage{48h, {MessageKind::kReminder, 5}, "a/b", "critical"}));
  EXPECT_EQ((*story.expected)[1], (StoryMessage{1h, {}, "17", "warning"}));
  EXPECT_EQ(ToLine(story, (*story.expected)[0]), "48h reminder 5 of a/b level critical");
}

TEST(StoryTest, WhatIsNotSaidHasADefault) {
  const Story story = Good("1h credit 90\n2h enable 100");
  ASSERT_EQ(story.accounts.size(), 1U);
  EXPECT_EQ(story.accounts[0].id, "17");
  EXPECT_EQ(story.accounts[0].currency, "USD");
  EXPECT_EQ(story.events[1].account, "17");
  EXPECT_EQ(story.events[1].level, "warning");
  EXPECT_EQ(story.end, 2h);
  EXPECT_FALSE(story.expected);
  EXPECT_FALSE(story.shows_account);
  EXPECT_FALSE(story.shows_level);
  EXPECT_EQ(ToLine(story, StoryMessage{26h + 90s, {MessageKind::kReminder, 1}, "17", "warning"}),
            "26h1m30s reminder 1");
  // An `expect` with nothing after it expects silence, which is not the same as none.
  EXPECT_TRUE(Good("1h credit 90\nexpect").expected);
}

TEST(StoryTest, NamesAreShownWhereThereAreSeveral) {
  const StoryMessage message{1h, {}, "17", "critical"};
  // One level by another name is one level.
  EXPECT_EQ(ToLine(Good("0h enable 5 level critical\nexpect\n1h alert"), message), "1h alert");
  EXPECT_EQ(Good("0h enable 5 level critical\nexpect\n1h alert").expected->at(0), message);
  EXPECT_EQ(ToLine(Good("0h enable 5 level critical\n0h enable 6"), message),
            "1h alert of 17 level critical");
  EXPECT_EQ(ToLine(Good("account 17 USD\naccount 18 USD\n0h credit 5 of 17"), message),
            "1h alert of 17");
}

TEST(StoryTest, MistakesAreNamedWithTheirLine) {
  const struct {
    const char* text;
    const char* error;
  } cases[] = {
      {"", "x.story: nothing happens: there is no event"},
      {"# only this\nexpect\n", "x.story: nothing happens: there is no event"},
      {"0h credit \xff", "x.story: not UTF-8"},
      {"0h credit 5\nlater credit 6", "x.story:2: expected an offset like 26h30m, seen \"later\""},
      {"-1h credit 5", "x.story:1: expected an offset like 26h30m, seen \"-1h\""},
      {"1h2d credit 5", "x.story:1: expected an offset like 26h30m, seen \"1h2d\""},
      {"3661d credit 5", "x.story:1: later than ten years: \"3661d\""},
      {"\n\n1h", "x.story:3: nothing follows the offset"},
      {"1h credits 5", "x.story:1: no such event: \"credits\"; did you mean credit?"},
      {"1h sing", "x.story:1: no such event: \"sing\""},
      {"1h poll", "x.story:1: poll what? fails or works"},
      {"1h pipeline off", "x.story:1: pipeline what? down or up, not \"off\""},
      {"1h credit", "x.story:1: credit: by what amount?"},
      {"1h clock back", "x.story:1: back: by how long?"},
      {"1h credit 9O", "x.story:1: not an amount (expected digits): \"9O\""},
      {"1h credit 90 USD", "x.story:1: not expected here: \"USD\""},
      {"1h clock back soon", "x.story:1: not a duration like 15m, 1d2h or 250ms: \"soon\""},
      {"1h clock back 4000d", "x.story:1: longer than ten years: \"4000d\""},
      {"1h duplicate of 17", "x.story:1: not expected here: \"of\""},
      {"1h credit 5 level critical", "x.story:1: not expected here: \"level\""},
      {"1h enable 5 level Critical", "x.story:1: not a level's name: \"Critical\""},
      {"1h enable 5 of", "x.story:1: not expected here: \"of\""},
      {"1h credit 5 of 18", "x.story:1: the account is not declared: \"18\""},
      {"2h credit 5\n1h credit 6", "x.story:2: earlier than the line before: \"1h\""},
      {"2h end\n2h credit 6", "x.story:2: this comes after the end"},
      {"1h credit 5\naccount 17 USD", "x.story:2: accounts stand before the first event"},
      {"account 17 USD\naccount 17 CNY", "x.story:2: the account is declared already: \"17\""},
      {"account 17 usd", "x.story:1: not a currency code like USD: \"usd\""},
      {"account", "x.story:1: expected: account ID CURRENCY"},
      {"account 1 USD\naccount 2 USD\n0h credit 5",
       "x.story:3: of which account? This story names several"},
      {"account 1 USD\naccount 2 USD\n0h enable 5 of 1\nexpect\n1h alert",
       "x.story:5: of which account? This story names several"},
      {"0h enable 5\n0h enable 6 level b\nexpect\n1h alert level b\n1h alert",
       "x.story:5: of which level? This story names several"},
      {"0h enable 5\nexpect\n1h alert level b",
       "x.story:3: no event sets the alert of level \"b\""},
      {"0h credit 5\nexpect\n1h alert", "x.story:3: no event sets the alert of level \"warning\""},
      {"0h enable 5\nexpect\n1h alarm",
       "x.story:3: expected alert, reminder N, recovery or overdue, seen \"alarm\""},
      {"0h enable 5\nexpect\n1h reminder", "x.story:3: reminder of which number?"},
      {"0h enable 5\nexpect\n1h reminder 0", "x.story:3: reminder of which number?"},
      {"0h enable 5\nexpect\n1h reminder 1001", "x.story:3: reminder of which number?"},
      {"0h enable 5\nexpect\n1h reminder one", "x.story:3: reminder of which number?"},
      {"0h enable 5\nexpect\n1h alert at once", "x.story:3: not expected here: \"at\""},
      {"0h enable 5\nexpect\nexpect", "x.story:3: a second expect"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.text);
    const auto story = ParseStory(c.text, "x.story");
    EXPECT_EQ(story ? "read" : story.error().message, c.error);
  }
}

}  // namespace
}  // namespace lowbalance
