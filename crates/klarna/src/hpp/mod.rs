//! Hosted Payment Page: a purchase paid on a page of Klarna's, reached by a link, a QR code, an
//! e-mail or a text message.
//!
//! The page shows a payment session: create that one with [`payments`], then the page's own
//! session. What became of it is read, or told by a [`StatusUpdate`], or carried home by the
//! shopper's browser; only the first is certain.
//!
//! The functions build requests; [`HostedPaymentPages`], reached through
//! [`Client::hosted_payment_pages`](crate::Client::hosted_payment_pages), sends them.
//!
//! ```no_run
//! use klarna::hpp::{Distribution, MerchantUrls, NewSession, Options, PlaceOrderMode, placeholder};
//!
//! # async fn sell(client: klarna::Client, payment: klarna::payments::CreatedSession)
//! # -> Result<(), klarna::Error> {
//! let success = format!("https://shop.example/thanks?order={}", placeholder::ORDER_ID);
//! let urls = MerchantUrls::builder()
//!     .success(success)
//!     .status_update("https://shop.example/klarna/a-secret-of-this-session")
//!     .build()?;
//! let options = Options::builder().place_order_mode(PlaceOrderMode::PlaceOrder).build()?;
//! let session =
//!     NewSession::builder(payment.session_id).merchant_urls(urls).options(options).build()?;
//! let created = client.hosted_payment_pages().create_session(&session).await?.value;
//!
//! // … the shopper follows `redirect_url`, or gets the link by e-mail …
//! if let Some(session_id) = created.session_id {
//!     let link = Distribution::by_email("alice@example.com")?;
//!     client.hosted_payment_pages().distribute_session(&session_id, &link).await?;
//!     let session = client.hosted_payment_pages().read_session(&session_id).await?.value;
//!     println!("paid: {}", session.order_id.is_some());
//! }
//! # Ok(())
//! # }
//! ```

mod distribution;
mod merchant_urls;
mod options;
mod session;
mod status_update;

pub use crate::id::EventId;
pub use distribution::Distribution;
pub use merchant_urls::{MerchantUrls, placeholder};
pub use options::{
    BackgroundImage, Options, PaymentMethodCategory, PlaceOrderMode, PurchaseType,
    ShowSubtotalDetail,
};
pub use session::{
    CreatedSession, DistributionModule, ManualIdentification, NewSession, Session, SessionStatus,
};
pub use status_update::StatusUpdate;

use crate::id::encode_segment;
use crate::{
    Answer, BaseUrl, Client, Error, HppSessionId, Method, Operation, Request, SessionId, payments,
};

/// The URL by which a page's session names its payment session: that under which the API itself
/// has it (Klarna documentation: create session).
///
/// ```
/// use klarna::{BaseUrl, Environment, Region, SessionId, hpp};
///
/// let base_url = BaseUrl::of(Region::Europe, Environment::Playground);
/// let session_id = SessionId::new("0b1d9815-165e-42e2-8867-35bc03789e00")?;
/// assert_eq!(
///     hpp::payment_session_url(&base_url, &session_id),
///     "https://api.playground.klarna.com/payments/v1/sessions/0b1d9815-165e-42e2-8867-35bc03789e00"
/// );
/// # Ok::<(), klarna::Error>(())
/// ```
pub fn payment_session_url(base_url: &BaseUrl, session_id: &SessionId) -> String {
    format!("{base_url}{}", payments::session_path(session_id))
}

/// `POST /hpp/v1/sessions`. Answered with a [`CreatedSession`]. The base URL is the one under
/// which Klarna knows the payment session; behind a proxy that is Klarna's own, not the proxy's.
pub fn create_session(base_url: &BaseUrl, session: &NewSession) -> Result<Request, Error> {
    let path = "/hpp/v1/sessions".to_owned();
    let body = session.body(base_url);
    Request::json(Operation::CreateHppSession, Method::Post, path, &body)
}

/// `GET /hpp/v1/sessions/{session_id}`. Answered with a [`Session`].
pub fn read_session(session_id: &HppSessionId) -> Result<Request, Error> {
    Request::empty(Operation::ReadHppSession, Method::Get, session_path(session_id))
}

/// `DELETE /hpp/v1/sessions/{session_id}`. Answered without a body.
pub fn disable_session(session_id: &HppSessionId) -> Result<Request, Error> {
    Request::empty(Operation::DisableHppSession, Method::Delete, session_path(session_id))
}

/// `POST /hpp/v1/sessions/{session_id}/distribution`. Answered without a body, with 201 or 204.
pub fn distribute_session(
    session_id: &HppSessionId,
    distribution: &Distribution,
) -> Result<Request, Error> {
    let path = format!("{}/distribution", session_path(session_id));
    Request::json(Operation::DistributeHppSession, Method::Post, path, distribution)
}

fn session_path(session_id: &HppSessionId) -> String {
    format!("/hpp/v1/sessions/{}", encode_segment(session_id.as_str()))
}

/// The operations of the Hosted Payment Page.
#[derive(Debug, Clone, Copy)]
pub struct HostedPaymentPages<'a> {
    client: &'a Client,
}

impl<'a> HostedPaymentPages<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// Creates a page for a payment session at the client's own base URL. It ends one hour before
    /// the payment session does (Klarna documentation: session lifetime). Refused with
    /// [`Error::Configuration`] where the client has a transport of its own and no base URL.
    pub async fn create_session(
        &self,
        session: &NewSession,
    ) -> Result<Answer<CreatedSession>, Error> {
        let base_url = self.client.base_url().ok_or_else(|| Error::Configuration {
            setting: "base_url",
            problem: "it is missing, and payment_session_url begins with it; give it to the \
                      client beside the transport"
                .to_owned(),
        })?;
        self.client.send(&create_session(base_url, session)?).await
    }

    /// Reads what became of a page: whether it was paid, and with which authorization token or
    /// order.
    pub async fn read_session(&self, session_id: &HppSessionId) -> Result<Answer<Session>, Error> {
        self.client.send(&read_session(session_id)?).await
    }

    /// Disables a page for good: who follows its link is told so. A page that was paid already is
    /// refused with 400, so that whoever disables it must then read it.
    pub async fn disable_session(&self, session_id: &HppSessionId) -> Result<Answer<()>, Error> {
        self.client.send(&disable_session(session_id)?).await
    }

    /// Lets Klarna send the page's link to the shopper. The message goes out later than the answer
    /// comes in. Never repeated by itself where it may have gone out.
    pub async fn distribute_session(
        &self,
        session_id: &HppSessionId,
        distribution: &Distribution,
    ) -> Result<Answer<()>, Error> {
        self.client.send(&distribute_session(session_id, distribution)?).await
    }
}
