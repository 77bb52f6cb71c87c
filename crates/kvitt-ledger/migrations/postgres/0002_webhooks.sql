-- Where the shop wants to be told what happens: a few rows for the whole installation.
CREATE TABLE webhook_endpoint (
    id uuid NOT NULL PRIMARY KEY,
    -- Counts the changes, so that two at once are noticed.
    revision bigint NOT NULL,
    url text NOT NULL,
    description text NOT NULL,
    -- Names of events, as a JSON list; all where it is empty.
    events text NOT NULL,
    secret text NOT NULL,
    previous_secret text,
    previous_until_us bigint,
    created_at_us bigint NOT NULL,
    enabled_at_us bigint NOT NULL,
    disabled_at_us bigint,
    disabled_reason text,
    -- When it last took a message, give or take the engine's thrift.
    delivered_at_us bigint,
    -- Up to where in the feed its messages are queued.
    position bigint NOT NULL,
    -- What is being queued once more: what lies after the one, up to the other.
    again_position bigint,
    again_until bigint
);

-- Requests that changed an endpoint, or what is sent to it.
CREATE TABLE webhook_request (
    requester text NOT NULL,
    key text NOT NULL,
    request_hash bytea NOT NULL,
    endpoint uuid NOT NULL,
    at_us bigint NOT NULL,
    PRIMARY KEY (requester, key)
);

-- One row for an event that an endpoint is told of: what is to be sent, and what came of it.
CREATE TABLE webhook_message (
    sale uuid NOT NULL,
    endpoint uuid NOT NULL,
    seq bigint NOT NULL,
    event uuid NOT NULL,
    name text NOT NULL,
    position bigint NOT NULL,
    state text NOT NULL CHECK (state IN ('pending', 'failing', 'delivered', 'given_up')),
    attempts bigint NOT NULL DEFAULT 0,
    first_attempt_at_us bigint,
    last_attempt_at_us bigint,
    status bigint,
    problem text,
    PRIMARY KEY (sale, endpoint, seq)
);

CREATE INDEX webhook_message_newest ON webhook_message (endpoint, position);
CREATE INDEX webhook_message_open ON webhook_message (endpoint, state, position)
    WHERE state <> 'delivered';
CREATE INDEX webhook_message_event ON webhook_message (event);

-- A sale that an endpoint is to be told of. A sale's messages are sent one after the other, by
-- whoever holds its row.
CREATE TABLE webhook_queue (
    sale uuid NOT NULL,
    endpoint uuid NOT NULL,
    -- By the database's clock. A claim moves it to the lease's end.
    due_at_us bigint NOT NULL,
    claim uuid,
    PRIMARY KEY (sale, endpoint)
);

CREATE INDEX webhook_queue_due ON webhook_queue (endpoint, due_at_us);
