//! A purchase as Payments takes it: in a session, an authorization or a placing.

use serde::{Deserialize, Serialize};

use super::{
    amounts,
    line::{LINES_MAX, Line},
    market,
    read::{Body, Problem, Reader},
    refusal::Refusal,
    texts::{ADDRESS, ATTACHMENT, CUSTOMER, MERCHANT_URLS, OPTIONS, Side, Texts},
};

/// What a session holds or a request brings. Deliberately without `Debug`: personal data.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Purchase {
    pub(crate) acquiring_channel: Option<String>,
    pub(crate) attachment: Option<Texts>,
    pub(crate) auto_capture: Option<bool>,
    pub(crate) billing_address: Option<Texts>,
    pub(crate) custom_payment_method_ids: Option<Vec<String>>,
    pub(crate) customer: Option<Texts>,
    pub(crate) design: Option<String>,
    pub(crate) intent: Option<String>,
    pub(crate) locale: Option<String>,
    pub(crate) merchant_data: Option<String>,
    pub(crate) merchant_reference1: Option<String>,
    pub(crate) merchant_reference2: Option<String>,
    pub(crate) merchant_urls: Option<Texts>,
    pub(crate) options: Option<Texts>,
    pub(crate) order_amount: Option<i64>,
    pub(crate) order_lines: Option<Vec<Line>>,
    pub(crate) order_tax_amount: Option<i64>,
    pub(crate) purchase_country: Option<String>,
    pub(crate) purchase_currency: Option<String>,
    pub(crate) shipping_address: Option<Texts>,
}

/// Klarna's text also names the last two, which its published enumeration lacks.
const INTENTS: [&str; 5] =
    ["buy", "tokenize", "buy_and_tokenize", "buy_and_link", "buy_and_default_tokenize"];

impl Purchase {
    /// Reads what was sent to Payments; nothing is required yet.
    pub(crate) fn read(body: &Body<'_>) -> (Self, Vec<Problem>) {
        Self::read_for(Side::Payments, body)
    }

    /// The same, with this API's limits.
    pub(crate) fn read_for(side: Side, body: &Body<'_>) -> (Self, Vec<Problem>) {
        let mut problems = Vec::new();
        let mut reader = Reader::new(body, &mut problems);
        let channels = ["ECOMMERCE", "IN_STORE", "TELESALES"];
        let purchase = Self {
            acquiring_channel: reader.form("acquiring_channel", |text| channels.contains(&text)),
            attachment: reader.object("attachment", |it| Texts::read(it, &ATTACHMENT, side)),
            auto_capture: reader.boolean("auto_capture"),
            billing_address: reader.object("billing_address", |it| Texts::read(it, &ADDRESS, side)),
            custom_payment_method_ids: reader.list("custom_payment_method_ids"),
            customer: reader.object("customer", |it| Texts::read(it, &CUSTOMER, side)),
            design: reader.text("design", 0, 255),
            intent: reader.form("intent", |text| INTENTS.contains(&text)),
            locale: reader.form("locale", is_locale),
            merchant_data: reader.text("merchant_data", 0, 6000),
            merchant_reference1: reader.text("merchant_reference1", 0, 255),
            merchant_reference2: reader.text("merchant_reference2", 0, 255),
            merchant_urls: reader
                .object("merchant_urls", |it| Texts::read(it, &MERCHANT_URLS, side)),
            options: reader.object("options", |it| Texts::read(it, &OPTIONS, side)),
            order_amount: reader.integer("order_amount", 0, i64::MAX),
            order_lines: reader.objects("order_lines", 1, LINES_MAX, |line| Line::read(line, side)),
            order_tax_amount: reader.integer("order_tax_amount", 0, i64::MAX),
            purchase_country: reader.form("purchase_country", |text| letters(text, 2)),
            purchase_currency: reader.form("purchase_currency", |text| letters(text, 3)),
            shipping_address: reader
                .object("shipping_address", |it| Texts::read(it, &ADDRESS, side)),
        };
        (purchase, problems)
    }

