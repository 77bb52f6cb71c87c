-- Processes that live: each says so every few seconds, by the database's clock.
CREATE TABLE replica (
    replica    uuid   NOT NULL PRIMARY KEY,
    seen_at_us bigint NOT NULL
);
