//! A cart from a file or from flags.

use std::str::FromStr;

use clap::Args;
use kvitt_money::{Cart, Country, OrderLine, PurchaseMarket, TaxRate};
use serde_json::json;

use crate::failure::Failure;
use crate::file_input;

/// The cart, as a file or by flags.
#[derive(Args)]
pub(super) struct CartArgs {
    /// The checkout as JSON, as POST /v1/checkouts takes it; - reads stdin
    #[arg(long, value_name = "FILE", required_unless_present_all = ["country", "line"],
        conflicts_with_all = ["country", "locale", "line", "sales_tax", "reference1",
            "reference2", "manual", "account", "confirmation_url"])]
    file: Option<String>,
    /// Country that is sold to, such as SE; its currency follows
    #[arg(long, value_name = "COUNTRY")]
    country: Option<String>,
    /// Language, such as sv-SE; the country's first unless given
    #[arg(long, value_name = "LOCALE")]
    locale: Option<String>,
    /// A line: name, quantity, price of one with tax in minor units, tax rate in basis points
    /// (2500 is 25 %)
    #[arg(long, value_name = "NAME,QUANTITY,UNIT_PRICE,TAX_RATE", allow_hyphen_values = true)]
    line: Vec<Line>,
    /// Sales tax as a line of its own, in minor units; United States only
    #[arg(long, value_name = "AMOUNT")]
    sales_tax: Option<i64>,
    /// The shop's order number, shown to the customer
    #[arg(long, value_name = "TEXT")]
    reference1: Option<String>,
    /// The shop's second reference
    #[arg(long, value_name = "TEXT")]
    reference2: Option<String>,
    /// Place the order only when the shop asks for it
    #[arg(long)]
    manual: bool,
    /// The Klarna account; the one that sells in the country unless given
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// Where the shopper's browser goes after the purchase
    #[arg(long, value_name = "URL")]
    confirmation_url: Option<String>,
}

/// A line as a flag gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    name: String,
    quantity: i64,
    unit_price: i64,
    tax_rate: i64,
}

impl FromStr for Line {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // From the end, since only the name may hold a comma.
        let mut parts = text.rsplitn(4, ',');
        let (Some(tax_rate), Some(unit_price), Some(quantity), Some(name)) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err("a line has four parts, such as \"Shirt,2,24900,2500\"".to_owned());
        };
        let whole = |what: &str, text: &str| {
            text.trim().parse::<i64>().map_err(|_| {
                format!(
                    "{what} is {text:?}: write a whole number; amounts are minor units (249.00 is \
                     24900), rates are basis points (25 % is 2500)"
                )
            })
        };
        Ok(Self {
            name: name.trim().to_owned(),
            quantity: whole("the quantity", quantity)?,
            unit_price: whole("the unit price", unit_price)?,
            tax_rate: whole("the tax rate", tax_rate)?,
        })
    }
}

impl CartArgs {
    /// The request's body.
    pub(super) fn body(&self) -> Result<String, Failure> {
        if let Some(file) = &self.file {
            return file_input::json(file);
        }
        self.of_flags().map_err(Failure::usage)
    }

    fn of_flags(&self) -> Result<String, String> {
        let country: Country =
            self.country.as_deref().unwrap_or_default().parse().map_err(said("--country"))?;
        let rules = country.market();
        let first = rules.locales.first().copied().unwrap_or_default();
        let locale = self.locale.as_deref().unwrap_or(first);
        let market = PurchaseMarket::new(country.code(), rules.currency.code(), locale)
            .map_err(said("--locale"))?;
        let line = |line: &Line| {
            let tax_rate = TaxRate::new(line.tax_rate).map_err(said("--line"))?;
            OrderLine::tax_inclusive(&line.name, line.unit_price, tax_rate, line.quantity)
                .map_err(said("--line"))
        };
        let mut lines = self.line.iter().map(line).collect::<Result<Vec<_>, String>>()?;
        if let Some(amount) = self.sales_tax {
            lines.push(OrderLine::sales_tax("Sales tax", amount).map_err(said("--sales-tax"))?);
        }
        let cart = Cart::sum(country, lines).map_err(said("--line"))?;
        let totals = cart.totals();
        let mut body = json!({
            "purchase_country": country.code(),
            "purchase_currency": market.purchase_currency().code(),
            "locale": market.locale().as_str(),
            "order_amount": totals.order_amount,
            "order_tax_amount": totals.order_tax_amount,
            "order_lines": cart.order_lines(),
        });
        let texts = [
            ("merchant_reference1", &self.reference1),
            ("merchant_reference2", &self.reference2),
            ("account", &self.account),
        ];
        for (member, text) in texts {
            if let Some(text) = text {
                body[member] = json!(text);
            }
        }
        if self.manual {
            body["placement"] = json!("manual");
        }
        if let Some(url) = &self.confirmation_url {
            body["merchant_urls"] = json!({ "confirmation": url });
        }
        Ok(body.to_string())
    }
}

