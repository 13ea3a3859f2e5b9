CREATE TABLE IF NOT EXISTS templates (
  account_id TEXT NOT NULL,
  region     TEXT NOT NULL,
  name       TEXT NOT NULL,
  subject    TEXT,
  text       TEXT,
  html       TEXT,
  tags       TEXT NOT NULL,
  created_at REAL NOT NULL,
  updated_at REAL NOT NULL,
  PRIMARY KEY (account_id, region, name)
);
CREATE INDEX IF NOT EXISTS templates_created ON templates (account_id, region, created_at, name);
