#pragma once
// The webhook's parts on a store of their own, with a clock that stands until it is moved.

#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/base/temp_folder.h"
#include "tests/webhook/facts.h"
#include "webhook/archive.h"
#include "webhook/database.h"
#include "webhook/delivery_queue.h"
#include "webhook/dispatcher.h"
#include "webhook/live_config.h"
#include "webhook/metrics.h"
#include "webhook/outbox.h"
#include "webhook/receiver.h"
#include "webhook/schema.h"

namespace lowbalance {

// finance: two addresses and an internal recipient, the default. ops: one address.
inline Config SomeConfig(const TempFolder& folder) {
  using namespace std::chrono_literals;
  Config config;
  config.file = folder.path() / "lowbalance.yml";
  config.contacts = {{.name = "finance",
                      .email = {"a@example.com", "b@example.com"},
                      .internal = {"finance"},
                      .language = "en"},
                     {.name = "ops", .email = {"ops@example.com"}, .language = "zh"}};
  config.default_contact = "finance";
  config.webhook.server.store_url = "sqlite:" + (folder.path() / "webhook.db").string();
  config.webhook.email.url = "file:mail";
  config.webhook.email.from = "Low Balance <alerts@example.com>";
  return config;
}

inline std::string Body(const std::vector<Alert>& alerts) {
  nlohmann::json body = {{"version", "4"},
                         {"receiver", "lowbalance"},
                         {"status", "firing"},
                         {"alerts", nlohmann::json::array()}};
  for (const Alert& alert : alerts) {
    body["alerts"].push_back(
        {{"status", alert.status}, {"labels", alert.labels}, {"annotations", alert.annotations}});
  }
  return body.dump();
}

class Parts {
 public:
  Parts() : config(SomeConfig(folder)) { Open(); }

  // As after a start, clean or not.
  void Open() {
    Close();
    database = std::make_unique<Database>(WebhookStore(*config.Get()));
    outbox = std::make_unique<Outbox>(*database);
    queue = std::make_unique<DeliveryQueue>(*database);
    archive = std::make_unique<Archive>(*database);
    receiver = std::make_unique<Receiver>(
        config, *outbox, metrics, [this] { return now; }, [this] { ++wakes; });
    dispatcher = std::make_unique<Dispatcher>(
        config, *queue, metrics, [this] { return now; }, [] { return 1.0; });
  }
  void Close() {
    dispatcher.reset();
    receiver.reset();
    archive.reset();
    queue.reset();
    outbox.reset();
    database.reset();
  }

  void Configure(const std::function<void(Config&)>& change) {
    Config changed = *config.Get();
    change(changed);
    config.Set(std::move(changed));
  }

  int Receive(const std::vector<Facts>& facts) {
    std::vector<Alert> alerts;
    for (const Facts& one : facts) alerts.push_back(ToAlert(one));
    return receiver->Receive(Body(alerts)).status;
  }

  // Statements on the store's file from outside, as a person with a shell would run them.
  void Sql(const std::string& statement) const {
    soci::session sql(soci::sqlite3, "db=" + (folder.path() / "webhook.db").string());
    sql << statement;
  }
  [[nodiscard]] int Count(const std::string& query) const {
    soci::session sql(soci::sqlite3, "db=" + (folder.path() / "webhook.db").string());
    int count = -1;
    sql << query, soci::into(count);
    return count;
  }
  // Makes every later INSERT into or UPDATE of a table fail, as a full disk would.
  void Break(const std::string& table) const {
    for (const char* const verb : {"INSERT", "UPDATE"}) {
      Sql("CREATE TRIGGER broken_" + table + verb + " BEFORE " + verb + " ON " + table +
          " BEGIN SELECT RAISE(ABORT, 'no space left'); END");
    }
  }
  void Mend(const std::string& table) const {
    for (const char* const verb : {"INSERT", "UPDATE"}) {
      Sql("DROP TRIGGER broken_" + table + verb);
    }
  }

  [[nodiscard]] bool HasSample(const std::string& line) {
    const DeliveryQueue::Stats stats = queue->GetStats();
    return ("\n" + metrics.Render(&stats)).find("\n" + line + "\n") != std::string::npos;
  }

  // "alert a@example.com delivered 1", in the order of deliveries.
  [[nodiscard]] std::vector<std::string> Deliveries() {
    std::vector<std::string> lines;
    auto found = archive->FindMessages({.limit = 1000});
    std::reverse(found.begin(), found.end());
    for (const auto& [message, deliveries] : found) {
      for (const Delivery& d : deliveries) {
        lines.push_back(std::string(ToString(message.kind)) + " " + d.recipient + " " +
                        std::string(ToString(d.state)) + " " + std::to_string(d.attempts));
      }
    }
    return lines;
  }

  TempFolder folder;
  LiveConfig config;
  WebhookMetrics metrics;
  Time now = kStart;
  int wakes = 0;
  std::unique_ptr<Database> database;
  std::unique_ptr<Outbox> outbox;
  std::unique_ptr<DeliveryQueue> queue;
  std::unique_ptr<Archive> archive;
  std::unique_ptr<Receiver> receiver;
  std::unique_ptr<Dispatcher> dispatcher;
};

// Remembers what it was asked to send, and answers as told.
class RecordingRelay : public Relay {
 public:
  using Answer = std::function<Result<void>(const Message&, const std::string& recipient)>;
  explicit RecordingRelay(Answer answer = {}) : answer_(std::move(answer)) {}

  Result<void> Send(const Message& message, const std::string& recipient) override {
    {
      const std::lock_guard lock(mutex_);
      sent_.push_back(ToString(Notice{message.kind, message.number}) + " to " + recipient);
    }
    if (!answer_) return {};
    return answer_(message, recipient);
  }
  void Abort() override { aborted = true; }

  [[nodiscard]] std::vector<std::string> sent() const {
    const std::lock_guard lock(mutex_);
    return sent_;
  }

  std::atomic<bool> aborted{false};

 private:
  const Answer answer_;
  mutable std::mutex mutex_;
  std::vector<std::string> sent_;  // Guarded by mutex_.
};

}  // namespace lowbalance
