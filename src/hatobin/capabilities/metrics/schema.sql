-- What reputation is made of, by the hour: of an account, or of one of its sets, tenants or identities (`scope`).
-- `lane` keeps acceptance and settlement from waiting for each other's row.
CREATE TABLE IF NOT EXISTS sending_hours (
  account_id TEXT NOT NULL,
  region     TEXT NOT NULL,
  scope      TEXT NOT NULL,
  name       TEXT NOT NULL,
  hour       INTEGER NOT NULL,
  lane       INTEGER NOT NULL,
  sends      INTEGER NOT NULL,
  bounces    INTEGER NOT NULL,
  complaints INTEGER NOT NULL,
  PRIMARY KEY (account_id, region, scope, name, hour, lane)
);
CREATE INDEX IF NOT EXISTS sending_hours_age ON sending_hours (hour);
