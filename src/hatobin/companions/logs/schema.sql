-- Log groups. `stored_bytes` counts what its events hold, as CloudWatch Logs counts.
CREATE TABLE IF NOT EXISTS logs_group (
  account_id     TEXT NOT NULL,
  region         TEXT NOT NULL,
  group_name     TEXT NOT NULL,
  retention_days INTEGER,
  created_at     REAL NOT NULL,
  stored_bytes   INTEGER NOT NULL,
  PRIMARY KEY (account_id, region, group_name)
);

CREATE TABLE IF NOT EXISTS logs_stream (
  account_id   TEXT NOT NULL,
  region       TEXT NOT NULL,
  group_name   TEXT NOT NULL,
  stream_name  TEXT NOT NULL,
  created_at   REAL NOT NULL,
  first_at_ms  INTEGER,
  last_at_ms   INTEGER,
  ingested_at  REAL,
  PRIMARY KEY (account_id, region, group_name, stream_name)
);

-- Events; at_ms is the time that the event itself says, milliseconds since the epoch.
CREATE TABLE IF NOT EXISTS logs_event (
  id          INTEGER PRIMARY KEY,
  account_id  TEXT NOT NULL,
  region      TEXT NOT NULL,
  group_name  TEXT NOT NULL,
  stream_name TEXT NOT NULL,
  at_ms       INTEGER NOT NULL,
  ingested_at REAL NOT NULL,
  size        INTEGER NOT NULL,
  message     TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS logs_event_group ON logs_event (account_id, region, group_name, at_ms, id);
CREATE INDEX IF NOT EXISTS logs_event_stream ON logs_event (account_id, region, group_name, stream_name, at_ms, id);
