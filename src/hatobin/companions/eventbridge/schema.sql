-- Rules of the default event bus.
CREATE TABLE IF NOT EXISTS eventbridge_rule (
  account_id  TEXT NOT NULL,
  region      TEXT NOT NULL,
  rule_name   TEXT NOT NULL,
  pattern     TEXT NOT NULL,
  state       TEXT NOT NULL,
  description TEXT,
  role_arn    TEXT,
  tags        TEXT NOT NULL,
  PRIMARY KEY (account_id, region, rule_name)
);

-- Where what a rule matches goes; `settings` is what shapes and saves it, as JSON.
CREATE TABLE IF NOT EXISTS eventbridge_target (
  account_id TEXT NOT NULL,
  region     TEXT NOT NULL,
  rule_name  TEXT NOT NULL,
  target_id  TEXT NOT NULL,
  arn        TEXT NOT NULL,
  settings   TEXT NOT NULL,
  failed     INTEGER NOT NULL,
  PRIMARY KEY (account_id, region, rule_name, target_id)
);
CREATE INDEX IF NOT EXISTS eventbridge_target_arn ON eventbridge_target (account_id, region, arn, rule_name);
