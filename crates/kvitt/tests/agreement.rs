//! Two sets of rules, written apart, agree: whatever `kvitt-money` builds, the sandbox accepts, and
//! what it refuses by one unit, the sandbox refuses too.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use klarna::payments::{NewOrder, NewSession, Purchase};
use klarna::{AuthorizationToken, BaseUrl, Client, Credentials};
use klarna_sandbox::{Config, Running, Sandbox};
use kvitt_money::{
    Cart, Market, OrderLine, PurchaseMarket, TaxRate, TaxStyle, markets, split_discount,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

struct Klarna {
    runtime: Runtime,
    sandbox: Running,
    client: Client,
    http: reqwest::Client,
}

impl Klarna {
    fn start() -> Self {
        let runtime = Runtime::new().unwrap();
        let sandbox = runtime.block_on(Sandbox::start(Config::default())).unwrap();
        let client = Client::builder()
            .base_url(BaseUrl::custom(&sandbox.url()).unwrap())
            .credentials(Credentials::username_password("PK1", "secret"))
            .build()
            .unwrap();
        let http = reqwest::Client::builder().build().unwrap();
        Self { runtime, sandbox, client, http }
    }

    /// Session, authorization and order; gives back the order's amount at Klarna.
    fn sell(&self, market: PurchaseMarket, cart: Cart) -> i64 {
        self.runtime.block_on(async {
            let purchase = Purchase::new(market, cart).unwrap();
            let session = NewSession::builder(purchase).build().unwrap();
            let created = self.client.payments().create_session(&session).await.unwrap().value;
            let path = format!("/sandbox/v1/sessions/{}/authorize", created.session_id);
            let shopper = json!({"outcome": "approved", "callback": "never"});
            let approved = self.http.post(self.url(&path)).json(&shopper).send().await.unwrap();
            let approved: Value = approved.json().await.unwrap();
            let token = approved["authorization_token"].as_str().unwrap();
            let token = AuthorizationToken::new(token).unwrap();
            let order = NewOrder::of(&session);
            let placed = self.client.payments().place_order(&token, &order).await.unwrap().value;
            self.client.orders().get(&placed.order_id).await.unwrap().value.order_amount
        })
    }

    /// The status of creating a session with this body.
    fn status(&self, body: &Value) -> u16 {
        self.runtime.block_on(async {
            let request = self.http.post(self.url("/payments/v1/sessions")).json(body);
            request.basic_auth("PK1", Some("secret")).send().await.unwrap().status().as_u16()
        })
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.sandbox.url())
    }
}

fn market() -> impl Strategy<Value = (&'static Market, PurchaseMarket)> {
    (0..markets().len(), any::<prop::sample::Index>()).prop_map(|(index, locale)| {
        let market = &markets()[index];
        let locale = locale.get(market.locales);
        let chosen =
            PurchaseMarket::new(market.country.code(), market.currency.code(), locale).unwrap();
        assert_eq!(chosen.locale().as_str(), *locale);
        (market, chosen)
    })
}

/// Price, quantity, rate, and the share of the line that is a discount, in percent.
type Wanted = (i64, i64, i64, i64);

fn lines(style: TaxStyle, wanted: &[Wanted], off_the_order: i64, tax: i64) -> Vec<OrderLine> {
    let mut lines: Vec<_> = wanted
        .iter()
        .map(|&(price, quantity, rate, percent)| {
            let rate = if style == TaxStyle::SalesTax { 0 } else { rate };
            let rate = TaxRate::new(rate).unwrap();
            let line = OrderLine::tax_inclusive("Thing", price, rate, quantity).unwrap();
            let discount = line.total_amount * percent / 100;
            line.discounted(discount).unwrap()
        })
        .collect();
    let worth: i64 = lines.iter().map(|line| line.total_amount).sum();
    lines.extend(split_discount(&lines, worth * off_the_order / 100, "Welcome").unwrap());
    if style == TaxStyle::SalesTax {
        lines.push(OrderLine::sales_tax("Sales Tax", tax).unwrap());
    }
    lines
}

#[test]
fn whatever_is_built_is_sold() {
    let klarna = Klarna::start();
    let wanted = (1..200_000_i64, 1..9_i64, 0..=10_000_i64, 0..=90_i64);
    let all = (market(), prop::collection::vec(wanted, 1..8), 0..=90_i64, 0..5_000_i64);
    proptest!(ProptestConfig::with_cases(96), |(((market, chosen), wanted, off, tax) in all)| {
        let cart = Cart::sum(market.country, lines(market.tax_style, &wanted, off, tax)).unwrap();
        let amount = cart.totals().order_amount;
        prop_assume!(amount > 0);
        prop_assert_eq!(klarna.sell(chosen, cart), amount);
    });
}

#[test]
fn what_is_off_by_one_is_refused_by_both() {
    let klarna = Klarna::start();
    let good = json!({
        "purchase_country": "SE", "purchase_currency": "SEK", "locale": "sv-SE",
        "order_amount": 39_800, "order_tax_amount": 6_103,
        "order_lines": [
            {"name": "Cup", "quantity": 2, "unit_price": 10_000, "tax_rate": 2_500,
             "total_discount_amount": 200, "total_amount": 19_800, "total_tax_amount": 3_960},
            {"name": "Book", "quantity": 1, "unit_price": 20_000, "tax_rate": 1_200,
             "total_amount": 20_000, "total_tax_amount": 2_143}
        ]
    });
    let builds = |body: &Value| {
        let fields = json!({
            "purchase_country": body["purchase_country"], "order_amount": body["order_amount"],
            "order_tax_amount": body["order_tax_amount"], "order_lines": body["order_lines"]
        });
        serde_json::from_value::<Cart>(fields).is_ok()
    };
    assert!(builds(&good));
    assert_eq!(klarna.status(&good), 200);
    for (member, by) in [
        ("/order_amount", 1),
        ("/order_amount", -1),
        ("/order_tax_amount", 3),
        ("/order_tax_amount", -3),
        ("/order_lines/0/total_amount", 1),
        ("/order_lines/0/total_discount_amount", 1),
        ("/order_lines/0/unit_price", -1),
        ("/order_lines/0/total_tax_amount", 2),
        ("/order_lines/1/total_tax_amount", -2),
        ("/order_lines/1/quantity", 1),
        ("/order_lines/1/quantity", -2),
    ] {
        let mut bad = good.clone();
        let value = bad.pointer_mut(member).unwrap();
        *value = json!(value.as_i64().unwrap() + by);
        assert!(!builds(&bad), "{member} {by:+} can be built");
        assert_eq!(klarna.status(&bad), 400, "{member} {by:+} is sold");
    }
}
