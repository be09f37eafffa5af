-- Records in the order of the journal. Nothing else is written when one is accepted.
CREATE TABLE record (
  position INTEGER PRIMARY KEY,
  body     BLOB NOT NULL
);

-- What is made of the records a little later: where the records of a stream are, as distances between positions, and
-- the tiles of the Merkle tree.
CREATE TABLE posting (
  stream    TEXT NOT NULL,
  last      INTEGER NOT NULL,
  positions BLOB NOT NULL,
  PRIMARY KEY (stream, last)
) WITHOUT ROWID;
CREATE TABLE tile (
  level  INTEGER NOT NULL,
  number INTEGER NOT NULL,
  hashes BLOB NOT NULL,
  PRIMARY KEY (level, number)
) WITHOUT ROWID;

-- How far the index has come, the newest signed checkpoint, how long each stream is; documents, timers,
-- cursors, leases. Each row has a sum over its fields.
CREATE TABLE small (
  kind   TEXT NOT NULL,
  name   TEXT NOT NULL,
  number INTEGER NOT NULL,
  other  INTEGER NOT NULL,
  value  BLOB NOT NULL,
  sum    BLOB NOT NULL,
  PRIMARY KEY (kind, name)
) WITHOUT ROWID;
CREATE INDEX timer_due ON small (number, name) WHERE kind = 'timer';
