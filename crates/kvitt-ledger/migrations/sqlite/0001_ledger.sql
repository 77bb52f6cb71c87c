-- Times are microseconds since 1970 (`…_at_us`), amounts minor units of the sale's currency.
-- A sale's id is the 32 hexadecimal digits that its chk_ and ord_ ids share.
-- What grows is keyed by its sale first, and no transaction but the feed's reader spans two sales.

CREATE TABLE sale (
    sale TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    created_at_us INTEGER NOT NULL,
    updated_at_us INTEGER NOT NULL,
    account TEXT NOT NULL,
    purchase_country TEXT NOT NULL,
    purchase_currency TEXT NOT NULL,
    checkout_status TEXT NOT NULL,
    order_status TEXT,
    fraud_status TEXT,
    klarna_order_id TEXT COLLATE NOCASE,
    klarna_reference TEXT COLLATE NOCASE,
    merchant_reference1 TEXT COLLATE NOCASE,
    merchant_reference2 TEXT COLLATE NOCASE,
    order_amount INTEGER NOT NULL,
    captured_amount INTEGER NOT NULL,
    refunded_amount INTEGER NOT NULL,
    remaining_authorized_amount INTEGER NOT NULL,
    placed_at_us INTEGER,
    expires_at_us INTEGER,
    attention TEXT,
    -- The highest fence that finished work of this sale ever had.
    fence_floor INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE INDEX sale_newest ON sale (created_at_us, sale);
CREATE INDEX sale_status ON sale (order_status, created_at_us, sale) WHERE order_status IS NOT NULL;
CREATE INDEX sale_attention ON sale (created_at_us, sale) WHERE attention IS NOT NULL;
CREATE INDEX sale_klarna_order_id ON sale (klarna_order_id) WHERE klarna_order_id IS NOT NULL;
CREATE INDEX sale_klarna_reference ON sale (klarna_reference) WHERE klarna_reference IS NOT NULL;
CREATE INDEX sale_reference1 ON sale (merchant_reference1) WHERE merchant_reference1 IS NOT NULL;
CREATE INDEX sale_reference2 ON sale (merchant_reference2) WHERE merchant_reference2 IS NOT NULL;

-- Positions are given under the write lock, so they stand in the order of the commits.
CREATE TABLE event (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    sale TEXT NOT NULL REFERENCES sale (sale),
    seq INTEGER NOT NULL CHECK (seq > 0),
    id TEXT NOT NULL,
    at_us INTEGER NOT NULL,
    name TEXT NOT NULL,
    cause TEXT NOT NULL,
    event TEXT NOT NULL,
    UNIQUE (sale, seq)
) STRICT;

-- Whose intent is it?
CREATE INDEX event_intent ON event (event ->> 'intent') WHERE event ->> 'intent' IS NOT NULL;

-- Events are only ever appended.
CREATE TRIGGER event_is_final BEFORE UPDATE ON event
BEGIN
    SELECT RAISE(ABORT, 'events are only ever appended');
END;
CREATE TRIGGER event_stays BEFORE DELETE ON event
BEGIN
    SELECT RAISE(ABORT, 'events are only ever appended');
END;

CREATE TABLE idempotency (
    sale TEXT NOT NULL REFERENCES sale (sale),
    api_key TEXT NOT NULL,
    key TEXT NOT NULL,
    request_hash BLOB NOT NULL,
    intent TEXT,
    at_us INTEGER NOT NULL,
    PRIMARY KEY (sale, api_key, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE personal (
    sale TEXT NOT NULL REFERENCES sale (sale),
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (sale, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE secret (
    sale TEXT NOT NULL REFERENCES sale (sale),
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (sale, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE work (
    sale TEXT NOT NULL REFERENCES sale (sale),
    work_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    fence INTEGER NOT NULL,
    -- By the database's clock. A claim moves it to the lease's end.
    due_at_us INTEGER NOT NULL,
    PRIMARY KEY (sale, work_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX work_due ON work (due_at_us);

CREATE TABLE api_key (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    hash BLOB NOT NULL UNIQUE,
    created_at_us INTEGER NOT NULL,
    revoked_at_us INTEGER
) STRICT, WITHOUT ROWID;

-- One row, written to see whether writing works.
CREATE TABLE readiness (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    checked_at_us INTEGER NOT NULL
) STRICT;
