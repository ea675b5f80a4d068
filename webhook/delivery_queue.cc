#include "webhook/delivery_queue.h"

#include <soci/soci.h>

#include <algorithm>

#include "webhook/sql_values.h"
#include "webhook/text_limits.h"

namespace lowbalance {
namespace {

// Deliveries that expired are given up in this many steps per call, so that none holds the store
// for long.
constexpr int kExpiredPerCallMax = 100;

using Claims = std::map<std::int64_t, std::string>;

std::vector<std::string> FullRecipients(const Claims& taken) {
  std::map<std::string, int> counts;
  std::vector<std::string> full;
  for (const auto& [id, recipient] : taken) {
    if (++counts[recipient] == DeliveryQueue::kPerRecipientMax) full.push_back(recipient);
  }
  return full;
}

// Reads one number, or none, about the pending deliveries of a relay that nobody has taken and
// whose recipients are not at their limit.
class PendingQuery {
 public:
  PendingQuery(soci::session& sql, std::string_view what, std::string_view relay,
               const Claims& taken)
      : statement_(sql), text_(what), relay_(relay), recipients_(FullRecipients(taken)) {
    text_ += " FROM deliveries WHERE state = 'pending' AND relay = :relay";
    statement_.exchange(soci::into(value_, indicator_));
    statement_.exchange(soci::use(relay_));
    if (!taken.empty()) {
      std::string ids;
      for (const auto& [id, recipient] : taken)
        ids += (ids.empty() ? "" : ",") + std::to_string(id);
      text_ += " AND id NOT IN (" + ids + ")";
    }
    for (std::size_t i = 0; i < recipients_.size(); ++i) {
      text_ += " AND recipient <> :r" + std::to_string(i);
      statement_.exchange(soci::use(recipients_[i]));
    }
  }

  // `tail` may hold one place for an instant, :now, and after it one for another, :far.
  std::optional<sql::Int> Run(std::string_view tail, std::optional<Time> now = std::nullopt,
                              std::optional<Time> far = std::nullopt) {
    text_ += tail;
    if (now) {
      now_ = sql::From(*now);
      statement_.exchange(soci::use(now_));
    }
    if (far) {
      far_ = sql::From(*far);
      statement_.exchange(soci::use(far_));
    }
    statement_.alloc();
    statement_.prepare(text_);
    statement_.define_and_bind();
    if (!statement_.execute(true) || indicator_ != soci::i_ok) return std::nullopt;
    return value_;
  }

