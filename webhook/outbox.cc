#include "webhook/outbox.h"

#include <soci/soci.h>

#include "base/log.h"
#include "webhook/sql_values.h"
#include "webhook/text_limits.h"

namespace lowbalance {
namespace {

// Statements with their values bound once and run once per row. SOCI binds by address, so the
// values live beside the statement.

class EpisodeWriter {
 public:
  explicit EpisodeWriter(soci::session& sql)
      : statement_(
            (sql.prepare
                 << "INSERT INTO episodes (provider, account_id, level, low_since, alerted_at, "
                    "last_reminder, covered, overdue, overdue_told, ended_at, ended_reason, "
                    "newest_evaluation, reason) VALUES (:provider, :account_id, :level, "
                    ":low_since, :alerted_at, "
                    ":last_reminder, :covered, :overdue, :overdue_told, :ended_at, :ended_reason, "
                    ":newest, :reason) ON CONFLICT (provider, account_id, level) DO UPDATE SET "
                    "low_since = excluded.low_since, alerted_at = excluded.alerted_at, "
                    "last_reminder = excluded.last_reminder, covered = excluded.covered, "
                    "overdue = excluded.overdue, overdue_told = excluded.overdue_told, ended_at = "
                    "excluded.ended_at, "
                    "ended_reason = excluded.ended_reason, "
                    "newest_evaluation = excluded.newest_evaluation, reason = excluded.reason",
             soci::use(provider_), soci::use(account_id_), soci::use(level_), soci::use(low_since_),
             soci::use(alerted_at_.value, alerted_at_.indicator), soci::use(last_reminder_),
             soci::use(covered_), soci::use(overdue_), soci::use(overdue_told_),
             soci::use(ended_at_.value, ended_at_.indicator),
             soci::use(ended_reason_, ended_at_.indicator), soci::use(newest_evaluation_),
             soci::use(reason_))) {}

  void Write(const EpisodeKey& key, const Episode& episode) {
    provider_ = key.account.provider;
    account_id_ = key.account.account_id;
    level_ = key.level;
    low_since_ = sql::From(episode.low_since);
    alerted_at_ = sql::MaybeTime(episode.alerted_at);
    last_reminder_ = episode.last_reminder;
    covered_ = episode.covered ? 1 : 0;
    overdue_ = episode.overdue ? 1 : 0;
    overdue_told_ = episode.overdue_told ? 1 : 0;
    ended_at_ = sql::MaybeTime(episode.ended ? std::optional(episode.ended->at) : std::nullopt);
    ended_reason_ = episode.ended ? ToString(episode.ended->reason) : "";
    newest_evaluation_ = sql::From(episode.newest_evaluation);
    reason_ = ToString(episode.reason);
    statement_.execute(true);
  }

 private:
  std::string provider_, account_id_, level_, ended_reason_, reason_;
  sql::Int low_since_ = 0, newest_evaluation_ = 0;
  sql::MaybeTime alerted_at_, ended_at_;
  int last_reminder_ = 0, covered_ = 0, overdue_ = 0, overdue_told_ = 0;
  soci::statement statement_;
};

class MessageWriter {
 public:
  explicit MessageWriter(soci::session& sql)
      : message_(
            (sql.prepare << "INSERT INTO messages (id, created, provider, account_id, level, "
                            "low_since, kind, number, account_name, currency, "
                            "available_credit, threshold, contact, subject, body_text, body_html, "
                            "body_internal) VALUES (:id, :created, :provider, :account_id, "
                            ":level, :low_since, :kind, :number, :name, :currency, :credit, "
                            ":threshold, :contact, :subject, :text, :html, :internal) "
                            "ON CONFLICT (provider, account_id, level, low_since, kind, number) "
                            "DO NOTHING",
             soci::use(id_), soci::use(created_), soci::use(m_.key.account.provider),
             soci::use(m_.key.account.account_id), soci::use(m_.key.level), soci::use(low_since_),
             soci::use(kind_), soci::use(m_.number), soci::use(m_.account_name),
             soci::use(m_.currency), soci::use(credit_), soci::use(threshold_),
             soci::use(m_.contact), soci::use(m_.subject), soci::use(m_.text), soci::use(m_.html),
             soci::use(m_.internal))),
        delivery_(
            (sql.prepare << "INSERT INTO deliveries (id, message_id, relay, recipient, state, "
                            "attempts, last_error, next_attempt, expires, finished) VALUES (:id, "
                            ":message_id, :relay, :recipient, 'pending', 0, '', :next_attempt, "
                            ":expires, NULL)",
             soci::use(delivery_id_), soci::use(id_), soci::use(relay_), soci::use(recipient_),
             soci::use(created_), soci::use(expires_))) {}

