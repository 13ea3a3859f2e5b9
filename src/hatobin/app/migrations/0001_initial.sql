-- All tables as of the first release, gathered from the rooms' schema.sql by tools/first_migration.
-- Never edited afterwards: a later change is the next number.

-- What an account has set for itself in a region. Without a row, or where a column is NULL, the defaults hold.
CREATE TABLE IF NOT EXISTS account_settings (
  account_id           TEXT NOT NULL,
  region               TEXT NOT NULL,
  sending_enabled      INTEGER,
  production_access    INTEGER,
  max_send_rate        REAL,
  max_24_hour_send     INTEGER,
  suppressed_reasons   TEXT,
  validation           TEXT,
  vdm                  TEXT,
  details              TEXT,
  review               TEXT,
  auto_warmup          INTEGER,
  delivery_mode        TEXT,
  enforcement          TEXT,
  fresh_start          REAL,
  PRIMARY KEY (account_id, region)
) WITHOUT ROWID;

-- The pricing plan, which is the account's in all regions.
CREATE TABLE IF NOT EXISTS account_plans (
  account_id TEXT NOT NULL,
  plan       TEXT NOT NULL,
  PRIMARY KEY (account_id)
) WITHOUT ROWID;

-- The sending rate as one GCRA row: when the bucket will be full again, in nanoseconds since the epoch.
CREATE TABLE IF NOT EXISTS account_rate (
  account_id TEXT NOT NULL,
  region     TEXT NOT NULL,
  full_at_ns INTEGER NOT NULL,
  PRIMARY KEY (account_id, region)
) WITHOUT ROWID;

-- Recipients that count for the daily quota, by minute since the epoch.
CREATE TABLE IF NOT EXISTS account_minutes (
  account_id TEXT NOT NULL,
  region     TEXT NOT NULL,
  minute     INTEGER NOT NULL,
  recipients INTEGER NOT NULL,
  PRIMARY KEY (account_id, region, minute)
) WITHOUT ROWID;

-- The sum over the last 24 hours as of `minute`; only kept where a quota is limited.
CREATE TABLE IF NOT EXISTS account_quota (
  account_id TEXT NOT NULL,
  region     TEXT NOT NULL,
  minute     INTEGER NOT NULL,
  total      INTEGER NOT NULL,
  PRIMARY KEY (account_id, region)
) WITHOUT ROWID;

-- GetSendStatistics: one row for every quarter of an hour in which something happened.
CREATE TABLE IF NOT EXISTS account_statistics (
  account_id TEXT NOT NULL,
  region     TEXT NOT NULL,
  starts_at  INTEGER NOT NULL,
  attempts   INTEGER NOT NULL,
  bounces    INTEGER NOT NULL,
  complaints INTEGER NOT NULL,
  rejects    INTEGER NOT NULL,
  PRIMARY KEY (account_id, region, starts_at)
) WITHOUT ROWID;

-- One configuration set. `options` holds the blocks of the request as they came, so that absent stays absent.
CREATE TABLE IF NOT EXISTS configuration_sets (
  account_id TEXT NOT NULL,
  region     TEXT NOT NULL,
  name       TEXT NOT NULL,
  options    TEXT NOT NULL,
  tags       TEXT NOT NULL,
  created_at REAL NOT NULL,
  PRIMARY KEY (account_id, region, name)
) WITHOUT ROWID;

-- Where events of a set go. `target` is one of the five kinds as JSON.
CREATE TABLE IF NOT EXISTS event_destinations (
  account_id  TEXT NOT NULL,
  region      TEXT NOT NULL,
  set_name    TEXT NOT NULL,
  name        TEXT NOT NULL,
  position    INTEGER NOT NULL,
  enabled     INTEGER NOT NULL,
  event_types TEXT NOT NULL,
  target      TEXT NOT NULL,
  PRIMARY KEY (account_id, region, set_name, name)
) WITHOUT ROWID;

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

-- The subscription of an account to the deliverability dashboard; `domains` is a JSON list.
CREATE TABLE IF NOT EXISTS dashboard_options (
  account_id TEXT NOT NULL,
  region     TEXT NOT NULL,
  enabled    INTEGER NOT NULL,
  domains    TEXT NOT NULL,
  PRIMARY KEY (account_id, region)
);

