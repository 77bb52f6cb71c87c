//! What a merchant had sent to buyers. Nothing is: it is written down instead.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Moment, State};
use crate::rules::{
    distribution::{Contact, Method, Request},
    hpp::Status,
    read::Body,
    refusal::Refusal,
};

/// How many are remembered.
pub(crate) const DISTRIBUTIONS_MAX: usize = 10_000;

/// One message that would have been sent. Without `Debug`: personal data.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Distribution {
    distribution_id: String,
    /// Of the hosted payment page.
    pub(crate) session_id: String,
    pub(crate) method: Method,
    pub(crate) contact_information: Contact,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) template: Option<String>,
    pub(crate) at: Timestamp,
    /// What the buyer would get.
    redirect_url: String,
}

impl State {
    /// Writes down that a session's link would be sent.
    pub(crate) fn distribute(
        &mut self,
        session_id: &str,
        body: &Body<'_>,
        moment: &Moment<'_>,
    ) -> Result<(), Refusal> {
        let not_found = || Refusal::new(404, "NOT_FOUND", "HPP session not found");
        let session = self.read_hpp_session(session_id, moment).map_err(|_| not_found())?;
        let (status, redirect_url) = (session.status, session.redirect_url());
        let payment_session_id = session.payment_session_id.clone();
        let country = self.sessions.get(&payment_session_id).ok_or_else(not_found)?;
        let request = Request::read(body, &country.purchase.get().country())?;
        if !status.is_open() {
            // Documented of a disabled one; the code and the other two are guesses.
            let is_over = match status {
                Status::Disabled => "disabled",
                Status::Completed => "completed",
                _ => "cancelled",
            };
            let text = format!("HPP session is {is_over}");
            return Err(Refusal::new(400, "BAD_REQUEST", text));
        }
        let distribution_id = moment.uuid();
        let distribution = Distribution {
            distribution_id: distribution_id.clone(),
            session_id: session_id.to_owned(),
            method: request.method,
            contact_information: request.contact,
            template: request.template,
            at: moment.now,
            redirect_url,
        };
        self.distributions.insert(&distribution_id, distribution);
        while self.distributions.len() > DISTRIBUTIONS_MAX {
            let Some(oldest) = self.distributions.iter().next().map(|(id, _)| id.to_owned()) else {
                break;
            };
            self.distributions.remove(&oldest);
        }
        Ok(())
    }
}