  // False if there is such a message already, which was then said before.
  bool WriteMessage(std::int64_t id, const Message& message) {
    id_ = id;
    m_ = message;
    kind_ = ToString(message.kind);
    created_ = sql::From(message.created);
    low_since_ = sql::From(message.low_since);
    credit_ = message.available_credit.millionths();
    threshold_ = message.threshold.millionths();
    message_.execute(true);
    return message_.get_affected_rows() == 1;
  }

  // Of the message written last.
  void WriteDelivery(std::int64_t id, const NewMessage::Recipient& recipient, Time expires) {
    delivery_id_ = id;
    relay_ = recipient.relay;
    recipient_ = recipient.address;
    expires_ = sql::From(expires);
    delivery_.execute(true);
  }

 private:
  Message m_;
  sql::Int id_ = 0, created_ = 0, low_since_ = 0, credit_ = 0, threshold_ = 0;
  sql::Int delivery_id_ = 0, expires_ = 0;
  std::string kind_, relay_, recipient_;
  soci::statement message_, delivery_;
};

class Canceller {
 public:
  explicit Canceller(soci::session& sql)
      : statement_((
            sql.prepare << "UPDATE deliveries SET state = 'cancelled', finished = :now WHERE "
                           "state = 'pending' AND relay = :relay AND message_id IN (SELECT id FROM "
                           "messages WHERE provider = :provider AND account_id = :account_id AND "
                           "level = :level AND low_since < :before)",
            soci::use(now_), soci::use(relay_), soci::use(key_.account.provider),
            soci::use(key_.account.account_id), soci::use(key_.level), soci::use(before_))) {}

  int Cancel(const Cancellation& cancellation, std::string_view relay, Time now) {
    key_ = cancellation.key;
    before_ = sql::From(cancellation.before);
    relay_ = relay;
    now_ = sql::From(now);
    statement_.execute(true);
    return static_cast<int>(statement_.get_affected_rows());
  }

