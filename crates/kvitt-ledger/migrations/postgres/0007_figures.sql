-- Sums by day, counted from the events after their commit by whoever counts next: kvitt_core::figures.
CREATE TABLE figure (
    kind text NOT NULL,
    day text NOT NULL,
    account text NOT NULL,
    purchase_currency text NOT NULL,
    part text NOT NULL,
    count bigint NOT NULL,
    amount bigint NOT NULL,
    PRIMARY KEY (kind, day, account, purchase_currency, part)
);

-- Up to where in the feed was counted.
CREATE TABLE figure_place (
    id integer NOT NULL PRIMARY KEY CHECK (id = 1),
    position bigint NOT NULL
);
INSERT INTO figure_place (id, position) VALUES (1, 0);
