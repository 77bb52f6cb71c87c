//! What an operator fills in, read into a wish. What the business allows is decided elsewhere.

use kvitt_core::{
    ActKind, AuthorizationWish, CaptureWish, LineId, LinePick, Order, ReferencesWish, RefundWish,
    Sale, SaleCart, ShippingInfo, Wish,
};
use kvitt_money::{Cart, LineType, Money, OrderLine, OrderLineFields};
use secrecy::SecretString;
use sha2::{Digest, Sha256};

use crate::problem::Problem;

/// Members that are about the form itself.
const ABOUT_THE_FORM: [&str; 3] = ["csrf_token", "step", "idempotency_key"];

/// What was sent with a form.
#[derive(Default)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    pub(super) fn new(sent: Vec<(String, String)>) -> Self {
        Self(sent)
    }

    /// A member as it was typed, if it was there at all.
    pub(super) fn typed(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A member without blanks around it; none where nothing is left.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.typed(name).map(str::trim).filter(|text| !text.is_empty())
    }

    fn owned(&self, name: &str) -> Option<String> {
        self.text(name).map(str::to_owned)
    }

    /// What describes the act: to be sent again with the next step.
    pub(super) fn of_the_act(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        all.filter(|(name, _)| !ABOUT_THE_FORM.contains(name))
    }

    /// Tells this act from another under the same key.
    pub(super) fn digest(&self, act: &str) -> [u8; 32] {
        let mut digest = Sha256::new();
        let mut add = |text: &str| {
            digest.update(text.len().to_be_bytes());
            digest.update(text);
        };
        add(act);
        for (name, value) in self.of_the_act() {
            add(name);
            add(value);
        }
        digest.finalize().into()
    }
}

/// What is wrong with an input.
pub(super) struct Wrong {
    /// The input's name; the name of a group where several are meant.
    pub(super) member: String,
    pub(super) text: String,
}

fn wrong(member: impl Into<String>, text: impl Into<String>) -> Vec<Wrong> {
    vec![Wrong { member: member.into(), text: text.into() }]
}

/// A wish, and the address that goes with it, as JSON.
pub(super) struct Wanted {
    pub(super) wish: Wish,
    pub(super) shipping_address: Option<SecretString>,
}

impl From<Wish> for Wanted {
    fn from(wish: Wish) -> Self {
        Self { wish, shipping_address: None }
    }
}

/// Acts that need nothing filled in.
pub(super) fn is_bare(kind: ActKind) -> bool {
    matches!(kind, ActKind::Cancel | ActKind::Release | ActKind::Extend)
}

/// The wish that a form holds.
pub(super) fn wanted(
    kind: ActKind,
    fields: &Fields,
    sale: &Sale,
    order: &Order,
) -> Result<Wanted, Vec<Wrong>> {
    let wish = match kind {
        ActKind::Capture => {
            let (lines, captured_amount) = lines_or_amount(fields, sale, order)?;
            Wish::Capture(CaptureWish {
                amount_only: captured_amount.is_some(),
                captured_amount,
                lines,
                reference: fields.owned("reference"),
                description: fields.owned("description"),
                shipping_info: parcel(fields).into_iter().collect(),
                is_final: fields.text("final").is_some(),
            })
        }
        ActKind::Refund => {
            let (lines, refunded_amount) = lines_or_amount(fields, sale, order)?;
            Wish::Refund(RefundWish {
                amount_only: refunded_amount.is_some(),
                refunded_amount,
                lines,
                reference: fields.owned("reference"),
                description: fields.owned("description"),
            })
        }
        ActKind::Cancel => Wish::Cancel,
        ActKind::Release => Wish::Release,
        ActKind::Extend => Wish::Extend,
        ActKind::UpdateAuthorization => Wish::UpdateAuthorization(AuthorizationWish {
            cart: fewer_pieces(fields, sale, order)?,
            description: fields.owned("description"),
        }),
        ActKind::UpdateReferences => Wish::UpdateReferences(ReferencesWish {
            merchant_reference1: changed(
                fields,
                "merchant_reference1",
                sale.terms.merchant_reference1.as_deref(),
            ),
            merchant_reference2: changed(
                fields,
                "merchant_reference2",
                sale.terms.merchant_reference2.as_deref(),
            ),
        }),
        ActKind::UpdateShippingAddress => {
            return Ok(Wanted {
                wish: Wish::UpdateShippingAddress,
                shipping_address: Some(address(fields)?),
            });
        }
        ActKind::AddShippingInfo => Wish::AddShippingInfo {
            capture_id: fields.owned("capture_id"),
            shipping_info: parcel(fields).into_iter().collect(),
        },
        ActKind::TriggerSendOut => Wish::TriggerSendOut {
            capture_id: fields
                .owned("capture_id")
                .ok_or_else(|| wrong("capture_id", "Pick the capture whose message it is."))?,
        },
        ActKind::Place => return Err(wrong("act", "An order is placed once.")),
    };
    Ok(wish.into())
}

