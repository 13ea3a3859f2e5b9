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
