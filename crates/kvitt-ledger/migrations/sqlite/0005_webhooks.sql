-- Where the shop wants to be told what happens: a few rows for the whole installation.
CREATE TABLE webhook_endpoint (
    id TEXT NOT NULL PRIMARY KEY,
    -- Counts the changes, so that two at once are noticed.
    revision INTEGER NOT NULL,
    url TEXT NOT NULL,
    description TEXT NOT NULL,
    -- Names of events, as a JSON list; all where it is empty.
    events TEXT NOT NULL,
    secret TEXT NOT NULL,
    previous_secret TEXT,
    previous_until_us INTEGER,
    created_at_us INTEGER NOT NULL,
    enabled_at_us INTEGER NOT NULL,
    disabled_at_us INTEGER,
    disabled_reason TEXT,
    -- When it last took a message, give or take the engine's thrift.
    delivered_at_us INTEGER,
    -- Up to where in the feed its messages are queued.
    position INTEGER NOT NULL,
    -- What is being queued once more: what lies after the one, up to the other.
    again_position INTEGER,
    again_until INTEGER
) STRICT, WITHOUT ROWID;

-- Requests that changed an endpoint, or what is sent to it.
CREATE TABLE webhook_request (
    requester TEXT NOT NULL,
    key TEXT NOT NULL,
    request_hash BLOB NOT NULL,
    endpoint TEXT NOT NULL,
    at_us INTEGER NOT NULL,
    PRIMARY KEY (requester, key)
) STRICT, WITHOUT ROWID;

-- One row for an event that an endpoint is told of: what is to be sent, and what came of it.
CREATE TABLE webhook_message (
    sale TEXT NOT NULL REFERENCES sale (sale),
    endpoint TEXT NOT NULL,
    seq INTEGER NOT NULL,
    event TEXT NOT NULL,
    name TEXT NOT NULL,
    position INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'failing', 'delivered', 'given_up')),
    attempts INTEGER NOT NULL DEFAULT 0,
    first_attempt_at_us INTEGER,
    last_attempt_at_us INTEGER,
    status INTEGER,
    problem TEXT,
    PRIMARY KEY (sale, endpoint, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX webhook_message_newest ON webhook_message (endpoint, position);
CREATE INDEX webhook_message_open ON webhook_message (endpoint, state, position)
    WHERE state <> 'delivered';
CREATE INDEX webhook_message_event ON webhook_message (event);

-- A sale that an endpoint is to be told of. A sale's messages are sent one after the other, by
-- whoever holds its row.
CREATE TABLE webhook_queue (
    sale TEXT NOT NULL REFERENCES sale (sale),
    endpoint TEXT NOT NULL,
    -- By the database's clock. A claim moves it to the lease's end.
    due_at_us INTEGER NOT NULL,
    claim TEXT,
    PRIMARY KEY (sale, endpoint)
) STRICT, WITHOUT ROWID;

CREATE INDEX webhook_queue_due ON webhook_queue (endpoint, due_at_us);
