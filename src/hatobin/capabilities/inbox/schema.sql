CREATE TABLE IF NOT EXISTS inbox_message (
  id           INTEGER PRIMARY KEY,
  account_id   TEXT NOT NULL,
  region       TEXT NOT NULL,
  message_id   TEXT NOT NULL,
  reverse_path TEXT NOT NULL,
  recipients   TEXT NOT NULL,
  subject      TEXT NOT NULL,
  received_at  REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS inbox_message_key ON inbox_message (account_id, region, message_id);
