CREATE TABLE IF NOT EXISTS custom_verification_templates (
  account_id   TEXT NOT NULL,
  region       TEXT NOT NULL,
  name         TEXT NOT NULL,
  from_address TEXT NOT NULL,
  subject      TEXT NOT NULL,
  content      TEXT NOT NULL,
  success_url  TEXT NOT NULL,
  failure_url  TEXT NOT NULL,
  tags         TEXT NOT NULL,
  created_at   REAL NOT NULL,
  updated_at   REAL NOT NULL,
  PRIMARY KEY (account_id, region, name)
);
