//! What follows when somebody decides in the buyer's place.

use super::{
    State,
    flows::{Flow, Step},
    sessions::Authorized,
};
use crate::write::sdk;

impl State {
    /// Ends the windows that buyers have open for a session: their next page says what was decided
    /// and tells the shop.
    pub(crate) fn end_flows(&mut self, session_id: &str, decided: &Authorized) {
        let is_open = |flow: &Flow| flow.session_id == session_id && flow.result.is_none();
        for id in self.flows.ids_of(is_open) {
            let Some(flow) = self.flows.get_mut(&id) else { continue };
            flow.result = Some(sdk::authorized(decided));
            flow.asks_to_close = false;
            flow.step = if *decided == Authorized::Denied { Step::Denied } else { Step::Done };
        }
    }
}
