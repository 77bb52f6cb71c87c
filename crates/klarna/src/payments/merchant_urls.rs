//! Where Klarna sends the shopper and its news.

use bon::Builder;
use serde::Serialize;

use crate::Private;
use crate::check::{FieldError, any_url, web_url};

/// URLs of the shop. In `confirmation`, `notification` and `push` Klarna replaces `{session.id}`
/// and `{order.id}` (Klarna documentation). Klarna itself wants `https`; `http` is let through
/// for sandboxes. `Debug` shows none of them: a callback URL carries its secret.
///
/// ```
/// use klarna::payments::MerchantUrls;
///
/// let urls = MerchantUrls::builder()
///     .confirmation("https://shop.example/thanks?order={order.id}")
///     .authorization("https://shop.example/klarna/a-secret-of-this-checkout")
///     .build()?;
/// # Ok::<(), klarna::FieldError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Builder, Serialize)]
#[builder(on(Private, into), finish_fn(vis = "", name = build_unchecked))]
pub struct MerchantUrls {
    /// Where the shopper comes back to after the redirect of a placed order.
    #[serde(skip_serializing_if = "Option::is_none")]
    confirmation: Option<Private>,
    /// Where Klarna posts the decision on a pending order.
    #[serde(skip_serializing_if = "Option::is_none")]
    notification: Option<Private>,
    /// Where Klarna says that an order was completed.
    #[serde(skip_serializing_if = "Option::is_none")]
    push: Option<Private>,
    /// Where Klarna posts the authorization token, whatever becomes of the browser.
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization: Option<Private>,
    /// Brings the shopper back into an app; any scheme.
    #[serde(skip_serializing_if = "Option::is_none")]
    app_return_url: Option<Private>,
}

impl<S: merchant_urls_builder::IsComplete> MerchantUrlsBuilder<S> {
    /// The URLs, checked.
    pub fn build(self) -> Result<MerchantUrls, FieldError> {
        let urls = self.build_unchecked();
        for (field, url) in [
            ("merchant_urls.confirmation", &urls.confirmation),
            ("merchant_urls.notification", &urls.notification),
            ("merchant_urls.push", &urls.push),
            ("merchant_urls.authorization", &urls.authorization),
        ] {
            if let Some(url) = url {
                web_url(field, url.expose())?;
            }
        }
        if let Some(url) = &urls.app_return_url {
            any_url("merchant_urls.app_return_url", url.expose())?;
        }
        Ok(urls)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_url_is_refused_without_being_shown() {
        for bad in
            ["", "hidden", "/hidden", "ftp://hidden", &format!("https://{}", "x".repeat(2000))]
        {
            let refusal = MerchantUrls::builder().push(bad).build().unwrap_err();
            assert_eq!(refusal.field, "merchant_urls.push", "{bad}");
            assert!(!refusal.to_string().contains("hidden"), "{refusal}");
        }
        assert!(MerchantUrls::builder().push("http://127.0.0.1:4000/{order.id}").build().is_ok());
        assert!(MerchantUrls::builder().app_return_url("my-shop://back").build().is_ok());
    }
}
