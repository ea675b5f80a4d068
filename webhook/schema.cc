#include "webhook/schema.h"

#include <array>
#include <string_view>

namespace lowbalance {
namespace {

constexpr std::string_view kVersion1 = R"sql(
CREATE TABLE episodes (
  provider TEXT NOT NULL,
  account_id TEXT NOT NULL,
  level TEXT NOT NULL,
  low_since BIGINT NOT NULL,
  alerted_at BIGINT,
  last_reminder INTEGER NOT NULL,
  covered INTEGER NOT NULL,
  overdue INTEGER NOT NULL,
  ended_at BIGINT,
  ended_reason TEXT,
  newest_evaluation BIGINT NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (provider, account_id, level)
);
CREATE TABLE messages (
  id BIGINT PRIMARY KEY,
  created BIGINT NOT NULL,
  provider TEXT NOT NULL,
  account_id TEXT NOT NULL,
  level TEXT NOT NULL,
  low_since BIGINT NOT NULL,
  number INTEGER NOT NULL,
  account_name TEXT NOT NULL,
  currency TEXT NOT NULL,
  available_credit BIGINT NOT NULL,
  threshold BIGINT NOT NULL,
  contact TEXT NOT NULL,
  subject TEXT NOT NULL,
  body_text TEXT NOT NULL,
  body_html TEXT NOT NULL,
  UNIQUE (provider, account_id, level, low_since, number)
);
CREATE TABLE deliveries (
  id BIGINT PRIMARY KEY,
  message_id BIGINT NOT NULL REFERENCES messages (id),
  relay TEXT NOT NULL,
  recipient TEXT NOT NULL,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  last_error TEXT NOT NULL,
  next_attempt BIGINT NOT NULL,
  expires BIGINT NOT NULL,
  finished BIGINT
);
CREATE INDEX deliveries_of_message ON deliveries (message_id);
CREATE INDEX deliveries_pending ON deliveries (relay, attempts, next_attempt, id, recipient)
  WHERE state = 'pending';
CREATE INDEX deliveries_dead ON deliveries (id) WHERE state = 'dead';
CREATE TABLE inbox (
  id BIGINT PRIMARY KEY,
  delivery_id BIGINT NOT NULL UNIQUE REFERENCES deliveries (id),
  message_id BIGINT NOT NULL REFERENCES messages (id),
  recipient TEXT NOT NULL,
  at BIGINT NOT NULL,
  is_read INTEGER NOT NULL
);
CREATE INDEX inbox_of_recipient ON inbox (recipient, id);
CREATE TABLE bad_alerts (
  labels TEXT PRIMARY KEY,
  facts TEXT NOT NULL,
  error TEXT NOT NULL,
  first_seen BIGINT NOT NULL,
  last_seen BIGINT NOT NULL,
  times INTEGER NOT NULL
);
CREATE INDEX bad_alerts_by_age ON bad_alerts (last_seen)
)sql";

// A message has a kind; the number alone said so before. Every table that refers to messages is
// made anew with it, as no engine lets a table be replaced under those that refer to it.
constexpr std::string_view kVersion2 = R"sql(
ALTER TABLE episodes ADD COLUMN overdue_told INTEGER NOT NULL DEFAULT 0;
UPDATE episodes SET overdue_told = overdue;
DROP INDEX deliveries_of_message;
DROP INDEX deliveries_pending;
DROP INDEX deliveries_dead;
DROP INDEX inbox_of_recipient;
ALTER TABLE messages RENAME TO messages_1;
ALTER TABLE deliveries RENAME TO deliveries_1;
ALTER TABLE inbox RENAME TO inbox_1;
CREATE TABLE messages (
  id BIGINT PRIMARY KEY,
  created BIGINT NOT NULL,
  provider TEXT NOT NULL,
  account_id TEXT NOT NULL,
  level TEXT NOT NULL,
  low_since BIGINT NOT NULL,
  kind TEXT NOT NULL,
  number INTEGER NOT NULL,
  account_name TEXT NOT NULL,
  currency TEXT NOT NULL,
  available_credit BIGINT NOT NULL,
  threshold BIGINT NOT NULL,
  contact TEXT NOT NULL,
  subject TEXT NOT NULL,
  body_text TEXT NOT NULL,
  body_html TEXT NOT NULL,
  body_internal TEXT NOT NULL,
  UNIQUE (provider, account_id, level, low_since, kind, number)
);
INSERT INTO messages (id, created, provider, account_id, level, low_since, kind, number,
  account_name, currency, available_credit, threshold, contact, subject, body_text, body_html,
  body_internal)
SELECT id, created, provider, account_id, level, low_since,
  CASE WHEN number = 0 THEN 'alert' ELSE 'reminder' END, number,
  account_name, currency, available_credit, threshold, contact, subject, body_text, body_html,
  body_text
FROM messages_1;
CREATE TABLE deliveries (
  id BIGINT PRIMARY KEY,
  message_id BIGINT NOT NULL REFERENCES messages (id),
  relay TEXT NOT NULL,
  recipient TEXT NOT NULL,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  last_error TEXT NOT NULL,
  next_attempt BIGINT NOT NULL,
  expires BIGINT NOT NULL,
  finished BIGINT
);
INSERT INTO deliveries (id, message_id, relay, recipient, state, attempts, last_error,
  next_attempt, expires, finished)
SELECT id, message_id, relay, recipient, state, attempts, last_error, next_attempt, expires,
  finished
FROM deliveries_1;
CREATE TABLE inbox (
  id BIGINT PRIMARY KEY,
  delivery_id BIGINT NOT NULL UNIQUE REFERENCES deliveries (id),
  message_id BIGINT NOT NULL REFERENCES messages (id),
  recipient TEXT NOT NULL,
  at BIGINT NOT NULL,
  is_read INTEGER NOT NULL
);
INSERT INTO inbox (id, delivery_id, message_id, recipient, at, is_read)
SELECT id, delivery_id, message_id, recipient, at, is_read FROM inbox_1;
DROP TABLE inbox_1;
DROP TABLE deliveries_1;
DROP TABLE messages_1;
CREATE INDEX deliveries_of_message ON deliveries (message_id);
CREATE INDEX deliveries_pending ON deliveries (relay, attempts, next_attempt, id, recipient)
  WHERE state = 'pending';
CREATE INDEX deliveries_dead ON deliveries (id) WHERE state = 'dead';
CREATE INDEX inbox_of_recipient ON inbox (recipient, id)
)sql";

// By which old messages are found and their rows elsewhere too (webhook/retention).
constexpr std::string_view kVersion3 = R"sql(
CREATE INDEX messages_by_age ON messages (created);
CREATE INDEX inbox_of_message ON inbox (message_id)
)sql";

constexpr std::array<std::string_view, 3> kMigrations{kVersion1, kVersion2, kVersion3};

}  // namespace

Store::Options WebhookStore(const Config& config) {
  return {.url = config.webhook.server.store_url, .migrations = kMigrations, .program = "webhook"};
}

}  // namespace lowbalance
