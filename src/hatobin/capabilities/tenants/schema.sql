-- `suppressed_reasons` (a JSON list) and `suppression_scope` are given together or not at all. A tenant sends while
-- neither its customer's status nor that of the operator (`enforced_…`) is DISABLED; `status_…` says since when and why.
CREATE TABLE IF NOT EXISTS tenants (
  account_id         TEXT NOT NULL,
  region             TEXT NOT NULL,
  name               TEXT NOT NULL,
  tenant_id          TEXT NOT NULL,
  sending_status     TEXT NOT NULL,
  status_cause       TEXT,
  status_at          REAL NOT NULL,
  enforced_status    TEXT NOT NULL,
  enforced_cause     TEXT,
  enforced_at        REAL NOT NULL,
  reputation_policy  TEXT NOT NULL,
  reputation_impact  TEXT,
  suppressed_reasons TEXT,
  suppression_scope  TEXT,
  tags               TEXT NOT NULL,
  created_at         REAL NOT NULL,
  PRIMARY KEY (account_id, region, name)
);
CREATE INDEX IF NOT EXISTS tenants_id ON tenants (account_id, region, tenant_id);

-- What a tenant may send with. `resource_key` is the name as the resource's own table keeps it.
CREATE TABLE IF NOT EXISTS tenant_resources (
  account_id    TEXT NOT NULL,
  region        TEXT NOT NULL,
  tenant_name   TEXT NOT NULL,
  resource_type TEXT NOT NULL,
  resource_key  TEXT NOT NULL,
  associated_at REAL NOT NULL,
  PRIMARY KEY (account_id, region, tenant_name, resource_type, resource_key)
);
CREATE INDEX IF NOT EXISTS tenant_resources_used
  ON tenant_resources (account_id, region, resource_type, resource_key, associated_at, tenant_name);
