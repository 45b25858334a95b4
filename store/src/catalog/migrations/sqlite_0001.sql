-- Times, sequences and sizes are 64-bit unsigned numbers, stored as the signed number of the same bits.

CREATE TABLE state (
    -- Rises with every change of the set of splits.
    version INTEGER NOT NULL
) STRICT;
INSERT INTO state (version) VALUES (0);

CREATE TABLE splits (
    id TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    records INTEGER NOT NULL,
    spans INTEGER NOT NULL,
    logs INTEGER NOT NULL,
    min_time INTEGER NOT NULL,
    max_time INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    first_sequence INTEGER NOT NULL,
    last_sequence INTEGER NOT NULL,
    format INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The last WAL sequence of each tenant whose records stand in a split, also when that split is gone.
CREATE TABLE published (
    tenant TEXT NOT NULL PRIMARY KEY,
    sequence INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Fingerprints of the requests in a split: 16 bytes fingerprint and 8 bytes arrival each, little-endian.
CREATE TABLE fingerprints (
    split TEXT NOT NULL PRIMARY KEY,
    newest_arrival INTEGER NOT NULL,
    packed BLOB NOT NULL
) STRICT;

-- Splits that were replaced or dropped and whose files may still be there.
CREATE TABLE garbage (
    split TEXT NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;
