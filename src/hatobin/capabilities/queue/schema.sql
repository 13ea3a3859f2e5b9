-- One accepted message. Written once, never updated. The long texts come last: what is searched is read without them.
CREATE TABLE IF NOT EXISTS queue_message (
  account_id        TEXT NOT NULL,
  region            TEXT NOT NULL,
  message_id        TEXT NOT NULL,
  accepted_at       REAL NOT NULL,
  expires_at        REAL NOT NULL,
  source            TEXT NOT NULL,
  reverse_path      TEXT NOT NULL,
  identity_arn      TEXT NOT NULL,
  configuration_set TEXT,
  tls_required      INTEGER NOT NULL,
  dkim              TEXT NOT NULL,
  size              INTEGER NOT NULL,
  certificate       TEXT,
  return_path       TEXT,
  tenant            TEXT,
  subject           TEXT NOT NULL,
  tracked           INTEGER NOT NULL,
  tags              TEXT NOT NULL,
  mail              TEXT NOT NULL,
  PRIMARY KEY (account_id, region, message_id)
);
-- What the message log is searched by, beside the time. Who sends without a set or a tenant pays nothing for them.
CREATE INDEX IF NOT EXISTS queue_message_set ON queue_message (account_id, region, configuration_set, message_id)
  WHERE configuration_set IS NOT NULL;
CREATE INDEX IF NOT EXISTS queue_message_tenant ON queue_message (account_id, region, tenant, message_id)
  WHERE tenant IS NOT NULL;

-- The content as it will be sent, before the signatures. Deleted when no recipient needs it any more.
CREATE TABLE IF NOT EXISTS queue_body (
  account_id TEXT NOT NULL,
  region     TEXT NOT NULL,
  message_id TEXT NOT NULL,
  content    BLOB,
  blob_key   TEXT,
  PRIMARY KEY (account_id, region, message_id)
);

-- One recipient; the hot, narrow row. state: see words.outcome.RecipientState.
CREATE TABLE IF NOT EXISTS queue_recipient (
  account_id          TEXT NOT NULL,
  region              TEXT NOT NULL,
  message_id          TEXT NOT NULL,
  position            INTEGER NOT NULL,
  address             TEXT NOT NULL,
  state               INTEGER NOT NULL,
  attempts            INTEGER NOT NULL,
  due_at              REAL NOT NULL,
  lease_worker        INTEGER,
  lease_epoch         INTEGER,
  settled_at          REAL,
  reply               TEXT,
  possible_duplicates INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (account_id, region, message_id, position)
) WITHOUT ROWID;
-- With the lease, which is NULL in all of them: so the index alone answers how many there are.
CREATE INDEX IF NOT EXISTS queue_recipient_due ON queue_recipient (due_at, lease_worker) WHERE state = 0 AND lease_worker IS NULL;
CREATE INDEX IF NOT EXISTS queue_recipient_leased ON queue_recipient (lease_worker) WHERE state = 0 AND lease_worker IS NOT NULL;
-- For the message log: whose mail it was, and what did not arrive.
CREATE INDEX IF NOT EXISTS queue_recipient_address ON queue_recipient (account_id, region, lower(address), message_id);
CREATE INDEX IF NOT EXISTS queue_recipient_failed ON queue_recipient (account_id, region, state, message_id) WHERE state > 1;

-- How many recipients have ever come to a final state, by the name of the state; and "POSSIBLE_DUPLICATE".
-- Their rows go when their time is over; these figures stay.
CREATE TABLE IF NOT EXISTS queue_total (
  account_id TEXT NOT NULL,
  region     TEXT NOT NULL,
  what       TEXT NOT NULL,
  total      INTEGER NOT NULL,
  PRIMARY KEY (account_id, region, what)
) WITHOUT ROWID;

-- One row per worker slot: its life is this row's beat, not the leased rows.
CREATE TABLE IF NOT EXISTS queue_worker (
  worker  INTEGER NOT NULL PRIMARY KEY,
  epoch   INTEGER NOT NULL,
  beat_at REAL NOT NULL
);
