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
