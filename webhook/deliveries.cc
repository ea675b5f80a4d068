#include "webhook/deliveries.h"

#include <soci/soci.h>

#include <limits>

#include "webhook/sql_values.h"

namespace lowbalance {
namespace {

const Bilingual kDelivered{"it has been delivered", "已经送达"};

constexpr sql::Int kNoBound = std::numeric_limits<sql::Int>::max();

// `where` says which deliveries, and `bind` binds the values in it, in order.
template <class Bind>
std::vector<Deliveries::Found> Read(soci::session& sql, const std::string& where, Bind bind) {
  std::vector<Deliveries::Found> all;
  Deliveries::Found found;
  Delivery& d = found.delivery;
  Message& m = found.message;
  sql::Int id = 0, message_id = 0, next_attempt = 0, expires = 0, created = 0, low_since = 0;
  sql::MaybeTime finished;
  std::string state, kind;
  soci::statement select(sql);
  const auto into = [&select](auto& value) { select.exchange(soci::into(value)); };
  into(id), into(message_id), into(d.relay), into(d.recipient), into(state), into(d.attempts);
  into(d.last_error), into(next_attempt), into(expires);
  select.exchange(soci::into(finished.value, finished.indicator));
  into(created), into(m.key.account.provider), into(m.key.account.account_id), into(m.key.level);
  into(low_since), into(kind), into(m.number), into(m.account_name), into(m.contact),
      into(m.subject);
  bind(select);
  select.alloc();
  select.prepare(
      "SELECT d.id, d.message_id, d.relay, d.recipient, d.state, d.attempts, d.last_error, "
      "d.next_attempt, d.expires, d.finished, m.created, m.provider, m.account_id, m.level, "
      "m.low_since, m.kind, m.number, m.account_name, m.contact, m.subject "
      "FROM deliveries d JOIN messages m ON m.id = d.message_id WHERE " +
      where);
  select.define_and_bind();
  select.execute();
  while (select.fetch()) {
    const auto parsed = ParseDeliveryState(state);
    if (!parsed) throw StoreError("a delivery has the unknown state " + state);
    m.kind = KindOf(kind);
    d.id = id;
    d.message_id = m.id = message_id;
    d.state = *parsed;
    d.next_attempt = sql::ToTime(next_attempt);
    d.expires = sql::ToTime(expires);
    d.finished = finished.Get();
    m.created = sql::ToTime(created);
    m.low_since = sql::ToTime(low_since);
    all.push_back(found);
  }
  return all;
}

std::vector<Deliveries::Found> ReadOne(soci::session& sql, std::int64_t id) {
  const sql::Int wanted = id;
  return Read(sql, "d.id = :id",
              [&wanted](soci::statement& select) { select.exchange(soci::use(wanted)); });
}

// Is the message no longer true: is the episode it is of known to be over, or in the case of a
// recovery notice, has another begun?
bool IsNoLongerTrue(soci::session& sql, const Message& message) {
  if (!IsAboutAccount(message.kind)) return false;
  sql::Int low_since = 0;
  sql::MaybeTime ended;
  sql << "SELECT low_since, ended_at FROM episodes WHERE provider = :provider AND "
         "account_id = :account_id AND level = :level",
      soci::use(message.key.account.provider), soci::use(message.key.account.account_id),
      soci::use(message.key.level), soci::into(low_since), soci::into(ended.value, ended.indicator);
  if (!sql.got_data()) return false;
  if (sql::ToTime(low_since) > message.low_since) return true;
  return message.kind != MessageKind::kRecovery && ended.Get().has_value();
}

// Why what is over, one way or the other, is not sent again; nothing if it can be.
std::optional<Bilingual> WhyNotAgain(soci::session& sql, const Deliveries::Found& found) {
  if (found.delivery.state == DeliveryState::kDelivered) return kDelivered;
  if (found.delivery.state == DeliveryState::kCancelled) {
    return Bilingual{"it has been cancelled: nobody needs it any more", "已取消：该消息已无需发送"};
  }
  if (!IsNoLongerTrue(sql, found.message)) return std::nullopt;
  if (found.message.kind == MessageKind::kRecovery) {
    return Bilingual{"the account is low again: the message is no longer true",
                     "该账户再次低于阈值，消息内容已不适用"};
  }
  return Bilingual{"the account's episode has ended: the message is no longer true",
                   "该账户的本次预警已结束，消息内容已不适用"};
}

}  // namespace

std::vector<Deliveries::Found> Deliveries::Find(const Filter& filter) {
  return database_.Use("read deliveries", [&](soci::session& sql) {
    const sql::Int before = filter.before.value_or(kNoBound);
    const std::string state(filter.state ? ToString(*filter.state) : "");
    std::string where = "d.id < :before";
    if (filter.state) where += " AND d.state = :state";
    if (!filter.contact.empty()) where += " AND m.contact = :contact";
    return Read(sql, where + " ORDER BY d.id DESC LIMIT :limit", [&](soci::statement& select) {
      select.exchange(soci::use(before));
      if (filter.state) select.exchange(soci::use(state));
      if (!filter.contact.empty()) select.exchange(soci::use(filter.contact));
      select.exchange(soci::use(filter.limit));
    });
  });
}

Deliveries::Change Deliveries::Resend(std::int64_t id, const Expiry& expiry, Time now) {
  return database_.Use("send a delivery again", [&](soci::session& sql) {
    soci::transaction transaction(sql);
    auto found = ReadOne(sql, id);
    if (found.empty()) return Change{.known = false};
    Change change{.found = std::move(found.front())};
    Delivery& d = change.found.delivery;
    if (d.state == DeliveryState::kPending) {
      change.reason = {"it is waiting to be sent already", "已在等待投递"};
      return change;
    }
    if (auto reason = WhyNotAgain(sql, change.found)) {
      change.refused = true;
      change.reason = std::move(*reason);
      return change;
    }
    const bool reminder = change.found.message.kind == MessageKind::kReminder;
    d.state = DeliveryState::kPending;
    d.attempts = 0;
    d.next_attempt = now;
    d.expires = now + (reminder ? expiry.reminder : expiry.alert);
    d.finished.reset();
    const sql::Int wanted = id, at = sql::From(now), expires = sql::From(d.expires);
    sql << "UPDATE deliveries SET state = 'pending', attempts = 0, next_attempt = :at, "
           "expires = :expires, finished = NULL WHERE id = :id",
        soci::use(at), soci::use(expires), soci::use(wanted);
    transaction.commit();
    change.changed = true;
    return change;
  });
}

Deliveries::Change Deliveries::Cancel(std::int64_t id, Time now) {
  return database_.Use("cancel a delivery", [&](soci::session& sql) {
    soci::transaction transaction(sql);
    auto found = ReadOne(sql, id);
    if (found.empty()) return Change{.known = false};
    Change change{.found = std::move(found.front())};
    Delivery& d = change.found.delivery;
    if (d.state == DeliveryState::kCancelled) {
      change.reason = {"it is cancelled already", "已经取消"};
      return change;
    }
    if (d.state == DeliveryState::kDelivered) {
      change.refused = true;
      change.reason = kDelivered;
      return change;
    }
    d.state = DeliveryState::kCancelled;
    d.finished = now;
    const sql::Int wanted = id, at = sql::From(now);
    sql << "UPDATE deliveries SET state = 'cancelled', finished = :at WHERE id = :id",
        soci::use(at), soci::use(wanted);
    transaction.commit();
    change.changed = true;
    return change;
  });
}

}  // namespace lowbalance
