-- The ledger as a whole: one row. It is frozen where both are there.
CREATE TABLE ledger_state (
    id integer NOT NULL PRIMARY KEY CHECK (id = 1),
    frozen_since_us bigint,
    frozen_because text,
    -- Where it was when it was last opened: the server's own number, the database's and the table's.
    -- A standby that takes over has the same; a dump that is restored has others.
    place text,
    CHECK ((frozen_since_us IS NULL) = (frozen_because IS NULL))
);
INSERT INTO ledger_state (id) VALUES (1);
