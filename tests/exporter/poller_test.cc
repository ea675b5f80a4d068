#include "exporter/poller.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <soci/soci.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>

#include "base/store.h"
#include "tests/exporter/helpers.h"

namespace lowbalance {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

// Notes when it was asked, and answers what it was told to.
class FakeSource : public Source {
 public:
  struct Script {
    std::vector<Time> asked;
    std::deque<std::function<Result<Fetched>(Time)>> answers;  // The last one stays.
    std::chrono::steady_clock::time_point deadline;
  };
  explicit FakeSource(std::shared_ptr<Script> script) : script_(std::move(script)) {}

  Result<Fetched> Fetch(const FetchContext& context) override {
    script_->asked.push_back(context.now);
    script_->deadline = context.deadline;
    const auto answer = script_->answers.front();
    if (script_->answers.size() > 1) script_->answers.pop_front();
    return answer(context.now);
  }

 private:
  const std::shared_ptr<Script> script_;
};

auto Shows(std::string credit) {
  return [credit](Time now) -> Result<Fetched> {
    return Fetched{.readings = {ReadingOf("17", credit, now)}};
  };
}
auto Fails() {
  return [](Time) -> Result<Fetched> { return Retry("no answer"); };
}
// Without the accounts of these ids.
auto FailsFor(std::vector<std::string> ids, std::string credit = "") {
  return [ids, credit](Time now) -> Result<Fetched> {
    Fetched fetched;
    if (!credit.empty()) fetched.readings.push_back(ReadingOf("17", credit, now));
    for (const std::string& id : ids) fetched.failures.push_back({{"demo", id}, "no permission"});
    return fetched;
  };
}

const std::stop_token kNever;

class PollerTest : public testing::Test {
 protected:
  PollerTest() { accounts_.Configure(rules_, kNoon); }

  std::unique_ptr<SourcePoll> NewPoll() {
    return std::make_unique<SourcePoll>(config_, std::make_unique<FakeSource>(script_), accounts_,
                                        metrics_, [this] { return random_; });
  }
  [[nodiscard]] AccountMemory Memory() const {
    const AccountPtr account = accounts_.snapshot()->Find({"demo", "17"});
    return account ? account->memory : AccountMemory{};
  }
  [[nodiscard]] bool MetricsSay(const std::string& line) const {
    return metrics_.Text().find("lowbalance_exporter_" + line + "\n") != std::string::npos;
  }