/// The pieces that were picked, or the amount that stands for itself.
fn lines_or_amount(
    fields: &Fields,
    sale: &Sale,
    order: &Order,
) -> Result<(Vec<LinePick>, Option<i64>), Vec<Wrong>> {
    if fields.typed("by") == Some("amount") {
        let currency = sale.terms.market.purchase_currency();
        let text = fields.text("amount").unwrap_or_default();
        let amount =
            Money::parse(text, currency).map_err(|error| wrong("amount", error.to_string()))?;
        return Ok((Vec::new(), Some(amount.minor)));
    }
    let mut picks = Vec::new();
    for (line_id, line) in order.cart.lines() {
        let name = quantity_member(line_id);
        if line.quantity == 0 {
            if fields.text(&name).is_some() {
                picks.push(LinePick { line_id: line_id.clone(), quantity: None });
            }
            continue;
        }
        let quantity = whole(fields, &name)?.unwrap_or(0);
        if quantity != 0 {
            picks.push(LinePick { line_id: line_id.clone(), quantity: Some(quantity) });
        }
    }
    if picks.is_empty() {
        return Err(wrong("lines", "Pick at least one piece, or give an amount."));
    }
    Ok((picks, None))
}

/// The member that holds how many pieces of a line are meant.
pub(super) fn quantity_member(line_id: &LineId) -> String {
    format!("quantity.{line_id}")
}

/// The member that holds the new amount of a tax line.
pub(super) fn amount_member(line_id: &LineId) -> String {
    format!("amount.{line_id}")
}

fn whole(fields: &Fields, name: &str) -> Result<Option<i64>, Vec<Wrong>> {
    let Some(text) = fields.text(name) else { return Ok(None) };
    match text.parse::<i64>() {
        Ok(number) if number >= 0 => Ok(Some(number)),
        _ => Err(wrong(name, format!("{text:?} is not a number of pieces: write 0, 1, 2, …"))),
    }
}

/// The order's lines with fewer pieces; a line of none goes. Tax that is a line of its own is
/// typed anew, since nothing here knows how it was computed.
fn fewer_pieces(fields: &Fields, sale: &Sale, order: &Order) -> Result<SaleCart, Vec<Wrong>> {
    let mut lines = Vec::new();
    let mut ids = Vec::new();
    for (line_id, line) in order.cart.lines() {
        let kept = if line.line_type == LineType::SalesTax {
            retaxed(fields, sale, line_id, line)?
        } else {
            let name = quantity_member(line_id);
            let quantity = whole(fields, &name)?.unwrap_or(line.quantity);
            match quantity {
                _ if quantity == line.quantity => Some((**line).clone()),
                0 => None,
                _ => Some(
                    line.portion(0, quantity).map_err(|error| wrong(&name, error.to_string()))?,
                ),
            }
        };
        if let Some(kept) = kept {
            let problem =
                |error: kvitt_money::Error| wrong(quantity_member(line_id), error.to_string());
            lines.push(OrderLine::try_from(kept).map_err(|error| problem(error.into()))?);
            ids.push(Some(line_id.clone()));
        }
    }
    let country = sale.terms.market.purchase_country();
    let cart = Cart::sum(country, lines).map_err(|error| wrong("lines", error.to_string()))?;
    SaleCart::new(cart, &ids).map_err(|error| wrong("lines", error.to_string()))
}

fn retaxed(
    fields: &Fields,
    sale: &Sale,
    line_id: &LineId,
    line: &OrderLine,
) -> Result<Option<OrderLineFields>, Vec<Wrong>> {
    let name = amount_member(line_id);
    let Some(text) = fields.text(&name) else { return Ok(Some((**line).clone())) };
    let currency = sale.terms.market.purchase_currency();
    let amount = Money::parse(text, currency).map_err(|error| wrong(&name, error.to_string()))?;
    Ok(match amount.minor {
        0 => None,
        minor => Some(OrderLineFields {
            quantity: 1,
            unit_price: minor,
            total_amount: minor,
            total_discount_amount: 0,
            ..(**line).clone()
        }),
    })
}

/// A reference that is not what it was; an emptied one is cleared.
fn changed(fields: &Fields, name: &str, before: Option<&str>) -> Option<String> {
    let typed = fields.typed(name)?.trim();
    (typed != before.unwrap_or_default()).then(|| typed.to_owned())
}

/// The parcel, if anything is said of one.
fn parcel(fields: &Fields) -> Option<ShippingInfo> {
    let parcel = ShippingInfo {
        shipping_company: fields.owned("shipping_company"),
        shipping_method: fields.owned("shipping_method"),
        tracking_number: fields.owned("tracking_number"),
        tracking_uri: fields.owned("tracking_uri"),
        ..ShippingInfo::default()
    };
    (parcel != ShippingInfo::default()).then_some(parcel)
}

fn address(fields: &Fields) -> Result<SecretString, Vec<Wrong>> {
    let address = klarna::Address {
        given_name: fields.owned("given_name"),
        family_name: fields.owned("family_name"),
        organization_name: fields.owned("organization_name"),
        attention: fields.owned("attention"),
        title: fields.owned("title"),
        street_address: fields.owned("street_address"),
        street_address2: fields.owned("street_address2"),
        postal_code: fields.owned("postal_code"),
        city: fields.owned("city"),
        region: fields.owned("region"),
        country: fields.owned("country"),
        email: fields.owned("email"),
        phone: fields.owned("phone"),
    };
    serde_json::to_string(&address)
        .map(SecretString::from)
        .map_err(|_| wrong("address", Problem::internal().detail()))
}
