//! Where the page sends the shopper and its news.

use bon::Builder;
use serde::Serialize;

use super::PlaceOrderMode;
use crate::Private;
use crate::check::{FieldError, web_url};

/// What the page replaces in the shop's URLs. Written with two braces, unlike those of
/// [`payments::MerchantUrls`](crate::payments::MerchantUrls).
pub mod placeholder {
    /// The id of the page's session; in every URL.
    pub const SESSION_ID: &str = "{{session_id}}";
    /// The token with which the shop places the order; in `success` only, where the shop places
    /// it. A URL stays in logs and histories: reading the session gives the token as well.
    pub const AUTHORIZATION_TOKEN: &str = "{{authorization_token}}";
    /// The order that Klarna placed; in `success` only, where Klarna places it.
    pub const ORDER_ID: &str = "{{order_id}}";
}

const KNOWN: [&str; 3] =
    [placeholder::SESSION_ID, placeholder::AUTHORIZATION_TOKEN, placeholder::ORDER_ID];

/// URLs of the shop. Where one is missing, the page shows a text of Klarna's instead. Klarna
/// itself wants `https`; `http` is let through for sandboxes. `Debug` shows none of them: a
/// callback URL carries its secret.
///
/// In each of them Klarna replaces [`placeholder::SESSION_ID`]; what else it replaces depends on
/// the URL and on [`PlaceOrderMode`] (Klarna documentation: create session).
///
/// ```
/// use klarna::hpp::{MerchantUrls, placeholder};
///
/// let session_id = placeholder::SESSION_ID;
/// let urls = MerchantUrls::builder()
///     .success(format!("https://shop.example/thanks?page={session_id}"))
///     .back(format!("https://shop.example/cart?page={session_id}"))
///     .status_update("https://shop.example/klarna/a-secret-of-this-session")
///     .build()?;
/// assert!(MerchantUrls::builder().back("https://shop.example/{session.id}").build().is_err());
/// # Ok::<(), klarna::FieldError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Builder, Serialize)]
#[builder(on(Private, into), finish_fn(vis = "", name = build_unchecked))]
pub struct MerchantUrls {
    /// Where the shopper goes once the purchase is authorized. They may never arrive there.
    #[serde(skip_serializing_if = "Option::is_none")]
    success: Option<Private>,
    /// Where the shopper goes who cancels, which ends the session. In a web shop it is taken for
    /// `back` (Klarna documentation: distribute session).
    #[serde(skip_serializing_if = "Option::is_none")]
    cancel: Option<Private>,
    /// Where the shopper goes who presses "back". The page can still be paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    back: Option<Private>,
    /// Where the shopper goes whose purchase was declined.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<Private>,
    /// Where the shopper goes after a fault; `failure` where it is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Private>,
    /// Where Klarna posts each new status, as a [`StatusUpdate`](super::StatusUpdate). Nothing
    /// proves that it is Klarna who posts: put a secret of this session into the URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    status_update: Option<Private>,
}

impl<S: merchant_urls_builder::IsComplete> MerchantUrlsBuilder<S> {
    /// The URLs, checked.
    pub fn build(self) -> Result<MerchantUrls, FieldError> {
        let urls = self.build_unchecked();
        for (field, url, is_success) in [
            (SUCCESS, &urls.success, true),
            ("merchant_urls.cancel", &urls.cancel, false),
            ("merchant_urls.back", &urls.back, false),
            ("merchant_urls.failure", &urls.failure, false),
            ("merchant_urls.error", &urls.error, false),
            ("merchant_urls.status_update", &urls.status_update, false),
        ] {
            let Some(url) = url.as_ref().map(Private::expose) else { continue };
            web_url(field, url)?;
            check_placeholders(field, url, is_success)?;
        }
        Ok(urls)
    }
}

const SUCCESS: &str = "merchant_urls.success";

