// Tables and differences: what people read.

#include <gtest/gtest.h>

#include "cli/line_diff.h"
#include "cli/table.h"

namespace lowbalance {
namespace {

using Lines = std::vector<std::string>;

TEST(LineDiffTest, ShowsWhatBothHaveAndWhatOneHas) {
  EXPECT_EQ(LineDiff({}, {}), Lines{});
  EXPECT_EQ(LineDiff({"a", "b"}, {"a", "b"}), (Lines{" a", " b"}));
  EXPECT_EQ(LineDiff({"a", "b", "c"}, {"a", "c"}), (Lines{" a", "-b", " c"}));
  EXPECT_EQ(LineDiff({"a", "c"}, {"a", "b", "c"}), (Lines{" a", "+b", " c"}));
  EXPECT_EQ(LineDiff({"a", "b"}, {"a", "x"}), (Lines{" a", "-b", "+x"}));
  EXPECT_EQ(LineDiff({"a"}, {}), Lines{"-a"});
  EXPECT_EQ(LineDiff({}, {"a"}), Lines{"+a"});
  EXPECT_EQ(LineDiff({"a", "b", "a"}, {"b", "a", "b"}), (Lines{"-a", " b", " a", "+b"}));
}

TEST(LineDiffTest, GivesUpMatchingWhereItWouldCostTooMuch) {
  const Lines before(3000, "a");
  const Lines after(3000, "b");
  const Lines diff = LineDiff(before, after);
  ASSERT_EQ(diff.size(), 6000U);
  EXPECT_EQ(diff.front(), "-a");
  EXPECT_EQ(diff.back(), "+b");
}

TEST(TableTest, ColumnsLineUp) {
  EXPECT_EQ(cli::Table({"NAME", ">AMOUNT", "NOTE"},
                       {{"a", "1.00", ""}, {"账户", "-1000.00", "x"}, {"long name", "", "y"}}),
            "NAME         AMOUNT  NOTE\n"
            "a              1.00\n"
            "账户       -1000.00  x\n"
            "long name            y\n");
  EXPECT_EQ(cli::Table({"ID", "B"}, {}), "ID  B\n");
}

TEST(TableTest, NoTextFromAServerReachesTheTerminalsControls) {
  EXPECT_EQ(cli::Plain("a\x1b[31mb\nc\x7f"), "a [31mb c ");
  EXPECT_EQ(cli::Plain("a\xc2\x9b"
                       "31mb"),
            "a 31mb");
  EXPECT_EQ(cli::Plain("账户 é"), "账户 é");
}

}  // namespace
}  // namespace lowbalance
