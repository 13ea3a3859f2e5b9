-- One configuration set. `options` holds the blocks of the request as they came, so that absent stays absent.
CREATE TABLE IF NOT EXISTS configuration_sets (
  account_id TEXT NOT NULL,
  region     TEXT NOT NULL,
  name       TEXT NOT NULL,
  options    TEXT NOT NULL,
  tags       TEXT NOT NULL,
  created_at REAL NOT NULL,
  PRIMARY KEY (account_id, region, name)
) WITHOUT ROWID;

-- Where events of a set go. `target` is one of the five kinds as JSON.
CREATE TABLE IF NOT EXISTS event_destinations (
  account_id  TEXT NOT NULL,
  region      TEXT NOT NULL,
  set_name    TEXT NOT NULL,
  name        TEXT NOT NULL,
  position    INTEGER NOT NULL,
  enabled     INTEGER NOT NULL,
  event_types TEXT NOT NULL,
  target      TEXT NOT NULL,
  PRIMARY KEY (account_id, region, set_name, name)
) WITHOUT ROWID;
