-- Queues and their messages. `queue_id` is drawn anew at creation and at a purge: messages belong to it,
-- so deleting or purging a queue of any length is one row, and upkeep removes what it held bit by bit.
CREATE TABLE IF NOT EXISTS sqs_queue (
  account_id TEXT NOT NULL,
  region TEXT NOT NULL,
  queue_name TEXT NOT NULL,
  queue_id TEXT NOT NULL,
  attributes TEXT NOT NULL,
  tags TEXT NOT NULL,
  created_at REAL NOT NULL,
  modified_at REAL NOT NULL,
  PRIMARY KEY (account_id, region, queue_name)
) WITHOUT ROWID;

-- `id` is the order of sending; a receipt names a message by it, so that no index of message ids is needed.
CREATE TABLE IF NOT EXISTS sqs_message (
  id INTEGER PRIMARY KEY,
  account_id TEXT NOT NULL,
  region TEXT NOT NULL,
  queue_id TEXT NOT NULL,
  message_id TEXT NOT NULL,
  body TEXT NOT NULL,
  attributes TEXT NOT NULL,
  trace_header TEXT,
  sender_id TEXT NOT NULL,
  sent_at REAL NOT NULL,
  visible_at REAL NOT NULL,
  expires_at REAL NOT NULL,
  receive_count INTEGER NOT NULL,
  receive_base INTEGER NOT NULL,
  first_received_at REAL,
  dead_letter_source TEXT
);

-- What receiving reads, upkeep, and the three approximate counts: no scan of the messages. It is the only one, because
-- every event that is told to a queue is written through it.
CREATE INDEX IF NOT EXISTS sqs_message_visible
  ON sqs_message (account_id, region, queue_id, visible_at, id, receive_count);

CREATE TABLE IF NOT EXISTS sqs_retired (
  account_id TEXT NOT NULL,
  region TEXT NOT NULL,
  queue_id TEXT NOT NULL,
  PRIMARY KEY (account_id, region, queue_id)
);
