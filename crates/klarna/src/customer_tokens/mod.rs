//! Customer Token: later charges of a customer who agreed to them, without their doing.
//!
//! A token comes from [`payments::create_customer_token`](crate::payments::create_customer_token).
//! The functions here build requests; [`CustomerTokens`], reached through
//! [`Client::customer_tokens`](crate::Client::customer_tokens), sends them. Placing an order takes
//! an [`IdempotencyKey`]: without one, an identical request makes a second order (recorded
//! exchange).
//!
//! ```no_run
//! use klarna::customer_tokens::NewOrder;
//! use klarna::{CustomerToken, ErrorCode, IdempotencyKey};
//! use kvitt_money::{Cart, Country, OrderLine, TaxRate};
//!
//! # async fn charge(client: klarna::Client, token: CustomerToken) -> Result<(), klarna::Error> {
//! let coffee = OrderLine::tax_inclusive("Coffee, May", 11_900, TaxRate::new(1200)?, 1)?;
//! let order = NewOrder::builder(Cart::sum(Country::SE, vec![coffee])?)
//!     .merchant_reference1("subscription 17, May")
//!     .build()?;
//! let key = IdempotencyKey::new("subscription-17-2026-05")?; // one for each charge
//! match client.customer_tokens().place_order(&token, &order, &key).await {
//!     Ok(placed) => println!("order {}", placed.value.order_id),
//!     Err(error) if error.error_code() == Some(&ErrorCode::PaymentMethodFailed) => {
//!         println!("declined: try again tomorrow, with a new key");
//!     }
//!     Err(error) => return Err(error),
//! }
//! # Ok(())
//! # }
//! ```

mod merchant_urls;
mod order;
mod token;

pub use merchant_urls::MerchantUrls;
pub use order::NewOrder;
pub use token::{Card, DirectDebit, TokenDetails, TokenStatus};

use serde::Serialize;

use crate::id::encode_segment;
use crate::payments::PlacedOrder;
use crate::{Answer, Client, CustomerToken, Error, IdempotencyKey, Method, Operation, Request};

/// `GET /customer-token/v1/tokens/{customerToken}`. Answered with [`TokenDetails`].
pub fn read(token: &CustomerToken) -> Result<Request, Error> {
    Request::empty(Operation::ReadCustomerToken, Method::Get, path(token, ""))
}

/// `POST /customer-token/v1/tokens/{customerToken}/order`. Answered with a [`PlacedOrder`], as a
/// rule without `redirect_url` (recorded exchange).
pub fn place_order(
    token: &CustomerToken,
    order: &NewOrder,
    key: &IdempotencyKey,
) -> Result<Request, Error> {
    let path = path(token, "/order");
    let request =
        Request::json(Operation::PlaceCustomerTokenOrder, Method::Post, path, &order.body())?;
    Ok(request.with_key(key))
}

/// `PATCH /customer-token/v1/tokens/{customerToken}/status`. Answered without a body, with 202:
/// it is done a little later.
pub fn cancel(token: &CustomerToken) -> Result<Request, Error> {
    #[derive(Serialize)]
    struct Body {
        status: TokenStatus,
    }
    let body = Body { status: TokenStatus::Cancelled };
    Request::json(Operation::CancelCustomerToken, Method::Patch, path(token, "/status"), &body)
}

fn path(token: &CustomerToken, rest: &str) -> String {
    format!("/customer-token/v1/tokens/{}{rest}", encode_segment(token.expose()))
}

/// The operations of Customer Token.
#[derive(Debug, Clone, Copy)]
pub struct CustomerTokens<'a> {
    client: &'a Client,
}

impl<'a> CustomerTokens<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// Reads a token's state and the payment method behind it.
    pub async fn read(&self, token: &CustomerToken) -> Result<Answer<TokenDetails>, Error> {
        self.client.send(&read(token)?).await
    }

    /// Charges the customer. A charge that was declined is refused with
    /// [`ErrorCode::PaymentMethodFailed`](crate::ErrorCode::PaymentMethodFailed), and the
    /// [`Refusal`](crate::Refusal) says what Klarna thinks of it; later it may succeed, with a new
    /// key. Be certain of the token: it decides whom Klarna bills.
    pub async fn place_order(
        &self,
        token: &CustomerToken,
        order: &NewOrder,
        key: &IdempotencyKey,
    ) -> Result<Answer<PlacedOrder>, Error> {
        self.client.send(&place_order(token, order, key)?).await
    }

    /// Cancels a token for good. Klarna answers before it is done: until a read says
    /// [`TokenStatus::Cancelled`], it may not be.
    pub async fn cancel(&self, token: &CustomerToken) -> Result<Answer<()>, Error> {
        self.client.send(&cancel(token)?).await
    }
}
