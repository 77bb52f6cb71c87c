//! Customer tokens: made of an authorization, good for recurring orders until they are cancelled.

use serde::{Deserialize, Serialize};

use super::{
    Moment, State,
    placing::{Placed, redirect_url},
};
use crate::{
    rules::{
        method::Method,
        order::{NewIds, Order},
        person::{self, Reaction},
        purchase::{Purchase, is_locale, letters},
        read::{Body, Problem, Reader},
        refusal::Refusal,
        texts::{ADDRESS, CUSTOMER, Side, Texts},
    },
    source,
};

/// Whether a token can be charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum TokenStatus {
    Active,
    Suspended,
    Cancelled,
}

impl TokenStatus {
    /// In upper case, as recorded; the schema's text has lower case.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Suspended => "SUSPENDED",
            Self::Cancelled => "CANCELLED",
        }
    }
}

/// A customer token.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct CustomerToken {
    pub(crate) token_id: String,
    pub(crate) payment_method_reference: String,
    /// The session that it was made in.
    pub(crate) session_id: String,
    pub(crate) redirect_url: String,
    pub(crate) status: TokenStatus,
    /// Whether the next orders are declined, as a developer wishes.
    pub(crate) declines: bool,
    pub(crate) method: Method,
    pub(crate) purchase_country: String,
    pub(crate) locale: Option<String>,
    pub(crate) billing_address: Option<Texts>,
    pub(crate) customer: Option<Texts>,
    /// How much memory it takes, as it was last weighed.
    #[serde(skip)]
    pub(crate) memory: usize,
}

impl CustomerToken {
    /// What this customer's purchases meet.
    fn reaction(&self) -> Reaction {
        person::reaction(self.billing_address.as_ref().and_then(|it| it.get("email")))
    }

    /// Refuses a charge of a token that cannot be charged.
    fn chargeable(&self) -> Result<(), Refusal> {
        let (code, text) = match self.status {
            TokenStatus::Active => return Ok(()),
            TokenStatus::Suspended => ("TOKEN_SUSPENDED", "Customer token is suspended"),
            TokenStatus::Cancelled => ("TOKEN_CANCELED", "Customer token is canceled"),
        };
        Err(Refusal::new(403, code, text))
    }
}

impl State {
    /// Makes a customer token of an authorization whose intent allows it. The order of a
    /// `buy_and_tokenize` may be placed before or after.
    pub(crate) fn tokenize(
        &mut self,
        token: &str,
        body: &Body<'_>,
        moment: &Moment<'_>,
    ) -> Result<&CustomerToken, Refusal> {
        self.valid(token, moment.now)?;
        let authorization =
            self.authorizations.get_mut(token).ok_or_else(Refusal::invalid_token)?;
        let body_value = body.to_value();
        if let Some((first, token_id)) = &authorization.tokenized {
            if *first != body_value {
                let text =
                    "The customer token has been already created with different request body";
                return Err(Refusal::new(409, "BAD_VALUE", text));
            }
            return self.customer_tokens.get(token_id).ok_or_else(Refusal::invalid_token);
        }
        let request = TokenRequest::read(body)?;
        if authorization.purchase.intent() == "buy" {
            return Err(Refusal::new(
                403,
                "INVALID_OPERATION",
                "Not allowed to create customer tokens for intent buy.",
            ));
        }
        let purchase = &authorization.purchase;
        let billing_address = request.billing_address.or_else(|| purchase.billing_address.clone());
        let billing_country = billing_address.as_ref().and_then(|address| address.get("country"));
        let fits = [Some(request.purchase_country.as_str()), billing_country]
            .into_iter()
            .flatten()
            .all(|country| country.eq_ignore_ascii_case(&purchase.country()));
        if !fits {
            return Err(Refusal::bad_value(&["purchase_country"]));
        }
        let session_id = authorization.session_id.clone();
        let made = CustomerToken {
            token_id: moment.uuid(),
            payment_method_reference: moment.uuid(),
            redirect_url: redirect_url(&purchase.country(), &session_id, moment),
            session_id,
            status: TokenStatus::Active,
            declines: false,
            method: authorization.method,
            purchase_country: purchase.country(),
            locale: request.locale.or_else(|| purchase.locale.clone()),
            billing_address,
            customer: request.customer.or_else(|| purchase.customer.clone()),
            memory: 0,
        };
        authorization.tokenized = Some((body_value, made.token_id.clone()));
        let (token_id, session_id) = (made.token_id.clone(), made.session_id.clone());
        self.customer_tokens.insert(&token_id, made);
        self.weigh_customer_token(&token_id);
        self.weigh_session(&session_id);
        self.customer_token(&token_id)
    }

