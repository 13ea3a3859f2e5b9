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
