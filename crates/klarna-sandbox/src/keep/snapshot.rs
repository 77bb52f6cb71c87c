//! A snapshot: everything that the sandbox remembers, as one JSON document.
//!
//! In it are the sandbox's time, the switches, sessions, authorizations, orders, first answers to
//! idempotency keys, faults and notifications. Not in it are the exchanges, the attempts at
//! callbacks, and the windows in which buyers stand half way.

use std::io::{BufReader, Read};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{check, read};
use crate::{error::Error, sandbox::Shared, state::State};

/// What a snapshot says of itself.
const KIND: &str = "klarna-sandbox snapshot";
/// Raised whenever an older snapshot would be misread.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    kind: &'static str,
    version: u32,
    /// The sandbox's time.
    now: Timestamp,
    state: &'a State,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Restored {
    #[serde(rename = "kind")]
    _kind: Kind,
    #[serde(rename = "version")]
    _version: Version,
    now: Timestamp,
    state: State,
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Kind;

impl TryFrom<String> for Kind {
    type Error = String;

    fn try_from(kind: String) -> Result<Self, String> {
        if kind == KIND {
            return Ok(Self);
        }
        Err(format!("{kind:?} is no snapshot, whose kind is {KIND:?}"))
    }
}

#[derive(Deserialize)]
#[serde(try_from = "u32")]
struct Version;

impl TryFrom<u32> for Version {
    type Error = String;

    fn try_from(version: u32) -> Result<Self, String> {
        if version == VERSION {
            return Ok(Self);
        }
        Err(format!("{version} is not known here, but {VERSION}: take a snapshot anew"))
    }
}

/// Writes a snapshot. Every request waits meanwhile, so that it is of one moment.
pub(crate) fn take(shared: &Shared) -> Vec<u8> {
    let state = shared.state();
    let now = shared.now(&state);
    let document = Document { kind: KIND, version: VERSION, now, state: &state };
    // Rows are plain members with texts as names: serialising them cannot fail.
    serde_json::to_vec(&document).unwrap_or_default()
}

/// Puts a snapshot in the place of everything that is remembered, or refuses it and changes
/// nothing. The sandbox's time goes on from the snapshot's, also when that lies behind.
pub(crate) fn restore(shared: &Shared, snapshot: impl Read) -> Result<(), Error> {
    let document = serde_json::Deserializer::from_reader(BufReader::new(snapshot));
    let Restored { now, state: mut newer, .. } = read(document).map_err(Error::Snapshot)?;
    if let Some(problem) = check::problem(&newer) {
        return Err(Error::Snapshot(format!("state.{problem}")));
    }
    newer.weigh_all();
    newer.clock.go_on_from(now, shared.base_time());
    let older = {
        let mut state = shared.state();
        newer.attempts = std::mem::take(&mut state.attempts);
        state.replace(newer)
    };
    // A large one takes a moment to be freed, for which nobody should wait.
    drop(older);
    Ok(())
}
