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
