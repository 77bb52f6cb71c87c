//! Objects that are nothing but named texts (addresses, customer, URLs, shipping information),
//! read by a table of their members and the two back ends' different limits.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::{
    purchase::letters,
    read::{Fault, Reader},
};

/// One member: its name and the most characters Payments and Order Management take.
pub(crate) struct Member {
    pub(crate) name: &'static str,
    payments_max: usize,
    orders_max: usize,
}

const fn member(name: &'static str, payments_max: usize, orders_max: usize) -> Member {
    Member { name, payments_max, orders_max }
}

/// Whose limits hold. Customer Token has its own for order lines, and else those of Payments.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Payments,
    CustomerToken,
    Orders,
}

/// An address: the eleven members of Order Management in its order (recorded exchange), then the
/// two of companies.
pub(crate) const ADDRESS: [Member; 13] = [
    member("given_name", 99, 100),
    member("family_name", 99, 100),
    member("title", 20, 20),
    member("street_address", 99, 100),
    member("street_address2", 99, 100),
    member("postal_code", 10, 10),
    member("city", 99, 200),
    member("region", 99, 200),
    member("country", 2, 255),
    member("email", 99, 100),
    member("phone", 99, 100),
    member("organization_name", 99, 255),
    member("attention", 99, 255),
];

/// How many of [`ADDRESS`] Order Management always writes.
pub(crate) const ADDRESS_ALWAYS: usize = 11;

/// A customer. The members after `vat_id` are written by no read (Klarna documentation).
pub(crate) const CUSTOMER: [Member; 9] = [
    member("date_of_birth", 255, 255),
    member("gender", 255, 255),
    member("organization_entity_type", 255, 255),
    member("organization_registration_id", 255, 255),
    member("title", 255, 255),
    member("type", 255, 255),
    member("vat_id", 255, 255),
    member("last_four_ssn", 9, 9),
    member("national_identification_number", 255, 255),
];

/// How many of [`CUSTOMER`] a session's read shows.
pub(crate) const CUSTOMER_SHOWN: usize = 7;

/// Where Klarna sends the browser and its callbacks.
pub(crate) const MERCHANT_URLS: [Member; 5] = [
    member("confirmation", 2000, 2000),
    member("notification", 2000, 2000),
    member("push", 2000, 2000),
    member("authorization", 2000, 2000),
    member("app_return_url", 2000, 2000),
];

/// Colours and borders of the widget.
pub(crate) const OPTIONS: [Member; 5] = [
    member("color_border", 7, 7),
    member("color_border_selected", 7, 7),
    member("color_details", 7, 7),
    member("color_text", 7, 7),
    member("radius_border", 255, 255),
];

/// Extra merchant data.
pub(crate) const ATTACHMENT: [Member; 2] =
    [member("content_type", 255, 255), member("body", usize::MAX, usize::MAX)];

/// What a product is, in the order of Klarna's samples.
pub(crate) const PRODUCT_IDENTIFIERS: [Member; 6] = [
    member("category_path", 750, 750),
    member("global_trade_item_number", 50, 50),
    member("manufacturer_part_number", 70, 70),
    member("brand", 70, 70),
    member("color", 64, 64),
    member("size", 64, 64),
];

/// One parcel.
pub(crate) const SHIPPING_INFO: [Member; 7] = [
    member("shipping_company", 100, 100),
    member("shipping_method", 255, 255),
    member("tracking_number", 100, 100),
    member("tracking_uri", 1024, 1024),
    member("return_shipping_company", 100, 100),
    member("return_tracking_number", 100, 100),
    member("return_tracking_uri", 1024, 1024),
];

const SHIPPING_METHODS: [&str; 13] = [
    "PickUpStore",
    "Home",
    "BoxReg",
    "BoxUnreg",
    "PickUpPoint",
    "Own",
    "Postal",
    "DHLPackstation",
    "Digital",
    "Undefined",
    "PickUpWarehouse",
    "ClickCollect",
    "PalletDelivery",
];

/// Named texts, sorted by their names. Deliberately without `Debug`: most of them are personal data.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Texts(Vec<(&'static str, String)>);

impl Texts {
    /// Reads the members of a table and checks the forms of those that have one.
    pub(crate) fn read(reader: &mut Reader<'_>, table: &'static [Member], side: Side) -> Self {
        let mut texts = Self::default();
        for member in table {
            let max = match side {
                Side::Payments | Side::CustomerToken => member.payments_max,
                Side::Orders => member.orders_max,
            };
            if let Some(text) = reader.text(member.name, 0, max) {
                if !fits(member.name, &text, side) {
                    reader.fault(member.name, Fault::Pattern);
                }
                texts.set(member.name, text);
            }
        }
        texts
    }

    fn set(&mut self, name: &'static str, text: String) {
        match self.0.binary_search_by_key(&name, |(known, _)| known) {
            Ok(place) => self.0[place].1 = text,
            Err(place) => self.0.insert(place, (name, text)),
        }
    }

    /// The member's text, if it was sent.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, text)| text.as_str())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All that were sent.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(_, text)| text.as_str())
    }

    /// Takes over every member that the other has.
    pub(crate) fn merge(&mut self, other: Texts) {
        for (name, text) in other.0 {
            self.set(name, text);
        }
    }
}

impl Serialize for Texts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, text)| (name, text)))
    }
}

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let texts = BTreeMap::<String, String>::deserialize(deserializer)?;
        let mut read = Self::default();
        for (name, text) in texts {
            let name = member_name(&name)
                .ok_or_else(|| D::Error::custom(format!("{name:?} is not the name of a text")))?;
            read.set(name, text);
        }
        Ok(read)
    }
}

/// A member's name as the tables have it.
fn member_name(name: &str) -> Option<&'static str> {
    let tables: [&[Member]; 7] = [
        &ADDRESS,
        &CUSTOMER,
        &MERCHANT_URLS,
        &OPTIONS,
        &ATTACHMENT,
        &PRODUCT_IDENTIFIERS,
        &SHIPPING_INFO,
    ];
    tables.into_iter().flatten().map(|member| member.name).find(|known| *known == name)
}

/// Whether a text has its member's form. An empty one says "not known" and passes. Order
/// Management's schema gives a country no form.
fn fits(name: &str, text: &str, side: Side) -> bool {
    match name {
        _ if text.is_empty() => true,
        "country" => side == Side::Orders || letters(text, 2),
        "color_border" | "color_border_selected" | "color_details" | "color_text" => is_color(text),
        "last_four_ssn" => {
            matches!(text.len(), 4 | 9) && text.bytes().all(|byte| byte.is_ascii_digit())
        }
        "type" => matches!(text, "person" | "organization"),
        "shipping_method" => SHIPPING_METHODS.contains(&text),
        _ => true,
    }
}

/// `#` and six hexadecimal digits.
fn is_color(text: &str) -> bool {
    text.strip_prefix('#').is_some_and(|digits| {
        digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colors_have_six_digits() {
        for (text, passes) in [
            ("#0aF3c9", true),
            ("", true),
            ("0aF3c9", false),
            ("#0aF3c", false),
            ("#0aF3cg", false),
            ("red", false),
        ] {
            assert_eq!(fits("color_text", text, Side::Payments), passes, "{text}");
        }
        assert!(fits("radius_border", "5px", Side::Payments));
    }

    #[test]
    fn only_payments_gives_a_country_its_form() {
        assert!(!fits("country", "S1", Side::Payments));
        assert!(fits("country", "SWE", Side::Orders));
    }
}
