//! The shop's orders: a number each, and the checkout that belongs to it. One order number has one
//! checkout, whatever the customer presses.

use std::collections::HashMap;
use std::fmt;

use kvitt_money::Cart as MoneyCart;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::catalogue::Cart;
use super::kvitt::{Checkout, Kvitt, KvittError};
use super::test_buyer::TestBuyer;

/// An order whose checkout was opened.
#[derive(Debug, Clone)]
pub(super) struct Order {
    pub(super) number: String,
    pub(super) checkout_id: String,
    pub(super) checkout_url: String,
    cart: Cart,
    buyer: Option<TestBuyer>,
}

/// Why somebody cannot pay.
#[derive(Debug)]
pub(super) enum PayError {
    NoSuchOrder,
    EmptyCart,
    Money(kvitt_money::Error),
    Kvitt(KvittError),
}

impl fmt::Display for PayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchOrder => f.write_str("There is no such order."),
            Self::EmptyCart => f.write_str("The cart is empty."),
            Self::Money(error) => write!(f, "The cart cannot be priced: {error}."),
            Self::Kvitt(error) => error.fmt(f),
        }
    }
}

/// All orders. One lock over all of it: this is a demo, and two clicks are one after the other.
pub(super) struct Orders {
    url: String,
    book: Mutex<Book>,
}

struct Book {
    last: u32,
    /// By number; `None`: allotted, and nobody has paid yet.
    orders: HashMap<String, Option<Order>>,
}

const FIRST_NUMBER: u32 = 1001;

impl Orders {
    pub(super) fn new(url: String) -> Self {
        let book = Book { last: FIRST_NUMBER - 1, orders: HashMap::new() };
        Self { url, book: Mutex::new(book) }
    }

    pub(super) async fn find(&self, number: &str) -> Option<Order> {
        self.book.lock().await.orders.get(number)?.clone()
    }

    /// The number that the browser already has, or a new one.
    pub(super) async fn number_for(&self, known: Option<&str>) -> String {
        let mut book = self.book.lock().await;
        match known {
            Some(known) if book.orders.contains_key(known) => known.to_owned(),
            _ => book.allot(),
        }
    }

    /// The order's checkout for this cart. One that is paid, or is for another market or buyer,
    /// stays as it is: a new number is allotted.
    pub(super) async fn checkout(
        &self,
        kvitt: &Kvitt,
        number: &str,
        cart: &Cart,
        buyer: Option<TestBuyer>,
    ) -> Result<Order, PayError> {
        if cart.is_empty() {
            return Err(PayError::EmptyCart);
        }
        let priced = cart.priced().map_err(PayError::Money)?;
        let mut book = self.book.lock().await;
        let known = book.orders.get(number).ok_or(PayError::NoSuchOrder)?.clone();
        let Some(mut order) = known else {
            return self.open(&mut book, kvitt, number.to_owned(), cart, &priced, buyer).await;
        };
        let checkout = kvitt.checkout(&order.checkout_id).await.map_err(PayError::Kvitt)?;
        if checkout.status != "open" {
            // Paid, or about to be: the page says which. What is over makes room for a new order.
            if matches!(checkout.status.as_str(), "placing" | "authorized") {
                return Ok(order);
            }
            let number = book.allot();
            return self.open(&mut book, kvitt, number, cart, &priced, buyer).await;
        }
        if order.cart.market != cart.market || order.buyer != buyer {
            let path = format!("/v1/checkouts/{}", order.checkout_id);
            let _: Value =
                kvitt.call(Method::DELETE, &path, None, None).await.map_err(PayError::Kvitt)?;
            let number = book.allot();
            return self.open(&mut book, kvitt, number, cart, &priced, buyer).await;
        }
        if order.cart != *cart {
            let path = format!("/v1/checkouts/{}", order.checkout_id);
            let body = sums(&priced);
            let _: Value = kvitt
                .call(Method::PATCH, &path, None, Some(&body))
                .await
                .map_err(PayError::Kvitt)?;
            order.cart = *cart;
            book.orders.insert(number.to_owned(), Some(order.clone()));
        }
        Ok(order)
    }

    async fn open(
        &self,
        book: &mut Book,
        kvitt: &Kvitt,
        number: String,
        cart: &Cart,
        priced: &MoneyCart,
        buyer: Option<TestBuyer>,
    ) -> Result<Order, PayError> {
        let mut body = sums(priced);
        body["purchase_country"] = json!(cart.market.code());
        body["purchase_currency"] = json!(cart.market.currency().code());
        body["locale"] = json!(cart.market.locale());
        body["merchant_reference1"] = json!(number);
        body["merchant_urls"] = json!({"confirmation": format!("{}/thanks/{number}", self.url)});
        if let Some(buyer) = buyer {
            body["billing_address"] = buyer.billing_address(cart.market);
        }
        let checkout: Checkout = kvitt
            .call(Method::POST, "/v1/checkouts", Some(&number), Some(&body))
            .await
            .map_err(PayError::Kvitt)?;
        let order = Order {
            number: number.clone(),
            checkout_id: checkout.id,
            checkout_url: checkout.checkout_url,
            cart: *cart,
            buyer,
        };
        book.orders.insert(number, Some(order.clone()));
        Ok(order)
    }
}

impl Book {
    fn allot(&mut self) -> String {
        self.last += 1;
        let number = format!("demo-{}", self.last);
        self.orders.insert(number.clone(), None);
        number
    }
}

/// The cart as the merchant API takes it.
fn sums(priced: &MoneyCart) -> Value {
    let totals = priced.totals();
    let lines: Vec<Value> = priced
        .order_lines()
        .iter()
        .map(|line| {
            json!({
                "line_id": line.name.to_lowercase().replace(' ', "-"),
                "type": line.line_type.as_str(),
                "reference": line.reference,
                "name": line.name,
                "quantity": line.quantity,
                "unit_price": line.unit_price,
                "tax_rate": line.tax_rate.basis_points(),
                "total_amount": line.total_amount,
                "total_discount_amount": line.total_discount_amount,
                "total_tax_amount": line.total_tax_amount,
            })
        })
        .collect();
    json!({
        "order_amount": totals.order_amount,
        "order_tax_amount": totals.order_tax_amount,
        "order_lines": lines,
    })
}
