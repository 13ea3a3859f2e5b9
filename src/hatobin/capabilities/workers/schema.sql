-- What a worker counts for itself, so that each of a node's workers can answer for all of them.
CREATE TABLE IF NOT EXISTS worker_figures (
  node    TEXT NOT NULL,
  worker  INTEGER NOT NULL,
  at      REAL NOT NULL,
  figures TEXT NOT NULL,
  PRIMARY KEY (node, worker)
);
