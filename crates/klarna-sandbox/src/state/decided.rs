//! What follows when somebody decides in the buyer's place.

use super::{State, flows::Step, sessions::Authorized};
use crate::write::sdk;

impl State {
    /// Ends the windows that buyers have open for a session: their next page says what was decided
    /// and tells the shop.
    pub(crate) fn end_flows(&mut self, session_id: &str, decided: &Authorized) {
        let open = self.flows.values_mut();
        for flow in open.filter(|it| it.session_id == session_id && it.result.is_none()) {
            flow.result = Some(sdk::authorized(decided));
            flow.asks_to_close = false;
            flow.step = if *decided == Authorized::Denied { Step::Denied } else { Step::Done };
        }
    }
}
