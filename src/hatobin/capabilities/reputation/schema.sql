-- What is wrong with how somebody sends, or was: of an account, a configuration set, a tenant or an identity.
-- `code` tells several of one type apart.
CREATE TABLE IF NOT EXISTS recommendations (
  account_id   TEXT NOT NULL,
  region       TEXT NOT NULL,
  resource_arn TEXT NOT NULL,
  type         TEXT NOT NULL,
  code         TEXT NOT NULL,
  description  TEXT NOT NULL,
  impact       TEXT NOT NULL,
  status       TEXT NOT NULL,
  created_at   REAL NOT NULL,
  updated_at   REAL NOT NULL,
  PRIMARY KEY (account_id, region, resource_arn, type, code)
);
CREATE INDEX IF NOT EXISTS recommendations_page ON recommendations (account_id, region, created_at);
CREATE INDEX IF NOT EXISTS recommendations_status ON recommendations (status, updated_at);

-- Accounts and configuration sets whose sending was paused for their reputation, until it is seen to go on.
CREATE TABLE IF NOT EXISTS reputation_pauses (
  account_id   TEXT NOT NULL,
  region       TEXT NOT NULL,
  resource_arn TEXT NOT NULL,
  paused_at    REAL NOT NULL,
  PRIMARY KEY (account_id, region, resource_arn)
);

-- When the advisor looked at the DNS of a domain.
CREATE TABLE IF NOT EXISTS advice_looks (
  account_id   TEXT NOT NULL,
  region       TEXT NOT NULL,
  resource_arn TEXT NOT NULL,
  looked_at    REAL NOT NULL,
  PRIMARY KEY (account_id, region, resource_arn)
);
CREATE INDEX IF NOT EXISTS advice_looks_age ON advice_looks (looked_at);
