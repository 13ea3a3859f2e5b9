CREATE TABLE IF NOT EXISTS contact_lists (
  account_id  TEXT NOT NULL,
  region      TEXT NOT NULL,
  name        TEXT NOT NULL,
  description TEXT,
  topics      TEXT NOT NULL,
  tags        TEXT NOT NULL,
  created_at  REAL NOT NULL,
  updated_at  REAL NOT NULL,
  PRIMARY KEY (account_id, region, name)
);

-- `address_key` is the address with its domain in lower case; `address` is what was written.
CREATE TABLE IF NOT EXISTS contacts (
  account_id      TEXT NOT NULL,
  region          TEXT NOT NULL,
  list_name       TEXT NOT NULL,
  address_key     TEXT NOT NULL,
  address         TEXT NOT NULL,
  preferences     TEXT NOT NULL,
  unsubscribe_all INTEGER NOT NULL,
  attributes_data TEXT,
  created_at      REAL NOT NULL,
  updated_at      REAL NOT NULL,
  PRIMARY KEY (account_id, region, list_name, address_key)
);
