-- What is somewhere else, as the configuration said at the last start: services, and webhooks with what they want.
CREATE TABLE IF NOT EXISTS outward_place (
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  detail TEXT NOT NULL,
  PRIMARY KEY (kind, name)
) WITHOUT ROWID;

-- Who gets calls, and how it went so far.
CREATE TABLE IF NOT EXISTS outward_target (
  account_id TEXT NOT NULL,
  region TEXT NOT NULL,
  kind TEXT NOT NULL,
  target TEXT NOT NULL,
  delivered INTEGER NOT NULL,
  dead_lettered INTEGER NOT NULL,
  used_at REAL NOT NULL,
  last_error TEXT,
  PRIMARY KEY (account_id, region, kind, target)
);

-- Calls that are not done. state: 0 due at `due_at` (a lease moves that on), 1 waiting for an earlier one with its
-- order key, 2 dead.
CREATE TABLE IF NOT EXISTS outward_call (
  account_id TEXT NOT NULL,
  region TEXT NOT NULL,
  kind TEXT NOT NULL,
  target TEXT NOT NULL,
  call_id TEXT NOT NULL,
  state INTEGER NOT NULL,
  order_key TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  payload TEXT NOT NULL,
  created_at REAL NOT NULL,
  turn_at REAL NOT NULL,
  due_at REAL NOT NULL,
  attempts INTEGER NOT NULL,
  lease_owner TEXT,
  last_error TEXT,
  ended_at REAL,
  PRIMARY KEY (account_id, region, kind, target, call_id)
);

CREATE INDEX IF NOT EXISTS outward_call_due ON outward_call (account_id, region, kind, target, state, due_at);
CREATE INDEX IF NOT EXISTS outward_call_order ON outward_call (account_id, region, kind, target, order_key, sequence);
-- Upkeep: dead calls by age, and waiting ones whose predecessor went unseen (two servers at the same moment).
CREATE INDEX IF NOT EXISTS outward_call_ended ON outward_call (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS outward_call_waiting ON outward_call (turn_at) WHERE state = 1;
