-- Sums by day, counted from the events after their commit by whoever counts next: kvitt_core::figures.
CREATE TABLE figure (
    kind TEXT NOT NULL,
    day TEXT NOT NULL,
    account TEXT NOT NULL,
    purchase_currency TEXT NOT NULL,
    part TEXT NOT NULL,
    count INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (kind, day, account, purchase_currency, part)
) STRICT, WITHOUT ROWID;

-- Up to where in the feed was counted.
CREATE TABLE figure_place (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    position INTEGER NOT NULL
) STRICT;
INSERT INTO figure_place (id, position) VALUES (1, 0);
