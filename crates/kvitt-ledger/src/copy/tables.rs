//! What is moved: each table of the PostgreSQL schema, and where the SQLite schema has it.

use Kind::{Bytes, Flag, Id, Integer, Json, Name, Text};

/// A table with all its rows.
pub(crate) struct Table {
    /// Its name in PostgreSQL.
    pub(crate) name: &'static str,
    /// What it is read from in SQLite.
    pub(crate) in_sqlite: &'static str,
    /// Columns that no two rows share, by which they are ordered.
    pub(crate) key: &'static [&'static str],
    /// All columns by name.
    pub(crate) columns: &'static [(&'static str, Kind)],
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A whole number.
    Integer,
    /// A text that has to come out as it went in.
    Text,
    /// A text for people, in which PostgreSQL shows another character where it cannot hold one.
    Name,
    /// JSON, as it was written.
    Json,
    /// Bytes.
    Bytes,
    /// An id, which SQLite has as a text with this prefix.
    Id(&'static str),
    /// Yes or no, which SQLite has as a number.
    Flag,
}

/// All of it, but for the dashboard's sessions (whoever is signed in signs in again), and what each
/// database knows about itself.
pub(crate) const TABLES: &[Table] = &[
    Table {
        name: "sale",
        in_sqlite: "sale",
        key: &["sale"],
        columns: &[
            ("sale", Id("")),
            ("version", Integer),
            ("created_at_us", Integer),
            ("updated_at_us", Integer),
            ("account", Name),
            ("purchase_country", Name),
            ("purchase_currency", Name),
            ("checkout_status", Name),
            ("order_status", Name),
            ("fraud_status", Name),
            ("klarna_order_id", Name),
            ("klarna_reference", Name),
            ("merchant_reference1", Name),
            ("merchant_reference2", Name),
            ("order_amount", Integer),
            ("captured_amount", Integer),
            ("refunded_amount", Integer),
            ("remaining_authorized_amount", Integer),
            ("placed_at_us", Integer),
            ("expires_at_us", Integer),
            ("attention", Name),
            ("look_at_us", Integer),
        ],
    },
    Table {
        name: "event",
        in_sqlite: "(SELECT *, event ->> 'intent' AS intent FROM event)",
        key: &["position"],
        columns: &[
            ("sale", Id("")),
            ("seq", Integer),
            ("position", Integer),
            ("id", Id("evt_")),
            ("at_us", Integer),
            ("name", Text),
            ("cause", Json),
            ("event", Json),
            ("intent", Id("int_")),
        ],
    },
    Table {
        name: "idempotency",
        in_sqlite: "(SELECT *, api_key AS requester FROM idempotency)",
        key: &["sale", "requester", "key"],
        columns: &[
            ("sale", Id("")),
            ("requester", Text),
            ("key", Text),
            ("request_hash", Bytes),
            ("intent", Id("int_")),
            ("at_us", Integer),
        ],
    },
    Table {
        name: "private",
        in_sqlite: "(SELECT sale, 1 AS personal, name, CAST(value AS BLOB) AS value FROM personal \
                    UNION ALL \
                    SELECT sale, 0 AS personal, name, CAST(value AS BLOB) AS value FROM secret)",
        key: &["sale", "personal", "name"],
        columns: &[("sale", Id("")), ("personal", Flag), ("name", Text), ("value", Bytes)],
    },
    Table {
        name: "inbox",
        in_sqlite: "inbox",
        key: &["sale", "digest"],
        columns: &[
            ("sale", Id("")),
            ("digest", Bytes),
            ("door", Text),
            ("content", Bytes),
            ("times", Integer),
            ("first_at_us", Integer),
            ("last_at_us", Integer),
        ],
    },
    Table {
        name: "work",
        in_sqlite: "work",
        key: &["sale", "work_id"],
        columns: &[
            ("sale", Id("")),
            ("work_id", Id("")),
            ("kind", Text),
            ("attempts", Integer),
            ("fence", Integer),
            ("due_at_us", Integer),
        ],
    },
    Table {
        name: "api_key",
        in_sqlite: "api_key",
        key: &["id"],
        columns: &[
            ("id", Id("key_")),
            ("name", Name),
            ("hash", Bytes),
            ("created_at_us", Integer),
            ("revoked_at_us", Integer),
        ],
    },
    Table {
        name: "dashboard_user",
        in_sqlite: "dashboard_user",
        key: &["id"],
        columns: &[
            ("id", Id("usr_")),
            ("name", Name),
            ("password_hash", Text),
            ("created_at_us", Integer),
            ("revoked_at_us", Integer),
        ],
    },
    Table {
        name: "webhook_endpoint",
        in_sqlite: "webhook_endpoint",
        key: &["id"],
        columns: &[
            ("id", Id("whk_")),
            ("revision", Integer),
            ("url", Name),
            ("description", Name),
            ("events", Name),
            ("secret", Name),
            ("previous_secret", Name),
            ("previous_until_us", Integer),
            ("created_at_us", Integer),
            ("enabled_at_us", Integer),
            ("disabled_at_us", Integer),
            ("disabled_reason", Name),
            ("delivered_at_us", Integer),
            ("position", Integer),
            ("again_position", Integer),
            ("again_until", Integer),
        ],
    },
    Table {
        name: "webhook_request",
        in_sqlite: "webhook_request",
        key: &["requester", "key"],
        columns: &[
            ("requester", Text),
            ("key", Text),
            ("request_hash", Bytes),
            ("endpoint", Id("whk_")),
            ("at_us", Integer),
        ],
    },
    Table {
        name: "webhook_message",
        in_sqlite: "webhook_message",
        key: &["sale", "endpoint", "seq"],
        columns: &[
            ("sale", Id("")),
            ("endpoint", Id("whk_")),
            ("seq", Integer),
            ("event", Id("evt_")),
            ("name", Name),
            ("position", Integer),
            ("state", Text),
            ("attempts", Integer),
            ("first_attempt_at_us", Integer),
            ("last_attempt_at_us", Integer),
            ("status", Integer),
            ("problem", Name),
        ],
    },
    Table {
        name: "webhook_queue",
        in_sqlite: "webhook_queue",
        key: &["sale", "endpoint"],
        columns: &[
            ("sale", Id("")),
            ("endpoint", Id("whk_")),
            ("due_at_us", Integer),
            ("claim", Id("")),
        ],
    },
];
