//! What the page looks like and what it does once the purchase is authorized.

use bon::Builder;
use serde::{Deserialize, Serialize};

use crate::check::{FieldError, at_most, web_url};

/// Who places the order once the shopper's purchase is authorized.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PlaceOrderMode {
    /// The shop, with the authorization token, within 60 minutes. What Klarna does where nothing
    /// is said.
    #[default]
    None,
    /// Klarna, even if the shopper's browser never comes back.
    PlaceOrder,
    /// Klarna, which captures the whole amount as well.
    CaptureOrder,
}

impl PlaceOrderMode {
    /// Klarna's name of the mode, such as `PLACE_ORDER`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::PlaceOrder => "PLACE_ORDER",
            Self::CaptureOrder => "CAPTURE_ORDER",
        }
    }
}

/// A way to pay that the page may offer, of those that the payment session offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PaymentMethodCategory {
    /// Direct debit.
    DirectDebit,
    /// Bank transfer.
    DirectBankTransfer,
    /// Now.
    PayNow,
    /// Later.
    PayLater,
    /// In parts.
    PayOverTime,
    /// Klarna, whatever it offers.
    Klarna,
}

/// The word on the page's button.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PurchaseType {
    /// Buy.
    Buy,
    /// Rent.
    Rent,
    /// Book.
    Book,
    /// Subscribe.
    Subscribe,
    /// Download.
    Download,
    /// Order.
    Order,
    /// Continue.
    Continue,
}

/// Whether the page shows how its total is made up. Klarna knows one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ShowSubtotalDetail {
    /// It does not.
    Hide,
}

/// A picture behind the page. Of several, Klarna takes the one that fits the screen best.
#[derive(Debug, Clone, PartialEq, Eq, Builder, Serialize)]
pub struct BackgroundImage {
    /// Where the picture is.
    #[builder(start_fn, into)]
    url: String,
    /// Its width in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
}

/// What the page looks like and what it does.
///
/// ```
/// use klarna::hpp::{Options, PaymentMethodCategory, PlaceOrderMode, PurchaseType};
///
/// let options = Options::builder()
///     .place_order_mode(PlaceOrderMode::CaptureOrder)
///     .purchase_type(PurchaseType::Download)
///     .payment_method_categories(vec![PaymentMethodCategory::PayNow])
///     .page_title("One e-book")
///     .build()?;
/// # Ok::<(), klarna::FieldError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Builder, Serialize)]
#[builder(on(String, into), finish_fn(vis = "", name = build_unchecked))]
pub struct Options {
    #[builder(default)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    background_images: Vec<BackgroundImage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logo_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    page_title: Option<String>,
    /// Ways to pay that the page offers; all of the payment session's where none is named.
    #[builder(default)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    payment_method_categories: Vec<PaymentMethodCategory>,
    /// The one way to pay that the page offers. Not beside `payment_method_categories`.
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_method_category: Option<PaymentMethodCategory>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) place_order_mode: Option<PlaceOrderMode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    purchase_type: Option<PurchaseType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    show_subtotal_detail: Option<ShowSubtotalDetail>,
}

impl<S: options_builder::IsComplete> OptionsBuilder<S> {
    /// The options, checked: one of the two ways to name ways to pay (Klarna documentation: the
    /// other request is refused), absolute URLs, a title of at most 255 characters.
    pub fn build(self) -> Result<Options, FieldError> {
        let options = self.build_unchecked();
        if options.payment_method_category.is_some()
            && !options.payment_method_categories.is_empty()
        {
            return Err(FieldError::new(
                "options.payment_method_category",
                "given beside payment_method_categories",
                "one of the two",
            ));
        }
        if let Some(url) = &options.logo_url {
            web_url("options.logo_url", url)?;
        }
        for (index, image) in options.background_images.iter().enumerate() {
            web_url(&format!("options.background_images[{index}].url"), &image.url)?;
        }
        // Klarna's limit of all texts that have none of their own (Klarna documentation: data
        // types).
        at_most("options.page_title", options.page_title.as_deref(), 255)?;
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_to_pay_are_named_in_one_way() {
        let both = Options::builder()
            .payment_method_category(PaymentMethodCategory::PayNow)
            .payment_method_categories(vec![PaymentMethodCategory::PayLater])
            .build();
        assert_eq!(both.unwrap_err().field, "options.payment_method_category");
    }

    #[test]
    fn a_picture_has_a_url_and_a_title_its_limit() {
        let image = |url: &str| BackgroundImage::builder(url).width(1920).build();
        let good = image("https://shop.example/sea.jpg");
        let refusal =
            Options::builder().background_images(vec![good, image("sea.jpg")]).build().unwrap_err();
        assert_eq!(refusal.field, "options.background_images[1].url");
        assert!(Options::builder().logo_url("logo.jpg").build().is_err());
        assert!(Options::builder().page_title("å".repeat(255)).build().is_ok());
        assert!(Options::builder().page_title("å".repeat(256)).build().is_err());
    }

    #[test]
    fn a_mode_is_named_as_it_is_sent() {
        for mode in [PlaceOrderMode::None, PlaceOrderMode::PlaceOrder, PlaceOrderMode::CaptureOrder]
        {
            assert_eq!(serde_json::to_value(mode).unwrap(), mode.as_str());
        }
    }
}
