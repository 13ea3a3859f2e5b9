-- One address that this account does not send to. `folded` is the address in lower case, for sending.
-- `tenant_id` says whose list it is on; empty for the account's own.
CREATE TABLE IF NOT EXISTS suppressed_destinations (
  account_id  TEXT NOT NULL,
  region      TEXT NOT NULL,
  tenant_id   TEXT NOT NULL,
  address     TEXT NOT NULL,
  folded      TEXT NOT NULL,
  reason      TEXT NOT NULL,
  updated_at  REAL NOT NULL,
  message_id  TEXT,
  feedback_id TEXT,
  PRIMARY KEY (account_id, region, tenant_id, address)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS suppressed_destinations_folded
  ON suppressed_destinations (account_id, region, tenant_id, folded, address, reason, updated_at);
CREATE INDEX IF NOT EXISTS suppressed_destinations_reason
  ON suppressed_destinations (account_id, region, tenant_id, reason, updated_at, address);
