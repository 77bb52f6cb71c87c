-- Processes that live: each says so every few seconds, by the database's clock.
CREATE TABLE replica (
    replica    TEXT    NOT NULL PRIMARY KEY,
    seen_at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
