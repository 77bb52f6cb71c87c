//! Sessions: created, changed, read, and authorized by the customer.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Moment, State,
    callbacks::{Delivery, Kind},
    held::HeldPurchase,
    placing::Authorization,
};
use crate::rules::{
    contact, lifetime, matching,
    method::Method,
    person::{self, Reaction},
    purchase::Purchase,
    read::{Body, Members},
    refusal::Refusal,
    test_persons,
};

/// A Klarna Payments session.
#[derive(Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) session_id: String,
    pub(crate) expires_at: Timestamp,
    pub(crate) purchase: HeldPurchase,
    /// The newest authorization token; older ones are no longer valid.
    pub(crate) authorization_token: Option<String>,
    pub(crate) order_id: Option<String>,
    /// What the buyer agreed to in a first step that `finalize` has to complete.
    pub(crate) to_finalize: Option<(Members, Method)>,
    /// How much memory it takes with what was agreed to, as it was last weighed.
    #[serde(skip)]
    pub(crate) memory: usize,
}

/// What the customer does in the widget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Approved,
    Denied,
    Aborted,
    InvalidFields(Vec<String>),
}

/// What the browser SDK's callback says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Authorized {
    Approved {
        authorization_token: String,
    },
    Denied,
    Aborted,
    InvalidFields(Vec<String>),
    /// Agreed to, but money moves only once the merchant finalizes.
    ToFinalize,
}

impl Session {
    /// A new session for a purchase that was found good.
    pub(crate) fn open(session_id: String, purchase: HeldPurchase, now: Timestamp) -> Self {
        Self {
            session_id,
            expires_at: lifetime::later(now, lifetime::SESSION),
            purchase,
            authorization_token: None,
            order_id: None,
            to_finalize: None,
            memory: 0,
        }
    }

    /// The purchase with what an authorization brings, or the fields that the shopper has to mend.
    pub(crate) fn authorizable(&self, data: &Members) -> Result<Purchase, Vec<String>> {
        let (newer, problems) = Purchase::read(&Body::from(data));
        let mut purchase = self.purchase.get().into_owned();
        purchase.merge(newer);
        purchase.check(&problems).map_err(|refusal| fields_of(&refusal))?;
        let invalid = contact::invalid_fields(&purchase);
        if invalid.is_empty() { Ok(purchase) } else { Err(invalid) }
    }
}

impl State {
    /// Opens a session and keeps it; gives its id.
    pub(crate) fn create_session(
        &mut self,
        body: &Body<'_>,
        moment: &Moment<'_>,
    ) -> Result<String, Refusal> {
        let (purchase, problems) = Purchase::read(body);
        purchase.check(&problems)?;
        let held = HeldPurchase::Read(Box::new(purchase));
        let session_id = moment.loose_uuid();
        self.keep_session(Session::open(session_id.clone(), held, moment.now));
        Ok(session_id)
    }

    /// Keeps a new session.
    pub(crate) fn keep_session(&mut self, session: Session) {
        let id = session.session_id.clone();
        self.sessions.insert(&id, session);
        self.weigh_session(&id);
    }

    /// The session that may still be changed.
    pub(crate) fn open_session(
        &mut self,
        session_id: &str,
        now: Timestamp,
    ) -> Result<&mut Session, Refusal> {
        let session = self
            .sessions
            .get_mut(session_id)
            .filter(|session| session.expires_at > now)
            .ok_or_else(Refusal::invalid_session)?;
        if session.order_id.is_some() { Err(Refusal::session_completed()) } else { Ok(session) }
    }

    /// Changes what was sent. The result is checked as strictly as a new session; a change of what
    /// was authorized voids the authorization (guess, switched).
    pub(crate) fn update_session(
        &mut self,
        session_id: &str,
        body: &Body<'_>,
        moment: &Moment<'_>,
    ) -> Result<(), Refusal> {
        let session = self.open_session(session_id, moment.now)?;
        let (newer, problems) = Purchase::read(body);
        let held = session.purchase.get().into_owned();
        let mut purchase = held.clone();
        purchase.merge(newer);
        purchase.check(&problems)?;
        let changes = !matching::contradictions(&held, &purchase).is_empty();
        session.purchase.set(purchase);
        let is_voided = changes && moment.settings.update_voids_authorization;
        let voided = session.authorization_token.take_if(|_| is_voided);
        self.give_up(voided);
        self.weigh_session(session_id);
        Ok(())
    }

