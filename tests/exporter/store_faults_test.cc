// Every call of the exporter's store made to fail once, in turn.
//
// One scripted life of the exporter is lived as often as it makes such calls, and each time another
// one fails, in SQLite itself. A poll is taken again, a person asks again, a supervisor starts the
// program again. While a change is not committed nothing of it is published, and in the end the
// same is published and stored as if nothing had failed.

#include "tests/base/store_faults.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>

#include "exporter/accounts.h"
#include "exporter/exposition.h"
#include "tests/exporter/helpers.h"

namespace lowbalance {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr int kPatience = 4;  // How often anything is tried.

class Life {
 public:
  explicit Life(StoreFaults& faults) : faults_(faults) {
    config_.file = "lowbalance.yml";
    config_.default_contact = "finance";
    for (const char* name : {"a", "b"}) config_.exporter.sources.push_back({.name = name});
  }

  void Live() {
    Start();
    Poll("a", {ReadingOf("1", "150", now_), ReadingOf("2", "70", now_)});
    Poll("b", {ReadingOf("3", "5", now_, "CNY")});
    Edit("1", {.enabled = true, .threshold = Amount("100")});
    Bulk("account=2|3");
    // A crossing, a first change, and one that is well again.
    for (const char* credit : {"90", "80", "300"}) {
      now_ += 1min;
      Poll("a", {ReadingOf("1", credit, now_), ReadingOf("2", credit, now_)});
    }
    Change([&] { accounts_->ApplyFailure("b", now_); });
    Edit("1", {.enabled = false});
    Start();
    // Months later, when the history is thinned.
    for (int i = 0; i < 4; ++i) {
      now_ += i % 2 == 0 ? 24h * 120 : 1h;
      Poll("a", {ReadingOf("1", std::to_string(i + 10), now_), ReadingOf("2", "20", now_)});
    }
    (void)Read();
    // A source and a setting of the configuration change.
    config_.exporter.sources.pop_back();
    Change([&] { Configure(); });
    Edit("2", {.enabled = true, .threshold = Amount("10")});
    Start();
  }

  std::string Outcome() {
    faults_.Stop();
    EXPECT_EQ(Store::Check(Options()), "");
    Start();
    return Published() + Read();
  }

  [[nodiscard]] int told() const { return told_; }

 private:
  [[nodiscard]] Store::Options Options() const {
    return {.url = "sqlite:" + (folder_ / "exporter.db").string(),
            .migrations = AccountStore::Migrations(),
            .program = "exporter"};
  }
  void Configure() { accounts_->Configure(MakeAccountRules(config_), now_); }

  // Whoever is told of a failure tries again, once the cause has gone.
  void Try(const std::function<void()>& what) {
    for (int i = 0; i < kPatience; ++i) {
      try {
        return what();
      } catch (const std::exception& error) {
        ++told_;
        EXPECT_THAT(std::string(error.what()),
                    HasSubstr((folder_ / "exporter.db").string() + ": "));
        faults_.Mend();
      }
    }
    ADD_FAILURE() << "it never worked";
  }
  // The same, of what publishes: nothing, or all of it.
  void Change(const std::function<void()>& what) {
    Try([&] {
      const std::string before = Published();
      try {
        what();
      } catch (const std::exception&) {
        EXPECT_EQ(Published(), before);
        throw;
      }
      EXPECT_TRUE(faults_.synced()) << "published before it would survive a power cut";
    });
  }
  void Start() {
    Try([&] {
      accounts_.reset();
      account_store_.reset();
      store_.reset();
      store_ = std::make_unique<Store>(Options());
      account_store_ = std::make_unique<AccountStore>(*store_);
      accounts_ = std::make_unique<Accounts>(*account_store_);
      Configure();
    });
  }
  void Poll(const std::string& source, const std::vector<Reading>& readings) {
    Change([&] { accounts_->ApplyFetched(source, {.readings = readings}, now_); });
  }
  void Edit(const std::string& id, const SettingEdit& edit) {
    now_ += 1s;
    Change([&] {
      EXPECT_TRUE(
          accounts_->ApplyEdit({.account = {"demo", id}, .edit = edit, .who = "alice"}, now_));
    });
  }
  void Bulk(const std::string& select) {
    now_ += 1s;
    const BulkRequest request{
        .edit = {.select = Selection::Parse(select).value(),
                 .edit = {.enabled = true},
                 .thresholds = {{"USD", Amount("100")}, {"CNY", Amount("50")}}},
        .editor = {.who = "bob"}};
    Change([&] { EXPECT_TRUE(accounts_->ApplyBulk(request, now_).applied); });
  }

  [[nodiscard]] std::string Published() const {
    std::string text;
    AppendAccountMetrics(*accounts_->snapshot(), text);
    return text;
  }
  // What people read: the audit, the history, how fast credit goes.
  std::string Read() {
    std::string all;
    Try([&] {
      all.clear();
      for (const EditRecord& edit : accounts_->Edits({})) {
        all += std::to_string(edit.id) + " " + Describe(edit).en + "\n";
      }
      for (const char* id : {"1", "2", "3"}) {
        for (const CreditChange& change : accounts_->History({"demo", id}, Time{})) {
          all += std::string(id) + " " + FormatRfc3339(change.at) + " " +
                 change.available_credit.ToString() + "\n";
        }
      }
      for (const AccountView& view :
           accounts_->Views(accounts_->snapshot()->accounts, true, now_)) {
        all += view.burn_rate ? "burns\n" : "does not burn\n";
      }
    });
    return all;
  }

  StoreFaults& faults_;
  const TempFolder folder_;
  Config config_;
  Time now_ = kNoon;
  std::unique_ptr<Store> store_;
  std::unique_ptr<AccountStore> account_store_;
  std::unique_ptr<Accounts> accounts_;
  int told_ = 0;  // How often somebody was told of a failure.
};

class ExporterStoreFaultsTest : public testing::Test {
 protected:
  ExporterStoreFaultsTest() {
    Life life(faults_);
    life.Live();
    expected_ = life.Outcome();
  }

  StoreFaults faults_;
  std::string expected_;
};

TEST_F(ExporterStoreFaultsTest, NothingFails) {
  EXPECT_THAT(expected_, HasSubstr("billing_account_available_credit{provider=\"demo\","));
  EXPECT_THAT(expected_, HasSubstr("4 alice set "));
}

TEST_F(ExporterStoreFaultsTest, EachCallOfAFileOnce) {
  FailEach<Life>(faults_, StoreFaults::What::kFileCall, false, 1, expected_);
}

TEST_F(ExporterStoreFaultsTest, EveryThirdCallOfAFileUntilSomebodyIsTold) {
  FailEach<Life>(faults_, StoreFaults::What::kFileCall, true, 3, expected_);
}

TEST_F(ExporterStoreFaultsTest, EachStatementOnce) {
  FailEach<Life>(faults_, StoreFaults::What::kStatement, false, 1, expected_);
}

}  // namespace
}  // namespace lowbalance