 private:
  soci::statement statement_;
  std::string text_;
  std::string relay_;
  std::vector<std::string> recipients_;
  sql::Int value_ = 0;
  soci::indicator indicator_ = soci::i_null;
  sql::Int now_ = 0;
  sql::Int far_ = 0;
};

DeliveryQueue::Claim Read(soci::session& sql, std::int64_t id) {
  DeliveryQueue::Claim claim;
  Delivery& d = claim.delivery;
  Message& m = claim.message;
  d.id = id;
  sql::Int delivery_id = id;
  std::string kind;
  sql::Int message_id = 0, expires = 0, created = 0, low_since = 0, credit = 0, threshold = 0;
  sql << "SELECT d.message_id, d.relay, d.recipient, d.attempts, d.last_error, d.expires, "
         "m.created, m.provider, m.account_id, m.level, m.low_since, m.kind, m.number, "
         "m.account_name, m.currency, m.available_credit, m.threshold, m.contact, m.subject, "
         "m.body_text, "
         "m.body_html FROM deliveries d JOIN messages m ON m.id = d.message_id WHERE d.id = :id",
      soci::use(delivery_id), soci::into(message_id), soci::into(d.relay), soci::into(d.recipient),
      soci::into(d.attempts), soci::into(d.last_error), soci::into(expires), soci::into(created),
      soci::into(m.key.account.provider), soci::into(m.key.account.account_id),
      soci::into(m.key.level), soci::into(low_since), soci::into(kind), soci::into(m.number),
      soci::into(m.account_name), soci::into(m.currency), soci::into(credit), soci::into(threshold),
      soci::into(m.contact), soci::into(m.subject), soci::into(m.text), soci::into(m.html);
  d.message_id = m.id = message_id;
  d.expires = sql::ToTime(expires);
  m.kind = KindOf(kind);
  m.created = sql::ToTime(created);
  m.low_since = sql::ToTime(low_since);
  m.available_credit = Money::FromMillionths(credit);
  m.threshold = Money::FromMillionths(threshold);
  return claim;
}

}  // namespace

DeliveryQueue::DeliveryQueue(Database& database) : database_(database) {
  database_.Use("read the inbox", [this](soci::session& sql) {
    sql::Int last = 0;
    sql << "SELECT COALESCE(MAX(id), 0) FROM inbox", soci::into(last);
    last_inbox_ = last;
  });
}

DeliveryQueue::Taken DeliveryQueue::Take(const RetryPolicy& policy, Time now) {
  const std::lock_guard lock(mutex_);
  RecordLeftOvers();
  return database_.Use("take a delivery", [&](soci::session& sql) {
    Taken result;
    while (result.expired < kExpiredPerCallMax) {
      std::optional<sql::Int> id;
      for (const std::string_view attempts : {"= 0", "> 0"}) {
        id = PendingQuery(sql, "SELECT id", kRelayEmail, taken_)
                 .Run(" AND attempts " + std::string(attempts) +
                          " AND (next_attempt <= :now OR next_attempt > :far) "
                          "ORDER BY next_attempt, id LIMIT 1",
                      now, now + policy.longest);
        if (id) break;
      }
      if (!id) break;
      Claim claim = Read(sql, *id);
      const bool untried_alert =
          claim.delivery.attempts == 0 && claim.message.kind == MessageKind::kAlert;
      if (now < claim.delivery.expires || untried_alert) {
        taken_.emplace(claim.delivery.id, claim.delivery.recipient);
        result.claim = std::move(claim);
        break;
      }
      const std::string error = ExpiredText(claim.delivery.last_error);
      const sql::Int at = sql::From(now);
      sql << "UPDATE deliveries SET state = 'dead', last_error = :error, finished = :now "
             "WHERE id = :id",
          soci::use(error), soci::use(at), soci::use(*id);
      ++result.expired;
    }
    return result;
  });
}

std::optional<DeliveryState> DeliveryQueue::Finish(const Claim& claim, Outcome outcome,
                                                   std::string error, Time next_attempt, Time now) {
  const std::lock_guard lock(mutex_);
  const Finished finished{claim.delivery, outcome, OneLine(error, kErrorKeptMax), next_attempt,
                          now};
  try {
    return Record(finished);
  } catch (const StoreError&) {
    unrecorded_.push_back(finished);
    throw;
  }
}

void DeliveryQueue::Release(const Claim& claim) {
  const std::lock_guard lock(mutex_);
  taken_.erase(claim.delivery.id);
}

void DeliveryQueue::RecordLeftOvers() {
  while (!unrecorded_.empty()) {
    Record(unrecorded_.back());
    unrecorded_.pop_back();
  }
}

std::optional<DeliveryState> DeliveryQueue::Record(const Finished& finished) {
  const sql::Int id = finished.delivery.id;
  const sql::Int now = sql::From(finished.now);
  const int attempts = finished.delivery.attempts + 1;
  const bool expired = finished.now >= finished.delivery.expires;
  DeliveryState state = DeliveryState::kPending;
  if (finished.outcome == Outcome::kDelivered) {
    state = DeliveryState::kDelivered;
  } else if (finished.outcome == Outcome::kDead || expired) {
    state = DeliveryState::kDead;
  }
  const long long rows = database_.Use("record a delivery", [&](soci::session& sql) {
    const std::string word(ToString(state));
    if (state == DeliveryState::kDelivered) {
      // Whatever was decided meanwhile: it has got there.
      soci::statement update =
          (sql.prepare << "UPDATE deliveries SET state = :state, "
                          "attempts = :attempts, finished = :now "
                          "WHERE id = :id",
           soci::use(word), soci::use(attempts), soci::use(now), soci::use(id));
      update.execute(true);
      return update.get_affected_rows();
    }
    const bool dead = state == DeliveryState::kDead;
    const std::string error =
        dead && finished.outcome != Outcome::kDead ? ExpiredText(finished.error) : finished.error;
    // It becomes due at its expiry at the latest, to be given up then.
    const sql::Int next = sql::From(std::min(finished.next_attempt, finished.delivery.expires));
    sql::MaybeTime end(dead ? std::optional(finished.now) : std::nullopt);
    soci::statement update =
        (sql.prepare << "UPDATE deliveries SET state = :state, attempts = :attempts, "
                        "last_error = :error, next_attempt = :next, finished = :now "
                        "WHERE id = :id AND state = 'pending'",
         soci::use(word), soci::use(attempts), soci::use(error), soci::use(next),
         soci::use(end.value, end.indicator), soci::use(id));
    update.execute(true);
    return update.get_affected_rows();
  });
  taken_.erase(finished.delivery.id);
  if (rows == 0) return std::nullopt;
  return state;
}

DeliveryQueue::Internal DeliveryQueue::DeliverInternal(Time now, int max) {
  const std::lock_guard lock(mutex_);
  Internal result;
  std::int64_t inbox_id = last_inbox_;
  database_.Use("deliver internal messages", [&](soci::session& sql) {
    struct Due {
      sql::Int id = 0, message_id = 0, expires = 0;
      std::string recipient;
      std::string kind;
    };
    std::vector<Due> all;
    {
      Due due;
      soci::statement select =
          (sql.prepare << "SELECT d.id, d.message_id, d.expires, d.recipient, m.kind "
                          "FROM deliveries d JOIN messages m ON m.id = d.message_id "
                          "WHERE d.state = 'pending' AND d.relay = 'internal' "
                          "ORDER BY d.attempts, d.next_attempt, d.id LIMIT :max",
           soci::use(max), soci::into(due.id), soci::into(due.message_id), soci::into(due.expires),
           soci::into(due.recipient), soci::into(due.kind));
      select.execute();
      while (select.fetch()) all.push_back(due);
    }
    if (all.empty()) return;
    soci::transaction transaction(sql);
    Due due;
    std::string state;
    std::string error;
    const sql::Int at = sql::From(now);
    soci::statement put = (sql.prepare << "INSERT INTO inbox (id, delivery_id, message_id, "
                                          "recipient, at, is_read) VALUES (:id, :delivery_id, "
                                          ":message_id, :recipient, :at, 0)",
                           soci::use(inbox_id), soci::use(due.id), soci::use(due.message_id),
                           soci::use(due.recipient), soci::use(at));
    soci::statement mark = (sql.prepare << "UPDATE deliveries SET state = :state, attempts = 1, "
                                           "last_error = :error, finished = :now WHERE id = :id",
                            soci::use(state), soci::use(error), soci::use(at), soci::use(due.id));
    for (const Due& one : all) {
      due = one;
      const bool expired =
          sql::ToTime(one.expires) <= now && KindOf(one.kind) != MessageKind::kAlert;
      state = ToString(expired ? DeliveryState::kDead : DeliveryState::kDelivered);
      error = expired ? ExpiredText("") : "";
      if (!expired) {
        ++inbox_id;
        put.execute(true);
      }
      mark.execute(true);
      ++(expired ? result.dead : result.delivered);
    }
    transaction.commit();
  });
  last_inbox_ = inbox_id;
  return result;
}

Time DeliveryQueue::NextDue(std::string_view relay, const RetryPolicy& policy, Time now) {
  const std::lock_guard lock(mutex_);
  const auto next = database_.Use("look for the next delivery", [&](soci::session& sql) {
    return PendingQuery(sql, "SELECT MIN(next_attempt)", relay, taken_).Run("");
  });
  const Time latest = now + policy.longest;
  if (!next) return latest;
  const Time due = sql::ToTime(*next);
  return due > latest ? now : std::max(due, now);
}

DeliveryQueue::Stats DeliveryQueue::GetStats() {
  return database_.Use("count the deliveries", [](soci::session& sql) {
    Stats stats;
    sql::Int pending = 0, dead = 0;
    sql << "SELECT COUNT(*) FROM deliveries WHERE state = 'pending'", soci::into(pending);
    sql << "SELECT COUNT(*) FROM deliveries WHERE state = 'dead'", soci::into(dead);
    sql::MaybeTime oldest;
    sql << "SELECT MIN(created) FROM messages WHERE id = (SELECT MIN(message_id) FROM deliveries "
           "WHERE state = 'pending')",
        soci::into(oldest.value, oldest.indicator);
    stats.pending = pending;
    stats.dead = dead;
    stats.oldest = oldest.Get();
    return stats;
  });
}

}  // namespace lowbalance