  const TempFolder folder_;
  SourceConfig config_{.name = "demo",
                       .type = "file",
                       .interval = minutes{1},
                       .timeout = seconds{30},
                       .retry_first = minutes{1},
                       .retry_longest = minutes{1}};
  double random_ = 0;
  const AccountRules rules_{.sources = {"demo", "slow", "quick"}};
  Store store_{Store::Options{.url = "sqlite:" + (folder_ / "e.db").string(),
                              .migrations = AccountStore::Migrations()}};
  AccountStore account_store_{store_};
  Accounts accounts_{account_store_};
  ExporterMetrics metrics_;
  const std::shared_ptr<FakeSource::Script> script_ = std::make_shared<FakeSource::Script>();
};

TEST_F(PollerTest, PollsAtOnceAndThenAtItsInterval) {
  script_->answers = {Shows("90")};
  const auto poll = NewPoll();
  EXPECT_FALSE(poll->polled());
  EXPECT_EQ(poll->Step(kNoon, kNever), kNoon + minutes{1});
  EXPECT_TRUE(poll->polled());
  EXPECT_EQ(poll->Step(kNoon + seconds{59}, kNever), kNoon + minutes{1}) << "called early";
  EXPECT_EQ(poll->Step(kNoon + seconds{61}, kNever), kNoon + seconds{121});
  EXPECT_EQ(script_->asked, (std::vector<Time>{kNoon, kNoon + seconds{61}}));
}

TEST_F(PollerTest, AClockSetBackDoesNotStopIt) {
  script_->answers = {Shows("90")};
  const auto poll = NewPoll();
  poll->Step(kNoon, kNever);
  const Time back = kNoon - minutes{60};
  EXPECT_EQ(poll->Step(back, kNever), back + minutes{1});
  EXPECT_EQ(script_->asked.size(), 2);
}

TEST_F(PollerTest, AFailureIsShownAndTheNextPollMakesItGood) {
  script_->answers = {Shows("90"), Fails(), Shows("80")};
  const auto poll = NewPoll();
  poll->Step(kNoon, kNever);
  EXPECT_TRUE(Memory().up);
  EXPECT_TRUE(MetricsSay("next_poll_timestamp_seconds{source=\"demo\"} 1795435260"));
  poll->Step(kNoon + minutes{1}, kNever);
  EXPECT_FALSE(Memory().up);
  EXPECT_TRUE(MetricsSay("consecutive_poll_failures{source=\"demo\"} 1"));
  EXPECT_EQ(Memory().available_credit, Amount("90"));
  poll->Step(kNoon + minutes{3}, kNever);
  EXPECT_TRUE(Memory().up);
  EXPECT_TRUE(MetricsSay("consecutive_poll_failures{source=\"demo\"} 0"));
  EXPECT_EQ(Memory().available_credit, Amount("80"));
  EXPECT_TRUE(MetricsSay("polls_total{outcome=\"success\",source=\"demo\"} 2"));
  EXPECT_TRUE(MetricsSay("polls_total{outcome=\"failure\",source=\"demo\"} 1"));
  EXPECT_TRUE(MetricsSay("accounts{source=\"demo\"} 1"));
  EXPECT_TRUE(MetricsSay("last_poll_timestamp_seconds{source=\"demo\"} 1795435380"));
}

TEST_F(PollerTest, AnExceptionIsAFailure) {
  script_->answers = {Shows("90"),
                      [](Time) -> Result<Fetched> { throw std::runtime_error("out of cheese"); }};
  const auto poll = NewPoll();
  poll->Step(kNoon, kNever);
  poll->Step(kNoon + minutes{1}, kNever);
  EXPECT_FALSE(Memory().up);
}

// From the end of a poll that takes no time worth speaking of to the beginning of the next, in
// whole seconds.
TEST_F(PollerTest, FailuresAreRetriedSoonThenLessAndLessOften) {
  config_.interval = minutes{10};
  config_.retry_first = seconds{30};
  config_.retry_longest = minutes{3};
  const struct {
    double random;
    std::vector<int> waits;
  } cases[] = {
      {0, {30, 60, 120, 180, 180, 600, 30}},
      {0.999, {22, 45, 90, 135, 135, 600, 22}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.random);
    random_ = c.random;
    script_->answers = {Fails(), Fails(), Fails(), Fails(), FailsFor({"17"}), Shows("90"), Fails()};
    const auto poll = NewPoll();
    Time now = kNoon;
    for (const int wait : c.waits) {
      const Time next = poll->Step(now, kNever);
      EXPECT_EQ(std::chrono::floor<seconds>(next - now), seconds{wait});
      now = next;
    }
  }
}

TEST_F(PollerTest, TheTimeAFailedPollTookDoesNotCountAsWaiting) {
  const auto took = std::chrono::milliseconds{30};
  script_->answers = {[took](Time) -> Result<Fetched> {
    const auto until = std::chrono::steady_clock::now() + took;
    while (std::chrono::steady_clock::now() < until) continue;
    return Retry("timed out");
  }};
  const auto poll = NewPoll();
  EXPECT_GE(poll->Step(kNoon, kNever), kNoon + minutes{1} + took);
}

TEST_F(PollerTest, JitterSpreadsTheStartAndEveryInterval) {
  config_.jitter = seconds{20};
  random_ = 0.5;
  script_->answers = {Shows("90")};
  const auto poll = NewPoll();
  EXPECT_EQ(poll->Step(kNoon, kNever), kNoon + seconds{10});
  EXPECT_FALSE(poll->polled());
  random_ = 0.25;
  EXPECT_EQ(poll->Step(kNoon + seconds{10}, kNever), kNoon + seconds{10 + 60 + 5});
  EXPECT_EQ(script_->asked, std::vector{kNoon + seconds{10}});
}

TEST_F(PollerTest, ASourceIsToldHowLongItIsWaitedFor) {
  script_->answers = {Shows("90")};
  const auto before = std::chrono::steady_clock::now();
  NewPoll()->Step(kNoon, kNever);
  EXPECT_GE(script_->deadline, before + config_.timeout);
  EXPECT_LE(script_->deadline, std::chrono::steady_clock::now() + config_.timeout);
}

TEST_F(PollerTest, OneAccountsFailureIsItsOwn) {
  script_->answers = {Shows("90"), FailsFor({"18", "19"}, "80"), FailsFor({"17", "18"})};
  const auto poll = NewPoll();
  poll->Step(kNoon, kNever);
  testing::internal::CaptureStderr();
  EXPECT_EQ(poll->Step(kNoon + minutes{1}, kNever), kNoon + minutes{2}) << "no back-off";
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              testing::HasSubstr("msg=\"account not taken from its source\" source=demo "
                                 "provider=demo account_id=18 reason=\"no permission\""));
  EXPECT_TRUE(Memory().up);
  EXPECT_EQ(Memory().available_credit, Amount("80"));
  const AccountPtr unread = accounts_.snapshot()->Find({"demo", "18"});
  ASSERT_TRUE(unread) << "known of, though never read";
  EXPECT_FALSE(unread->memory.up);
  EXPECT_EQ(unread->source, "demo");
  EXPECT_TRUE(MetricsSay("polls_total{outcome=\"partial\",source=\"demo\"} 1"));
  EXPECT_TRUE(MetricsSay("accounts{source=\"demo\"} 1"));
  EXPECT_TRUE(MetricsSay("accounts_failed{source=\"demo\"} 2"));

