//! The buyer in front of a hosted payment page, and the developer who stands in for one.

use std::collections::HashMap;

use super::{
    Moment, State,
    callbacks::Delivery,
    flows::{OpenFlow, Opened, Step},
    sessions::{Authorized, Outcome},
};
use crate::rules::{hpp::Status, method::Method, read::Members, refusal::Refusal};

/// What the buyer gets to see.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// The flow's page.
    Flow(String),
    /// The shop, or a closing page where the merchant has no URL for it.
    Leaving,
    /// A page that says how the session stands.
    Closing,
}

/// What a developer lets the buyer do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Open the page, and no more.
    Entered,
    Approved,
    Denied,
    Back,
    Cancelled,
    Error,
}

impl State {
    /// The buyer opens the page. Who stands in a flow already, in this tab or another, goes on in
    /// it.
    pub(crate) fn enter_hpp_page(&mut self, session_id: &str, moment: &Moment<'_>) -> Shown {
        if let Some(flow_id) = self.open_hpp_flow(session_id, moment) {
            return Shown::Flow(flow_id);
        }
        let Some(session) = self.open_hpp_session(session_id, moment.now) else {
            return Shown::Closing;
        };
        let payment_session_id = session.payment_session_id.clone();
        let asked = OpenFlow::of_categories(session.options.payment_method_categories.clone());
        let Ok(opened) = self.open_flow(&payment_session_id, asked, moment) else {
            return Shown::Closing;
        };
        self.note_entered(session_id, moment);
        match opened {
            Opened::Flow(flow_id) => {
                if let Some(session) = self.hpp_sessions.get_mut(session_id) {
                    session.flow_id = Some(flow_id.clone());
                }
                Shown::Flow(flow_id)
            }
            // An address that has to be mended in the shop.
            Opened::Result(_) => self.leave(session_id, Status::Error, moment),
        }
    }

    /// The buyer pressed a button. Gives the authorization callback that is to be sent.
    pub(crate) fn press_on_hpp_page(
        &mut self,
        session_id: &str,
        form: HashMap<String, String>,
        moment: &Moment<'_>,
    ) -> (Shown, Option<Delivery>) {
        let Some(session) = self.hpp_sessions.get(session_id) else {
            return (Shown::Closing, None);
        };
        let leaves = form.get("action").is_some_and(|action| action == "leave");
        if leaves && matches!(session.status, Status::Completed | Status::Failed) {
            return (Shown::Leaving, None);
        }
        let Some(flow_id) = self.open_hpp_flow(session_id, moment) else {
            return (self.enter_hpp_page(session_id, moment), None);
        };
        let callback = self.press(&flow_id, form, moment);
        let ended = self.flow(&flow_id, moment).and_then(|it| Some((it.result.clone()?, it.step)));
        let Some((result, step)) = ended else { return (Shown::Flow(flow_id), callback) };
        let shown = match result {
            Authorized::Approved { authorization_token } => {
                self.complete_hpp_session(session_id, authorization_token, moment);
                Shown::Leaving
            }
            // The buyer reads it before they leave (Klarna documentation).
            Authorized::Denied if step == Step::Denied => {
                self.set_hpp_status(session_id, Status::Failed, moment);
                Shown::Flow(flow_id)
            }
            Authorized::Aborted => self.leave(session_id, self.on_leaving(session_id), moment),
            Authorized::InvalidFields(_) => self.leave(session_id, Status::Error, moment),
            // The payment session is over; or, which the page never asks for, waits for more.
            Authorized::Denied | Authorized::ToFinalize => Shown::Closing,
        };
        (shown, callback)
    }

    /// A developer decides for the buyer. Without a decision the test person's e-mail does. Gives
    /// the authorization callback that is to be sent.
    pub(crate) fn decide_hpp_session(
        &mut self,
        session_id: &str,
        decision: Option<Decision>,
        data: &Members,
        method: Option<Method>,
        moment: &Moment<'_>,
    ) -> Result<Option<Delivery>, Refusal> {
        let status = self.read_hpp_session(session_id, moment)?.status;
        let Some(session) = self.open_hpp_session(session_id, moment.now) else {
            let text = format!(
                "HPP session {session_id} is {} and stays so; create another",
                status.as_str()
            );
            return Err(Refusal::new(409, "SESSION_IS_OVER", text));
        };
        let payment_session_id = session.payment_session_id.clone();
        if let Some(flow_id) = session.flow_id.clone() {
            self.close_flow(&flow_id, moment);
        }
        self.note_entered(session_id, moment);
        let outcome = match decision {
            Some(Decision::Entered) => return Ok(None),
            Some(Decision::Back) => {
                self.set_hpp_status(session_id, Status::Back, moment);
                return Ok(None);
            }
            Some(Decision::Cancelled) => {
                self.set_hpp_status(session_id, Status::Cancelled, moment);
                return Ok(None);
            }
            Some(Decision::Error) => {
                self.set_hpp_status(session_id, Status::Error, moment);
                return Ok(None);
            }
            Some(Decision::Approved) => Some(Outcome::Approved),
            Some(Decision::Denied) => Some(Outcome::Denied),
            None => None,
        };
        match self.authorize(&payment_session_id, outcome, data, method, moment)? {
            Authorized::Approved { authorization_token } => {
                let callback =
                    self.authorization_callback(&payment_session_id, &authorization_token, moment);
                self.complete_hpp_session(session_id, authorization_token, moment);
                return Ok(callback);
            }
            Authorized::Denied => self.set_hpp_status(session_id, Status::Failed, moment),
            Authorized::InvalidFields(_) | Authorized::Aborted | Authorized::ToFinalize => {
                self.set_hpp_status(session_id, Status::Error, moment);
            }
        }
        Ok(None)
    }

    /// How a session stands whose buyer leaves its page.
    pub(crate) fn on_leaving(&self, session_id: &str) -> Status {
        let Some(session) = self.hpp_sessions.get(session_id) else { return Status::Back };
        let hosted = self.sessions.get(&session.payment_session_id);
        let purchase = hosted.map(|hosted| hosted.purchase.get());
        let channel = purchase.as_ref().and_then(|it| it.acquiring_channel.as_deref());
        session.merchant_urls.on_leaving(channel)
    }

    fn leave(&mut self, session_id: &str, status: Status, moment: &Moment<'_>) -> Shown {
        self.set_hpp_status(session_id, status, moment);
        Shown::Leaving
    }

    fn note_entered(&mut self, session_id: &str, moment: &Moment<'_>) {
        let status = self.hpp_sessions.get(session_id).map(|session| session.status);
        if status.is_some_and(|status| status != Status::InProgress) {
            self.set_hpp_status(session_id, Status::InProgress, moment);
        }
    }

    /// The flow in which the buyer of an open session stands, if it goes on.
    fn open_hpp_flow(&mut self, session_id: &str, moment: &Moment<'_>) -> Option<String> {
        let session = self.open_hpp_session(session_id, moment.now)?;
        let flow_id = session.flow_id.clone()?;
        let goes_on = self.flow(&flow_id, moment).is_some_and(|flow| flow.result.is_none());
        goes_on.then_some(flow_id)
    }
}
