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
    std::deque<std::function<Result<std::vector<Reading>>(Time)>> answers;  // The last one stays.
  };
  explicit FakeSource(std::shared_ptr<Script> script) : script_(std::move(script)) {}

  Result<std::vector<Reading>> Fetch(Time now) override {
    script_->asked.push_back(now);
    const auto answer = script_->answers.front();
    if (script_->answers.size() > 1) script_->answers.pop_front();
    return answer(now);
  }

 private:
  const std::shared_ptr<Script> script_;
};

auto Shows(std::string credit) {
  return [credit](Time now) -> Result<std::vector<Reading>> {
    return std::vector{ReadingOf("17", credit, now)};
  };
}
auto Fails() {
  return [](Time) -> Result<std::vector<Reading>> { return Retry("no answer"); };
}

class PollerTest : public testing::Test {
 protected:
  PollerTest() { accounts_.Configure(rules_, kNoon); }

  std::unique_ptr<SourcePoll> NewPoll() {
    return std::make_unique<SourcePoll>(config_, std::make_unique<FakeSource>(script_), accounts_,
                                        metrics_);
  }
  [[nodiscard]] AccountMemory Memory() const {
    const AccountPtr account = accounts_.snapshot()->Find({"demo", "17"});
    return account ? account->memory : AccountMemory{};
  }
  [[nodiscard]] bool MetricsSay(const std::string& line) const {
    return metrics_.Text().find("lowbalance_exporter_" + line + "\n") != std::string::npos;
  }

  const TempFolder folder_;
  const SourceConfig config_{.name = "demo", .type = "file", .interval = minutes{1}};
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
  EXPECT_EQ(poll->Step(kNoon), kNoon + minutes{1});
  EXPECT_TRUE(poll->polled());
  EXPECT_EQ(poll->Step(kNoon + seconds{59}), kNoon + minutes{1}) << "called early";
  EXPECT_EQ(poll->Step(kNoon + seconds{61}), kNoon + seconds{121});
  EXPECT_EQ(script_->asked, (std::vector<Time>{kNoon, kNoon + seconds{61}}));
}

TEST_F(PollerTest, AClockSetBackDoesNotStopIt) {
  script_->answers = {Shows("90")};
  const auto poll = NewPoll();
  poll->Step(kNoon);
  const Time back = kNoon - minutes{60};
  EXPECT_EQ(poll->Step(back), back + minutes{1});
  EXPECT_EQ(script_->asked.size(), 2);
}

TEST_F(PollerTest, AFailureIsShownAndTheNextPollIsDueAsUsual) {
  script_->answers = {Shows("90"), Fails(), Shows("80")};
  const auto poll = NewPoll();
  poll->Step(kNoon);
  EXPECT_TRUE(Memory().up);
  EXPECT_EQ(poll->Step(kNoon + minutes{1}), kNoon + minutes{2});
  EXPECT_FALSE(Memory().up);
  EXPECT_EQ(Memory().available_credit, Amount("90"));
  poll->Step(kNoon + minutes{2});
  EXPECT_TRUE(Memory().up);
  EXPECT_EQ(Memory().available_credit, Amount("80"));
  EXPECT_TRUE(MetricsSay("polls_total{outcome=\"success\",source=\"demo\"} 2"));
  EXPECT_TRUE(MetricsSay("polls_total{outcome=\"failure\",source=\"demo\"} 1"));
  EXPECT_TRUE(MetricsSay("accounts{source=\"demo\"} 1"));
  EXPECT_TRUE(MetricsSay("last_poll_timestamp_seconds{source=\"demo\"} 1795435320"));
}

TEST_F(PollerTest, AnExceptionIsAFailure) {
  script_->answers = {Shows("90"), [](Time) -> Result<std::vector<Reading>> {
                        throw std::runtime_error("out of cheese");
                      }};
  const auto poll = NewPoll();
  poll->Step(kNoon);
  poll->Step(kNoon + minutes{1});
  EXPECT_FALSE(Memory().up);
}

TEST_F(PollerTest, SaysOnlyWhatIsNew) {
  script_->answers = {Fails(), Fails(), Shows("90"), Shows("90"), Fails()};
  const auto poll = NewPoll();
  testing::internal::CaptureStderr();
  for (int i = 0; i < 5; ++i) poll->Step(kNoon + minutes{i});
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
  EXPECT_EQ(poll->Step(kNoon), kNoon + minutes{1});
  EXPECT_TRUE(accounts_.snapshot()->accounts.empty());
  EXPECT_TRUE(MetricsSay("store_errors_total 1"));
  EXPECT_TRUE(MetricsSay("polls_total{outcome=\"failure\",source=\"demo\"} 1"));
  store_.session() << "DROP TRIGGER refuse";
  poll->Step(kNoon + minutes{1});
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
    std::condition_variable changed;
    bool open = false;
    int inside = 0;
    int calls = 0;
    bool overlapped = false;
  };
  explicit SlowSource(Gate& gate) : gate_(gate) {}
  Result<std::vector<Reading>> Fetch(Time) override {
    std::unique_lock lock(gate_.mutex);
    gate_.overlapped |= ++gate_.inside > 1;
    ++gate_.calls;
    gate_.changed.notify_all();
    gate_.changed.wait(lock, [this] { return gate_.open; });
    --gate_.inside;
    return std::vector<Reading>{};
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