  testing::internal::CaptureStderr();
  poll->Step(kNoon + minutes{2}, kNever);
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              testing::HasSubstr("none of 2 accounts could be read; the first: no permission"));
  EXPECT_FALSE(Memory().up);
  EXPECT_TRUE(MetricsSay("polls_total{outcome=\"failure\",source=\"demo\"} 1"));
}

TEST_F(PollerTest, WhatAStopCutShortIsNobodysFailure) {
  std::stop_source stop;
  const auto interrupted = [&](const auto& answer) {
    return [&stop, answer](Time now) -> Result<Fetched> {
      stop.request_stop();
      return answer(now);
    };
  };
  for (const auto& answer : std::vector<std::function<Result<Fetched>(Time)>>{
           Fails(), FailsFor({"17"}), [](Time) { return Fetched{.complete = false}; }}) {
    script_->answers = {Shows("90"), interrupted(answer)};
    const auto poll = NewPoll();
    stop = std::stop_source();
    poll->Step(kNoon, stop.get_token());
    poll->Step(kNoon + minutes{1}, stop.get_token());
    EXPECT_TRUE(Memory().up);
    EXPECT_TRUE(MetricsSay("polls_total{outcome=\"failure\",source=\"demo\"} 0"));
  }
}

TEST_F(PollerTest, SaysOnlyWhatIsNew) {
  script_->answers = {Fails(), Fails(), Shows("90"), Shows("90"), Fails()};
  const auto poll = NewPoll();
  testing::internal::CaptureStderr();
  for (int i = 0; i < 5; ++i) poll->Step(kNoon + minutes{2 * i}, kNever);
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 3) << log;
  EXPECT_THAT(log, testing::HasSubstr("msg=\"poll failed\" source=demo error=\"no answer\""));
  EXPECT_THAT(log, testing::HasSubstr("msg=\"source polled\" source=demo accounts=1"));
}

TEST_F(PollerTest, AStoreThatFailsIsCountedAndTheNextPollTriesAgain) {
  script_->answers = {Shows("90")};
  const auto poll = NewPoll();
  store_.session() << "CREATE TRIGGER refuse BEFORE INSERT ON accounts BEGIN "
                      "SELECT RAISE(ABORT, 'no room'); END";
  poll->Step(kNoon, kNever);
  EXPECT_TRUE(accounts_.snapshot()->accounts.empty());
  EXPECT_TRUE(MetricsSay("store_errors_total 1"));
  EXPECT_TRUE(MetricsSay("polls_total{outcome=\"failure\",source=\"demo\"} 1"));
  store_.session() << "DROP TRIGGER refuse";
  poll->Step(kNoon + minutes{2}, kNever);
  EXPECT_EQ(Memory().available_credit, Amount("90"));
}

