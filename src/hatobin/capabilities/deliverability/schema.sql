-- The subscription of an account to the deliverability dashboard; `domains` is a JSON list.
CREATE TABLE IF NOT EXISTS dashboard_options (
  account_id TEXT NOT NULL,
  region     TEXT NOT NULL,
  enabled    INTEGER NOT NULL,
  domains    TEXT NOT NULL,
  PRIMARY KEY (account_id, region)
);
