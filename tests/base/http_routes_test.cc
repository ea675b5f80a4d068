#include "base/http_routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lowbalance {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

TEST(ParseHttpTargetTest, TakesApartBeforeItDecodes) {
  const auto target = ParseHttpTarget("/a/17%2F3/?x=1&y=%26+z&x=2&&flag&=v");
  ASSERT_TRUE(target);
  EXPECT_THAT(target->segments, ElementsAre("a", "17/3", ""));
  EXPECT_EQ(target->path, "/a/17/3/");
  EXPECT_THAT(target->query, UnorderedElementsAre(Pair("x", "1"), Pair("y", "& z"),
                                                  Pair("flag", ""), Pair("", "v")));
  EXPECT_THAT(ParseHttpTarget("/")->segments, ElementsAre(""));
  EXPECT_THAT(ParseHttpTarget("/?")->segments, ElementsAre(""));
  EXPECT_THAT(ParseHttpTarget("/?q=/x/y")->segments, ElementsAre(""));
}

TEST(ParseHttpTargetTest, Refuses) {
  for (const char* target : {"", "a", "*", "http://x/", "/%", "/%4", "/%4g", "/%80", "/a%00b",
                             "/a%7f", "/?x=%", "/?%ff=1"}) {
    EXPECT_FALSE(ParseHttpTarget(target)) << target;
  }
}

TEST(HttpRoutesTest, FindsTheMostLiteralRoute) {
  HttpRoutes routes;
  routes.Add("GET", "/");
  routes.Add("GET", "/a/{x}");
  routes.Add("GET", "/a/list");
  routes.Add("POST", "/a/{x}");
  routes.Add("GET", "/a/{x}/{y}");
  routes.Add("GET", "/a/list/{y}");
  const struct {
    const char* method;
    const char* target;
    int index;  // -1 for none.
    const char* allow;
  } cases[] = {
      {"GET", "/", 0, ""},
      {"HEAD", "/", 0, ""},
      {"GET", "/?x=1", 0, ""},
      {"GET", "/a/17", 1, ""},
      {"GET", "/a/list", 2, ""},
      {"POST", "/a/list", 3, ""},
      {"GET", "/a/list/z", 5, ""},
      {"GET", "/a/17/z", 4, ""},
      {"GET", "/a/%6Cist", 2, ""},
      {"GET", "/a/{x}", 1, ""},
      {"PUT", "/a/list", -1, "GET, HEAD, POST"},
      {"POST", "/", -1, "GET, HEAD"},
      {"HEAD", "/a", -1, ""},
      {"GET", "/A/17", -1, ""},
      {"GET", "/a/", -1, ""},
      {"GET", "/a/17/", -1, ""},
      {"GET", "", -1, ""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(std::string(c.method) + " " + c.target);
    const auto match = routes.Find(c.method, ParseHttpTarget(c.target).value_or(HttpTarget{}));
    EXPECT_EQ(match.found ? static_cast<int>(match.index) : -1, c.index);
    EXPECT_EQ(match.allow, c.allow);
  }
  EXPECT_THAT(routes.Find("GET", *ParseHttpTarget("/a/b%2Fc/d")).params,
              ElementsAre(Pair("x", "b/c"), Pair("y", "d")));
}

}  // namespace
}  // namespace lowbalance
