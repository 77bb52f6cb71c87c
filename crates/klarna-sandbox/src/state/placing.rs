//! What an authorization token is good for: an order, a customer token, or being given back.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Moment, State};
use crate::rules::{
    matching,
    method::Method,
    order::{FraudStatus, NewIds, Order, fill_placeholders},
    person::{self, Reaction},
    purchase::{Purchase, is_locale, letters},
    read::{Members, Problem, Reader},
    refusal::Refusal,
    texts::{ADDRESS, CUSTOMER, Side, Texts},
};
use crate::{settings::RepeatedPlacing, source};

/// What the customer agreed to, and what became of it.
#[derive(Serialize, Deserialize)]
pub(crate) struct Authorization {
    pub(crate) session_id: String,
    pub(crate) purchase: Purchase,
    pub(crate) reaction: Reaction,
    pub(crate) method: Method,
    pub(crate) expires_at: Timestamp,
    pub(crate) deleted: bool,
    /// The first placing: its body and what came of it.
    pub(crate) placed: Option<(Value, Result<Placed, Refusal>)>,
    /// The customer token that was made of it: the request and the answer.
    pub(crate) tokenized: Option<(Value, CustomerToken)>,
}

/// The answer to a placing.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Placed {
    pub(crate) order_id: String,
    pub(crate) redirect_url: Option<String>,
    pub(crate) fraud_status: FraudStatus,
    pub(crate) method: Method,
}

/// The answer to a request for a customer token.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct CustomerToken {
    pub(crate) token_id: String,
    pub(crate) payment_method_reference: String,
    pub(crate) redirect_url: String,
    pub(crate) billing_address: Option<Texts>,
    pub(crate) customer: Option<Texts>,
}

