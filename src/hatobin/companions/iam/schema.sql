-- Access keys. IAM is global, so there is no region; the secret is sealed by companions/kms.
CREATE TABLE IF NOT EXISTS iam_access_key (
  account_id TEXT NOT NULL,
  access_key_id TEXT NOT NULL,
  user_name TEXT NOT NULL,
  user_id TEXT NOT NULL,
  arn TEXT NOT NULL,
  secret_sealed BLOB NOT NULL,
  status TEXT NOT NULL,
  created_at REAL NOT NULL,
  last_used_at REAL,
  PRIMARY KEY (account_id, access_key_id)
);

-- A request names only its key: the id is unique across accounts, as at AWS.
CREATE UNIQUE INDEX IF NOT EXISTS iam_access_key_by_id ON iam_access_key (access_key_id);
