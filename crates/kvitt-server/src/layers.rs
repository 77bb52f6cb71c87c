//! What happens around every handler.

mod auth;
mod body;
mod observe;
mod room;
mod time;

pub(crate) use auth::{require_key, require_key_for_metrics};
pub(crate) use body::take_in;
pub(crate) use observe::{observe, panicked};
pub(crate) use room::while_there_is_room;
pub(crate) use time::within_time;
