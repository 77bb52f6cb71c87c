-- Times are microseconds since 1970 (`…_at_us`), amounts minor units of the sale's currency.
-- What grows is keyed by its sale first, and no transaction but a claim of due work, which takes
-- pieces of it from many sales, and the feed's reader spans two sales.
-- COLLATE "C" is the order of code points, and folds the letters of ASCII only, as the ledger
-- promises.

CREATE TABLE sale (
    sale uuid NOT NULL PRIMARY KEY,
    version bigint NOT NULL,
    created_at_us bigint NOT NULL,
    updated_at_us bigint NOT NULL,
    account text NOT NULL,
    purchase_country text NOT NULL,
    purchase_currency text NOT NULL,
    checkout_status text NOT NULL,
    order_status text,
    fraud_status text,
    klarna_order_id text COLLATE "C",
    klarna_reference text COLLATE "C",
    merchant_reference1 text COLLATE "C",
    merchant_reference2 text COLLATE "C",
    order_amount bigint NOT NULL,
    captured_amount bigint NOT NULL,
    refunded_amount bigint NOT NULL,
    remaining_authorized_amount bigint NOT NULL,
    placed_at_us bigint,
    expires_at_us bigint,
    attention text,
    -- When the sale must be looked at next, by business time.
    look_at_us bigint
);

CREATE INDEX sale_newest ON sale (created_at_us, sale);
CREATE INDEX sale_status ON sale (order_status, created_at_us, sale) WHERE order_status IS NOT NULL;
CREATE INDEX sale_attention ON sale (created_at_us, sale) WHERE attention IS NOT NULL;
CREATE INDEX sale_look ON sale (look_at_us) WHERE look_at_us IS NOT NULL;
CREATE INDEX sale_klarna_order_id ON sale (lower(klarna_order_id))
    WHERE klarna_order_id IS NOT NULL;
CREATE INDEX sale_klarna_reference ON sale (lower(klarna_reference))
    WHERE klarna_reference IS NOT NULL;
CREATE INDEX sale_reference1 ON sale (lower(merchant_reference1))
    WHERE merchant_reference1 IS NOT NULL;
CREATE INDEX sale_reference2 ON sale (lower(merchant_reference2))
    WHERE merchant_reference2 IS NOT NULL;

-- An event's position is made of its transaction's number, and its place in that transaction.
-- Transactions commit in another order than they are numbered, so the feed shows only what lies
-- below the oldest one that is still under way.
CREATE TABLE event (
    sale uuid NOT NULL REFERENCES sale (sale),
    seq bigint NOT NULL CHECK (seq > 0),
    position bigint NOT NULL,
    id uuid NOT NULL,
    at_us bigint NOT NULL,
    name text NOT NULL,
    -- Kept as the text that was written, unlike jsonb.
    cause json NOT NULL,
    event json NOT NULL,
    intent uuid,
    PRIMARY KEY (sale, seq)
);

CREATE INDEX event_position ON event (position);
-- Whose intent is it?
CREATE INDEX event_intent ON event (intent) WHERE intent IS NOT NULL;

-- What is added to a transaction's number. It is raised where the ledger moved to a server whose
-- numbers are behind: positions only grow.
CREATE TABLE feed (
    id integer NOT NULL PRIMARY KEY CHECK (id = 1),
    transaction_offset bigint NOT NULL
);
INSERT INTO feed (id, transaction_offset) VALUES (1, 0);

-- Events are only ever appended.
CREATE FUNCTION refuse_to_change_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events are only ever appended';
END
$$;
CREATE TRIGGER event_is_final BEFORE UPDATE OR DELETE ON event
    FOR EACH ROW EXECUTE FUNCTION refuse_to_change_events();
CREATE TRIGGER event_stays BEFORE TRUNCATE ON event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_events();

CREATE TABLE idempotency (
    sale uuid NOT NULL REFERENCES sale (sale),
    requester text NOT NULL,
    key text NOT NULL,
    request_hash bytea NOT NULL,
    intent uuid,
    at_us bigint NOT NULL,
    PRIMARY KEY (sale, requester, key)
);

-- Personal data, which can be erased, and secrets. Values are UTF-8, as bytes since a text cannot
-- hold every character.
CREATE TABLE private (
    sale uuid NOT NULL REFERENCES sale (sale),
    personal boolean NOT NULL,
    name text NOT NULL,
    value bytea NOT NULL,
    PRIMARY KEY (sale, personal, name)
);

-- What Klarna sent, as it came: the same message twice is one row.
CREATE TABLE inbox (
    sale uuid NOT NULL REFERENCES sale (sale),
    digest bytea NOT NULL,
    door text NOT NULL,
    content bytea NOT NULL,
    times bigint NOT NULL,
    first_at_us bigint NOT NULL,
    last_at_us bigint NOT NULL,
    PRIMARY KEY (sale, digest)
);

-- A fence is never given twice, so that work that is scheduled anew under its old id does not
-- meet a claim on the old one.
CREATE SEQUENCE work_fence AS bigint;

CREATE TABLE work (
    sale uuid NOT NULL REFERENCES sale (sale),
    work_id uuid NOT NULL,
    kind text NOT NULL,
    attempts bigint NOT NULL,
    fence bigint NOT NULL,
    -- By the database's clock. A claim moves it to the lease's end.
    due_at_us bigint NOT NULL,
    PRIMARY KEY (sale, work_id)
);

CREATE INDEX work_due ON work (due_at_us);

CREATE TABLE api_key (
    id uuid NOT NULL PRIMARY KEY,
    name text NOT NULL,
    hash bytea NOT NULL UNIQUE,
    created_at_us bigint NOT NULL,
    revoked_at_us bigint
);

-- Who signs in to the dashboard.
CREATE TABLE dashboard_user (
    id uuid NOT NULL PRIMARY KEY,
    name text COLLATE "C" NOT NULL,
    password_hash text NOT NULL,
    created_at_us bigint NOT NULL,
    revoked_at_us bigint
);

CREATE UNIQUE INDEX dashboard_user_name ON dashboard_user (lower(name));

CREATE TABLE dashboard_session (
    digest bytea NOT NULL PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES dashboard_user (id),
    -- By the database's clock.
    ends_at_us bigint NOT NULL
);

CREATE INDEX dashboard_session_user ON dashboard_session (user_id);
CREATE INDEX dashboard_session_end ON dashboard_session (ends_at_us);

-- One row, written to see whether writing works.
CREATE TABLE readiness (
    id integer NOT NULL PRIMARY KEY CHECK (id = 1),
    checked_at_us bigint NOT NULL
);
