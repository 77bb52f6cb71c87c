//! The event store of kvitt: events, projections, idempotency records, due work.
