-- Who signs in to the dashboard. SQLite's NOCASE folds the letters of ASCII, as the ledger promises.
CREATE TABLE dashboard_user (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    password_hash TEXT NOT NULL,
    created_at_us INTEGER NOT NULL,
    revoked_at_us INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE dashboard_session (
    digest BLOB NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES dashboard_user (id),
    -- By the database's clock.
    ends_at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX dashboard_session_user ON dashboard_session (user_id);
CREATE INDEX dashboard_session_end ON dashboard_session (ends_at_us);