impl State {
    /// Places the order. The same token and body give the same answer again; after a refusal the
    /// token repeats that refusal (observed; switched).
    pub(crate) fn place(
        &mut self,
        token: &str,
        body: &Members,
        moment: &Moment<'_>,
    ) -> Result<Placed, Refusal> {
        let body_value = Value::Object(body.clone());
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
        }
        outcome
    }

    fn place_first(
        &mut self,
        token: &str,
        body: &Members,
        moment: &Moment<'_>,
    ) -> Result<Placed, Refusal> {
        let (sent, problems) = Purchase::read(body);
        sent.check(&problems)?;
        self.place_purchase(token, sent, moment)
    }

    /// Places the order that was authorized, as the hosted payment page does, and captures it if
    /// that is asked for here or was in the session.
    pub(crate) fn place_authorized(
        &mut self,
        token: &str,
        captures: bool,
        moment: &Moment<'_>,
    ) -> Result<Placed, Refusal> {
        self.usable(token, moment.now)?;
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
            session.purchase.merge(purchase.clone());
        }
        let redirect_url = purchase
            .url("confirmation")
            .map(|_| format!("{}/kp/v1/sessions/{session_id}/redirect", moment.base_url));
        let days = moment.settings.authorization_days;
        let order = Order::place(purchase, &session_id, ids, method, reaction, moment.now, days);
        let placed = Placed {
            order_id: order.order_id.clone(),
            redirect_url,
            fraud_status: order.fraud_status,
            method,
        };
        self.orders.insert(&placed.order_id, order);
        Ok(placed)
    }

    /// Refuses a token that is unknown, given back, too old, superseded, or whose session has an
    /// order already.
    fn usable(&self, token: &str, now: Timestamp) -> Result<(), Refusal> {
        let authorization = self.authorizations.get(token).ok_or_else(Refusal::invalid_token)?;
        let session =
            self.sessions.get(&authorization.session_id).ok_or_else(Refusal::invalid_token)?;
        if session.order_id.is_some() {
            return Err(Refusal::session_completed());
        }
        self.valid(token, now)
    }

    /// Refuses a token that is unknown, given back, too old or superseded.
    fn valid(&self, token: &str, now: Timestamp) -> Result<(), Refusal> {
        let authorization = self.authorizations.get(token).ok_or_else(Refusal::invalid_token)?;
        let session =
            self.sessions.get(&authorization.session_id).ok_or_else(Refusal::invalid_token)?;
        let newest = session.authorization_token.as_deref() == Some(token);
        if authorization.deleted || authorization.expires_at <= now || !newest {
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
                if let Some(authorization) = self.authorizations.get_mut(token) {
                    authorization.deleted = true;
                    if let Some(session) = self.sessions.get_mut(&authorization.session_id) {
                        session.authorization_token = None;
                    }
                }
                Ok(())
            }
        }
    }

    /// Makes a customer token of an authorization whose intent allows it. The order of a
    /// `buy_and_tokenize` may be placed before or after.
    pub(crate) fn tokenize(
        &mut self,
        token: &str,
        body: &Members,
        moment: &Moment<'_>,
    ) -> Result<CustomerToken, Refusal> {
        self.valid(token, moment.now)?;
        let authorization =
            self.authorizations.get_mut(token).ok_or_else(Refusal::invalid_token)?;
        let body_value = Value::Object(body.clone());
        if let Some((first, made)) = &authorization.tokenized {
            return if *first == body_value {
                Ok(made.clone())
            } else {
                let text =
                    "The customer token has been already created with different request body";
                Err(Refusal::new(409, "BAD_VALUE", text))
            };
        }
        let request = TokenRequest::read(body)?;
        if authorization.purchase.intent() == "buy" {
            return Err(Refusal::new(
                403,
                "INVALID_OPERATION",
                "Not allowed to create customer tokens for intent buy.",
            ));
        }
        let billing_address =
            request.billing_address.or_else(|| authorization.purchase.billing_address.clone());
        let billing_country = billing_address.as_ref().and_then(|address| address.get("country"));
        let fits = [Some(request.purchase_country.as_str()), billing_country]
            .into_iter()
            .flatten()
            .all(|country| country.eq_ignore_ascii_case(&authorization.purchase.country()));
        if !fits {
            return Err(Refusal::bad_value(&["purchase_country"]));
        }
        let made = CustomerToken {
            token_id: moment.uuid(),
            payment_method_reference: moment.uuid(),
            redirect_url: format!(
                "{}/kp/v1/sessions/{}/redirect",
                moment.base_url, authorization.session_id
            ),
            billing_address,
            customer: request.customer.or_else(|| authorization.purchase.customer.clone()),
        };
        authorization.tokenized = Some((body_value, made.clone()));
        Ok(made)
    }

    /// Where the browser goes after the purchase.
    pub(crate) fn confirmation_url(&self, session_id: &str) -> Option<String> {
        let session = self.sessions.get(session_id)?;
        let order_id = session.order_id.as_deref().unwrap_or_default();
        let url = session.purchase.url("confirmation")?;
        Some(fill_placeholders(url, session_id, order_id))
    }
}

struct TokenRequest {
    purchase_country: String,
    billing_address: Option<Texts>,
    customer: Option<Texts>,
}

impl TokenRequest {
    /// `purchase_currency` and `locale` are required by the schema, but Klarna's own sample sends
    /// no currency: what is missing is tolerated, what is sent has to be well formed.
    fn read(members: &Members) -> Result<Self, Refusal> {
        let mut problems: Vec<Problem> = Vec::new();
        let mut reader = Reader::new(members, &mut problems);
        reader.required_text("description", 1, 255);
        reader.required("intended_use");
        reader.form("intended_use", |text| text.eq_ignore_ascii_case("SUBSCRIPTION"));
        reader.required("locale");
        reader.form("locale", is_locale);
        reader.form("purchase_currency", |text| letters(text, 3));
        reader.required("purchase_country");
        let side = Side::Payments;
        let request = Self {
            purchase_country: reader
                .form("purchase_country", |text| letters(text, 2))
                .unwrap_or_default(),
            billing_address: reader.object("billing_address", |it| Texts::read(it, &ADDRESS, side)),
            customer: reader.object("customer", |it| Texts::read(it, &CUSTOMER, side)),
        };
        if problems.is_empty() {
            return Ok(request);
        }
        let paths: Vec<String> = problems.into_iter().map(|problem| problem.path).collect();
        Err(Refusal::bad_value(&paths))
    }
}
