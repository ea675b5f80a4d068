#include "cli/simulation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

namespace lowbalance {
namespace {

using namespace std::chrono_literals;

const std::filesystem::path kStories =
    std::filesystem::path(LOWBALANCE_SOURCE_DIR) / "tests" / "stories";

std::string ReadAll(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> Lines(std::string_view text, const SimulationOptions& options = {}) {
  const auto story = ParseStory(text, "x.story");
  if (!story) return {story.error().message};
  const auto decisions = Simulate(*story, options);
  if (!decisions) return {decisions.error().message};
  std::vector<std::string> lines;
  for (const StoryMessage& message : MessagesOf(*decisions)) {
    lines.push_back(ToLine(*story, message));
  }
  return lines;
}

using List = std::vector<std::string>;
constexpr std::string_view kCrossing = "0h credit 150\n0h enable 100\n1h credit 90\n";

// S13: other cadences are other values.
TEST(SimulationTest, TheCadenceIsData) {
  const std::string story = std::string(kCrossing) + "30h credit -1\n5d end\n";
  EXPECT_EQ(Lines(story), (List{"1h alert", "25h reminder 1"}));
  EXPECT_EQ(Lines(story, {.cadence = {.every = 12h, .at_most = 3}}),
            (List{"1h alert", "13h reminder 1", "25h reminder 2"}));
  EXPECT_EQ(Lines(story, {.cadence = {.every = 24h, .at_most = 3, .stop_when_overdue = false}}),
            (List{"1h alert", "25h reminder 1", "49h reminder 2", "73h reminder 3"}));
  EXPECT_EQ(Lines(story, {.cadence = {.at_most = 0}}), List{"1h alert"});
}

// S9: both ages are data, too.
TEST(SimulationTest, TheAgesAreData) {
  const std::string story = std::string(kCrossing) + "20h poll fails\n40h poll works\n40h end\n";
  EXPECT_EQ(Lines(story), (List{"1h alert", "25h reminder 1"}));
  SimulationOptions options;
  options.pipeline.billing_data_max_age = 5h;
  EXPECT_EQ(Lines(story, options), (List{"1h alert", "40h reminder 1"}));
}

TEST(SimulationTest, WhatTheExporterRefusesNamesTheLine) {
  EXPECT_EQ(Lines("0h credit 5\n1h disable\n2h end"), List{});
  EXPECT_EQ(Lines("0h threshold 5\n0h credit 4\n2h end"), List{}) << "set, but not enabled";
}

TEST(SimulationTest, ADuplicateOfNothingIsNothing) {
  EXPECT_EQ(Lines("0h duplicate\n0h resolved\n1h end"), List{});
}

TEST(SimulationTest, OneSourceOfTwoMayFail) {
  EXPECT_EQ(Lines("account 1 USD\naccount 2 USD\n"
                  "0h credit 150 of 1\n0h credit 150 of 2\n0h enable 100 of 1\n0h enable 100 of 2\n"
                  "1h poll fails of 1\n2h credit 90 of 1\n2h credit 90 of 2\n3h poll works of 1\n"),
            (List{"2h alert of 2", "3h alert of 1"}));
}

// The files beside the stories are what `--reasons` prints; that they are so is for ctest to say.
// Here: that nothing is left without a story.
class StoriesTest : public testing::Test {
 protected:
  void SetUp() override {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(kStories)) {
      const std::string text = entry.is_regular_file() ? ReadAll(entry.path()) : "";
      if (entry.path().extension() == ".story") {
        ++stories_;
        const std::string first = text.substr(0, text.find('\n'));
        for (int rule = 1; rule <= 16; ++rule) {
          const auto at = first.find("S" + std::to_string(rule));
          const auto end = at + 1 + std::to_string(rule).size();
          if (at != std::string::npos && (end >= first.size() || !std::isdigit(first[end]))) {
            rules_.insert(rule);
          }
        }
        EXPECT_TRUE(first.starts_with("# S"))
            << entry.path() << " does not begin by naming its rules";
        EXPECT_NE(text.find("\nexpect\n"), std::string::npos) << entry.path();
      } else if (entry.path().extension() == ".reasons") {
        std::istringstream words(text);
        for (std::string word; words >> word;) reasons_.insert(word);
      }
    }
  }
  int stories_ = 0;
  std::set<int> rules_;
  std::set<std::string> reasons_;
};

TEST_F(StoriesTest, EveryRuleHasAStory) {
  EXPECT_GT(stories_, 70);
  // S10 is about facts that do not parse and S12 about delivery, and no story can tell of either:
  // tests/core/contract_test.cc and tests/webhook hold them.
  for (int rule = 1; rule <= 16; ++rule) {
    if (rule == 10 || rule == 12) continue;
    EXPECT_TRUE(rules_.contains(rule)) << "S" << rule;
  }
}

TEST_F(StoriesTest, EveryReasonHasAStory) {
  for (int i = 0; i < kReasonCount; ++i) {
    const auto reason = static_cast<Reason>(i);
    if (reason == Reason::kBadFacts) continue;  // Facts in a story are always good.
    EXPECT_TRUE(reasons_.contains(std::string(ToString(reason)))) << ToString(reason);
  }
}

}  // namespace
}  // namespace lowbalance
