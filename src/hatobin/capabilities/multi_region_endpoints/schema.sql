-- `region` is the primary one, in which the endpoint was made.
CREATE TABLE IF NOT EXISTS multi_region_endpoints (
  account_id  TEXT NOT NULL,
  region      TEXT NOT NULL,
  name        TEXT NOT NULL,
  endpoint_id TEXT NOT NULL,
  secondary   TEXT NOT NULL,
  tags        TEXT NOT NULL,
  created_at  REAL NOT NULL,
  PRIMARY KEY (account_id, region, name)
);
CREATE INDEX IF NOT EXISTS multi_region_endpoints_id ON multi_region_endpoints (account_id, endpoint_id);
