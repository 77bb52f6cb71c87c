//! A typed client of Klarna's Payments, Order Management, Hosted Payment Page and Customer Token
//! APIs.
//!
//! Writing is strict: a session, an order or a capture that Klarna would refuse for its sums or
//! its field limits cannot be built. Reading is tolerant: unknown members and values are kept, and
//! a member that is missing is `None`. Below the [`Client`] lies a pure core — [`payments`],
//! [`orders`], [`hpp`] and [`customer_tokens`] build a [`Request`], [`FromAnswer`] reads an answer,
//! [`retry::decide`] says whether to try again — which a program can use by itself to store a
//! request before it is sent.
//!
//! ```no_run
//! use klarna::payments::{NewOrder, NewSession, Purchase};
//! use klarna::{AuthorizationToken, BaseUrl, Client, Credentials, Environment, Region};
//! use kvitt_money::{Cart, OrderLine, PurchaseMarket, TaxRate};
//!
//! # async fn sell() -> Result<(), klarna::Error> {
//! let client = Client::builder()
//!     .base_url(BaseUrl::of(Region::Europe, Environment::Playground))
//!     .credentials(Credentials::username_password("PK12345_0123456789ab", "shared secret"))
//!     .build()?;
//!
//! let market = PurchaseMarket::new("SE", "SEK", "sv-SE")?;
//! let shirt = OrderLine::tax_inclusive("Shirt", 24_900, TaxRate::new(2500)?, 2)?;
//! let cart = Cart::sum(market.purchase_country(), vec![shirt])?;
//!
//! let session = NewSession::builder(Purchase::new(market, cart)?).build()?;
//! let created = client.payments().create_session(&session).await?;
//! println!("session {}", created.value.session_id);
//!
//! // … the shopper pays in the browser, which hands back a token …
//! let token = AuthorizationToken::new("b4bd3423-24e3-4d4f-a1ad-5ec0e1c0a1b2")?;
//! let placed = client.payments().place_order(&token, &NewOrder::of(&session)).await?;
//! println!("order {}", placed.value.order_id);
//! # Ok(())
//! # }
//! ```
//!
//! A purchase by link is shown in [`hpp`], a charge of a subscription in [`customer_tokens`].
//!
//! # Outcomes
//!
//! A call that fails has not always done nothing. [`Error::outcome`] tells apart what surely had
//! no effect, what Klarna refused, and what is unknown: an unknown outcome is settled only by the
//! same request with the same [`IdempotencyKey`], or by reading the order.
//!
//! # Secrets and personal data
//!
//! Credentials, tokens, addresses, customers and request bodies print nothing of themselves in
//! `Debug`, and never stand in an [`Error`] or a log line.

mod address;
mod answer;
mod check;
mod client;
mod credentials;
mod customer;
pub mod customer_tokens;
mod environment;
mod error;
mod error_code;
pub mod hpp;
pub mod http;
mod id;
mod key;
mod operation;
pub mod orders;
pub mod payments;
mod private;
pub mod read;
mod refusal;
mod request;
pub mod retry;
mod tolerant;
mod transport;
mod wire;

pub use address::Address;
pub use answer::{Answer, CorrelationId, FromAnswer, Headers, RateLimit, RawAnswer};
pub use check::FieldError;
pub use client::{Client, ClientBuilder};
pub use credentials::Credentials;
pub use customer::{Customer, Organization, OrganizationEntityType, Person};
pub use environment::{BROWSER_SDK, BaseUrl, Environment, Region};
pub use error::{Error, Outcome, Phase};
pub use error_code::ErrorCode;
pub use id::{CaptureId, HppSessionId, OrderId, RefundId, SessionId};
pub use key::IdempotencyKey;
pub use operation::{Api, Operation, RateCategory};
pub use private::{AuthorizationToken, ClientToken, CustomerToken, Private};
pub use refusal::Refusal;
pub use request::{Method, Request, RequestParts};
pub use tolerant::{DateTime, Extra};
pub use transport::{Exchange, Failure, Pacing, Transport};

/// The README's example compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// So does the repository's.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct WorkspaceReadme;
