-- The key of tracked links, sealed; it is the whole service's, so its account and region are names that none has.
CREATE TABLE IF NOT EXISTS tracking_keys (
  account_id TEXT NOT NULL,
  region     TEXT NOT NULL,
  number     INTEGER NOT NULL,
  sealed     BLOB NOT NULL,
  created_at REAL NOT NULL,
  PRIMARY KEY (account_id, region, number)
);
