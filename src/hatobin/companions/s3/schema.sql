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
