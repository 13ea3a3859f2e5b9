-- What happened to a message, in order; written whether or not anybody subscribes.
CREATE TABLE IF NOT EXISTS event_record (
  id         INTEGER PRIMARY KEY,
  account_id TEXT NOT NULL,
  region     TEXT NOT NULL,
  message_id TEXT NOT NULL,
  kind       TEXT NOT NULL,
  at         REAL NOT NULL,
  detail     TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS event_record_message ON event_record (account_id, region, message_id);
-- For the message log: the kinds that few messages have.
CREATE INDEX IF NOT EXISTS event_record_told ON event_record (account_id, region, kind, message_id)
  WHERE kind IN ('Complaint', 'Open', 'Click', 'DeliveryDelay');

-- Events on their way to a destination; a row leaves in the transaction that hands it over.
CREATE TABLE IF NOT EXISTS event_outbox (
  id          INTEGER PRIMARY KEY,
  account_id  TEXT NOT NULL,
  region      TEXT NOT NULL,
  destination TEXT NOT NULL,
  target_arn  TEXT NOT NULL,
  message_id  TEXT NOT NULL,
  payload     TEXT NOT NULL,
  created_at  REAL NOT NULL
);
