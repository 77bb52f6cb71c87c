//! Where Klarna sends its news of a recurring order.

use bon::Builder;
use serde::Serialize;

use crate::Private;
use crate::check::{FieldError, web_url};

/// URLs of the shop. Where any is given, Klarna wants `confirmation`. Klarna itself wants `https`;
/// `http` is let through for sandboxes. `Debug` shows none of them.
///
/// ```
/// use klarna::customer_tokens::MerchantUrls;
///
/// let urls = MerchantUrls::builder("https://shop.example/thanks")
///     .push("https://shop.example/klarna/a-secret-of-this-order")
///     .build()?;
/// # Ok::<(), klarna::FieldError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Builder, Serialize)]
#[builder(on(Private, into), finish_fn(vis = "", name = build_unchecked))]
pub struct MerchantUrls {
    /// Where the customer comes back to.
    #[builder(start_fn)]
    confirmation: Private,
    /// Where Klarna says that the order was completed.
    #[serde(skip_serializing_if = "Option::is_none")]
    push: Option<Private>,
}

impl<S: merchant_urls_builder::IsComplete> MerchantUrlsBuilder<S> {
    /// The URLs, checked.
    pub fn build(self) -> Result<MerchantUrls, FieldError> {
        let urls = self.build_unchecked();
        web_url("merchant_urls.confirmation", urls.confirmation.expose())?;
        if let Some(push) = &urls.push {
            web_url("merchant_urls.push", push.expose())?;
        }
        Ok(urls)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_url_is_refused_without_being_shown() {
        for bad in ["", "hidden", "ftp://hidden", &format!("https://{}", "x".repeat(2000))] {
            let good = "https://shop.example/";
            for (built, field) in [
                (MerchantUrls::builder(bad).build(), "merchant_urls.confirmation"),
                (MerchantUrls::builder(good).push(bad).build(), "merchant_urls.push"),
            ] {
                let refusal = built.unwrap_err();
                assert_eq!(refusal.field, field, "{bad}");
                assert!(!refusal.to_string().contains("hidden"), "{refusal}");
            }
        }
    }
}
