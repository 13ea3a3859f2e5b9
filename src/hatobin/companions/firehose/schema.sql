-- Delivery streams: where what is put there goes. `destination` is the S3 destination as JSON.
CREATE TABLE IF NOT EXISTS firehose_stream (
  account_id   TEXT NOT NULL,
  region       TEXT NOT NULL,
  stream_name  TEXT NOT NULL,
  stream_id    TEXT NOT NULL,
  destination  TEXT NOT NULL,
  tags         TEXT NOT NULL,
  created_at   REAL NOT NULL,
  lost_records INTEGER NOT NULL,
  PRIMARY KEY (account_id, region, stream_name)
);

-- What was put together, waiting for its object; batch_id is empty until it is part of one. The octets stand beside it,
-- so that marking a row does not write them again.
CREATE TABLE IF NOT EXISTS firehose_buffer (
  id         INTEGER PRIMARY KEY,
  account_id TEXT NOT NULL,
  region     TEXT NOT NULL,
  stream_id  TEXT NOT NULL,
  batch_id   TEXT NOT NULL,
  records    INTEGER NOT NULL,
  size       INTEGER NOT NULL,
  put_at     REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS firehose_buffer_stream
  ON firehose_buffer (account_id, region, stream_id, batch_id, id);

CREATE TABLE IF NOT EXISTS firehose_octets (
  account_id TEXT NOT NULL,
  region     TEXT NOT NULL,
  stream_id  TEXT NOT NULL,
  buffer_id  INTEGER NOT NULL,
  data       BLOB NOT NULL,
  PRIMARY KEY (account_id, region, stream_id, buffer_id)
);

-- The object that a stream is writing: its name is chosen once, so that a repeat overwrites itself.
-- due_at: when it may be tried next; while a process writes it, the end of that lease.
CREATE TABLE IF NOT EXISTS firehose_batch (
  account_id TEXT NOT NULL,
  region     TEXT NOT NULL,
  stream_id  TEXT NOT NULL,
  batch_id   TEXT NOT NULL,
  object_key TEXT NOT NULL,
  records    INTEGER NOT NULL,
  size       INTEGER NOT NULL,
  oldest_at  REAL NOT NULL,
  attempts   INTEGER NOT NULL,
  due_at     REAL NOT NULL,
  PRIMARY KEY (account_id, region, stream_id)
);