TEST_F(PollerTest, TheSeriesOfASourceGoWithIt) {
  script_->answers = {Shows("90")};
  auto poll = NewPoll();
  EXPECT_TRUE(MetricsSay("polls_total{outcome=\"success\",source=\"demo\"} 0"));
  poll.reset();
  EXPECT_FALSE(MetricsSay("polls_total{outcome=\"success\",source=\"demo\"} 0"));
}

// Blocks until it is let go; tells whether two calls ever overlapped.
class SlowSource : public Source {
 public:
  struct Gate {
    std::mutex mutex;
    std::condition_variable_any changed;
    bool open = false;
    int inside = 0;
    int calls = 0;
    bool overlapped = false;
  };
  explicit SlowSource(Gate& gate) : gate_(gate) {}
  Result<Fetched> Fetch(const FetchContext& context) override {
    std::unique_lock lock(gate_.mutex);
    gate_.overlapped |= ++gate_.inside > 1;
    ++gate_.calls;
    gate_.changed.notify_all();
    gate_.changed.wait(lock, context.stop, [this] { return gate_.open; });
    --gate_.inside;
    return Fetched{};
  }

 private:
  Gate& gate_;
};

TEST_F(PollerTest, ASlowSourceHoldsUpNoOther) {
  SlowSource::Gate slow;
  SlowSource::Gate quick;
  quick.open = true;
  Poller poller(accounts_, metrics_, SystemClock(), [&](const SourceConfig& config) {
    return std::make_unique<SlowSource>(config.name == "slow" ? slow : quick);
  });
  poller.Configure({{.name = "slow", .type = "file", .interval = Millis{1}},
                    {.name = "quick", .type = "file", .interval = Millis{1}}});
  {
    std::unique_lock lock(quick.mutex);
    quick.changed.wait(lock, [&] { return quick.calls >= 20; });
  }
  EXPECT_FALSE(poller.EverySourcePolled());
  {
    std::unique_lock lock(slow.mutex);
    slow.changed.wait(lock, [&] { return slow.calls == 1; });
    slow.open = true;
    slow.changed.notify_all();
    slow.changed.wait(lock, [&] { return slow.calls > 1; });
    EXPECT_FALSE(slow.overlapped);
  }
  EXPECT_TRUE(poller.EverySourcePolled());
}

// Would hang if the sources were not told, or one only after the other had returned.
TEST_F(PollerTest, HangingPollsAreToldToStop) {
  SlowSource::Gate gate;
  {
    Poller poller(accounts_, metrics_, SystemClock(),
                  [&](const SourceConfig&) { return std::make_unique<SlowSource>(gate); });
    const SourceConfig slow{.name = "slow", .type = "file", .interval = minutes{1}};
    const SourceConfig quick{.name = "quick", .type = "file", .interval = minutes{1}};
    poller.Configure({slow, quick});
    const auto inside = [&](int n) {
      std::unique_lock lock(gate.mutex);
      gate.changed.wait(lock, [&] { return gate.inside == n; });
    };
    inside(2);
    poller.Configure({quick});
    inside(1);
  }
  EXPECT_EQ(gate.inside, 0);
  EXPECT_TRUE(MetricsSay("store_errors_total 0"));
}

TEST_F(PollerTest, AReloadLeavesASourceAloneThatStaysAsItIs) {
  SlowSource::Gate gate;
  gate.open = true;
  std::vector<std::string> made;
  Poller poller(accounts_, metrics_, SystemClock(), [&](const SourceConfig& config) {
    made.push_back(config.name + "@" + config.path.string());
    return std::make_unique<SlowSource>(gate);
  });
  const SourceConfig a{.name = "demo", .type = "file", .interval = minutes{1}, .path = "a.csv"};
  const SourceConfig b{.name = "quick", .type = "file", .interval = minutes{1}, .path = "b.csv"};
  SourceConfig moved = b;
  moved.path = "c.csv";
  poller.Configure({a, b});
  poller.Configure({a, b});
  poller.Configure({a, moved});
  poller.Configure({moved});
  poller.Configure({a, moved});
  EXPECT_THAT(made, testing::ElementsAre("demo@a.csv", "quick@b.csv", "quick@c.csv", "demo@a.csv"));
}

}  // namespace
}  // namespace lowbalance
