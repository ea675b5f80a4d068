#include "base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

namespace lowbalance::log {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

// What `write` logs.
template <class Write>
std::string Logged(Format format, Level level, Write write) {
  Configure(level, format);
  ::testing::internal::CaptureStderr();
  write();
  Configure(Level::kInfo, Format::kLogfmt);
  return ::testing::internal::GetCapturedStderr();
}

TEST(LogTest, Logfmt) {
  const std::string line = Logged(Format::kLogfmt, Level::kInfo, [] {
    Info("decided", {{"account_id", "17"},
                     {"reason", "alert"},
                     {"name", "Acme \"Ltd\"\n=1"},
                     {"empty", ""},
                     {"text", "余额"},
                     {"bad", "\xff"}});
  });
  EXPECT_THAT(line, MatchesRegex("ts=[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\."
                                 "[0-9]{3}Z level=info msg=\"decided\" account_id=17 .*\n"));
  EXPECT_THAT(line, HasSubstr(" reason=alert name=\"Acme \\\"Ltd\\\"\\n=1\" empty=\"\" text=余额 "
                              "bad=\"\\xff\"\n"));
}

TEST(LogTest, Json) {
  const std::string line = Logged(Format::kJson, Level::kInfo, [] {
    Error("failed", {{"file", "a\"b\n"}, {"bad", "\xff"}});
  });
  EXPECT_EQ(line.back(), '\n');
  const auto json = nlohmann::json::parse(line);
  EXPECT_EQ(json.at("level"), "error");
  EXPECT_EQ(json.at("msg"), "failed");
  EXPECT_EQ(json.at("file"), "a\"b\n");
  EXPECT_EQ(json.at("bad"), "\xef\xbf\xbd");
  EXPECT_THAT(json.at("ts").get<std::string>(), ContainsRegex("Z$"));
}

TEST(LogTest, LevelsBelowTheConfiguredOneAreLeftOut) {
  const auto all = [] {
    Debug("d");
    Info("i");
    Warn("w");
    Error("e");
  };
  const auto count = [&](Level level) {
    const std::string text = Logged(Format::kLogfmt, level, all);
    return std::count(text.begin(), text.end(), '\n');
  };
  EXPECT_EQ(count(Level::kDebug), 4);
  EXPECT_EQ(count(Level::kInfo), 3);
  EXPECT_EQ(count(Level::kWarn), 2);
  EXPECT_EQ(count(Level::kError), 1);
}

TEST(LogTest, ATextFromOutsideDoesNotFillTheLog) {
  std::string chinese;
  while (chinese.size() < 100'000) chinese += "余";
  const std::string line = Logged(Format::kLogfmt, Level::kInfo, [&] {
    Info("seen", {{"body", chinese}});
  });
  EXPECT_LT(line.size(), 4300U);
  EXPECT_THAT(line, HasSubstr("余…\n"));
}

TEST(LogTest, LinesOfThreadsDoNotMix) {
  const std::string text = Logged(Format::kLogfmt, Level::kInfo, [] {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([] {
        for (int i = 0; i < 200; ++i) Info("line", {{"value", std::string(300, 'x')}});
      });
    }
  });
  std::size_t at = 0;
  int lines = 0;
  while (at < text.size()) {
    const std::size_t end = text.find('\n', at);
    ASSERT_NE(end, std::string::npos);
    EXPECT_EQ(text.substr(at, 3), "ts=");
    EXPECT_EQ(text.substr(end - 3, 3), "xxx");
    at = end + 1;
    ++lines;
  }
  EXPECT_EQ(lines, 800);
}

TEST(LogTest, Parses) {
  EXPECT_EQ(*ParseLevel("warn"), Level::kWarn);
  EXPECT_EQ(*ParseFormat("json"), Format::kJson);
  EXPECT_EQ(ParseLevel("loud").error().message,
            "not a log level (debug, info, warn, error): \"loud\"");
  EXPECT_EQ(ParseFormat("xml").error().message, "not a log format (logfmt, json): \"xml\"");
}

}  // namespace
}  // namespace lowbalance::log