    /// Checks the whole purchase, in the stages in which Klarna reports: country and currency
    /// alone first (recorded exchange), then each member, then the lines, then the totals.
    pub(crate) fn check(&self, problems: &[Problem]) -> Result<(), Refusal> {
        let stages = [
            self.bad_market(),
            self.bad_members(problems),
            amounts::bad_lines(self.lines()),
            amounts::bad_totals(self.lines(), self.amount(), self.order_tax_amount),
        ];
        match stages.iter().find(|stage| !stage.is_empty()) {
            Some(stage) => Err(Refusal::bad_value(stage)),
            None => Ok(()),
        }
    }

    fn bad_market(&self) -> Vec<String> {
        let market = self.purchase_country.as_deref().and_then(market::of);
        let currency = self.purchase_currency.as_deref();
        let fits = match (market, currency) {
            (Some(market), Some(currency)) => market.currency.eq_ignore_ascii_case(currency),
            (None, Some(_)) => true,
            (_, None) => false,
        };
        let mut bad = Vec::new();
        if !fits {
            bad.push("purchase_currency".to_owned());
        }
        if market.is_none() {
            bad.push("purchase_country".to_owned());
        }
        bad
    }

    fn bad_members(&self, problems: &[Problem]) -> Vec<String> {
        let mut bad: Vec<String> = problems.iter().map(|problem| problem.path.clone()).collect();
        let missing = [
            ("order_amount", self.order_amount.is_none()),
            ("order_lines", self.order_lines.is_none()),
        ];
        for (name, is_missing) in missing {
            let told = bad.iter().any(|path| path.starts_with(name));
            if is_missing && !told {
                bad.push(name.to_owned());
            }
        }
        bad
    }

    /// Takes over what a later call brings. Addresses, lines and options are replaced as a whole;
    /// customer and URLs member by member (Klarna documentation says "merged", not how: guess).
    pub(crate) fn merge(&mut self, newer: Purchase) {
        fn replace<T>(old: &mut Option<T>, new: Option<T>) {
            if new.is_some() {
                *old = new;
            }
        }
        fn join(old: &mut Option<Texts>, new: Option<Texts>) {
            match (old, new) {
                (Some(old), Some(new)) => old.merge(new),
                (old, new) => replace(old, new),
            }
        }
        replace(&mut self.acquiring_channel, newer.acquiring_channel);
        replace(&mut self.attachment, newer.attachment);
        replace(&mut self.auto_capture, newer.auto_capture);
        replace(&mut self.billing_address, newer.billing_address);
        replace(&mut self.custom_payment_method_ids, newer.custom_payment_method_ids);
        join(&mut self.customer, newer.customer);
        replace(&mut self.design, newer.design);
        replace(&mut self.intent, newer.intent);
        replace(&mut self.locale, newer.locale);
        replace(&mut self.merchant_data, newer.merchant_data);
        replace(&mut self.merchant_reference1, newer.merchant_reference1);
        replace(&mut self.merchant_reference2, newer.merchant_reference2);
        join(&mut self.merchant_urls, newer.merchant_urls);
        replace(&mut self.options, newer.options);
        replace(&mut self.order_amount, newer.order_amount);
        replace(&mut self.order_lines, newer.order_lines);
        replace(&mut self.order_tax_amount, newer.order_tax_amount);
        replace(&mut self.purchase_country, newer.purchase_country);
        replace(&mut self.purchase_currency, newer.purchase_currency);
        replace(&mut self.shipping_address, newer.shipping_address);
    }

    pub(crate) fn lines(&self) -> &[Line] {
        self.order_lines.as_deref().unwrap_or_default()
    }

    /// The total in minor units; zero as long as none is known.
    pub(crate) fn amount(&self) -> i64 {
        self.order_amount.unwrap_or_default()
    }

    /// The country in upper case.
    pub(crate) fn country(&self) -> String {
        self.purchase_country.as_deref().unwrap_or_default().to_ascii_uppercase()
    }

    pub(crate) fn intent(&self) -> &str {
        self.intent.as_deref().unwrap_or("buy")
    }

    /// The customer's e-mail, by which test persons are known.
    pub(crate) fn email(&self) -> Option<&str> {
        self.contact("email")
    }

    /// The customer's phone, by which those who are denied are known as well.
    pub(crate) fn phone(&self) -> Option<&str> {
        self.contact("phone")
    }

    fn contact(&self, name: &str) -> Option<&str> {
        [&self.billing_address, &self.shipping_address]
            .into_iter()
            .find_map(|address| address.as_ref()?.get(name))
    }

