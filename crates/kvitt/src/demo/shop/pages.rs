//! The shop's pages.

use askama::Template;

use super::catalogue::{Cart, Market, PRODUCTS};
use super::kvitt::Standing;
use super::orders::Order;
use super::test_buyer::{TEST_BUYERS, TestBuyer};

struct Item {
    id: &'static str,
    name: &'static str,
    text: &'static str,
    price: String,
    quantity: u32,
}

fn items(cart: &Cart) -> Vec<Item> {
    PRODUCTS
        .iter()
        .zip(cart.quantities)
        .map(|(product, quantity)| Item {
            id: product.id,
            name: product.name,
            text: product.text,
            price: cart.market.money(product.price(cart.market)),
            quantity,
        })
        .collect()
}

#[derive(Template)]
#[template(path = "shop/products.html")]
struct Products {
    market: &'static str,
    in_cart: u32,
    items: Vec<Item>,
    tax: &'static str,
}

pub(super) fn products(cart: &Cart) -> askama::Result<String> {
    Products {
        market: cart.market.code(),
        in_cart: cart.quantities.iter().sum(),
        items: items(cart),
        tax: match cart.market {
            Market::Sweden => "Prices include tax.",
            Market::UnitedStates => "Prices are without sales tax.",
        },
    }
    .render()
}

struct Line {
    name: String,
    detail: String,
    amount: String,
}

#[derive(Template)]
#[template(path = "shop/cart.html")]
struct CartPage<'a> {
    in_cart: u32,
    key: &'a str,
    items: Vec<Item>,
    lines: Vec<Line>,
    total: String,
    total_minor: i64,
    tax: String,
    buyers: &'static [(TestBuyer, &'static str, &'static str)],
}

pub(super) fn cart(cart: &Cart, key: &str) -> askama::Result<String> {
    let market = cart.market;
    let priced = if cart.is_empty() { None } else { cart.priced().ok() };
    let lines = priced.iter().flat_map(kvitt_money::Cart::order_lines).map(|line| Line {
        name: line.name.clone(),
        detail: match line.total_discount_amount {
            0 => String::new(),
            off => format!("{} off", market.money(off)),
        },
        amount: market.money(line.total_amount),
    });
    let totals = priced.as_ref().map(kvitt_money::Cart::totals);
    let total_minor = totals.map_or(0, |totals| totals.order_amount);
    let tax_amount = totals.map_or(0, |totals| totals.order_tax_amount);
    CartPage {
        in_cart: cart.quantities.iter().sum(),
        key,
        items: items(cart),
        lines: lines.collect(),
        total: market.money(total_minor),
        total_minor,
        tax: match market {
            Market::Sweden => format!("Including {} tax", market.money(tax_amount)),
            Market::UnitedStates => String::new(),
        },
        buyers: &TEST_BUYERS,
    }
    .render()
}

#[derive(Template)]
#[template(path = "shop/pay.html")]
struct Pay<'a> {
    number: &'a str,
    server: &'a str,
    checkout_url: &'a str,
}

pub(super) fn pay(order: &Order, server: &str) -> askama::Result<String> {
    Pay { number: &order.number, server, checkout_url: &order.checkout_url }.render()
}

#[derive(Template)]
#[template(path = "shop/thanks.html")]
struct Thanks<'a> {
    number: &'a str,
    standing: &'a Standing,
    amount: String,
}

pub(super) fn thanks(number: &str, standing: &Standing) -> askama::Result<String> {
    let amount = match standing {
        Standing::Paid(order) => {
            let market = if order.purchase_currency == "USD" {
                Market::UnitedStates
            } else {
                Market::Sweden
            };
            market.money(order.order_amount)
        }
        _ => String::new(),
    };
    Thanks { number, standing, amount }.render()
}

#[derive(Template)]
#[template(path = "shop/message.html")]
struct Message<'a> {
    title: &'a str,
    text: &'a str,
}

pub(super) fn message(title: &str, text: &str) -> askama::Result<String> {
    Message { title, text }.render()
}
