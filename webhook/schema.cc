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

constexpr std::array<std::string_view, 1> kMigrations{kVersion1};

}  // namespace

Store::Options WebhookStore(const Config& config) {
  return {.url = config.webhook.server.store_url, .migrations = kMigrations, .program = "webhook"};
}

}  // namespace lowbalance