 private:
  EpisodeKey key_;
  std::string relay_;
  sql::Int before_ = 0, now_ = 0;
  soci::statement statement_;
};

void WriteBadAlerts(soci::session& sql, const std::vector<BadAlert>& bad_alerts, Time now) {
  if (bad_alerts.empty()) return;
  std::string labels, facts, error;
  sql::Int at = sql::From(now);
  soci::statement insert =
      (sql.prepare << "INSERT INTO bad_alerts (labels, facts, error, first_seen, last_seen, times) "
                      "VALUES (:labels, :facts, :error, :at1, :at2, 1) ON CONFLICT (labels) DO "
                      "UPDATE SET facts = excluded.facts, error = excluded.error, "
                      "last_seen = excluded.last_seen, times = bad_alerts.times + 1",
       soci::use(labels), soci::use(facts), soci::use(error), soci::use(at), soci::use(at));
  int written = 0;
  for (const BadAlert& bad : bad_alerts) {
    if (++written > Outbox::kBadAlertsMax) break;
    labels = LabelsAsJson(bad.alert.labels);
    facts = OneLine(bad.alert.Annotation(kAnnotationFacts), kFactsKeptMax);
    error = OneLine(bad.error, kErrorKeptMax);
    insert.execute(true);
  }
  int kept = 0;
  sql << "SELECT COUNT(*) FROM bad_alerts", soci::into(kept);
  if (kept <= Outbox::kBadAlertsMax) return;
  sql << "DELETE FROM bad_alerts WHERE labels NOT IN (SELECT labels FROM bad_alerts "
         "ORDER BY last_seen DESC, labels LIMIT :max)",
      soci::use(Outbox::kBadAlertsMax, "max");
}

}  // namespace

Outbox::Outbox(Database& database) : database_(database) { Load(); }

void Outbox::Load() {
  database_.Use("read the episodes", [this](soci::session& sql) {
    EpisodeKey key;
    Episode episode;
    sql::Int low_since = 0, newest_evaluation = 0;
    sql::MaybeTime alerted_at, ended_at;
    int covered = 0, overdue = 0, overdue_told = 0;
    std::string ended_reason, reason;
    soci::indicator has_ended_reason = soci::i_null;
    soci::statement select =
        (sql.prepare
             << "SELECT provider, account_id, level, low_since, alerted_at, last_reminder, "
                "covered, overdue, overdue_told, ended_at, ended_reason, newest_evaluation, "
                "reason FROM episodes",
         soci::into(key.account.provider), soci::into(key.account.account_id),
         soci::into(key.level), soci::into(low_since),
         soci::into(alerted_at.value, alerted_at.indicator), soci::into(episode.last_reminder),
         soci::into(covered), soci::into(overdue), soci::into(overdue_told),
         soci::into(ended_at.value, ended_at.indicator), soci::into(ended_reason, has_ended_reason),
         soci::into(newest_evaluation), soci::into(reason));
    select.execute();
    while (select.fetch()) {
      episode.low_since = sql::ToTime(low_since);
      episode.alerted_at = alerted_at.Get();
      episode.covered = covered != 0;
      episode.overdue = overdue != 0;
      episode.overdue_told = overdue_told != 0;
      episode.ended.reset();
      if (const auto at = ended_at.Get()) {
        const auto why = ParseEndReason(ended_reason);
        if (!why) throw StoreError("an episode has an end of unknown reason " + ended_reason);
        episode.ended = Ended{*at, *why};
      }
      episode.newest_evaluation = sql::ToTime(newest_evaluation);
      const auto parsed = ParseReason(reason);
      if (!parsed) throw StoreError("an episode has the unknown reason " + reason);
      episode.reason = *parsed;
      episodes_[key.account][key.level] = episode;
    }
    sql::Int last = 0;
    sql << "SELECT COALESCE(MAX(id), 0) FROM messages", soci::into(last);
    last_message_ = last;
    sql << "SELECT COALESCE(MAX(id), 0) FROM deliveries", soci::into(last);
    last_delivery_ = last;
  });
}

Outbox::Committed Outbox::Transact(const std::function<Batch(const Episodes&)>& make, Batch* done) {
  const std::lock_guard lock(mutex_);
  Batch batch = make(episodes_);
  Committed committed;
  if (batch.plan.ChangesStore()) committed = Commit(batch);
  Remember(batch.plan, batch.now);
  if (done != nullptr) *done = std::move(batch);
  return committed;
}

Outbox::Committed Outbox::Add(const std::vector<NewMessage>& messages, Time now) {
  const std::lock_guard lock(mutex_);
  return Commit({.now = now, .plan = {}, .compose = {}}, messages);
}

Outbox::Committed Outbox::Commit(const Batch& batch, const std::vector<NewMessage>& more) {
  Committed committed;
  std::int64_t message_id = last_message_;
  std::int64_t delivery_id = last_delivery_;
  database_.Use("commit a notification", [&](soci::session& sql) {
    soci::transaction transaction(sql);
    // First what ended, then what began: a new message is never among those cancelled.
    if (!batch.plan.cancellations.empty()) {
      Canceller canceller(sql);
      for (const Cancellation& cancellation : batch.plan.cancellations) {
        for (const std::string_view relay : {kRelayEmail, kRelayInternal}) {
          committed.cancellations[relay] += canceller.Cancel(cancellation, relay, batch.now);
        }
      }
    }
    EpisodeWriter episodes(sql);
    for (const Plan::State& state : batch.plan.states) {
      if (state.worth_storing) episodes.Write(state.key, state.episode);
    }
    MessageWriter writer(sql);
    const auto write = [&](const NewMessage& message) {
      if (!writer.WriteMessage(message_id + 1, message.message)) {
        log::Error("a message that was to be new is there already; it is not sent again",
                   {{"provider", message.message.key.account.provider},
                    {"account_id", message.message.key.account.account_id},
                    {"level", message.message.key.level},
                    {"low_since", FormatRfc3339(message.message.low_since)},
                    {"message", ToString(Notice{message.message.kind, message.message.number})}});
        return;
      }
      ++message_id;
      ++committed.messages;
      for (const NewMessage::Recipient& recipient : message.recipients) {
        writer.WriteDelivery(++delivery_id, recipient, message.expires);
      }
    };
    for (const PlannedMessage& planned : batch.plan.messages) write(batch.compose(planned));
    for (const NewMessage& message : more) write(message);
    WriteBadAlerts(sql, batch.plan.bad_alerts, batch.now);
    transaction.commit();
  });
  last_message_ = message_id;
  last_delivery_ = delivery_id;
  return committed;
}

void Outbox::Remember(const Plan& plan, Time now) {
  for (const Plan::State& state : plan.states) {
    episodes_[state.key.account][state.key.level] = state.episode;
  }
  for (const Decided& decided : plan.decisions) {
    // Labels that nobody has vouched for must not make it grow.
    const auto account = episodes_.find(decided.key.account);
    if (account == episodes_.end() || !account->second.contains(decided.key.level)) continue;
    LastDecision& last = last_decisions_[decided.key];
    last.at = now;
    last.reason = decided.reason;
    if (decided.contact) last.contact = decided.contact;
  }
}

std::optional<Outbox::LastDecision> Outbox::FindLastDecision(const EpisodeKey& key) const {
  const std::lock_guard lock(mutex_);
  const auto found = last_decisions_.find(key);
  if (found == last_decisions_.end()) return std::nullopt;
  return found->second;
}

Episodes Outbox::Find(std::string_view provider, std::string_view account_id) const {
  const std::lock_guard lock(mutex_);
  Episodes found;
  for (const auto& [account, levels] : episodes_) {
    if (!provider.empty() && account.provider != provider) continue;
    if (!account_id.empty() && account.account_id != account_id) continue;
    found.emplace(account, levels);
  }
  return found;
}

}  // namespace lowbalance
