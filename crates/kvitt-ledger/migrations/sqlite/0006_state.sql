-- The ledger as a whole: one row. It is frozen where both are there.
CREATE TABLE ledger_state (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    frozen_since_us INTEGER,
    frozen_because TEXT,
    CHECK ((frozen_since_us IS NULL) = (frozen_because IS NULL))
) STRICT;
INSERT INTO ledger_state (id) VALUES (1);
