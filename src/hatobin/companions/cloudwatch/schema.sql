-- A metric with one unit, found by the hash of its name (`series`); `last_at` is exact to the hour.
CREATE TABLE IF NOT EXISTS cloudwatch_metric (
  account_id TEXT NOT NULL,
  region     TEXT NOT NULL,
  series     INTEGER NOT NULL,
  namespace  TEXT NOT NULL,
  name       TEXT NOT NULL,
  dimensions TEXT NOT NULL,
  unit       TEXT NOT NULL,
  last_at    INTEGER NOT NULL,
  PRIMARY KEY (account_id, region, series)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS cloudwatch_metric_name ON cloudwatch_metric (account_id, region, namespace, name, dimensions);
CREATE INDEX IF NOT EXISTS cloudwatch_metric_age ON cloudwatch_metric (last_at);

-- How many metrics an account has, so that the limit is asked for without counting.
CREATE TABLE IF NOT EXISTS cloudwatch_total (
  account_id TEXT NOT NULL,
  region     TEXT NOT NULL,
  metrics    INTEGER NOT NULL,
  PRIMARY KEY (account_id, region)
) WITHOUT ROWID;

-- What was measured in a period of `period` seconds: each measurement is in one row. Minutes become hours, hours days.
-- `lane` keeps writers apart that would wait for each other's row.
CREATE TABLE IF NOT EXISTS cloudwatch_point (
  account_id   TEXT NOT NULL,
  region       TEXT NOT NULL,
  series       INTEGER NOT NULL,
  starts_at    INTEGER NOT NULL,
  period       INTEGER NOT NULL,
  lane         INTEGER NOT NULL,
  samples      REAL NOT NULL,
  total        REAL NOT NULL,
  minimum      REAL NOT NULL,
  maximum      REAL NOT NULL,
  distribution TEXT,
  PRIMARY KEY (account_id, region, series, starts_at, period, lane)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS cloudwatch_point_age ON cloudwatch_point (period, starts_at);

-- Alarms: what was asked for as JSON, and how each stands. `evaluated_at` is the end of the last minute looked at.
CREATE TABLE IF NOT EXISTS cloudwatch_alarm (
  account_id      TEXT NOT NULL,
  region          TEXT NOT NULL,
  name            TEXT NOT NULL,
  definition      TEXT NOT NULL,
  tags            TEXT NOT NULL,
  actions_enabled INTEGER NOT NULL,
  configured_at   REAL NOT NULL,
  state           TEXT NOT NULL,
  reason          TEXT NOT NULL,
  reason_data     TEXT,
  updated_at      REAL NOT NULL,
  transitioned_at REAL NOT NULL,
  evaluated_at    INTEGER NOT NULL,
  PRIMARY KEY (account_id, region, name)
);
CREATE INDEX IF NOT EXISTS cloudwatch_alarm_due ON cloudwatch_alarm (evaluated_at);

-- What became of alarms, in order; kept for two weeks.
CREATE TABLE IF NOT EXISTS cloudwatch_alarm_history (
  id         INTEGER PRIMARY KEY,
  account_id TEXT NOT NULL,
  region     TEXT NOT NULL,
  name       TEXT NOT NULL,
  at         REAL NOT NULL,
  kind       TEXT NOT NULL,
  summary    TEXT NOT NULL,
  data       TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS cloudwatch_alarm_history_scope ON cloudwatch_alarm_history (account_id, region, id);
CREATE INDEX IF NOT EXISTS cloudwatch_alarm_history_age ON cloudwatch_alarm_history (at);