    /// The URL of this name.
    pub(crate) fn url(&self, name: &str) -> Option<&str> {
        self.merchant_urls.as_ref()?.get(name).filter(|url| !url.is_empty())
    }
}

pub(crate) fn letters(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// `[A-Za-z]{2}(-[A-Za-z]{2})*`: a bare language passes, and whether it fits the country is not
/// asked (recorded exchange).
pub(crate) fn is_locale(text: &str) -> bool {
    text.split('-').all(|part| letters(part, 2))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn good() -> Value {
        json!({
            "purchase_country": "SE", "purchase_currency": "SEK", "locale": "sv-SE",
            "order_amount": 25_000, "order_tax_amount": 5000,
            "order_lines": [{"name": "Boots", "quantity": 2, "unit_price": 12_500,
                "total_amount": 25_000, "tax_rate": 2500, "total_tax_amount": 5000}]
        })
    }

    fn check(body: &Value) -> Result<(), String> {
        let (purchase, problems) = Purchase::read(&Body::of(body));
        purchase.check(&problems).map_err(|refusal| refusal.messages.join("|"))
    }

    fn changed(pointer: &str, value: Value) -> Result<(), String> {
        let mut body = good();
        *body.pointer_mut(pointer).unwrap() = value;
        check(&body)
    }

    #[test]
    fn a_good_purchase_passes() {
        assert_eq!(check(&good()), Ok(()));
    }

    #[test]
    fn country_and_currency_are_reported_alone_and_first() {
        assert_eq!(check(&json!({})), Err("Bad value: purchase_currency, purchase_country".into()));
        assert_eq!(
            changed("/purchase_country", json!("JP")),
            Err("Bad value: purchase_country".into())
        );
        assert_eq!(
            changed("/purchase_currency", json!("EUR")),
            Err("Bad value: purchase_currency".into())
        );
        assert_eq!(
            changed("/purchase_country", json!("sweden")),
            Err("Bad value: purchase_country".into())
        );
        assert_eq!(changed("/purchase_country", json!("se")), Ok(()));
    }

    #[test]
    fn members_are_reported_together() {
        let body = json!({"purchase_country": "SE", "purchase_currency": "SEK",
            "billing_address": {"postal_code": "12345678901"}});
        assert_eq!(
            check(&body),
            Err("Bad value: billing_address.postal_code, order_amount, order_lines".into())
        );
    }

    #[test]
    fn each_limit_names_its_member() {
        for (pointer, value, path) in [
            ("/order_lines/0/name", json!(""), "order_lines[0].name"),
            ("/order_lines/0/name", json!(null), "order_lines[0].name"),
            ("/order_lines/0/quantity", json!(1.5), "order_lines[0].quantity"),
            ("/order_lines/0/quantity", json!(-1), "order_lines[0].quantity"),
            ("/order_lines/0/tax_rate", json!(10_001), "order_lines[0].tax_rate"),
            ("/order_lines/0/unit_price", json!(200_000_001), "order_lines[0].unit_price"),
            ("/order_lines/0", json!("text"), "order_lines[0]"),
            ("/order_lines", json!([]), "order_lines"),
            ("/order_amount", json!("ten"), "order_amount"),
            ("/order_amount", json!(-1), "order_amount"),
            ("/order_tax_amount", json!(-1), "order_tax_amount"),
            ("/locale", json!("swedish"), "locale"),
            ("/order_lines/0/total_amount", json!(24_999), "order_lines[0].total_amount"),
            ("/order_lines/0/total_tax_amount", json!(4998), "order_lines[0].total_tax_amount"),
            ("/order_amount", json!(25_001), "order_amount"),
            ("/order_tax_amount", json!(5002), "order_tax_amount"),
        ] {
            assert_eq!(
                changed(pointer, value.clone()),
                Err(format!("Bad value: {path}")),
                "{value}"
            );
        }
    }

    #[test]
    fn klarna_is_laxer_than_its_documentation() {
        assert_eq!(changed("/locale", json!("EN")), Ok(()));
        assert_eq!(changed("/locale", json!("PL")), Ok(()));
        assert_eq!(changed("/order_amount", json!("25000")), Ok(()));
        assert_eq!(changed("/order_tax_amount", json!(null)), Ok(()));
    }
}
