//! What of the store is kept: its tables, row by row, and its small parts, each as a whole. Who
//! adds a member to the store that is to survive names it here; a test holds the two together.

use super::{State, table::Rows};
use crate::keep::from_json;

/// The small parts' names, in the order of [`State::parts`].
pub(crate) const PARTS: [&str; 5] = ["clock", "settings", "faults", "callback_faults", "held"];

impl State {
    /// The tables by name.
    pub(crate) fn tables(&mut self) -> [(&'static str, &mut dyn Rows); 10] {
        [
            ("sessions", &mut self.sessions),
            ("authorizations", &mut self.authorizations),
            ("given_up", &mut self.given_up),
            ("orders", &mut self.orders),
            ("customer_tokens", &mut self.customer_tokens),
            ("hpp_sessions", &mut self.hpp_sessions),
            ("hpp_pages", &mut self.hpp_pages),
            ("distributions", &mut self.distributions),
            ("idempotency", self.idempotency.rows()),
            ("repeats", &mut self.repeats),
        ]
    }

    /// The small parts as JSON, in the order of [`PARTS`].
    pub(crate) fn parts(&self) -> serde_json::Result<[String; PARTS.len()]> {
        Ok([
            serde_json::to_string(&self.clock)?,
            serde_json::to_string(&self.settings)?,
            serde_json::to_string(&self.faults)?,
            serde_json::to_string(&self.callback_faults)?,
            serde_json::to_string(&self.held)?,
        ])
    }

    /// Sets one of the small parts.
    pub(crate) fn set_part(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "clock" => self.clock = from_json(value)?,
            "settings" => self.settings = from_json(value)?,
            "faults" => self.faults = from_json(value)?,
            "callback_faults" => self.callback_faults = from_json(value)?,
            "held" => self.held = from_json(value)?,
            _ => return Err(format!("there is no part {name:?}; there are {}", PARTS.join(", "))),
        }
        Ok(())
    }

    /// From now on every table notes what changes.
    pub(crate) fn track(&mut self) {
        for (_, table) in self.tables() {
            table.track();
        }
        self.is_tracked = true;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn nothing_that_a_snapshot_has_is_forgotten_by_the_state_file() {
        let mut state = State::default();
        let document = serde_json::to_value(&state).unwrap();
        let members: BTreeSet<&str> =
            document.as_object().unwrap().keys().map(String::as_str).collect();
        let tables = state.tables().map(|(name, _)| name);
        let kept: BTreeSet<&str> = tables.into_iter().chain(PARTS).collect();
        assert_eq!(members, kept);
        assert_eq!(kept.len(), tables.len() + PARTS.len(), "each name once");
    }

    #[test]
    fn every_part_is_read_as_it_is_written() {
        let mut state = State::default();
        for (name, text) in PARTS.into_iter().zip(state.parts().unwrap()) {
            let document = serde_json::to_value(&state).unwrap();
            assert_eq!(document[name].to_string().len(), text.len(), "{name}");
            assert_eq!(state.set_part(name, &text), Ok(()), "{name}");
            assert!(state.set_part(name, "7").is_err(), "{name}");
        }
        let refused = state.set_part("orders", "{}").unwrap_err();
        assert!(refused.contains("callback_faults"), "{refused}");
    }
}
