#include "webhook/archive.h"

#include <soci/soci.h>

#include <limits>
#include <utility>

#include "webhook/sql_values.h"

namespace lowbalance {
namespace {

constexpr sql::Int kNoBound = std::numeric_limits<sql::Int>::max();

std::vector<Delivery> DeliveriesOf(soci::session& sql, std::int64_t message_id) {
  std::vector<Delivery> deliveries;
  Delivery d;
  sql::Int id = 0, next_attempt = 0, expires = 0;
  const sql::Int of = message_id;
  std::string state;
  sql::MaybeTime finished;
  soci::statement select =
      (sql.prepare << "SELECT id, relay, recipient, state, attempts, last_error, next_attempt, "
                      "expires, finished FROM deliveries WHERE message_id = :id ORDER BY id",
       soci::use(of), soci::into(id), soci::into(d.relay), soci::into(d.recipient),
       soci::into(state), soci::into(d.attempts), soci::into(d.last_error),
       soci::into(next_attempt), soci::into(expires),
       soci::into(finished.value, finished.indicator));
  select.execute();
  while (select.fetch()) {
    d.id = id;
    d.message_id = message_id;
    const auto parsed = ParseDeliveryState(state);
    if (!parsed) throw StoreError("a delivery has the unknown state " + state);
    d.state = *parsed;
    d.next_attempt = sql::ToTime(next_attempt);
    d.expires = sql::ToTime(expires);
    d.finished = finished.Get();
    deliveries.push_back(d);
  }
  return deliveries;
}

// `where` and `bind` say which messages; `text` is the column or literal to read as the text.
template <class Bind>
std::vector<Archive::Found> ReadMessages(soci::session& sql, const std::string& text,
                                         const std::string& where, Bind bind) {
  std::vector<Archive::Found> found;
  {
    Message m;
    sql::Int id = 0, created = 0, low_since = 0, credit = 0, threshold = 0;
    std::string kind;
    soci::statement select(sql);
    select.exchange(soci::into(id));
    select.exchange(soci::into(created));
    select.exchange(soci::into(m.key.account.provider));
    select.exchange(soci::into(m.key.account.account_id));
    select.exchange(soci::into(m.key.level));
    select.exchange(soci::into(low_since));
    select.exchange(soci::into(kind));
    select.exchange(soci::into(m.number));
    select.exchange(soci::into(m.account_name));
    select.exchange(soci::into(m.currency));
    select.exchange(soci::into(credit));
    select.exchange(soci::into(threshold));
    select.exchange(soci::into(m.contact));
    select.exchange(soci::into(m.subject));
    select.exchange(soci::into(m.text));
    bind(select);
    select.alloc();
    select.prepare(
        "SELECT id, created, provider, account_id, level, low_since, kind, number, "
        "account_name, currency, available_credit, threshold, contact, subject, " +
        text + " FROM messages m WHERE " + where);
    select.define_and_bind();
    select.execute();
    while (select.fetch()) {
      m.id = id;
      m.kind = KindOf(kind);
      m.created = sql::ToTime(created);
      m.low_since = sql::ToTime(low_since);
      m.available_credit = Money::FromMillionths(credit);
      m.threshold = Money::FromMillionths(threshold);
      found.push_back({m, {}});
    }
  }
  for (Archive::Found& one : found) one.deliveries = DeliveriesOf(sql, one.message.id);
  return found;
}

// " AND COLUMN IN (:r0, :r1)", one for each; "" if there are none.
std::string AmongRecipients(const char* column, const std::vector<std::string>& recipients) {
  std::string condition;
  for (std::size_t i = 0; i < recipients.size(); ++i) {
    condition += (i == 0 ? std::string(" AND ") + column + " IN (:r" : ", :r") + std::to_string(i);
  }
  return condition.empty() ? "" : condition + ")";
}

}  // namespace

std::vector<Archive::Found> Archive::FindMessages(const MessageFilter& filter) {
  return database_.Use("read messages", [&](soci::session& sql) {
    const sql::Int before = filter.before.value_or(kNoBound);
    const std::string state(filter.state ? ToString(*filter.state) : "");
    std::string where = "id < :before";
    if (!filter.provider.empty()) where += " AND provider = :provider";
    if (!filter.account_id.empty()) where += " AND account_id = :account_id";
    if (!filter.contact.empty()) where += " AND contact = :contact";
    if (filter.state) {
      where +=
          " AND EXISTS (SELECT 1 FROM deliveries d WHERE d.message_id = m.id AND d.state = :state)";
    }
    return ReadMessages(sql, "''", where + " ORDER BY id DESC LIMIT :limit",
                        [&](soci::statement& select) {
                          select.exchange(soci::use(before));
                          if (!filter.provider.empty()) {
                            select.exchange(soci::use(filter.provider));
                          }
                          if (!filter.account_id.empty()) {
                            select.exchange(soci::use(filter.account_id));
                          }
                          if (!filter.contact.empty()) select.exchange(soci::use(filter.contact));
                          if (filter.state) select.exchange(soci::use(state));
                          select.exchange(soci::use(filter.limit));
                        });
  });
}

std::optional<Archive::Found> Archive::FindMessage(std::int64_t id) {
  auto found = database_.Use("read a message", [&](soci::session& sql) {
    const sql::Int wanted = id;
    return ReadMessages(sql, "body_text", "id = :id",
                        [&](soci::statement& select) { select.exchange(soci::use(wanted)); });
  });
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

std::vector<InboxEntry> Archive::FindInbox(const InboxFilter& filter) {
  return database_.Use("read the inbox", [&](soci::session& sql) {
    std::vector<InboxEntry> found;
    InboxEntry entry;
    sql::Int id = 0, message_id = 0, at = 0;
    int is_read = 0;
    const sql::Int before = filter.before.value_or(kNoBound);
    soci::statement select(sql);
    select.exchange(soci::into(id));
    select.exchange(soci::into(message_id));
    select.exchange(soci::into(entry.recipient));
    select.exchange(soci::into(at));
    select.exchange(soci::into(is_read));
    select.exchange(soci::into(entry.title));
    select.exchange(soci::into(entry.text));
    select.exchange(soci::use(before));
    for (const std::string& recipient : filter.recipients) {
      select.exchange(soci::use(recipient));
    }
    select.exchange(soci::use(filter.limit));
    select.alloc();
    select.prepare(
        std::string("SELECT i.id, i.message_id, i.recipient, i.at, i.is_read, m.subject, "
                    "m.body_internal FROM inbox i JOIN messages m ON m.id = i.message_id "
                    "WHERE i.id < :before") +
        AmongRecipients("i.recipient", filter.recipients) + " ORDER BY i.id DESC LIMIT :limit");
    select.define_and_bind();
    select.execute();
    while (select.fetch()) {
      entry.id = id;
      entry.message_id = message_id;
      entry.at = sql::ToTime(at);
      entry.read = is_read != 0;
      found.push_back(entry);
    }
    return found;
  });
}

bool Archive::MarkRead(std::int64_t inbox_id, const std::vector<std::string>& recipients) {
  return database_.Use("mark an internal message as read", [&](soci::session& sql) {
    const sql::Int id = inbox_id;
    soci::statement update(sql);
    update.exchange(soci::use(id));
    for (const std::string& recipient : recipients) update.exchange(soci::use(recipient));
    update.alloc();
    update.prepare("UPDATE inbox SET is_read = 1 WHERE id = :id" +
                   AmongRecipients("recipient", recipients));
    update.define_and_bind();
    update.execute(true);
    return update.get_affected_rows() == 1;
  });
}

std::vector<Archive::Recipient> Archive::FindRecipients() {
  return database_.Use("count what is unread", [](soci::session& sql) {
    std::vector<Recipient> found;
    Recipient recipient;
    soci::statement select =
        (sql.prepare << "SELECT recipient, SUM(1 - is_read) FROM inbox GROUP BY recipient "
                        "ORDER BY recipient",
         soci::into(recipient.name), soci::into(recipient.unread));
    select.execute();
    while (select.fetch()) found.push_back(recipient);
    return found;
  });
}

std::vector<StoredBadAlert> Archive::FindBadAlerts(int limit) {
  return database_.Use("read the bad alerts", [&](soci::session& sql) {
    std::vector<StoredBadAlert> found;
    StoredBadAlert bad;
    sql::Int first_seen = 0, last_seen = 0;
    soci::statement select =
        (sql.prepare << "SELECT labels, facts, error, first_seen, last_seen, times FROM bad_alerts "
                        "ORDER BY last_seen DESC, labels LIMIT :limit",
         soci::use(limit), soci::into(bad.labels), soci::into(bad.facts), soci::into(bad.error),
         soci::into(first_seen), soci::into(last_seen), soci::into(bad.times));
    select.execute();
    while (select.fetch()) {
      bad.first_seen = sql::ToTime(first_seen);
      bad.last_seen = sql::ToTime(last_seen);
      found.push_back(bad);
    }
    return found;
  });
}

}  // namespace lowbalance