/// Says which flag is wrong.
fn said<E: std::fmt::Display>(flag: &str) -> impl Fn(E) -> String {
    move |error| format!("{flag}: {error}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cart(country: &str, lines: &[&str]) -> CartArgs {
        CartArgs {
            file: None,
            country: Some(country.to_owned()),
            locale: None,
            line: lines.iter().map(|line| line.parse().unwrap()).collect(),
            sales_tax: None,
            reference1: None,
            reference2: None,
            manual: false,
            account: None,
            confirmation_url: None,
        }
    }

    #[test]
    fn sums_are_computed_from_lines() {
        let args = CartArgs {
            reference1: Some("1001".to_owned()),
            manual: true,
            confirmation_url: Some("https://shop.example/thanks".to_owned()),
            ..cart("se", &["Shirt, blue,2,24900,2500", "Rebate,1,-5000,2500"])
        };
        let body: serde_json::Value = serde_json::from_str(&args.of_flags().unwrap()).unwrap();
        assert_eq!(body["purchase_country"], "SE");
        assert_eq!(body["purchase_currency"], "SEK");
        assert_eq!(body["locale"], "sv-SE");
        // 2 * 24900 - 5000; a fifth of it is tax at 25 %.
        assert_eq!(body["order_amount"], 44_800);
        assert_eq!(body["order_tax_amount"], 8_960);
        assert_eq!(body["order_lines"][0]["name"], "Shirt, blue");
        assert_eq!(body["order_lines"][0]["total_amount"], 49_800);
        assert_eq!(body["order_lines"][0]["total_tax_amount"], 9_960);
        assert_eq!(body["placement"], "manual");
        assert_eq!(body["merchant_reference1"], "1001");
        assert_eq!(body["merchant_urls"]["confirmation"], "https://shop.example/thanks");
    }

    #[test]
    fn american_tax_is_a_line() {
        let args = CartArgs { sales_tax: Some(99), ..cart("US", &["Mug,1,1200,0"]) };
        let body: serde_json::Value = serde_json::from_str(&args.of_flags().unwrap()).unwrap();
        assert_eq!(body["order_amount"], 1_299);
        assert_eq!(body["order_tax_amount"], 99);
        assert_eq!(body["order_lines"][1]["type"], "sales_tax");
    }

    #[test]
    fn what_cannot_be_sold_is_refused_with_its_flag() {
        for (args, flag) in [
            (cart("XX", &["Mug,1,1200,0"]), "--country: "),
            (cart("SE", &["Mug,-1,1200,0"]), "--line: "),
            (cart("SE", &["Mug,1,1200,20000"]), "--line: "),
            (cart("SE", &["Mug,9223372036854775807,2,0"]), "--line: "),
            (CartArgs { sales_tax: Some(1), ..cart("SE", &["Mug,1,1200,0"]) }, "--line: "),
            (
                CartArgs { locale: Some("fi-SE".to_owned()), ..cart("SE", &["Mug,1,1200,0"]) },
                "--locale: ",
            ),
        ] {
            let refusal = args.of_flags().unwrap_err();
            assert!(refusal.starts_with(flag), "{refusal}");
        }
        for bad in ["", "Mug", "Mug,1,1200", "Mug,1,12.00,0", "Mug,one,1200,0", "Mug,1,1200,25%"] {
            assert!(bad.parse::<Line>().is_err(), "{bad:?}");
        }
    }
}
