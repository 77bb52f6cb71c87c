//! Sessions: created, changed, read.

use std::collections::BTreeMap;

use bon::bon;
use serde::Serialize;

use super::purchase::PurchaseBody;
use super::{AcquiringChannel, Attachment, Intent, MerchantUrls, Options, Purchase};
use crate::answer::from_json;
use crate::check::{FieldError, at_most};
use crate::private::optional;
use crate::read;
use crate::tolerant::{open_enum, tolerant};
use crate::{
    Address, AuthorizationToken, ClientToken, Customer, DateTime, Error, Private, SessionId,
};

/// The members that sessions and orders share, all but the purchase.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub(super) struct Details {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) billing_address: Option<Address>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) shipping_address: Option<Address>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) customer: Option<Customer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) merchant_reference1: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) merchant_reference2: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) merchant_data: Option<Private>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) merchant_urls: Option<MerchantUrls>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) custom_payment_method_ids: Vec<String>,
}

impl Details {
    pub(super) fn checked(self) -> Result<Self, FieldError> {
        if let Some(address) = &self.billing_address {
            address.check_for_payments("billing_address")?;
        }
        if let Some(address) = &self.shipping_address {
            address.check_for_payments("shipping_address")?;
        }
        if let Some(customer) = &self.customer {
            customer.check()?;
        }
        at_most("merchant_reference1", self.merchant_reference1.as_deref(), 255)?;
        at_most("merchant_reference2", self.merchant_reference2.as_deref(), 255)?;
        at_most("merchant_data", self.merchant_data.as_ref().map(Private::expose), 6000)?;
        Ok(self)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
struct SessionOnly {
    #[serde(skip_serializing_if = "Option::is_none")]
    intent: Option<Intent>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acquiring_channel: Option<AcquiringChannel>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attachment: Option<Attachment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    design: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    options: Option<Options>,
}

/// A session to be created: a purchase and what is known of the rest. Its limits are checked.
///
/// Addresses are best left out until the browser authorizes (Klarna documentation: privacy).
///
/// ```
/// use klarna::payments::{Intent, NewSession, Purchase};
/// use kvitt_money::{Cart, OrderLine, PurchaseMarket, TaxRate};
///
/// let market = PurchaseMarket::new("SE", "SEK", "sv-SE")?;
/// let cup = OrderLine::tax_inclusive("Cup", 9_900, TaxRate::new(2500)?, 1)?;
/// let cart = Cart::sum(market.purchase_country(), vec![cup])?;
/// let session = NewSession::builder(Purchase::new(market, cart)?)
///     .intent(Intent::Buy)
///     .merchant_reference1("order 17")
///     .build()?;
/// # Ok::<(), klarna::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSession {
    pub(super) purchase: Purchase,
    pub(super) details: Details,
    only: SessionOnly,
}

#[bon]
impl NewSession {
    /// A session for this purchase.
    #[builder(start_fn = builder, finish_fn = build, on(String, into), on(Private, into))]
    pub fn new(
        #[builder(start_fn)] purchase: Purchase,
        intent: Option<Intent>,
        billing_address: Option<Address>,
        shipping_address: Option<Address>,
        #[builder(into)] customer: Option<Customer>,
        merchant_reference1: Option<String>,
        merchant_reference2: Option<String>,
        merchant_data: Option<Private>,
        merchant_urls: Option<MerchantUrls>,
        #[builder(default)] custom_payment_method_ids: Vec<String>,
        acquiring_channel: Option<AcquiringChannel>,
        attachment: Option<Attachment>,
        design: Option<String>,
        options: Option<Options>,
    ) -> Result<Self, Error> {
        let details = Details {
            billing_address,
            shipping_address,
            customer,
            merchant_reference1,
            merchant_reference2,
            merchant_data,
            merchant_urls,
            custom_payment_method_ids,
        };
        let only = SessionOnly { intent, acquiring_channel, attachment, design, options };
        Ok(Self { purchase, details: details.checked()?, only })
    }

    /// What is bought.
    pub fn purchase(&self) -> &Purchase {
        &self.purchase
    }

    pub(super) fn body(&self) -> impl Serialize + '_ {
        SessionBody {
            purchase: Some(self.purchase.body()),
            details: &self.details,
            only: &self.only,
        }
    }
}

#[derive(Serialize)]
struct SessionBody<'a> {
    #[serde(flatten)]
    purchase: Option<PurchaseBody<'a>>,
    #[serde(flatten)]
    details: &'a Details,
    #[serde(flatten)]
    only: &'a SessionOnly,
}

/// A change of a session. What is not given stays as it was; what is given is checked as
/// strictly as for a new one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SessionUpdate {
    purchase: Option<Purchase>,
    details: Details,
    only: SessionOnly,
}

