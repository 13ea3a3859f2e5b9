-- Topics, subscriptions, and the deliveries that are not done.
CREATE TABLE IF NOT EXISTS sns_topic (
  account_id TEXT NOT NULL,
  region TEXT NOT NULL,
  topic_name TEXT NOT NULL,
  attributes TEXT NOT NULL,
  tags TEXT NOT NULL,
  created_at REAL NOT NULL,
  PRIMARY KEY (account_id, region, topic_name)
);

-- state: 0 pending confirmation, 1 confirmed, 2 removed (kept while a token or a delivery needs it).
CREATE TABLE IF NOT EXISTS sns_subscription (
  account_id TEXT NOT NULL,
  region TEXT NOT NULL,
  subscription_id TEXT NOT NULL,
  topic_name TEXT NOT NULL,
  protocol TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  state INTEGER NOT NULL,
  token TEXT,
  token_expires_at REAL,
  principal TEXT NOT NULL,
  confirmed_by_owner INTEGER NOT NULL,
  guarded INTEGER NOT NULL,
  attributes TEXT NOT NULL,
  created_at REAL NOT NULL,
  dead_lettered INTEGER NOT NULL,
  last_error TEXT,
  last_error_at REAL,
  PRIMARY KEY (account_id, region, subscription_id)
);

-- What a subscription has got.
CREATE TABLE IF NOT EXISTS sns_delivered (
  account_id TEXT NOT NULL,
  region TEXT NOT NULL,
  subscription_id TEXT NOT NULL,
  delivered INTEGER NOT NULL,
  last_delivered_at REAL NOT NULL,
  PRIMARY KEY (account_id, region, subscription_id)
) WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS sns_subscription_topic ON sns_subscription (account_id, region, topic_name, state);
-- The delivery worker walks over the subscriptions that are posted to.
CREATE INDEX IF NOT EXISTS sns_subscription_protocol ON sns_subscription (protocol);

-- state: 0 due at `due_at` (a lease moves that on), 1 waiting for an earlier one with its order key, 2 dead.
CREATE TABLE IF NOT EXISTS sns_delivery (
  account_id TEXT NOT NULL,
  region TEXT NOT NULL,
  subscription_id TEXT NOT NULL,
  message_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  state INTEGER NOT NULL,
  order_key TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  signature_version TEXT NOT NULL,
  subject TEXT,
  message TEXT NOT NULL,
  attributes TEXT,
  token TEXT,
  published_at REAL NOT NULL,
  turn_at REAL NOT NULL,
  due_at REAL NOT NULL,
  attempts INTEGER NOT NULL,
  lease_owner TEXT,
  last_status INTEGER,
  last_error TEXT,
  ended_at REAL,
  PRIMARY KEY (account_id, region, subscription_id, message_id)
);

CREATE INDEX IF NOT EXISTS sns_delivery_due ON sns_delivery (account_id, region, subscription_id, state, due_at);
CREATE INDEX IF NOT EXISTS sns_delivery_order
  ON sns_delivery (account_id, region, subscription_id, order_key, sequence);
-- Upkeep: dead rows by age, and waiting ones whose predecessor went unseen (two servers at the same moment).
CREATE INDEX IF NOT EXISTS sns_delivery_ended ON sns_delivery (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS sns_delivery_waiting ON sns_delivery (turn_at) WHERE state = 1;