    /// The session as it may be read, with its authorization token as long as that is valid.
    pub(crate) fn read_session(
        &self,
        session_id: &str,
        now: Timestamp,
    ) -> Result<(&Session, Option<&str>), Refusal> {
        let session = self
            .sessions
            .get(session_id)
            .filter(|session| session.expires_at > now)
            .ok_or_else(Refusal::invalid_session)?;
        let token = session
            .authorization_token
            .as_deref()
            .filter(|token| self.authorizations.get(token).is_some_and(|it| it.expires_at > now));
        Ok((session, token))
    }

    /// The customer's step in the browser. `data` is merged over the session; without an outcome
    /// the test person's e-mail decides.
    pub(crate) fn authorize(
        &mut self,
        session_id: &str,
        outcome: Option<Outcome>,
        data: &Members,
        method: Option<Method>,
        moment: &Moment<'_>,
    ) -> Result<Authorized, Refusal> {
        let session = self.open_session(session_id, moment.now)?;
        let purchase = match session.authorizable(data) {
            Ok(purchase) => purchase,
            Err(fields) => return Ok(Authorized::InvalidFields(fields)),
        };
        let reaction = person::reaction(purchase.email());
        let is_denied =
            reaction == Reaction::Denied || purchase.phone().is_some_and(test_persons::is_denied);
        match (outcome, is_denied) {
            (Some(Outcome::Denied), _) | (None, true) => return Ok(Authorized::Denied),
            (Some(Outcome::Aborted), _) => return Ok(Authorized::Aborted),
            (Some(Outcome::InvalidFields(fields)), _) => {
                return Ok(Authorized::InvalidFields(fields));
            }
            (Some(Outcome::Approved) | None, _) => {}
        }
        let authorization_token = moment.uuid();
        session.purchase.set(purchase.clone());
        let older = session.authorization_token.replace(authorization_token.clone());
        self.give_up(older);
        let authorization = Authorization {
            session_id: session_id.to_owned(),
            purchase,
            reaction,
            method: method.unwrap_or_default(),
            expires_at: lifetime::later(moment.now, lifetime::AUTHORIZATION_TOKEN),
            placed: None,
            tokenized: None,
        };
        self.authorizations.insert(&authorization_token, authorization);
        self.weigh_session(session_id);
        Ok(Authorized::Approved { authorization_token })
    }

    /// Forgets sessions that expired long ago and have no order. They expire in the order in which
    /// they came; one that a developer let expire goes with those that came before it.
    pub(crate) fn forget_expired_sessions(&mut self, now: Timestamp) {
        let is_long_ago = |session: &Session| {
            lifetime::later(session.expires_at, lifetime::SESSION_REMEMBERED) <= now
        };
        let expired = self.sessions.iter().take_while(|(_, session)| is_long_ago(session));
        let without_order = expired.filter(|(_, session)| session.order_id.is_none());
        for id in without_order.map(|(id, _)| id.to_owned()).collect::<Vec<_>>() {
            self.forget_session(&id);
        }
    }

    /// The authorization callback of a session, if it has a URL for it.
    pub(crate) fn authorization_callback(
        &self,
        session_id: &str,
        authorization_token: &str,
        moment: &Moment<'_>,
    ) -> Option<Delivery> {
        let session = self.sessions.get(session_id)?;
        let purchase = session.purchase.get();
        let url = purchase.url("authorization")?.replace("{session.id}", session_id);
        let token = authorization_token;
        Some(Delivery {
            callback_id: moment.uuid(),
            kind: Kind::Authorization,
            url,
            body: format!(r#"{{"authorization_token":"{token}","session_id":"{session_id}"}}"#),
            session_id: Some(session_id.to_owned()),
            order_id: None,
            fault: None,
        })
    }
}

/// The fields that a `Bad value: a, b` names.
fn fields_of(refusal: &Refusal) -> Vec<String> {
    refusal
        .messages
        .iter()
        .filter_map(|text| text.strip_prefix("Bad value: "))
        .flat_map(|fields| fields.split(", "))
        .map(str::to_owned)
        .collect()
}

/// What customers tend to get wrong, in case a test asks for invalid fields without naming any.
pub(crate) const INVALID_FIELD: &str = "billing_address.email";

/// How long a callback that is to come after the answer is held back.
pub(crate) const AFTER_THE_ANSWER: Duration = Duration::from_millis(50);
