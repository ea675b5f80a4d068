#pragma once
// The exporter's schema, version by version. Amounts are integer millionths, instants integer
// milliseconds since 1970, yes and no are 1 and 0. Plain enough for SQLite and PostgreSQL alike.

#include <array>
#include <string_view>

namespace lowbalance {

inline constexpr std::array<std::string_view, 2> kExporterMigrations{R"sql(
CREATE TABLE accounts (
  provider TEXT NOT NULL,
  account_id TEXT NOT NULL,
  source TEXT NOT NULL,
  account_name TEXT NOT NULL,
  currency TEXT NOT NULL,
  available_credit BIGINT,
  cash_balance BIGINT,
  credit_limit BIGINT,
  credit_refunds BIGINT,
  unsettled_current_month BIGINT,
  unsettled_previous_months BIGINT,
  costs_incurred BIGINT NOT NULL,
  up BIGINT NOT NULL,
  last_success BIGINT,
  changed BIGINT,
  spend_total BIGINT NOT NULL,
  top_up_total BIGINT NOT NULL,
  last_instant BIGINT NOT NULL,
  PRIMARY KEY (provider, account_id)
);
CREATE TABLE levels (
  provider TEXT NOT NULL,
  account_id TEXT NOT NULL,
  level TEXT NOT NULL,
  enabled BIGINT NOT NULL,
  threshold BIGINT,
  currency TEXT NOT NULL,
  suspended BIGINT NOT NULL,
  low_since BIGINT,
  first_change BIGINT,
  overdue BIGINT,
  ended_at BIGINT,
  ended_reason TEXT,
  PRIMARY KEY (provider, account_id, level)
);
CREATE TABLE changes (
  provider TEXT NOT NULL,
  account_id TEXT NOT NULL,
  at BIGINT NOT NULL,
  currency TEXT NOT NULL,
  available_credit BIGINT NOT NULL,
  PRIMARY KEY (provider, account_id, at)
);
CREATE TABLE edits (
  id BIGINT NOT NULL PRIMARY KEY,
  at BIGINT NOT NULL,
  who TEXT NOT NULL,
  through TEXT NOT NULL,
  provider TEXT NOT NULL,
  account_id TEXT NOT NULL,
  level TEXT NOT NULL,
  from_enabled BIGINT,
  from_threshold BIGINT,
  from_currency TEXT,
  to_enabled BIGINT NOT NULL,
  to_threshold BIGINT,
  to_currency TEXT NOT NULL
);
CREATE INDEX edits_by_account ON edits (provider, account_id, id);
)sql",
                                                                     R"sql(
ALTER TABLE accounts ADD COLUMN owner TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN status BIGINT NOT NULL DEFAULT 0;
)sql"};

}  // namespace lowbalance
