//! What an authorization token is good for: an order, a customer token, or being given back.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Moment, State, callbacks::Delivery, limits::oldest};
use crate::rules::{
    market, matching,
    method::Method,
    order::{FraudStatus, NewIds, Order, fill_placeholders},
    person::{self, Reaction},
    purchase::Purchase,
    read::Body,
    refusal::Refusal,
};
use crate::{settings::RepeatedPlacing, source};

/// How many tokens are remembered that are superseded, void or given back.
const GIVEN_UP_MAX: usize = 100_000;

/// What the customer agreed to, and what became of it.
#[derive(Serialize, Deserialize)]
pub(crate) struct Authorization {
    pub(crate) session_id: String,
    pub(crate) purchase: Purchase,
    pub(crate) reaction: Reaction,
    pub(crate) method: Method,
    pub(crate) expires_at: Timestamp,
    /// The first placing: its body and what came of it.
    pub(crate) placed: Option<(Value, Result<Placed, Refusal>)>,
    /// The customer token that was made of it: the request and the token's id.
    pub(crate) tokenized: Option<(Value, String)>,
}

/// The answer to a placing.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Placed {
    pub(crate) order_id: String,
    pub(crate) redirect_url: Option<String>,
    pub(crate) fraud_status: FraudStatus,
    pub(crate) method: Method,
}

impl State {
    /// Places the order. The same token and body give the same answer again; after a refusal the
    /// token repeats that refusal (observed; switched).
    pub(crate) fn place(
        &mut self,
        token: &str,
        body: &Body<'_>,
        moment: &Moment<'_>,
    ) -> Result<Placed, Refusal> {
        let body_value = body.to_value();
        if let Some((first, Ok(placed))) =
            self.authorizations.get(token).and_then(|it| it.placed.as_ref())
        {
            let conflict = || {
                let text = "The order has been already completed with different request body";
                Refusal::new(409, "BAD_VALUE", text)
            };
            if *first != body_value {
                return Err(conflict());
            }
            return match moment.settings.repeated_placing {
                RepeatedPlacing::SameOrder => Ok(placed.clone()),
                RepeatedPlacing::TokenConsumed => {
                    let text = "Authorization token already consumed";
                    Err(Refusal::new(403, "INVALID_OPERATION", text))
                }
                RepeatedPlacing::SessionCompleted => Err(Refusal::session_completed()),
                RepeatedPlacing::Conflict => Err(conflict()),
            };
        }
        self.usable(token, moment.now)?;
        if let Some((_, Err(refusal))) =
            self.authorizations.get(token).and_then(|it| it.placed.as_ref())
        {
            return Err(refusal.clone());
        }
        let outcome = self.place_first(token, body, moment);
        let keep = outcome.is_ok() || moment.settings.sticky_placing_errors;
        if let Some(authorization) = self.authorizations.get_mut(token).filter(|_| keep) {
            authorization.placed = Some((body_value, outcome.clone()));
            let session_id = authorization.session_id.clone();
            self.weigh_session(&session_id);
        }
        outcome
    }

    fn place_first(
        &mut self,
        token: &str,
        body: &Body<'_>,
        moment: &Moment<'_>,
    ) -> Result<Placed, Refusal> {
        let (sent, problems) = Purchase::read(body);
        sent.check(&problems)?;
        self.place_purchase(token, sent, moment)
    }

    /// Places the order of an authorization that was given just now, as the hosted payment page
    /// does, and captures it if that is asked for here or was in the session.
    pub(crate) fn place_authorized(
        &mut self,
        token: &str,
        captures: bool,
        moment: &Moment<'_>,
    ) -> Result<Placed, Refusal> {
        let authorization = self.authorizations.get(token).ok_or_else(Refusal::invalid_token)?;
        let mut sent = authorization.purchase.clone();
        if captures {
            sent.auto_capture = Some(true);
        }
        self.place_purchase(token, sent, moment)
    }

