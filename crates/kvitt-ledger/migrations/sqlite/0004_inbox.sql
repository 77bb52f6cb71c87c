-- What Klarna sent, as it came: the same message twice is one row.
CREATE TABLE inbox (
    sale TEXT NOT NULL REFERENCES sale (sale),
    digest BLOB NOT NULL,
    door TEXT NOT NULL,
    content BLOB NOT NULL,
    times INTEGER NOT NULL,
    first_at_us INTEGER NOT NULL,
    last_at_us INTEGER NOT NULL,
    PRIMARY KEY (sale, digest)
) STRICT, WITHOUT ROWID;
