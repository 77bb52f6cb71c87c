//! Recurring orders.

use bon::bon;
use kvitt_money::{Cart, OrderLine};
use serde::Serialize;

use super::MerchantUrls;
use crate::check::{FieldError, at_most, length, range};
use crate::payments::Attachment;
use crate::wire::CartBody;
use crate::{Address, Error, Private};

/// Largest `unit_price` and `total_amount` of a line, in minor units: half of what Payments takes
/// (Klarna's API description).
const LINE_AMOUNT_MAX: i64 = 100_000_000;

/// An order to be placed with a customer token. Lines and sums are a [`Cart`]'s; country, language
/// and billing address are the token's (a guess: Klarna's API description has no members for
/// them). Klarna wants the [`Subscription`](kvitt_money::Subscription) of each line that is part
/// of one.
///
/// ```
/// use klarna::customer_tokens::NewOrder;
/// use kvitt_money::{Cart, Country, OrderLine, Subscription, SubscriptionInterval, TaxRate};
///
/// let coffee = OrderLine::tax_inclusive("Coffee", 11_900, TaxRate::new(1200)?, 1)?;
/// let coffee = coffee.with(|line| {
///     line.subscription = Some(Subscription {
///         name: "One coffee a month".to_owned(),
///         interval: SubscriptionInterval::Month,
///         interval_count: 1,
///     });
/// })?;
/// let order = NewOrder::builder(Cart::sum(Country::SE, vec![coffee])?)
///     .merchant_reference1("subscription 17, May")
///     .build()?;
/// # Ok::<(), klarna::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOrder {
    cart: Cart,
    details: Details,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Details {
    #[serde(skip_serializing_if = "Option::is_none")]
    shipping_address: Option<Address>,
    #[serde(skip_serializing_if = "Option::is_none")]
    merchant_reference1: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    merchant_reference2: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    merchant_data: Option<Private>,
    #[serde(skip_serializing_if = "Option::is_none")]
    merchant_urls: Option<MerchantUrls>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attachment: Option<Attachment>,
    #[serde(skip_serializing_if = "is_false")]
    auto_capture: bool,
}

#[bon]
impl NewOrder {
    /// An order of these lines, of 1 minor unit at least. `auto_capture` captures the whole amount
    /// at once, where the contract allows it.
    #[builder(start_fn = builder, finish_fn = build, on(String, into), on(Private, into))]
    pub fn new(
        #[builder(start_fn)] cart: Cart,
        shipping_address: Option<Address>,
        merchant_reference1: Option<String>,
        merchant_reference2: Option<String>,
        merchant_data: Option<Private>,
        merchant_urls: Option<MerchantUrls>,
        attachment: Option<Attachment>,
        #[builder(default)] auto_capture: bool,
    ) -> Result<Self, Error> {
        range("order_amount", cart.totals().order_amount, 1..=200_000_000)?;
        for (index, line) in cart.order_lines().iter().enumerate() {
            check_line(line).map_err(|error| error.within(&format!("order_lines[{index}]")))?;
        }
        if let Some(address) = &shipping_address {
            address.check_for_payments("shipping_address")?;
            if let Some(phone) = &address.phone {
                length("shipping_address.phone", phone, 5..=99)?;
            }
        }
        at_most("merchant_reference1", merchant_reference1.as_deref(), 255)?;
        at_most("merchant_reference2", merchant_reference2.as_deref(), 255)?;
        at_most("merchant_data", merchant_data.as_ref().map(Private::expose), 6000)?;
        let details = Details {
            shipping_address,
            merchant_reference1,
            merchant_reference2,
            merchant_data,
            merchant_urls,
            attachment,
            auto_capture,
        };
        Ok(Self { cart, details })
    }

    /// Lines and sums.
    pub fn cart(&self) -> &Cart {
        &self.cart
    }

    pub(super) fn body(&self) -> impl Serialize + '_ {
        Body {
            purchase_currency: self.cart.order_amount().currency.code(),
            cart: CartBody::new(&self.cart),
            details: &self.details,
        }
    }
}

/// What Customer Token takes less of than Payments does.
fn check_line(line: &OrderLine) -> Result<(), FieldError> {
    for (field, amount) in [("unit_price", line.unit_price), ("total_amount", line.total_amount)] {
        if amount > LINE_AMOUNT_MAX {
            return Err(FieldError::new(field, amount, format_args!("{LINE_AMOUNT_MAX} or less")));
        }
    }
    at_most("merchant_data", line.merchant_data.as_deref(), 255)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn is_false(value: &bool) -> bool {
    !value
}

#[derive(Serialize)]
struct Body<'a> {
    purchase_currency: &'static str,
    #[serde(flatten)]
    cart: CartBody<'a>,
    #[serde(flatten)]
    details: &'a Details,
}
