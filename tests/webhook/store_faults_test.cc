// Every call of the webhook's store made to fail once, in turn.
//
// One scripted life of the webhook is lived as often as it makes such calls, and each time another
// one fails, in SQLite itself. Whoever is told of a failure does what he does in reality:
// Alertmanager sends the notification again, a loop takes its step again, a person asks again, a
// supervisor starts the program again. In the end there is the same in the store, and the same was
// sent, as if nothing had failed.

#include "tests/base/store_faults.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/webhook/parts.h"
#include "webhook/deliveries.h"
#include "webhook/watchdog.h"

namespace lowbalance {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr int kPatience = 4;  // How often anything is tried.

class Life : public Parts {
 public:
  explicit Life(StoreFaults& faults) : faults_(faults) {
    Configure([](Config& c) { c.webhook.watchdog = {.contact = "finance", .silence = 10min}; });
    Close();
    for (const char* end : {"", "-wal", "-shm"}) {
      std::filesystem::remove((folder.path() / "webhook.db").string() + end);
    }
  }
  ~Life() { watchdog_.reset(); }

  void Live() {
    Start();
    // Two accounts fall; one address is slow in taking its mail.
    Notify({LowFacts(now, now), Of("18", now)});
    Send();
    now += 1min;
    Send();
    Try([&] { (void)archive->MarkRead(archive->FindInbox({}).at(0).id, {}); });
    // One that is well again before anybody was told.
    Notify({Of("19", now)});
    now += 1min;
    Notify({EndedOf("19", now)});
    // One that decides nothing.
    Alert bad = ToAlert(LowFacts(now, now));
    bad.annotations.clear();
    NotifyOf({bad});
    Start();
    // A day later: a reminder, which one address refuses for good until it is sent again.
    const Time first = kStart;
    now = kStart + 24h + 1min;
    Notify({LowFacts(first, now)});
    Send();
    Try([&] {
      class Deliveries desk(*database);
      for (const auto& found : desk.Find({.state = DeliveryState::kDead})) {
        (void)desk.Resend(found.delivery.id, {.alert = 120h, .reminder = 24h}, now);
      }
    });
    Send();
    // A silence is told, and its end.
    for (const bool heard : {false, true}) {
      for (int i = 0; i < 6; ++i) {
        now += 4min;
        if (heard) watchdog_->Heard();
        Try([&] { (void)watchdog_->Look(now); });
      }
    }
    Send();
    now += 1min;
    Notify({EndedOf("17", now), EndedOf("18", now)});
    Start();
  }

  // What a start finds in the store, and what was sent.
  std::string Outcome() {
    faults_.Stop();
    EXPECT_EQ(Store::Check(WebhookStore(*config.Get())), "");
    Start();
    std::string all;
    for (const std::string& line : Parts::Deliveries()) all += line + "\n";
    for (const auto& [account, levels] : outbox->Find("", "")) {
      for (const auto& [level, episode] : levels) {
        all += account.account_id + " " + FormatRfc3339(episode.low_since) + " told " +
               (episode.alerted_at ? FormatRfc3339(*episode.alerted_at) : "never") + " reminder " +
               std::to_string(episode.last_reminder) + (episode.ended ? " ended" : "") + " " +
               std::string(ToString(episode.reason)) + "\n";
      }
    }
    for (const InboxEntry& entry : archive->FindInbox({})) {
      all += entry.recipient + (entry.read ? " has read " : " has not read ") + entry.title + "\n";
    }
    all += std::to_string(archive->FindBadAlerts(10).size()) + " bad\n";
    for (const auto& [what, times] : sent_) all += what + " x" + std::to_string(times) + "\n";
    return all;
  }

  [[nodiscard]] int told() const { return told_; }

 private:
  static Facts Of(const std::string& account_id, Time low_since) {
    Facts facts = LowFacts(low_since, low_since);
    facts.account.account_id = account_id;
    return facts;
  }
  static Facts EndedOf(const std::string& account_id, Time at) {
    Facts facts = EndedFacts(at, at);
    facts.account.account_id = account_id;
    return facts;
  }

