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

-- What the Virtual Deliverability Manager shows, by the UTC day, of accounts that have switched it on.
CREATE TABLE IF NOT EXISTS vdm_days (
  account_id           TEXT NOT NULL,
  region               TEXT NOT NULL,
  day                  INTEGER NOT NULL,
  identity             TEXT NOT NULL,
  configuration_set    TEXT NOT NULL,
  isp                  TEXT NOT NULL,
  tenant               TEXT NOT NULL,
  lane                 INTEGER NOT NULL,
  n_send               INTEGER NOT NULL,
  n_delivery           INTEGER NOT NULL,
  n_complaint          INTEGER NOT NULL,
  n_permanent_bounce   INTEGER NOT NULL,
  n_transient_bounce   INTEGER NOT NULL,
  n_open               INTEGER NOT NULL,
  n_click              INTEGER NOT NULL,
  n_delivery_open      INTEGER NOT NULL,
  n_delivery_click     INTEGER NOT NULL,
  n_delivery_complaint INTEGER NOT NULL,
  PRIMARY KEY (account_id, region, day, identity, configuration_set, isp, tenant, lane)
);
CREATE INDEX IF NOT EXISTS vdm_days_age ON vdm_days (day);