-- What happened to a message, in order; written whether or not anybody subscribes.
CREATE TABLE IF NOT EXISTS event_record (
  id         INTEGER PRIMARY KEY,
  account_id TEXT NOT NULL,
  region     TEXT NOT NULL,
  message_id TEXT NOT NULL,
  kind       TEXT NOT NULL,
  at         REAL NOT NULL,
  detail     TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS event_record_message ON event_record (account_id, region, message_id);
-- For the message log: the kinds that few messages have.
CREATE INDEX IF NOT EXISTS event_record_told ON event_record (account_id, region, kind, message_id)
  WHERE kind IN ('Complaint', 'Open', 'Click', 'DeliveryDelay');

-- Events on their way to a destination; a row leaves in the transaction that hands it over.
CREATE TABLE IF NOT EXISTS event_outbox (
  id          INTEGER PRIMARY KEY,
  account_id  TEXT NOT NULL,
  region      TEXT NOT NULL,
  destination TEXT NOT NULL,
  target_arn  TEXT NOT NULL,
  message_id  TEXT NOT NULL,
  payload     TEXT NOT NULL,
  created_at  REAL NOT NULL
);

-- One identity. `identity_key` is what it is found by: a domain in lower case, or local part + "@" + such a domain.
CREATE TABLE IF NOT EXISTS identities (
  account_id          TEXT NOT NULL,
  region              TEXT NOT NULL,
  identity_key        TEXT NOT NULL,
  name                TEXT NOT NULL,
  kind                TEXT NOT NULL,
  status              TEXT NOT NULL,
  created_at          REAL NOT NULL,
  verification_token  TEXT NOT NULL,
  feedback_forwarding INTEGER NOT NULL,
  configuration_set   TEXT,
  mail_from_domain    TEXT,
  mail_from_status    TEXT,
  mail_from_reject    INTEGER NOT NULL,
  mail_from_check_at  REAL,
  mail_from_started_at REAL,
  notifications       TEXT NOT NULL DEFAULT '',
  tags                TEXT NOT NULL,
  dkim_enabled        INTEGER NOT NULL,
  dkim_status         TEXT NOT NULL,
  dkim_origin         TEXT NOT NULL,
  dkim_selector       TEXT,
  dkim_tokens         TEXT NOT NULL,
  dkim_key_id         TEXT,
  dkim_bits           INTEGER NOT NULL,
  dkim_made_at        REAL,
  dkim_upcoming       TEXT NOT NULL DEFAULT '',
  dkim_previous       TEXT NOT NULL DEFAULT '',
  check_at            REAL,
  check_started_at    REAL,
  checked_at          REAL,
  succeeded_at        REAL,
  check_error         TEXT,
  PRIMARY KEY (account_id, region, identity_key)
);
CREATE INDEX IF NOT EXISTS identities_anywhere ON identities (account_id, identity_key);
CREATE INDEX IF NOT EXISTS identities_to_check ON identities (check_at) WHERE check_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS identities_mail_from ON identities (mail_from_check_at) WHERE mail_from_check_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS identities_notifying ON identities (account_id, region) WHERE notifications <> '';

-- A signing key, sealed. `key_id` begins with its account and region. A retired key still signs what is queued.
CREATE TABLE IF NOT EXISTS dkim_keys (
  account_id   TEXT NOT NULL,
  region       TEXT NOT NULL,
  key_id       TEXT NOT NULL,
  identity_key TEXT NOT NULL,
  selector     TEXT NOT NULL,
  public_key   TEXT NOT NULL,
  bits         INTEGER NOT NULL,
  sealed       BLOB NOT NULL,
  created_at   REAL NOT NULL,
  retired_at   REAL,
  PRIMARY KEY (account_id, region, key_id)
);
CREATE INDEX IF NOT EXISTS dkim_keys_retired ON dkim_keys (retired_at) WHERE retired_at IS NOT NULL;

-- A link of a verification mail, found by the SHA-256 of its token. Where it redirects was fixed when it was sent.
CREATE TABLE IF NOT EXISTS verification_links (
  account_id   TEXT NOT NULL,
  region       TEXT NOT NULL,
  digest       TEXT NOT NULL,
  identity_key TEXT NOT NULL,
  expires_at   REAL NOT NULL,
  success_url  TEXT,
  failure_url  TEXT,
  PRIMARY KEY (account_id, region, digest)
);
CREATE INDEX IF NOT EXISTS verification_links_digest ON verification_links (digest);
CREATE INDEX IF NOT EXISTS verification_links_identity ON verification_links (account_id, region, identity_key);
CREATE INDEX IF NOT EXISTS verification_links_over ON verification_links (expires_at);

-- A sending authorization policy, as its owner wrote it.
CREATE TABLE IF NOT EXISTS identity_policies (
  account_id   TEXT NOT NULL,
  region       TEXT NOT NULL,
  identity_key TEXT NOT NULL,
  name         TEXT NOT NULL,
  policy       TEXT NOT NULL,
  PRIMARY KEY (account_id, region, identity_key, name)
);

-- The S/MIME certificate of a sender, by its address in lower case: ACM has the certificate, the validity is copied.
CREATE TABLE IF NOT EXISTS identity_certificates (
  account_id     TEXT NOT NULL,
  region         TEXT NOT NULL,
  address        TEXT NOT NULL,
  identity_key   TEXT NOT NULL,
  certificate_id TEXT NOT NULL,
  not_before     REAL NOT NULL,
  not_after      REAL NOT NULL,
  PRIMARY KEY (account_id, region, address)
);
CREATE INDEX IF NOT EXISTS identity_certificates_identity ON identity_certificates (account_id, region, identity_key, address);
CREATE INDEX IF NOT EXISTS identity_certificates_used ON identity_certificates (account_id, region, certificate_id);

CREATE TABLE IF NOT EXISTS inbox_message (
  id           INTEGER PRIMARY KEY,
  account_id   TEXT NOT NULL,
  region       TEXT NOT NULL,
  message_id   TEXT NOT NULL,
  reverse_path TEXT NOT NULL,
  recipients   TEXT NOT NULL,
  subject      TEXT NOT NULL,
  received_at  REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS inbox_message_key ON inbox_message (account_id, region, message_id);

-- Import jobs. `position` is the octet of the object that comes next: it moves in the transaction that records what
-- the records before it did, so that a record has its effect once, whatever ends in between.
-- `due_at` is when an open job may be taken: while one works on it, the end of its lease.
CREATE TABLE IF NOT EXISTS import_jobs (
  account_id   TEXT NOT NULL,
  region       TEXT NOT NULL,
  job_id       TEXT NOT NULL,
  target       TEXT NOT NULL,
  list_name    TEXT NOT NULL,
  action       TEXT NOT NULL,
  s3_url       TEXT NOT NULL,
  data_format  TEXT NOT NULL,
  status       TEXT NOT NULL,
  created_at   REAL NOT NULL,
  completed_at REAL,
  processed    INTEGER NOT NULL,
  failed       INTEGER NOT NULL,
  position     INTEGER NOT NULL,
  etag         TEXT NOT NULL,
  header       TEXT NOT NULL,
  error        TEXT,
  report       TEXT,
  due_at       REAL NOT NULL,
  lease_worker INTEGER,
  lease_epoch  INTEGER,
  PRIMARY KEY (account_id, region, job_id)
);
CREATE INDEX IF NOT EXISTS import_jobs_listed ON import_jobs (account_id, region, created_at, job_id);
CREATE INDEX IF NOT EXISTS import_jobs_open ON import_jobs (due_at) WHERE completed_at IS NULL;
CREATE INDEX IF NOT EXISTS import_jobs_ended ON import_jobs (completed_at) WHERE completed_at IS NOT NULL;

-- What a job will report of records that it could not take, in pieces, until the report is an object.
CREATE TABLE IF NOT EXISTS import_failures (
  account_id TEXT NOT NULL,
  region     TEXT NOT NULL,
  job_id     TEXT NOT NULL,
  position   INTEGER NOT NULL,
  part       INTEGER NOT NULL,
  content    BLOB NOT NULL,
  PRIMARY KEY (account_id, region, job_id, position, part)
);

-- Export jobs. Whoever holds one writes its file anew from the beginning, so where it stands is not kept.
-- `has_file` says that the file lies in the blob store.
CREATE TABLE IF NOT EXISTS export_jobs (
  account_id   TEXT NOT NULL,
  region       TEXT NOT NULL,
  job_id       TEXT NOT NULL,
  source_type  TEXT NOT NULL,
  data_format  TEXT NOT NULL,
  source       TEXT NOT NULL,
  status       TEXT NOT NULL,
  created_at   REAL NOT NULL,
  completed_at REAL,
  processed    INTEGER NOT NULL,
  exported     INTEGER NOT NULL,
  error        TEXT,
  has_file     INTEGER NOT NULL,
  due_at       REAL NOT NULL,
  lease_worker INTEGER,
  lease_epoch  INTEGER,
  PRIMARY KEY (account_id, region, job_id)
);
CREATE INDEX IF NOT EXISTS export_jobs_listed ON export_jobs (account_id, region, created_at, job_id);
CREATE INDEX IF NOT EXISTS export_jobs_open ON export_jobs (due_at) WHERE completed_at IS NULL;
CREATE INDEX IF NOT EXISTS export_jobs_ended ON export_jobs (completed_at) WHERE completed_at IS NOT NULL;

-- What reputation is made of, by the hour: of an account, or of one of its sets, tenants or identities (`scope`).
-- `lane` keeps acceptance and settlement from waiting for each other's row.
CREATE TABLE IF NOT EXISTS sending_hours (
  account_id TEXT NOT NULL,
  region     TEXT NOT NULL,
  scope      TEXT NOT NULL,
  name       TEXT NOT NULL,
  hour       INTEGER NOT NULL,
  lane       INTEGER NOT NULL,
  sends      INTEGER NOT NULL,
  bounces    INTEGER NOT NULL,
  complaints INTEGER NOT NULL,
  PRIMARY KEY (account_id, region, scope, name, hour, lane)
);
CREATE INDEX IF NOT EXISTS sending_hours_age ON sending_hours (hour);

-- What the Virtual Deliverability Manager shows, by the UTC day, of accounts that have switched it on.
CREATE TABLE IF NOT EXISTS vdm_days (
  account_id           TEXT NOT NULL,
  region               TEXT NOT NULL,
  day                  INTEGER NOT NULL,
  identity             TEXT NOT NULL,
  configuration_set    TEXT NOT NULL,
  isp                  TEXT NOT NULL,
  tenant               TEXT NOT NULL,
  lane                 INTEGER NOT NULL,
  n_send               INTEGER NOT NULL,
  n_delivery           INTEGER NOT NULL,
  n_complaint          INTEGER NOT NULL,
  n_permanent_bounce   INTEGER NOT NULL,
  n_transient_bounce   INTEGER NOT NULL,
  n_open               INTEGER NOT NULL,
  n_click              INTEGER NOT NULL,
  n_delivery_open      INTEGER NOT NULL,
  n_delivery_click     INTEGER NOT NULL,
  n_delivery_complaint INTEGER NOT NULL,
  PRIMARY KEY (account_id, region, day, identity, configuration_set, isp, tenant, lane)
);
CREATE INDEX IF NOT EXISTS vdm_days_age ON vdm_days (day);

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

-- One accepted message. Written once, never updated. The long texts come last: what is searched is read without them.
CREATE TABLE IF NOT EXISTS queue_message (
  account_id        TEXT NOT NULL,
  region            TEXT NOT NULL,
  message_id        TEXT NOT NULL,
  accepted_at       REAL NOT NULL,
  expires_at        REAL NOT NULL,
  source            TEXT NOT NULL,
  reverse_path      TEXT NOT NULL,
  identity_arn      TEXT NOT NULL,
  configuration_set TEXT,
  tls_required      INTEGER NOT NULL,
  dkim              TEXT NOT NULL,
  size              INTEGER NOT NULL,
  certificate       TEXT,
  return_path       TEXT,
  tenant            TEXT,
  subject           TEXT NOT NULL,
  tracked           INTEGER NOT NULL,
  tags              TEXT NOT NULL,
  mail              TEXT NOT NULL,
  PRIMARY KEY (account_id, region, message_id)
);
-- What the message log is searched by, beside the time. Who sends without a set or a tenant pays nothing for them.
CREATE INDEX IF NOT EXISTS queue_message_set ON queue_message (account_id, region, configuration_set, message_id)
  WHERE configuration_set IS NOT NULL;
CREATE INDEX IF NOT EXISTS queue_message_tenant ON queue_message (account_id, region, tenant, message_id)
  WHERE tenant IS NOT NULL;

-- The content as it will be sent, before the signatures. Deleted when no recipient needs it any more.
CREATE TABLE IF NOT EXISTS queue_body (
  account_id TEXT NOT NULL,
  region     TEXT NOT NULL,
  message_id TEXT NOT NULL,
  content    BLOB,
  blob_key   TEXT,
  PRIMARY KEY (account_id, region, message_id)
);

-- One recipient; the hot, narrow row. state: see words.outcome.RecipientState.
CREATE TABLE IF NOT EXISTS queue_recipient (
  account_id          TEXT NOT NULL,
  region              TEXT NOT NULL,
  message_id          TEXT NOT NULL,
  position            INTEGER NOT NULL,
  address             TEXT NOT NULL,
  state               INTEGER NOT NULL,
  attempts            INTEGER NOT NULL,
  due_at              REAL NOT NULL,
  lease_worker        INTEGER,
  lease_epoch         INTEGER,
  settled_at          REAL,
  reply               TEXT,
  possible_duplicates INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (account_id, region, message_id, position)
) WITHOUT ROWID;
-- With the lease, which is NULL in all of them: so the index alone answers how many there are.
CREATE INDEX IF NOT EXISTS queue_recipient_due ON queue_recipient (due_at, lease_worker) WHERE state = 0 AND lease_worker IS NULL;
CREATE INDEX IF NOT EXISTS queue_recipient_leased ON queue_recipient (lease_worker) WHERE state = 0 AND lease_worker IS NOT NULL;
-- For the message log: whose mail it was, and what did not arrive.
CREATE INDEX IF NOT EXISTS queue_recipient_address ON queue_recipient (account_id, region, lower(address), message_id);
CREATE INDEX IF NOT EXISTS queue_recipient_failed ON queue_recipient (account_id, region, state, message_id) WHERE state > 1;

-- How many recipients have ever come to a final state, by the name of the state; and "POSSIBLE_DUPLICATE".
-- Their rows go when their time is over; these figures stay.
CREATE TABLE IF NOT EXISTS queue_total (
  account_id TEXT NOT NULL,
  region     TEXT NOT NULL,
  what       TEXT NOT NULL,
  total      INTEGER NOT NULL,
  PRIMARY KEY (account_id, region, what)
) WITHOUT ROWID;

-- One row per worker slot: its life is this row's beat, not the leased rows.
CREATE TABLE IF NOT EXISTS queue_worker (
  worker  INTEGER NOT NULL PRIMARY KEY,
  epoch   INTEGER NOT NULL,
  beat_at REAL NOT NULL
);

-- What is wrong with how somebody sends, or was: of an account, a configuration set, a tenant or an identity.
-- `code` tells several of one type apart.
CREATE TABLE IF NOT EXISTS recommendations (
  account_id   TEXT NOT NULL,
  region       TEXT NOT NULL,
  resource_arn TEXT NOT NULL,
  type         TEXT NOT NULL,
  code         TEXT NOT NULL,
  description  TEXT NOT NULL,
  impact       TEXT NOT NULL,
  status       TEXT NOT NULL,
  created_at   REAL NOT NULL,
  updated_at   REAL NOT NULL,
  PRIMARY KEY (account_id, region, resource_arn, type, code)
);
CREATE INDEX IF NOT EXISTS recommendations_page ON recommendations (account_id, region, created_at);
CREATE INDEX IF NOT EXISTS recommendations_status ON recommendations (status, updated_at);

-- Accounts and configuration sets whose sending was paused for their reputation, until it is seen to go on.
CREATE TABLE IF NOT EXISTS reputation_pauses (
  account_id   TEXT NOT NULL,
  region       TEXT NOT NULL,
  resource_arn TEXT NOT NULL,
  paused_at    REAL NOT NULL,
  PRIMARY KEY (account_id, region, resource_arn)
);

-- When the advisor looked at the DNS of a domain.
CREATE TABLE IF NOT EXISTS advice_looks (
  account_id   TEXT NOT NULL,
  region       TEXT NOT NULL,
  resource_arn TEXT NOT NULL,
  looked_at    REAL NOT NULL,
  PRIMARY KEY (account_id, region, resource_arn)
);
CREATE INDEX IF NOT EXISTS advice_looks_age ON advice_looks (looked_at);

-- One address that this account does not send to. `folded` is the address in lower case, for sending.
-- `tenant_id` says whose list it is on; empty for the account's own.
CREATE TABLE IF NOT EXISTS suppressed_destinations (
  account_id  TEXT NOT NULL,
  region      TEXT NOT NULL,
  tenant_id   TEXT NOT NULL,
  address     TEXT NOT NULL,
  folded      TEXT NOT NULL,
  reason      TEXT NOT NULL,
  updated_at  REAL NOT NULL,
  message_id  TEXT,
  feedback_id TEXT,
  PRIMARY KEY (account_id, region, tenant_id, address)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS suppressed_destinations_folded
  ON suppressed_destinations (account_id, region, tenant_id, folded, address, reason, updated_at);
CREATE INDEX IF NOT EXISTS suppressed_destinations_reason
  ON suppressed_destinations (account_id, region, tenant_id, reason, updated_at, address);

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

-- The key of tracked links, sealed; it is the whole service's, so its account and region are names that none has.
CREATE TABLE IF NOT EXISTS tracking_keys (
  account_id TEXT NOT NULL,
  region     TEXT NOT NULL,
  number     INTEGER NOT NULL,
  sealed     BLOB NOT NULL,
  created_at REAL NOT NULL,
  PRIMARY KEY (account_id, region, number)
);

-- What a worker counts for itself, so that each of a node's workers can answer for all of them.
CREATE TABLE IF NOT EXISTS worker_figures (
  node    TEXT NOT NULL,
  worker  INTEGER NOT NULL,
  at      REAL NOT NULL,
  figures TEXT NOT NULL,
  PRIMARY KEY (node, worker)
);

-- A certificate that was brought with its private key, which is sealed. `chain` is PEM: the certificate, then its issuers.
CREATE TABLE IF NOT EXISTS acm_certificate (
  account_id     TEXT NOT NULL,
  region         TEXT NOT NULL,
  certificate_id TEXT NOT NULL,
  chain          TEXT NOT NULL,
  sealed         BLOB NOT NULL,
  subject        TEXT NOT NULL,
  addresses      TEXT NOT NULL,
  not_before     REAL NOT NULL,
  not_after      REAL NOT NULL,
  created_at     REAL NOT NULL,
  PRIMARY KEY (account_id, region, certificate_id)
);

-- A metric with one unit, found by the hash of its name (`series`); `last_at` is exact to the hour.
CREATE TABLE IF NOT EXISTS cloudwatch_metric (
  account_id TEXT NOT NULL,
  region     TEXT NOT NULL,
  series     INTEGER NOT NULL,
  namespace  TEXT NOT NULL,
  name       TEXT NOT NULL,
  dimensions TEXT NOT NULL,
  unit       TEXT NOT NULL,
  last_at    INTEGER NOT NULL,
  PRIMARY KEY (account_id, region, series)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS cloudwatch_metric_name ON cloudwatch_metric (account_id, region, namespace, name, dimensions);
CREATE INDEX IF NOT EXISTS cloudwatch_metric_age ON cloudwatch_metric (last_at);

-- How many metrics an account has, so that the limit is asked for without counting.
CREATE TABLE IF NOT EXISTS cloudwatch_total (
  account_id TEXT NOT NULL,
  region     TEXT NOT NULL,
  metrics    INTEGER NOT NULL,
  PRIMARY KEY (account_id, region)
) WITHOUT ROWID;

-- What was measured in a period of `period` seconds: each measurement is in one row. Minutes become hours, hours days.
-- `lane` keeps writers apart that would wait for each other's row.
CREATE TABLE IF NOT EXISTS cloudwatch_point (
  account_id   TEXT NOT NULL,
  region       TEXT NOT NULL,
  series       INTEGER NOT NULL,
  starts_at    INTEGER NOT NULL,
  period       INTEGER NOT NULL,
  lane         INTEGER NOT NULL,
  samples      REAL NOT NULL,
  total        REAL NOT NULL,
  minimum      REAL NOT NULL,
  maximum      REAL NOT NULL,
  distribution TEXT,
  PRIMARY KEY (account_id, region, series, starts_at, period, lane)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS cloudwatch_point_age ON cloudwatch_point (period, starts_at);

-- Alarms: what was asked for as JSON, and how each stands. `evaluated_at` is the end of the last minute looked at.
CREATE TABLE IF NOT EXISTS cloudwatch_alarm (
  account_id      TEXT NOT NULL,
  region          TEXT NOT NULL,
  name            TEXT NOT NULL,
  definition      TEXT NOT NULL,
  tags            TEXT NOT NULL,
  actions_enabled INTEGER NOT NULL,
  configured_at   REAL NOT NULL,
  state           TEXT NOT NULL,
  reason          TEXT NOT NULL,
  reason_data     TEXT,
  updated_at      REAL NOT NULL,
  transitioned_at REAL NOT NULL,
  evaluated_at    INTEGER NOT NULL,
  PRIMARY KEY (account_id, region, name)
);
CREATE INDEX IF NOT EXISTS cloudwatch_alarm_due ON cloudwatch_alarm (evaluated_at);

-- What became of alarms, in order; kept for two weeks.
CREATE TABLE IF NOT EXISTS cloudwatch_alarm_history (
  id         INTEGER PRIMARY KEY,
  account_id TEXT NOT NULL,
  region     TEXT NOT NULL,
  name       TEXT NOT NULL,
  at         REAL NOT NULL,
  kind       TEXT NOT NULL,
  summary    TEXT NOT NULL,
  data       TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS cloudwatch_alarm_history_scope ON cloudwatch_alarm_history (account_id, region, id);
CREATE INDEX IF NOT EXISTS cloudwatch_alarm_history_age ON cloudwatch_alarm_history (at);

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

-- Delivery streams: where what is put there goes. `destination` is the S3 destination as JSON.
CREATE TABLE IF NOT EXISTS firehose_stream (
  account_id   TEXT NOT NULL,
  region       TEXT NOT NULL,
  stream_name  TEXT NOT NULL,
  stream_id    TEXT NOT NULL,
  destination  TEXT NOT NULL,
  tags         TEXT NOT NULL,
  created_at   REAL NOT NULL,
  lost_records INTEGER NOT NULL,
  PRIMARY KEY (account_id, region, stream_name)
);

-- What was put together, waiting for its object; batch_id is empty until it is part of one. The octets stand beside it,
-- so that marking a row does not write them again.
CREATE TABLE IF NOT EXISTS firehose_buffer (
  id         INTEGER PRIMARY KEY,
  account_id TEXT NOT NULL,
  region     TEXT NOT NULL,
  stream_id  TEXT NOT NULL,
  batch_id   TEXT NOT NULL,
  records    INTEGER NOT NULL,
  size       INTEGER NOT NULL,
  put_at     REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS firehose_buffer_stream
  ON firehose_buffer (account_id, region, stream_id, batch_id, id);

CREATE TABLE IF NOT EXISTS firehose_octets (
  account_id TEXT NOT NULL,
  region     TEXT NOT NULL,
  stream_id  TEXT NOT NULL,
  buffer_id  INTEGER NOT NULL,
  data       BLOB NOT NULL,
  PRIMARY KEY (account_id, region, stream_id, buffer_id)
);

-- The object that a stream is writing: its name is chosen once, so that a repeat overwrites itself.
-- due_at: when it may be tried next; while a process writes it, the end of that lease.
CREATE TABLE IF NOT EXISTS firehose_batch (
  account_id TEXT NOT NULL,
  region     TEXT NOT NULL,
  stream_id  TEXT NOT NULL,
  batch_id   TEXT NOT NULL,
  object_key TEXT NOT NULL,
  records    INTEGER NOT NULL,
  size       INTEGER NOT NULL,
  oldest_at  REAL NOT NULL,
  attempts   INTEGER NOT NULL,
  due_at     REAL NOT NULL,
  PRIMARY KEY (account_id, region, stream_id)
);

-- IAM is global: nothing here has a region. A user; `name_key` is the name in lower case, since names differ by more
-- than case. `revision` counts the changes of what the user is and may do, so that caches see that nothing changed.
CREATE TABLE IF NOT EXISTS iam_user (
  account_id TEXT NOT NULL,
  name_key   TEXT NOT NULL,
  user_name  TEXT NOT NULL,
  user_id    TEXT NOT NULL,
  path       TEXT NOT NULL,
  tags       TEXT NOT NULL,
  created_at REAL NOT NULL,
  revision   INTEGER NOT NULL,
  PRIMARY KEY (account_id, name_key)
);
CREATE UNIQUE INDEX IF NOT EXISTS iam_user_by_id ON iam_user (account_id, user_id);

-- A role; `trust` is the document that says who may assume it, `trust_ids` whom the ARNs in it meant when it was stored.
CREATE TABLE IF NOT EXISTS iam_role (
  account_id    TEXT NOT NULL,
  name_key      TEXT NOT NULL,
  role_name     TEXT NOT NULL,
  role_id       TEXT NOT NULL,
  path          TEXT NOT NULL,
  trust         TEXT NOT NULL,
  trust_ids     TEXT NOT NULL,
  description   TEXT,
  max_session_s INTEGER NOT NULL,
  tags          TEXT NOT NULL,
  created_at    REAL NOT NULL,
  last_used_at  REAL,
  last_used_region TEXT,
  revision      INTEGER NOT NULL,
  PRIMARY KEY (account_id, name_key)
);
CREATE UNIQUE INDEX IF NOT EXISTS iam_role_by_id ON iam_role (account_id, role_id);

-- An inline policy of a user or of a role, as its owner wrote it.
CREATE TABLE IF NOT EXISTS iam_policy (
  account_id  TEXT NOT NULL,
  holder_id   TEXT NOT NULL,
  policy_name TEXT NOT NULL,
  document    TEXT NOT NULL,
  PRIMARY KEY (account_id, holder_id, policy_name)
);

-- A managed policy that is attached to a user or to a role.
CREATE TABLE IF NOT EXISTS iam_attachment (
  account_id TEXT NOT NULL,
  holder_id  TEXT NOT NULL,
  policy_arn TEXT NOT NULL,
  PRIMARY KEY (account_id, holder_id, policy_arn)
);

-- Access keys. The secret is sealed by companions/kms.
CREATE TABLE IF NOT EXISTS iam_access_key (
  account_id TEXT NOT NULL,
  access_key_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  secret_sealed BLOB NOT NULL,
  status TEXT NOT NULL,
  created_at REAL NOT NULL,
  last_used_at REAL,
  last_used_service TEXT,
  last_used_region TEXT,
  PRIMARY KEY (account_id, access_key_id)
);

-- A request names only its key: the id is unique across accounts, as at AWS.
CREATE UNIQUE INDEX IF NOT EXISTS iam_access_key_by_id ON iam_access_key (access_key_id);
CREATE INDEX IF NOT EXISTS iam_access_key_of_user ON iam_access_key (account_id, user_id);

-- Temporary credentials. `holder_id` is the role or the user that they speak for; the secret is sealed with its token.
-- `policies` narrows what they may do, null where nothing does.
CREATE TABLE IF NOT EXISTS iam_session (
  account_id    TEXT NOT NULL,
  access_key_id TEXT NOT NULL,
  holder_id     TEXT NOT NULL,
  session_name  TEXT NOT NULL,
  secret_sealed BLOB NOT NULL,
  policies      TEXT,
  tags          TEXT NOT NULL,
  created_at    REAL NOT NULL,
  expires_at    REAL NOT NULL,
  PRIMARY KEY (account_id, access_key_id)
);
CREATE UNIQUE INDEX IF NOT EXISTS iam_session_by_id ON iam_session (access_key_id);
CREATE INDEX IF NOT EXISTS iam_session_over ON iam_session (expires_at);

-- Functions; `configuration`, `policy` (a list of statements) and `tags` are JSON. The code is a blob.
CREATE TABLE IF NOT EXISTS lambda_function (
  account_id    TEXT NOT NULL,
  region        TEXT NOT NULL,
  function_name TEXT NOT NULL,
  function_id   TEXT NOT NULL,
  configuration TEXT NOT NULL,
  code_blob     TEXT NOT NULL,
  code_sha256   TEXT NOT NULL,
  code_size     INTEGER NOT NULL,
  policy        TEXT NOT NULL,
  policy_revision TEXT NOT NULL,
  tags          TEXT NOT NULL,
  revision_id   TEXT NOT NULL,
  modified_at   REAL NOT NULL,
  PRIMARY KEY (account_id, region, function_name)
);
CREATE INDEX IF NOT EXISTS lambda_function_code ON lambda_function (code_blob);

-- Invocations that somebody has been told will happen. due_at: when it may be tried; while a process does, the end of
-- its lease.
CREATE TABLE IF NOT EXISTS lambda_invocation (
  account_id    TEXT NOT NULL,
  region        TEXT NOT NULL,
  function_name TEXT NOT NULL,
  request_id    TEXT NOT NULL,
  payload       BLOB NOT NULL,
  accepted_at   REAL NOT NULL,
  due_at        REAL NOT NULL,
  attempts      INTEGER NOT NULL,
  throttles     INTEGER NOT NULL,
  owner         TEXT NOT NULL,
  PRIMARY KEY (account_id, region, function_name, request_id)
);
CREATE INDEX IF NOT EXISTS lambda_invocation_due ON lambda_invocation (due_at);

-- Log groups. `stored_bytes` counts what its events hold, as CloudWatch Logs counts.
CREATE TABLE IF NOT EXISTS logs_group (
  account_id     TEXT NOT NULL,
  region         TEXT NOT NULL,
  group_name     TEXT NOT NULL,
  retention_days INTEGER,
  created_at     REAL NOT NULL,
  stored_bytes   INTEGER NOT NULL,
  PRIMARY KEY (account_id, region, group_name)
);

CREATE TABLE IF NOT EXISTS logs_stream (
  account_id   TEXT NOT NULL,
  region       TEXT NOT NULL,
  group_name   TEXT NOT NULL,
  stream_name  TEXT NOT NULL,
  created_at   REAL NOT NULL,
  first_at_ms  INTEGER,
  last_at_ms   INTEGER,
  ingested_at  REAL,
  PRIMARY KEY (account_id, region, group_name, stream_name)
);

-- Events; at_ms is the time that the event itself says, milliseconds since the epoch.
CREATE TABLE IF NOT EXISTS logs_event (
  id          INTEGER PRIMARY KEY,
  account_id  TEXT NOT NULL,
  region      TEXT NOT NULL,
  group_name  TEXT NOT NULL,
  stream_name TEXT NOT NULL,
  at_ms       INTEGER NOT NULL,
  ingested_at REAL NOT NULL,
  size        INTEGER NOT NULL,
  message     TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS logs_event_group ON logs_event (account_id, region, group_name, at_ms, id);
CREATE INDEX IF NOT EXISTS logs_event_stream ON logs_event (account_id, region, group_name, stream_name, at_ms, id);

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

-- Buckets. A name is one of the whole server, as it is one of all of AWS.
-- `writes` counts what changed in the bucket; who changes something locks the row with it.
CREATE TABLE IF NOT EXISTS s3_bucket (
  account_id TEXT NOT NULL,
  bucket TEXT NOT NULL,
  region TEXT NOT NULL,
  created_at REAL NOT NULL,
  policy TEXT,
  writes INTEGER NOT NULL,
  PRIMARY KEY (account_id, bucket)
);

CREATE UNIQUE INDEX IF NOT EXISTS s3_bucket_by_name ON s3_bucket (bucket);

-- What stands under a key now. `facts` is JSON: headers, metadata, checksum.
CREATE TABLE IF NOT EXISTS s3_object (
  account_id TEXT NOT NULL,
  bucket TEXT NOT NULL,
  object_key TEXT NOT NULL,
  content_id TEXT NOT NULL,
  size INTEGER NOT NULL,
  etag TEXT NOT NULL,
  modified_at REAL NOT NULL,
  facts TEXT NOT NULL,
  PRIMARY KEY (account_id, bucket, object_key)
);

-- Where the octets of a content lie: from `place` on, `size` octets of a blob from its octet `start` on.
-- Copies and objects that were put together share blobs.
CREATE TABLE IF NOT EXISTS s3_piece (
  account_id TEXT NOT NULL,
  content_id TEXT NOT NULL,
  place INTEGER NOT NULL,
  blob_key TEXT NOT NULL,
  start INTEGER NOT NULL,
  size INTEGER NOT NULL,
  PRIMARY KEY (account_id, content_id, place)
);

CREATE INDEX IF NOT EXISTS s3_piece_by_blob ON s3_piece (account_id, blob_key);

-- Uploads in parts that have not come to their end.
CREATE TABLE IF NOT EXISTS s3_upload (
  account_id TEXT NOT NULL,
  bucket TEXT NOT NULL,
  object_key TEXT NOT NULL,
  upload_id TEXT NOT NULL,
  begun_at REAL NOT NULL,
  facts TEXT NOT NULL,
  PRIMARY KEY (account_id, bucket, object_key, upload_id)
);

CREATE INDEX IF NOT EXISTS s3_upload_by_age ON s3_upload (begun_at);

CREATE TABLE IF NOT EXISTS s3_part (
  account_id TEXT NOT NULL,
  upload_id TEXT NOT NULL,
  part_number INTEGER NOT NULL,
  content_id TEXT NOT NULL,
  size INTEGER NOT NULL,
  etag TEXT NOT NULL,
  checksum TEXT NOT NULL,
  modified_at REAL NOT NULL,
  PRIMARY KEY (account_id, upload_id, part_number)
);

-- Blobs that lost a reference. When their last one is gone they are deleted, a while later: somebody may be reading.
CREATE TABLE IF NOT EXISTS s3_retired (
  account_id TEXT NOT NULL,
  blob_key TEXT NOT NULL,
  retired_at REAL NOT NULL,
  PRIMARY KEY (account_id, blob_key)
);

CREATE INDEX IF NOT EXISTS s3_retired_by_age ON s3_retired (retired_at);

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

-- Queues and their messages. `queue_id` is drawn anew at creation and at a purge: messages belong to it,
-- so deleting or purging a queue of any length is one row, and upkeep removes what it held bit by bit.
CREATE TABLE IF NOT EXISTS sqs_queue (
  account_id TEXT NOT NULL,
  region TEXT NOT NULL,
  queue_name TEXT NOT NULL,
  queue_id TEXT NOT NULL,
  attributes TEXT NOT NULL,
  tags TEXT NOT NULL,
  created_at REAL NOT NULL,
  modified_at REAL NOT NULL,
  PRIMARY KEY (account_id, region, queue_name)
) WITHOUT ROWID;

-- `id` is the order of sending; a receipt names a message by it, so that no index of message ids is needed.
CREATE TABLE IF NOT EXISTS sqs_message (
  id INTEGER PRIMARY KEY,
  account_id TEXT NOT NULL,
  region TEXT NOT NULL,
  queue_id TEXT NOT NULL,
  message_id TEXT NOT NULL,
  body TEXT NOT NULL,
  attributes TEXT NOT NULL,
  trace_header TEXT,
  sender_id TEXT NOT NULL,
  sent_at REAL NOT NULL,
  visible_at REAL NOT NULL,
  expires_at REAL NOT NULL,
  receive_count INTEGER NOT NULL,
  receive_base INTEGER NOT NULL,
  first_received_at REAL,
  dead_letter_source TEXT
);

-- What receiving reads, upkeep, and the three approximate counts: no scan of the messages. It is the only one, because
-- every event that is told to a queue is written through it.
CREATE INDEX IF NOT EXISTS sqs_message_visible
  ON sqs_message (account_id, region, queue_id, visible_at, id, receive_count);

CREATE TABLE IF NOT EXISTS sqs_retired (
  account_id TEXT NOT NULL,
  region TEXT NOT NULL,
  queue_id TEXT NOT NULL,
  PRIMARY KEY (account_id, region, queue_id)
);