/// A misspelt placeholder, one of Payments' with single braces, or one that an encoder took apart
/// would all stay as they are, and the shopper would come home without an id.
fn check_placeholders(field: &str, url: &str, is_success: bool) -> Result<(), FieldError> {
    // That an order's id is known nowhere but on success is a guess; the token's place is
    // documented.
    for elsewhere in [placeholder::AUTHORIZATION_TOKEN, placeholder::ORDER_ID] {
        if !is_success && url.contains(elsewhere) {
            let value = format!("holding {elsewhere}");
            return Err(FieldError::new(field, value, format_args!("it in {SUCCESS} only")));
        }
    }
    let rest = KNOWN.iter().fold(url.to_owned(), |url, known| url.replace(known, ""));
    if rest.contains(['{', '}']) || rest.to_ascii_lowercase().contains("%7b%7b") {
        let expected = format!("no braces but those of {}", KNOWN.join(", "));
        return Err(FieldError::new(field, "holding an unknown or encoded placeholder", expected));
    }
    Ok(())
}

impl MerchantUrls {
    /// Refuses a placeholder that the mode leaves empty: the token is for the shop that places
    /// the order, the order's id comes from Klarna that has placed it.
    pub(super) fn check_mode(&self, mode: PlaceOrderMode) -> Result<(), FieldError> {
        let success = self.success.as_ref().map_or("", Private::expose);
        let (empty, instead) = match mode {
            PlaceOrderMode::None => (placeholder::ORDER_ID, placeholder::AUTHORIZATION_TOKEN),
            PlaceOrderMode::PlaceOrder | PlaceOrderMode::CaptureOrder => {
                (placeholder::AUTHORIZATION_TOKEN, placeholder::ORDER_ID)
            }
        };
        if !success.contains(empty) {
            return Ok(());
        }
        let value = format!("holding {empty} with place_order_mode {}", mode.as_str());
        Err(FieldError::new(SUCCESS, value, format_args!("{instead}, or another mode")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_url_is_refused_without_being_shown() {
        for bad in ["", "hidden", "/hidden", "app://hidden"] {
            for built in [
                MerchantUrls::builder().success(bad).build(),
                MerchantUrls::builder().cancel(bad).build(),
                MerchantUrls::builder().back(bad).build(),
                MerchantUrls::builder().failure(bad).build(),
                MerchantUrls::builder().error(bad).build(),
                MerchantUrls::builder().status_update(bad).build(),
            ] {
                let refusal = built.unwrap_err().to_string();
                assert!(refusal.starts_with("merchant_urls."), "{refusal}");
                assert!(!refusal.contains("hidden"), "{refusal}");
            }
        }
    }

    #[test]
    fn only_success_learns_of_token_and_order() {
        let url = |placeholder: &str| format!("http://127.0.0.1:4000/x?y={placeholder}&z=1");
        for known in KNOWN {
            assert!(MerchantUrls::builder().success(url(known)).build().is_ok(), "{known}");
        }
        assert!(MerchantUrls::builder().back(url(placeholder::SESSION_ID)).build().is_ok());
        for elsewhere in [placeholder::AUTHORIZATION_TOKEN, placeholder::ORDER_ID] {
            let refusal = MerchantUrls::builder().back(url(elsewhere)).build().unwrap_err();
            assert_eq!(
                refusal.to_string(),
                format!(
                    "merchant_urls.back is holding {elsewhere}, \
                     expected it in merchant_urls.success only"
                )
            );
        }
    }

    #[test]
    fn a_placeholder_that_would_not_be_replaced_is_refused() {
        for bad in [
            "{session.id}",
            "{{sessionid}}",
            "{{ session_id }}",
            "{{session_id}",
            "{{{session_id}}}",
            "%7B%7Bsession_id%7D%7D",
            "%7b%7bsession_id%7d%7d",
        ] {
            let url = format!("https://shop.example/hidden?x={bad}");
            let refusal = MerchantUrls::builder().failure(url).build().unwrap_err();
            assert_eq!(refusal.field, "merchant_urls.failure", "{bad}");
            assert!(!refusal.to_string().contains("hidden"), "{refusal}");
        }
    }
}
