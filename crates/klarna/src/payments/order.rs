//! Orders: placed with an authorization token.

use bon::bon;
use serde::Serialize;

use super::purchase::PurchaseBody;
use super::session::Details;
use super::{MerchantUrls, NewSession, Purchase};
use crate::answer::from_json;
use crate::read::{AuthorizedPaymentMethod, FraudStatus, object_or_text};
use crate::tolerant::tolerant;
use crate::{Address, Customer, Error, OrderId, Private};

/// An order to be placed. Klarna compares it with what was authorized: lines, amounts and
/// addresses must be the same (Klarna documentation: validations); [`NewOrder::of`] takes them
/// from the session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOrder {
    purchase: Purchase,
    details: Details,
    auto_capture: bool,
}

#[bon]
impl NewOrder {
    /// An order for this purchase.
    #[builder(start_fn = builder, finish_fn = build, on(String, into), on(Private, into))]
    pub fn new(
        #[builder(start_fn)] purchase: Purchase,
        billing_address: Option<Address>,
        shipping_address: Option<Address>,
        #[builder(into)] customer: Option<Customer>,
        merchant_reference1: Option<String>,
        merchant_reference2: Option<String>,
        merchant_data: Option<Private>,
        merchant_urls: Option<MerchantUrls>,
        #[builder(default)] custom_payment_method_ids: Vec<String>,
        #[builder(default)] auto_capture: bool,
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
        Ok(Self { purchase, details: details.checked()?, auto_capture })
    }

    /// The order that a session was created for, with exactly the session's lines, amounts,
    /// addresses, references and URLs.
    pub fn of(session: &NewSession) -> Self {
        Self {
            purchase: session.purchase.clone(),
            details: session.details.clone(),
            auto_capture: false,
        }
    }

    /// Captures the whole amount at once, where the contract allows it: digital goods and what
    /// is handed over within a day (Klarna documentation: automatic capture).
    #[must_use]
    pub fn auto_capture(self, auto_capture: bool) -> Self {
        Self { auto_capture, ..self }
    }

    /// What is bought.
    pub fn purchase(&self) -> &Purchase {
        &self.purchase
    }

    pub(super) fn body(&self) -> impl Serialize + '_ {
        OrderBody {
            purchase: self.purchase.body(),
            details: &self.details,
            auto_capture: self.auto_capture.then_some(true),
        }
    }
}

impl From<&NewSession> for NewOrder {
    fn from(session: &NewSession) -> Self {
        Self::of(session)
    }
}

#[derive(Serialize)]
struct OrderBody<'a> {
    #[serde(flatten)]
    purchase: PurchaseBody<'a>,
    #[serde(flatten)]
    details: &'a Details,
    #[serde(skip_serializing_if = "Option::is_none")]
    auto_capture: Option<bool>,
}

tolerant! {
    /// An order that Klarna accepted.
    #[derive(Debug)]
    pub struct PlacedOrder {
        required {
            /// Klarna's id of the order.
            order_id: OrderId,
        }
        optional {
            /// Where the shopper goes next; absent where no confirmation URL was given, and with a
            /// recurring order (recorded exchange).
            redirect_url: Private,
            /// What Klarna thinks of the risk. Missing is not accepted.
            fraud_status: FraudStatus,
            /// How it is paid.
            #[serde(deserialize_with = "object_or_text")]
            authorized_payment_method: AuthorizedPaymentMethod,
        }
    }
}

from_json!(PlacedOrder);
