//! Customer tokens: leave to charge again.

use bon::bon;
use kvitt_money::PurchaseMarket;
use serde::Serialize;

use super::purchase::MarketBody;
use crate::answer::from_json;
use crate::check::length;
use crate::read;
use crate::tolerant::tolerant;
use crate::{Address, Customer, CustomerToken, Error, Private};

/// What the token is for. Klarna knows one use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
pub enum IntendedUse {
    /// A subscription.
    #[default]
    #[serde(rename = "SUBSCRIPTION")]
    Subscription,
}

/// A customer token to be created.
///
/// ```
/// use klarna::payments::NewCustomerToken;
/// use kvitt_money::PurchaseMarket;
///
/// let market = PurchaseMarket::new("SE", "SEK", "sv-SE")?;
/// let token = NewCustomerToken::builder(market, "One coffee a week").build()?;
/// # Ok::<(), klarna::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCustomerToken {
    market: PurchaseMarket,
    description: String,
    intended_use: IntendedUse,
    billing_address: Option<Address>,
    customer: Option<Customer>,
}

#[bon]
impl NewCustomerToken {
    /// A token for charges in this market; the description, 1 to 255 characters, is shown to the
    /// customer.
    #[builder(start_fn = builder, finish_fn = build)]
    pub fn new(
        #[builder(start_fn)] market: PurchaseMarket,
        #[builder(start_fn, into)] description: String,
        #[builder(default)] intended_use: IntendedUse,
        billing_address: Option<Address>,
        #[builder(into)] customer: Option<Customer>,
    ) -> Result<Self, Error> {
        length("description", &description, 1..=255)?;
        if let Some(address) = &billing_address {
            address.check_for_payments("billing_address")?;
        }
        if let Some(customer) = &customer {
            customer.check()?;
        }
        Ok(Self { market, description, intended_use, billing_address, customer })
    }

    pub(super) fn body(&self) -> impl Serialize + '_ {
        Body {
            market: MarketBody::new(self.market),
            description: &self.description,
            intended_use: self.intended_use,
            billing_address: self.billing_address.as_ref(),
            customer: self.customer.as_ref(),
        }
    }
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(flatten)]
    market: MarketBody,
    description: &'a str,
    intended_use: IntendedUse,
    #[serde(skip_serializing_if = "Option::is_none")]
    billing_address: Option<&'a Address>,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<&'a Customer>,
}

tolerant! {
    /// A customer token that was created. Serialized, it holds the token.
    #[derive(Debug)]
    pub struct CreatedCustomerToken {
        required {
            /// The token.
            #[serde(serialize_with = "CustomerToken::expose_to")]
            token_id: CustomerToken,
        }
        optional {
            /// Klarna's reference of the payment method.
            payment_method_reference: Private,
            /// Where the shopper goes next.
            redirect_url: Private,
            /// Billing address.
            billing_address: read::Address,
            /// Customer.
            customer: read::Customer,
        }
    }
}

from_json!(CreatedCustomerToken);
