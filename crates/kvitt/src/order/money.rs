//! What to capture or refund, as flags say it.

use std::str::FromStr;

use clap::Args;
use serde_json::{Value, json};

/// Lines, an amount, or everything that is left.
#[derive(Args)]
pub(super) struct MoneyArgs {
    /// Of this line, all that is left or so many pieces; may be given several times
    #[arg(long, value_name = "LINE_ID[:QUANTITY]")]
    line: Vec<LinePick>,
    /// How much, in minor units (249.00 is 24900); with lines it must be their sum
    #[arg(long, value_name = "MINOR_UNITS", value_parser = minor_units)]
    amount: Option<i64>,
    /// The amount is meant without lines: the customer's invoice then shows none
    #[arg(long, requires = "amount", conflicts_with = "line")]
    amount_only: bool,
    /// The shop's reference
    #[arg(long, value_name = "TEXT")]
    reference: Option<String>,
    /// Shown to the customer
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
}

/// A line and how many pieces of it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct LinePick {
    line_id: String,
    quantity: Option<i64>,
}

impl FromStr for LinePick {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // A line's id may hold a colon; a quantity is digits only.
        let parts = text.rsplit_once(':').filter(|(_, quantity)| {
            !quantity.is_empty() && quantity.bytes().all(|it| it.is_ascii_digit())
        });
        let (line_id, quantity) = match parts {
            None => (text, None),
            Some((line_id, quantity)) => {
                let quantity = quantity.parse().map_err(|_| {
                    format!("the quantity {quantity} is too large: give what is left at most")
                })?;
                (line_id, Some(quantity))
            }
        };
        if line_id.is_empty() {
            return Err("the line's id is missing: write it like shirt:1".to_owned());
        }
        Ok(Self { line_id: line_id.to_owned(), quantity })
    }
}

/// A parcel that can be followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tracking {
    company: String,
    number: String,
}

impl FromStr for Tracking {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some((company, number)) if !company.is_empty() && !number.is_empty() => {
                Ok(Self { company: company.to_owned(), number: number.to_owned() })
            }
            _ => Err("write carrier and number like PostNord:XYZ123".to_owned()),
        }
    }
}

/// A body of the texts that are there.
pub(super) fn texts(reference: Option<&str>, description: Option<&str>) -> Value {
    let members = [("reference", reference), ("description", description)];
    let given =
        members.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?.into())));
    Value::Object(given.collect())
}

fn minor_units(text: &str) -> Result<i64, String> {
    text.parse().map_err(|_| {
        "write the amount in minor units, without decimals or currency: 249.00 is 24900".to_owned()
    })
}

impl MoneyArgs {
    /// The body of a capture.
    pub(super) fn capture(&self, tracking: &[Tracking], is_final: bool) -> String {
        let mut body = self.body("captured_amount");
        if !tracking.is_empty() {
            let parcel = |parcel: &Tracking| {
                let Tracking { company, number } = parcel;
                json!({ "shipping_company": company, "tracking_number": number })
            };
            body["shipping_info"] = tracking.iter().map(parcel).collect();
        }
        if is_final {
            body["final"] = json!(true);
        }
        body.to_string()
    }

    /// The body of a refund.
    pub(super) fn refund(&self) -> String {
        self.body("refunded_amount").to_string()
    }

    fn body(&self, amount: &str) -> Value {
        let mut body = json!({});
        if !self.line.is_empty() {
            let pick = |pick: &LinePick| match pick.quantity {
                None => json!({ "line_id": pick.line_id }),
                Some(quantity) => json!({ "line_id": pick.line_id, "quantity": quantity }),
            };
            body["order_lines"] = self.line.iter().map(pick).collect();
        }
        if let Some(minor) = self.amount {
            body[amount] = json!(minor);
        }
        if self.amount_only {
            body["amount_only"] = json!(true);
        }
        let texts = texts(self.reference.as_deref(), self.description.as_deref());
        for (member, text) in texts.as_object().into_iter().flatten() {
            body[member] = text.clone();
        }
        body
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_picked_with_and_without_a_quantity() {
        let pick = |text: &str| text.parse::<LinePick>();
        let picked =
            |line_id: &str, quantity| Ok(LinePick { line_id: line_id.to_owned(), quantity });
        assert_eq!(pick("shirt"), picked("shirt", None));
        assert_eq!(pick("shirt:2"), picked("shirt", Some(2)));
        assert_eq!(pick("sku:7:2"), picked("sku:7", Some(2)));
        assert_eq!(pick("sku:blue"), picked("sku:blue", None));
        assert_eq!(
            pick("shirt:-1"),
            picked("shirt:-1", None),
            "an id that the order does not have"
        );
        for bad in ["", ":2", "shirt:99999999999999999999"] {
            assert!(pick(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn amounts_have_no_decimals_and_parcels_two_parts() {
        assert_eq!(minor_units("24900"), Ok(24_900));
        for bad in ["249.00", "249,00", "24900 SEK", "", "1e3"] {
            assert!(minor_units(bad).unwrap_err().contains("24900"), "{bad:?}");
        }
        let parcel = "DHL:1:2".parse::<Tracking>().unwrap();
        assert_eq!((parcel.company.as_str(), parcel.number.as_str()), ("DHL", "1:2"));
        for bad in ["", "DHL", ":1", "DHL:"] {
            assert!(bad.parse::<Tracking>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn nothing_given_is_an_empty_body() {
        let nothing = MoneyArgs {
            line: Vec::new(),
            amount: None,
            amount_only: false,
            reference: None,
            description: None,
        };
        assert_eq!(nothing.capture(&[], false), "{}");
        let all = MoneyArgs {
            line: vec!["shirt:1".parse().unwrap(), "mug".parse().unwrap()],
            amount: Some(5),
            amount_only: true,
            reference: Some("r".to_owned()),
            description: Some("d".to_owned()),
        };
        let body: Value =
            serde_json::from_str(&all.capture(&["a:b".parse().unwrap()], true)).unwrap();
        let expected = json!({
            "order_lines": [{ "line_id": "shirt", "quantity": 1 }, { "line_id": "mug" }],
            "captured_amount": 5,
            "amount_only": true,
            "reference": "r",
            "description": "d",
            "final": true,
            "shipping_info": [{ "shipping_company": "a", "tracking_number": "b" }],
        });
        assert_eq!(body, expected);
        assert!(all.refund().contains(r#""refunded_amount":5"#));
    }
}