  // Whoever is told of a failure tries again, once the cause has gone.
  void Try(const std::function<void()>& what) {
    for (int i = 0; i < kPatience; ++i) {
      try {
        return what();
      } catch (const StoreError& error) {
        ++told_;
        EXPECT_THAT(std::string(error.what()),
                    HasSubstr((folder.path() / "webhook.db").string() + ": "));
        faults_.Mend();
      }
    }
    ADD_FAILURE() << "it never worked";
  }
  void Start() {
    Try([&] {
      watchdog_.reset();
      Open();
      watchdog_ = std::make_unique<Watchdog>(
          config, *database, *outbox, metrics, [this] { return now; }, [] {});
    });
  }
  void Notify(const std::vector<Facts>& facts) {
    std::vector<Alert> alerts;
    for (const Facts& one : facts) alerts.push_back(ToAlert(one));
    NotifyOf(alerts);
  }
  void NotifyOf(const std::vector<Alert>& alerts) {
    int status = 0;
    for (int i = 0; i < kPatience && status != 200; ++i) {
      status = receiver->Receive(Body(alerts)).status;
      if (status == 200) break;
      EXPECT_EQ(status, 503);
      ++told_;
      faults_.Mend();
    }
    EXPECT_EQ(status, 200);
    EXPECT_TRUE(faults_.synced()) << "answered before it would survive a power cut";
  }
  void Send() {
    for (int i = 0; i < 30; ++i) {
      Time next = now;
      Try([&] { next = dispatcher->SendDue(relay_, now); });
      if (next > now) break;
    }
    Try([&] { (void)dispatcher->DeliverInternal(now); });
  }
  Result<void> Answer(const Message& message, const std::string& to) {
    const std::string what = ToString(Notice{message.kind, message.number}) + " of " +
                             message.key.account.account_id + " to " + to;
    const int times = ++sent_[what];
    if (times > 1 || to != "b@example.com") return {};
    if (message.kind == MessageKind::kReminder) return GiveUp("550 no such user");
    return Retry("451 later");
  }

  StoreFaults& faults_;
  RecordingRelay relay_{
      [this](const Message& message, const std::string& to) { return Answer(message, to); }};
  std::map<std::string, int> sent_;
  std::unique_ptr<Watchdog> watchdog_;
  int told_ = 0;  // How often somebody was told of a failure.
};

class WebhookStoreFaultsTest : public testing::Test {
 protected:
  WebhookStoreFaultsTest() {
    Life life(faults_);
    faults_.FailAt(StoreFaults::What::kFileCall, 0, false);
    life.Live();
    expected_ = life.Outcome();
  }

  StoreFaults faults_;
  std::string expected_;
};

TEST_F(WebhookStoreFaultsTest, NothingFails) {
  EXPECT_THAT(expected_, HasSubstr("alert a@example.com delivered 1\n"
                                   "alert b@example.com delivered 2\n"
                                   "alert finance delivered 1\n"));
  EXPECT_THAT(expected_, HasSubstr("alert a@example.com cancelled 0\n"));
  EXPECT_THAT(expected_, HasSubstr("reminder b@example.com delivered 1\n"));
  EXPECT_THAT(expected_, HasSubstr("reminder 1 of 17 to b@example.com x2\n"));
  EXPECT_THAT(expected_, HasSubstr("1 bad\n"));
}

TEST_F(WebhookStoreFaultsTest, EachCallOfAFileOnce) {
  FailEach<Life>(faults_, StoreFaults::What::kFileCall, false, 1, expected_);
}

TEST_F(WebhookStoreFaultsTest, EveryThirdCallOfAFileUntilSomebodyIsTold) {
  FailEach<Life>(faults_, StoreFaults::What::kFileCall, true, 3, expected_);
}

TEST_F(WebhookStoreFaultsTest, EachStatementOnce) {
  FailEach<Life>(faults_, StoreFaults::What::kStatement, false, 1, expected_);
}

}  // namespace
}  // namespace lowbalance
