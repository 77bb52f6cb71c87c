//! What else can be said of a session.

use bon::Builder;
use serde::{Deserialize, Serialize};

use crate::Private;
use crate::check::FieldError;

/// What the shopper is asked to agree to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    /// One purchase.
    Buy,
    /// Later charges, no purchase now.
    Tokenize,
    /// A purchase and later charges.
    BuyAndTokenize,
}

/// Where the purchase happens; others than [`AcquiringChannel::Ecommerce`] by contract only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum AcquiringChannel {
    /// On the web.
    #[serde(rename = "ECOMMERCE")]
    Ecommerce,
    /// In a shop.
    #[serde(rename = "IN_STORE")]
    InStore,
    /// By phone.
    #[serde(rename = "TELESALES")]
    Telesales,
}

/// Extra merchant data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// A JSON document as a text.
    pub body: Private,
    /// Normally `application/vnd.klarna.internal.emd-v2+json`.
    pub content_type: String,
}

/// Colours and borders of Klarna's widget.
#[derive(Debug, Clone, PartialEq, Eq, Default, Builder, Serialize)]
#[builder(on(String, into), finish_fn(vis = "", name = build_unchecked))]
pub struct Options {
    #[serde(skip_serializing_if = "Option::is_none")]
    color_border: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    color_border_selected: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    color_details: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    color_text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    radius_border: Option<String>,
}

impl<S: options_builder::IsComplete> OptionsBuilder<S> {
    /// The options, checked: colours are written like `#1a2b3c`.
    pub fn build(self) -> Result<Options, FieldError> {
        let options = self.build_unchecked();
        for (field, color) in [
            ("options.color_border", &options.color_border),
            ("options.color_border_selected", &options.color_border_selected),
            ("options.color_details", &options.color_details),
            ("options.color_text", &options.color_text),
        ] {
            let Some(color) = color else { continue };
            let digits = color.strip_prefix('#').unwrap_or_default();
            if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                return Err(FieldError::new(field, format_args!("{color:?}"), "like \"#1a2b3c\""));
            }
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_has_six_digits() {
        assert!(Options::builder().color_text("#1A2b3c").build().is_ok());
        for bad in ["", "#", "1A2b3c", "#12345", "#1234567", "#12345g", "red"] {
            let refusal = Options::builder().color_text(bad).build().unwrap_err();
            assert_eq!(refusal.field, "options.color_text", "{bad}");
        }
    }
}
