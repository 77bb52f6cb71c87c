//! Klarna Payments: from a session to a placed order.
//!
//! The functions build requests; [`Payments`], reached through
//! [`Client::payments`](crate::Client::payments), sends them. Payments knows no idempotency key:
//! what protects an order from being placed twice is its authorization token.

mod customer_token;
mod merchant_urls;
mod options;
mod order;
mod purchase;
mod session;

pub use customer_token::{CreatedCustomerToken, IntendedUse, NewCustomerToken};
pub use merchant_urls::MerchantUrls;
pub use options::{AcquiringChannel, Attachment, Intent, Options};
pub use order::{NewOrder, PlacedOrder};
pub use purchase::Purchase;
pub use session::{
    AssetUrls, CreatedSession, NewSession, PaymentMethodCategory, Session, SessionStatus,
    SessionUpdate,
};

use crate::id::encode_segment;
use crate::{Answer, AuthorizationToken, Client, Error, Method, Operation, Request, SessionId};

/// `POST /payments/v1/sessions`. Answered with a [`CreatedSession`].
pub fn create_session(session: &NewSession) -> Result<Request, Error> {
    let path = "/payments/v1/sessions".to_owned();
    Request::json(Operation::CreateSession, Method::Post, path, &session.body())
}

/// `POST /payments/v1/sessions/{session_id}`. Answered without a body.
pub fn update_session(session_id: &SessionId, update: &SessionUpdate) -> Result<Request, Error> {
    Request::json(Operation::UpdateSession, Method::Post, session_path(session_id), &update.body())
}

/// `GET /payments/v1/sessions/{session_id}`. Answered with a [`Session`].
pub fn read_session(session_id: &SessionId) -> Result<Request, Error> {
    Request::empty(Operation::ReadSession, Method::Get, session_path(session_id))
}

/// `POST /payments/v1/authorizations/{authorization_token}/order`. Answered with a
/// [`PlacedOrder`].
pub fn place_order(token: &AuthorizationToken, order: &NewOrder) -> Result<Request, Error> {
    let path = format!("{}/order", authorization(token));
    Request::json(Operation::PlaceOrder, Method::Post, path, &order.body())
}

/// `DELETE /payments/v1/authorizations/{authorization_token}`. Answered without a body.
pub fn cancel_authorization(token: &AuthorizationToken) -> Result<Request, Error> {
    Request::empty(Operation::CancelAuthorization, Method::Delete, authorization(token))
}

/// `POST /payments/v1/authorizations/{authorization_token}/customer-token`. Answered with a
/// [`CreatedCustomerToken`].
pub fn create_customer_token(
    token: &AuthorizationToken,
    customer_token: &NewCustomerToken,
) -> Result<Request, Error> {
    let path = format!("{}/customer-token", authorization(token));
    Request::json(Operation::CreateCustomerToken, Method::Post, path, &customer_token.body())
}

pub(crate) fn session_path(session_id: &SessionId) -> String {
    format!("/payments/v1/sessions/{}", encode_segment(session_id.as_str()))
}

fn authorization(token: &AuthorizationToken) -> String {
    format!("/payments/v1/authorizations/{}", encode_segment(token.expose()))
}

/// The operations of Klarna Payments.
#[derive(Debug, Clone, Copy)]
pub struct Payments<'a> {
    client: &'a Client,
}

impl<'a> Payments<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// Creates a session, which lives for 48 hours or until an order is placed.
    pub async fn create_session(
        &self,
        session: &NewSession,
    ) -> Result<Answer<CreatedSession>, Error> {
        self.client.send(&create_session(session)?).await
    }

    /// Changes a session: what is given replaces what was there.
    pub async fn update_session(
        &self,
        session_id: &SessionId,
        update: &SessionUpdate,
    ) -> Result<Answer<()>, Error> {
        self.client.send(&update_session(session_id, update)?).await
    }

    /// Reads a session. Once the shopper has authorized, the authorization token stands in it,
    /// which helps where the browser and the callback both got lost.
    pub async fn read_session(&self, session_id: &SessionId) -> Result<Answer<Session>, Error> {
        self.client.send(&read_session(session_id)?).await
    }

    /// Places the order that the shopper authorized. Lines, amounts and addresses must be those
    /// of the session's last update and of the authorization. Never repeated by itself where it
    /// may have had its effect.
    pub async fn place_order(
        &self,
        token: &AuthorizationToken,
        order: &NewOrder,
    ) -> Result<Answer<PlacedOrder>, Error> {
        self.client.send(&place_order(token, order)?).await
    }

    /// Gives an authorization back that will not be used. A token that is unknown, expired or
    /// used already is refused with 404.
    pub async fn cancel_authorization(
        &self,
        token: &AuthorizationToken,
    ) -> Result<Answer<()>, Error> {
        self.client.send(&cancel_authorization(token)?).await
    }

    /// Creates a token with which the customer can be charged again, for a session whose intent
    /// includes it.
    pub async fn create_customer_token(
        &self,
        token: &AuthorizationToken,
        customer_token: &NewCustomerToken,
    ) -> Result<Answer<CreatedCustomerToken>, Error> {
        self.client.send(&create_customer_token(token, customer_token)?).await
    }
}
