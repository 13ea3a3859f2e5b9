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