    /// The token of this id, for reading.
    pub(crate) fn customer_token(&self, token_id: &str) -> Result<&CustomerToken, Refusal> {
        self.customer_tokens.get(token_id).ok_or_else(no_such_token)
    }

    /// Places an order with a token. Country, addresses and customer are the token's (inferred:
    /// the request has none but a shipping address).
    pub(crate) fn charge(
        &mut self,
        token_id: &str,
        body: &Body<'_>,
        moment: &Moment<'_>,
    ) -> Result<Placed, Refusal> {
        let token = self.customer_token(token_id)?;
        let (mut purchase, mut problems) = Purchase::read_for(Side::CustomerToken, body);
        let mut reader = Reader::new(body, &mut problems);
        reader.required("order_tax_amount");
        reader.required("purchase_currency");
        if purchase.merchant_urls.is_some() {
            reader.object("merchant_urls", |urls| urls.required("confirmation"));
        }
        if purchase.order_amount == Some(0) {
            reader.integer("order_amount", 1, i64::MAX);
        }
        purchase.purchase_country = Some(token.purchase_country.clone());
        purchase.locale.clone_from(&token.locale);
        purchase.billing_address.clone_from(&token.billing_address);
        purchase.customer.clone_from(&token.customer);
        purchase.check(&problems).map_err(Refusal::into_bad_request)?;
        token.chargeable()?;
        let reaction = token.reaction();
        if token.declines || reaction == Reaction::Denied {
            return Err(Refusal::payment_method_failed(token.method.payments));
        }
        let confirmation = purchase.url("confirmation");
        let redirect_url =
            confirmation.map(|_| redirect_url(&token.purchase_country, &token.session_id, moment));
        let method = token.method;
        let session_id = token.session_id.clone();
        let ids = NewIds {
            order_id: moment.loose_uuid(),
            klarna_reference: source::klarna_reference(moment.ids),
            capture_id: moment.uuid(),
        };
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

    /// Makes of a token what a developer wishes, and leaves what they do not speak of. `None`: it is
    /// not known.
    pub(crate) fn steer_customer_token(
        &mut self,
        token_id: &str,
        status: Option<TokenStatus>,
        declines: Option<bool>,
    ) -> Option<&CustomerToken> {
        let token = self.customer_tokens.get_mut(token_id)?;
        token.status = status.unwrap_or(token.status);
        token.declines = declines.unwrap_or(token.declines);
        Some(token)
    }

    /// Cancels a token for good. One that is cancelled already stays so (guess).
    pub(crate) fn cancel_customer_token(
        &mut self,
        token_id: &str,
        body: &Body<'_>,
    ) -> Result<(), Refusal> {
        let token = self.customer_tokens.get_mut(token_id).ok_or_else(no_such_token)?;
        let mut problems: Vec<Problem> = Vec::new();
        let mut reader = Reader::new(body, &mut problems);
        reader.required("status");
        reader.form("status", |text| text.eq_ignore_ascii_case("CANCELLED"));
        if !problems.is_empty() {
            return Err(Refusal::bad_value(&["status"]).into_bad_request());
        }
        token.status = TokenStatus::Cancelled;
        Ok(())
    }
}

/// As recorded in 2020; the guide has another text and code.
fn no_such_token() -> Refusal {
    Refusal::new(404, "TOKEN_NOT_FOUND", "Customer token not found")
}

struct TokenRequest {
    purchase_country: String,
    locale: Option<String>,
    billing_address: Option<Texts>,
    customer: Option<Texts>,
}

impl TokenRequest {
    /// `purchase_currency` and `locale` are required by the schema, but Klarna's own sample sends
    /// no currency: what is missing is tolerated, what is sent has to be well formed.
    fn read(body: &Body<'_>) -> Result<Self, Refusal> {
        let mut problems: Vec<Problem> = Vec::new();
        let mut reader = Reader::new(body, &mut problems);
        reader.required_text("description", 1, 255);
        reader.required("intended_use");
        reader.form("intended_use", |text| text.eq_ignore_ascii_case("SUBSCRIPTION"));
        reader.required("locale");
        let locale = reader.form("locale", is_locale);
        reader.form("purchase_currency", |text| letters(text, 3));
        reader.required("purchase_country");
        let side = Side::Payments;
        let request = Self {
            purchase_country: reader
                .form("purchase_country", |text| letters(text, 2))
                .unwrap_or_default(),
            locale,
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
