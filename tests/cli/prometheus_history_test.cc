#include "cli/prometheus_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace lowbalance {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr Time kNoon = TimeFromMillis(1'795'435'200'000);  // 2026-11-23T12:00:00Z.

// A server that remembers what it was asked, and gives one answer to everything.
struct Server {
  std::string body;
  std::vector<std::string> asked;
  HttpGet Get() {
    return [this](const std::string& path) {
      asked.push_back(path);
      return body;
    };
  }
};

// {"USD": [[0, "90"], …]}, with times as seconds after noon.
std::string Matrix(
    const std::vector<std::pair<std::string, std::vector<std::pair<int, std::string>>>>& series) {
  std::string result;
  for (const auto& [currency, points] : series) {
    std::string values;
    for (const auto& [second, value] : points) {
      values += (values.empty() ? "" : ",") + ("[" + std::to_string(1795435200 + second)) + ",\"" +
                value + "\"]";
    }
    result += (result.empty() ? "" : ",") + (R"({"metric":{"currency":")" + currency) +
              R"("},"values":[)" + values + "]}";
  }
  return R"({"status":"success","data":{"resultType":"matrix","result":[)" + result + "]}}";
}

PrometheusRange Range(Time to, Millis step = minutes{1}) {
  return {.account = {"demo", "a \"17\""}, .from = kNoon, .to = to, .step = step};
}

// "0:90 60:? 120:80": seconds after noon, and what was known from then on.
std::string Seen(const Result<History>& history) {
  if (!history) return history.error().message;
  std::string text;
  for (const HistorySample& sample : history->samples) {
    text += (text.empty() ? "" : " ") +
            std::to_string(std::chrono::floor<seconds>(sample.at - kNoon).count()) + ":" +
            (sample.credit ? sample.credit->ToString() : "?");
  }
  return text;
}

TEST(PrometheusHistoryTest, AsksForTheAccountAlone) {
  Server server{Matrix({{"USD", {{0, "90"}}}})};
  ASSERT_TRUE(FetchHistory(Range(kNoon + seconds{119}), server.Get()));
  EXPECT_THAT(server.asked,
              testing::ElementsAre(
                  "/api/v1/query_range?end=1795435260.000&query=max%20by%20%28currency%29%20%28"
                  "billing_account_available_credit%7Bprovider%3D%22demo%22%2Caccount_id%3D%22a%20"
                  "%5C%2217%5C%22%22%7D%29&start=1795435200.000&step=60.000"));
}

TEST(PrometheusHistoryTest, LongRangesAreAskedForInPartsThatNeitherLapNorLeaveGaps) {
  Server server{Matrix({{"USD", {{0, "90"}}}})};
  ASSERT_TRUE(FetchHistory(Range(kNoon + seconds{25'000}, seconds{1}), server.Get()));
  ASSERT_EQ(server.asked.size(), 3U);
  const std::vector<std::pair<int, int>> parts{{0, 9'999}, {10'000, 19'999}, {20'000, 25'000}};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    EXPECT_THAT(
        server.asked[i],
        testing::HasSubstr("start=" + std::to_string(1795435200 + parts[i].first) + ".000"));
    EXPECT_THAT(server.asked[i],
                testing::HasSubstr("end=" + std::to_string(1795435200 + parts[i].second) + ".000"));
  }
}

TEST(PrometheusHistoryTest, AGapIsWhereNothingWasKnown) {
  Server server{Matrix({{"USD", {{0, "90"}, {60, "90"}, {240, "80"}, {300, "NaN"}, {360, "70"}}}})};
  EXPECT_EQ(Seen(FetchHistory(Range(kNoon + seconds{360}), server.Get())),
            "0:90 60:90 120:? 240:80 300:? 360:70");
  EXPECT_EQ(Seen(FetchHistory(Range(kNoon + seconds{600}), server.Get())),
            "0:90 60:90 120:? 240:80 300:? 360:70 420:?");
}

TEST(PrometheusHistoryTest, AmountsAreThoseOfTheExporter) {
  Server server{Matrix(
      {{"USD",
        {{0, "0.30000000000000004"}, {60, "-1e-06"}, {120, "1e+21"}, {180, "1234567.89"}}}})};
  EXPECT_EQ(Seen(FetchHistory(Range(kNoon + seconds{180}), server.Get())),
            "0:0.3 60:-0.000001 120:? 180:1234567.89");
}

TEST(PrometheusHistoryTest, SeveralCurrenciesNeedAChoice) {
  Server server{Matrix({{"CNY", {{0, "700"}}}, {"USD", {{0, "90"}}}})};
  EXPECT_EQ(Seen(FetchHistory(Range(kNoon), server.Get())),
            "demo/a \"17\": there are amounts in several currencies; give --currency, one of CNY, "
            "USD");
  PrometheusRange range = Range(kNoon);
  range.currency = "USD";
  EXPECT_EQ(Seen(FetchHistory(range, server.Get())), "0:90");
  range.currency = "EUR";
  EXPECT_EQ(Seen(FetchHistory(range, server.Get())),
            "demo/a \"17\": there are amounts in CNY, USD, and none in EUR");
}

TEST(PrometheusHistoryTest, WhatIsNoAnswerIsRefused) {
  const std::pair<std::string, std::string> cases[] = {
      {"<html>", "not the answer of a Prometheus server: \"<html>\""},
      {"[]", "not the answer of a Prometheus server: \"[]\""},
      {R"({"status":"error","error":"no"})",
       R"(not the answer of a Prometheus server: "{"status":"error","error":"no"}")"},
      {Matrix({}),
       "no available credit of demo/a \"17\" from 2026-11-23T12:00:00Z to 2026-11-23T12:00:00Z; is "
       "that the provider and account id of the metrics?"},
  };
  for (const auto& [body, want] : cases) {
    SCOPED_TRACE(body);
    Server server{body};
    EXPECT_EQ(Seen(FetchHistory(Range(kNoon), server.Get())), want);
  }
}

}  // namespace
}  // namespace lowbalance
