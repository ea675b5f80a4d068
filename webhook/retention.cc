#include "webhook/retention.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "base/log.h"
#include "webhook/sql_values.h"

namespace lowbalance {
namespace {

constexpr int kPerStep = 200;
constexpr std::chrono::hours kBetweenLooks{1};
constexpr Millis kBetweenSteps{50};

// The oldest messages that may go, as a list of ids to stand in a statement; `count` is how many.
std::string FindOld(soci::session& sql, Millis retention, Time now, int* count) {
  sql::Int newest = 0;
  sql << "SELECT COALESCE(MAX(created), 0) FROM messages", soci::into(newest);
  const sql::Int cut = std::min(newest, sql::From(now)) - retention.count();
  sql::Int id = 0;
  soci::statement select =
      (sql.prepare << "SELECT id FROM messages m WHERE created < :cut "
                      "AND NOT EXISTS (SELECT 1 FROM deliveries d "
                      "WHERE d.message_id = m.id "
                      "AND (d.state = 'pending' OR d.finished >= :cut)) "
                      "AND NOT EXISTS (SELECT 1 FROM episodes e WHERE e.provider = m.provider "
                      "AND e.account_id = m.account_id AND e.level = m.level "
                      "AND e.low_since = m.low_since AND e.ended_at IS NULL) "
                      "AND id <> (SELECT MAX(id) FROM messages) "
                      "AND id NOT IN (SELECT message_id FROM deliveries ORDER BY id DESC LIMIT 1) "
                      "AND id NOT IN (SELECT message_id FROM inbox ORDER BY id DESC LIMIT 1) "
                      "ORDER BY created LIMIT :most",
       soci::use(cut, "cut"), soci::use(kPerStep, "most"), soci::into(id));
  select.execute();
  std::string ids;
  for (*count = 0; select.fetch(); ++*count) {
    ids += (ids.empty() ? "" : ",") + std::to_string(id);
  }
  return ids;
}

int Forget(soci::session& sql, Millis retention, Time now) {
  soci::transaction transaction(sql);
  int count = 0;
  const std::string ids = FindOld(sql, retention, now, &count);
  if (count == 0) return 0;
  for (const char* const statement :
       {"DELETE FROM inbox WHERE message_id IN (", "DELETE FROM deliveries WHERE message_id IN (",
        "DELETE FROM messages WHERE id IN ("}) {
    sql << statement + ids + ")";
  }
  transaction.commit();
  return count;
}

}  // namespace

Retention::Retention(const LiveConfig& config, Database& database, Clock clock)
    : config_(config), database_(database), clock_(std::move(clock)) {}

void Retention::Start() {
  loop_ = std::make_unique<Loop>(
      "retention", clock_, [this](Time now) { return Look(now); }, kBetweenLooks);
}

void Retention::Stop() { loop_.reset(); }

Time Retention::Look(Time now) {
  const Millis retention = config_.Get()->webhook.retention;
  const int count = database_.Use("forget old messages",
                                  [&](soci::session& sql) { return Forget(sql, retention, now); });
  forgotten_ += count;
  if (count == kPerStep) return now + kBetweenSteps;
  if (forgotten_ > 0) {
    log::Info("old messages forgotten", {{"messages", std::to_string(forgotten_)},
                                         {"older_than", FormatDuration(retention)}});
  }
  forgotten_ = 0;
  return now + kBetweenLooks;
}

}  // namespace lowbalance