    fn place_purchase(
        &mut self,
        token: &str,
        sent: Purchase,
        moment: &Moment<'_>,
    ) -> Result<Placed, Refusal> {
        let authorization = self.authorizations.get(token).ok_or_else(Refusal::invalid_token)?;
        if authorization.purchase.intent() == "tokenize" {
            return Err(Refusal::new(
                403,
                "INVALID_OPERATION",
                "Not allowed to create orders for intent tokenize.",
            ));
        }
        let fields = matching::contradictions(&authorization.purchase, &sent);
        if !fields.is_empty() {
            return Err(Refusal::not_matching(&fields));
        }
        let mut purchase = authorization.purchase.clone();
        purchase.merge(sent);
        let session_id = authorization.session_id.clone();
        let method = authorization.method;
        // A person who was not known when authorizing may turn out to be one to wait for.
        let reaction = match authorization.reaction {
            Reaction::Approved => person::reaction(purchase.email()),
            known => known,
        };
        let ids = NewIds {
            order_id: moment.loose_uuid(),
            klarna_reference: source::klarna_reference(moment.ids),
            capture_id: moment.uuid(),
        };
        if let Some(session) = self.sessions.get_mut(&session_id) {
            session.order_id = Some(ids.order_id.clone());
            let mut held = session.purchase.get().into_owned();
            held.merge(purchase.clone());
            session.purchase.set(held);
        }
        let redirect_url = purchase
            .url("confirmation")
            .map(|_| redirect_url(&purchase.country(), &session_id, moment));
        let days = moment.settings.authorization_days;
        let order = Order::place(purchase, &session_id, ids, method, reaction, moment.now, days);
        let placed = Placed {
            order_id: order.order_id.clone(),
            redirect_url,
            fraud_status: order.fraud_status,
            method,
        };
        self.keep_order(order, moment);
        Ok(placed)
    }

    /// Takes up a new order, and the pushes of it.
    pub(super) fn keep_order(&mut self, order: Order, moment: &Moment<'_>) {
        let push = Delivery::push(&order, moment.ids).filter(|_| moment.settings.push_callback);
        let order_id = order.order_id.clone();
        self.orders.insert(&order_id, order);
        self.weigh_order(&order_id);
        self.repeat(push, moment.now);
    }

    /// Refuses a token that is unknown, given back, too old, superseded, or whose session has an
    /// order already.
    fn usable(&self, token: &str, now: Timestamp) -> Result<(), Refusal> {
        let authorization = self.authorizations.get(token).map(|it| &it.session_id);
        let session_id = authorization.or_else(|| self.given_up.get(token));
        let session = session_id.and_then(|id| self.sessions.get(id));
        if session.ok_or_else(Refusal::invalid_token)?.order_id.is_some() {
            return Err(Refusal::session_completed());
        }
        self.valid(token, now)
    }

    /// Refuses a token that is unknown, given back, too old or superseded.
    pub(super) fn valid(&self, token: &str, now: Timestamp) -> Result<(), Refusal> {
        let authorization = self.authorizations.get(token).ok_or_else(Refusal::invalid_token)?;
        let session =
            self.sessions.get(&authorization.session_id).ok_or_else(Refusal::invalid_token)?;
        let newest = session.authorization_token.as_deref() == Some(token);
        if authorization.expires_at <= now || !newest {
            return Err(Refusal::invalid_token());
        }
        Ok(())
    }

    /// Gives the customer's reserved credit back.
    pub(crate) fn delete_authorization(
        &mut self,
        token: &str,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        match self.usable(token, now) {
            Err(refusal) if refusal.code == "SESSION_COMPLETED" => {
                Err(Refusal::new(404, "NOT_FOUND", "Authorization cannot be deleted"))
            }
            Err(refusal) => Err(refusal),
            Ok(()) => {
                let session_id = self.authorizations.get(token).map(|it| it.session_id.clone());
                let session = session_id.and_then(|id| self.sessions.get_mut(&id));
                let token = session.and_then(|session| session.authorization_token.take());
                self.give_up(token);
                Ok(())
            }
        }
    }

    /// Forgets what a token was for, but not its session: the refusal that it meets depends on
    /// that.
    pub(super) fn give_up(&mut self, token: Option<String>) {
        let Some(token) = token else { return };
        let Some(authorization) = self.authorizations.remove(&token) else { return };
        self.given_up.insert(&token, authorization.session_id);
        if self.given_up.len() > GIVEN_UP_MAX {
            oldest(&self.given_up).and_then(|token| self.given_up.remove(&token));
        }
    }

    /// Where the browser goes after the purchase.
    pub(crate) fn confirmation_url(&self, session_id: &str) -> Option<String> {
        let session = self.sessions.get(session_id)?;
        let order_id = session.order_id.as_deref().unwrap_or_default();
        let purchase = session.purchase.get();
        let url = purchase.url("confirmation")?;
        Some(fill_placeholders(url, session_id, order_id))
    }
}

/// Where the browser is sent first after a purchase (the path observed in 2021; the host is the
/// sandbox's own).
pub(crate) fn redirect_url(country: &str, session_id: &str, moment: &Moment<'_>) -> String {
    let base = market::browser_base(moment.base_url, country);
    format!("{base}/v1/sessions/{session_id}/redirect")
}
