-- What an account has set for itself in a region. Without a row, or where a column is NULL, the defaults hold.
CREATE TABLE IF NOT EXISTS account_settings (
  account_id           TEXT NOT NULL,
  region               TEXT NOT NULL,
  sending_enabled      INTEGER,
  production_access    INTEGER,
  max_send_rate        REAL,
  max_24_hour_send     INTEGER,
  suppressed_reasons   TEXT,
  validation           TEXT,
  vdm                  TEXT,
  details              TEXT,
  review               TEXT,
  auto_warmup          INTEGER,
  delivery_mode        TEXT,
  enforcement          TEXT,
  fresh_start          REAL,
  PRIMARY KEY (account_id, region)
) WITHOUT ROWID;

-- The pricing plan, which is the account's in all regions.
CREATE TABLE IF NOT EXISTS account_plans (
  account_id TEXT NOT NULL,
  plan       TEXT NOT NULL,
  PRIMARY KEY (account_id)
) WITHOUT ROWID;

-- The sending rate as one GCRA row: when the bucket will be full again, in nanoseconds since the epoch.
CREATE TABLE IF NOT EXISTS account_rate (
  account_id TEXT NOT NULL,
  region     TEXT NOT NULL,
  full_at_ns INTEGER NOT NULL,
  PRIMARY KEY (account_id, region)
) WITHOUT ROWID;

-- Recipients that count for the daily quota, by minute since the epoch.
CREATE TABLE IF NOT EXISTS account_minutes (
  account_id TEXT NOT NULL,
  region     TEXT NOT NULL,
  minute     INTEGER NOT NULL,
  recipients INTEGER NOT NULL,
  PRIMARY KEY (account_id, region, minute)
) WITHOUT ROWID;

-- The sum over the last 24 hours as of `minute`; only kept where a quota is limited.
CREATE TABLE IF NOT EXISTS account_quota (
  account_id TEXT NOT NULL,
  region     TEXT NOT NULL,
  minute     INTEGER NOT NULL,
  total      INTEGER NOT NULL,
  PRIMARY KEY (account_id, region)
) WITHOUT ROWID;

-- GetSendStatistics: one row for every quarter of an hour in which something happened.
CREATE TABLE IF NOT EXISTS account_statistics (
  account_id TEXT NOT NULL,
  region     TEXT NOT NULL,
  starts_at  INTEGER NOT NULL,
  attempts   INTEGER NOT NULL,
  bounces    INTEGER NOT NULL,
  complaints INTEGER NOT NULL,
  rejects    INTEGER NOT NULL,
  PRIMARY KEY (account_id, region, starts_at)
) WITHOUT ROWID;
