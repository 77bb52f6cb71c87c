//! Sessions of the page: created and read.

use bon::bon;
use serde::Serialize;

use super::{MerchantUrls, Options, payment_session_url};
use crate::answer::from_json;
use crate::check::length;
use crate::private::optional;
use crate::read;
use crate::tolerant::{open_enum, tolerant};
use crate::{
    AuthorizationToken, BaseUrl, DateTime, Error, HppSessionId, OrderId, Private, SessionId,
};

/// A page to be created for a payment session. Klarna takes several for one, but calls that bad
/// practice.
///
/// ```
/// use klarna::SessionId;
/// use klarna::hpp::{MerchantUrls, NewSession, placeholder};
///
/// let payment = SessionId::new("0b1d9815-165e-42e2-8867-35bc03789e00")?;
/// let page = placeholder::SESSION_ID;
/// let urls =
///     MerchantUrls::builder().success(format!("https://shop.example/thanks?page={page}")).build()?;
/// let session = NewSession::builder(payment).merchant_urls(urls).build()?;
/// # Ok::<(), klarna::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSession {
    payment_session: SessionId,
    merchant_urls: Option<MerchantUrls>,
    options: Option<Options>,
    profile_id: Option<String>,
}

#[bon]
impl NewSession {
    /// A page for this payment session. `profile_id`, 1 to 255 characters, names options that are
    /// kept at Klarna; they hold where `options` says nothing.
    #[builder(start_fn = builder, finish_fn = build, on(String, into))]
    pub fn new(
        #[builder(start_fn)] payment_session: SessionId,
        merchant_urls: Option<MerchantUrls>,
        options: Option<Options>,
        profile_id: Option<String>,
    ) -> Result<Self, Error> {
        if let Some(profile_id) = &profile_id {
            length("profile_id", profile_id, 1..=255)?;
        }
        let said = options.as_ref().and_then(|options| options.place_order_mode);
        // A profile may say a mode that is not known here.
        let mode = said.or_else(|| profile_id.is_none().then(Default::default));
        if let (Some(urls), Some(mode)) = (&merchant_urls, mode) {
            urls.check_mode(mode)?;
        }
        Ok(Self { payment_session, merchant_urls, options, profile_id })
    }

    pub(super) fn body(&self, base_url: &BaseUrl) -> impl Serialize + '_ {
        Body {
            payment_session_url: payment_session_url(base_url, &self.payment_session),
            merchant_urls: self.merchant_urls.as_ref(),
            options: self.options.as_ref(),
            profile_id: self.profile_id.as_deref(),
        }
    }
}

#[derive(Serialize)]
struct Body<'a> {
    payment_session_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    merchant_urls: Option<&'a MerchantUrls>,
    #[serde(skip_serializing_if = "Option::is_none")]
    options: Option<&'a Options>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile_id: Option<&'a str>,
}

tolerant! {
    /// A page that was created. Whoever has `redirect_url`, `qr_code_url` or the distribution
    /// module's token reaches it, so that `Debug` shows none of them.
    #[derive(Debug)]
    pub struct CreatedSession {
        optional {
            /// Klarna's id of the page's session. Klarna's oldest samples have none.
            session_id: HppSessionId,
            /// The page itself: the link for the shopper.
            redirect_url: Private,
            /// A picture of the link as a QR code.
            qr_code_url: Private,
            /// Until when the page can be paid.
            expires_at: DateTime,
            /// Where the session is read; needs credentials.
            session_url: String,
            /// Where the link is distributed; needs credentials.
            distribution_url: String,
            /// Where the shopper's identity is checked by hand.
            manual_identification_check_url: String,
            /// Klarna's own page from which a seller distributes the link.
            distribution_module: DistributionModule,
        }
    }
}

tolerant! {
    /// Klarna's own page from which a seller distributes the link.
    #[derive(Debug)]
    pub struct DistributionModule {
        optional {
            /// Opens it.
            token: Private,
            /// Where it is.
            standalone_url: Private,
            /// Where a new token is made; needs credentials.
            generation_url: String,
        }
    }
}

open_enum! {
    /// State of a page's session.
    pub enum SessionStatus {
        /// Nobody followed the link yet.
        Waiting = "WAITING",
        /// The shopper is on the page.
        InProgress = "IN_PROGRESS",
        /// The shopper pressed "back". The page can still be paid.
        Back = "BACK",
        /// The shopper's identity is checked by hand; Klarna does not describe it.
        ManualIdCheck = "MANUAL_ID_CHECK",
        /// The purchase was declined. The page can still be paid.
        Failed = "FAILED",
        /// There was a fault. The page can still be paid.
        Error = "ERROR",
        /// The shopper left. Named in Klarna's description of callbacks only, so that a later
        /// payment is not ruled out (a guess).
        Timeout = "TIMEOUT",
        /// The purchase was authorized, and the order placed if the page was to do so.
        Completed = "COMPLETED",
        /// The shopper cancelled.
        Cancelled = "CANCELLED",
        /// The shop disabled the page.
        Disabled = "DISABLED",
    }
}

impl SessionStatus {
    /// Whether nothing can follow: completed, cancelled or disabled (Klarna documentation:
    /// tracking session status). An unknown status is not final; `expires_at` ends it at last.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Completed | Self::Cancelled | Self::Disabled)
    }
}

tolerant! {
    /// A page's session as read back, or as a [`StatusUpdate`](super::StatusUpdate) tells it.
    /// Serialized, it holds the token.
    #[derive(Debug)]
    pub struct Session {
        optional {
            /// Klarna's id of the page's session.
            session_id: HppSessionId,
            /// State. Missing is not completed.
            status: SessionStatus,
            /// Leave to place the order, once completed, where the shop places it.
            #[serde(serialize_with = "optional::authorization_token")]
            authorization_token: AuthorizationToken,
            /// The order, once completed, where Klarna places it.
            order_id: OrderId,
            /// Klarna's short reference of that order, shown to the customer.
            klarna_reference: String,
            /// When the status became what it is.
            updated_at: DateTime,
            /// Until when the page can be paid.
            expires_at: DateTime,
            /// Customer.
            customer: read::Customer,
            /// A check of the shopper's identity by hand.
            manual_identification: ManualIdentification,
        }
    }
}

impl Session {
    /// Whether nothing can follow, see [`SessionStatus::is_final`].
    pub fn is_final(&self) -> bool {
        self.status.as_ref().is_some_and(SessionStatus::is_final)
    }
}

tolerant! {
    /// A check of the shopper's identity by hand. Klarna describes its members only.
    #[derive(Debug)]
    pub struct ManualIdentification {
        optional {
            /// What the shopper is to show.
            challenge: Private,
            /// Customer.
            customer: read::Customer,
            /// Customer, in part hidden.
            customer_obfuscated: read::Customer,
            /// Until when.
            expires_at: DateTime,
        }
    }
}

from_json!(CreatedSession, Session);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_states_are_final() {
        for (status, expected) in [
            ("WAITING", false),
            ("in_progress", false),
            ("BACK", false),
            ("MANUAL_ID_CHECK", false),
            ("FAILED", false),
            ("ERROR", false),
            ("TIMEOUT", false),
            ("HALF_EATEN", false),
            ("COMPLETED", true),
            ("cancelled", true),
            ("DISABLED", true),
        ] {
            assert_eq!(SessionStatus::from(status).is_final(), expected, "{status}");
            let session: Session =
                serde_json::from_value(serde_json::json!({ "status": status })).unwrap();
            assert_eq!(session.is_final(), expected, "{status}");
        }
        assert!(!serde_json::from_str::<Session>("{}").unwrap().is_final());
    }
}