#[bon]
impl SessionUpdate {
    /// A change of these members.
    #[builder(start_fn = builder, finish_fn = build, on(String, into), on(Private, into))]
    pub fn new(
        purchase: Option<Purchase>,
        billing_address: Option<Address>,
        shipping_address: Option<Address>,
        #[builder(into)] customer: Option<Customer>,
        merchant_reference1: Option<String>,
        merchant_reference2: Option<String>,
        merchant_data: Option<Private>,
        merchant_urls: Option<MerchantUrls>,
        #[builder(default)] custom_payment_method_ids: Vec<String>,
        acquiring_channel: Option<AcquiringChannel>,
        attachment: Option<Attachment>,
        design: Option<String>,
        options: Option<Options>,
    ) -> Result<Self, Error> {
        let details = Details {
            billing_address,
            shipping_address,
            customer,
            merchant_reference1,
            merchant_reference2,
            merchant_data,
            merchant_urls,
            custom_payment_method_ids,
        };
        let only = SessionOnly { intent: None, acquiring_channel, attachment, design, options };
        Ok(Self { purchase, details: details.checked()?, only })
    }

    pub(super) fn body(&self) -> impl Serialize + '_ {
        SessionBody {
            purchase: self.purchase.as_ref().map(Purchase::body),
            details: &self.details,
            only: &self.only,
        }
    }
}

tolerant! {
    /// A session that was created. Serialized, it holds the client token.
    #[derive(Debug)]
    pub struct CreatedSession {
        required {
            /// Klarna's id of the session.
            session_id: SessionId,
            /// Starts Klarna's browser SDK.
            #[serde(serialize_with = "ClientToken::expose_to")]
            client_token: ClientToken,
        }
        lists {
            /// Ways to pay that Klarna offers, in no fixed order.
            payment_method_categories: PaymentMethodCategory,
        }
    }
}

tolerant! {
    /// A way to pay that Klarna offers.
    #[derive(Debug)]
    pub struct PaymentMethodCategory {
        optional {
            /// `klarna`, `pay_later`, `pay_now`, `pay_over_time`, …
            identifier: String,
            /// Name to be shown; it changes over time.
            name: String,
            /// Pictures to be shown.
            asset_urls: AssetUrls,
        }
    }
}

tolerant! {
    /// Pictures of a way to pay.
    #[derive(Debug)]
    pub struct AssetUrls {
        optional {
            /// With the name of the way to pay.
            descriptive: String,
            /// Without.
            standard: String,
        }
    }
}

open_enum! {
    /// State of a session.
    pub enum SessionStatus {
        /// An order was placed.
        Complete = "complete",
        /// No order was placed yet.
        Incomplete = "incomplete",
    }
}

tolerant! {
    /// A session as read back. Customer and addresses are shown only after it was authorized
    /// (Klarna documentation). Serialized, it holds the tokens.
    #[derive(Debug)]
    pub struct Session {
        optional {
            /// Klarna's id; not in every answer.
            session_id: SessionId,
            /// State.
            status: SessionStatus,
            /// Leave to place the order, once the shopper has authorized.
            #[serde(serialize_with = "optional::authorization_token")]
            authorization_token: AuthorizationToken,
            /// Starts Klarna's browser SDK.
            #[serde(serialize_with = "optional::client_token")]
            client_token: ClientToken,
            /// When the session ends.
            expires_at: DateTime,
            /// ISO 3166 code, in either case.
            purchase_country: String,
            /// ISO 4217 code, in either case.
            purchase_currency: String,
            /// Locale, in either case.
            locale: String,
            /// What the customer pays, in minor units.
            order_amount: i64,
            /// The tax in it, in minor units.
            order_tax_amount: i64,
            /// What the shopper is asked to agree to.
            intent: String,
            /// Where the purchase happens.
            acquiring_channel: String,
            /// Billing address.
            billing_address: read::Address,
            /// Shipping address.
            shipping_address: read::Address,
            /// Customer.
            customer: read::Customer,
            /// Order number shown to the customer.
            merchant_reference1: String,
            /// Second reference, shown in settlements.
            merchant_reference2: String,
            /// What the shop passed through.
            merchant_data: Private,
            /// The shop's URLs, by Klarna's names.
            merchant_urls: BTreeMap<String, Private>,
            /// Extra merchant data.
            attachment: Attachment,
            /// Design.
            design: String,
        }
        lists {
            /// The lines.
            order_lines: read::OrderLine,
            /// Ways to pay that Klarna offers, in no fixed order.
            payment_method_categories: PaymentMethodCategory,
            /// Promotion codes by contract.
            custom_payment_method_ids: String,
        }
    }
}

from_json!(CreatedSession, Session);
