//! The shop's orders: a number each, and the checkout that belongs to it. One order has one
//! checkout, whatever the customer presses.
//!
//! A number can be guessed, so it opens nothing: pages are found by a key that only the customer's
//! browser is told.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use kvitt_engine::IdSource;
use kvitt_money::Cart as MoneyCart;
use reqwest::Method;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::catalogue::Cart;
use super::kvitt::{Checkout, Kvitt, KvittError};
use super::test_buyer::TestBuyer;

/// An order whose checkout was opened.
#[derive(Clone)]
pub(super) struct Order {
    /// What its pages are found by.
    pub(super) key: String,
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
    ids: Arc<dyn IdSource>,
    last: u32,
    /// By key.
    orders: HashMap<String, Entry>,
}

#[derive(Clone)]
struct Entry {
    number: String,
    /// `None`: allotted, and nobody has paid yet.
    order: Option<Order>,
}

const FIRST_NUMBER: u32 = 1001;

impl Orders {
    pub(super) fn new(url: String, ids: Arc<dyn IdSource>) -> Self {
        let book = Book { ids, last: FIRST_NUMBER - 1, orders: HashMap::new() };
        Self { url, book: Mutex::new(book) }
    }

    pub(super) async fn find(&self, key: &str) -> Option<Order> {
        self.book.lock().await.orders.get(key)?.order.clone()
    }

    /// The key that the browser already has, or a new one.
    pub(super) async fn key_for(&self, known: Option<&str>) -> String {
        let mut book = self.book.lock().await;
        match known {
            Some(known) if book.orders.contains_key(known) => known.to_owned(),
            _ => book.allot(),
        }
    }

    /// The order's checkout for this cart. One that is paid, or is for another market or buyer,
    /// stays as it is: a new order is begun.
    pub(super) async fn checkout(
        &self,
        kvitt: &Kvitt,
        key: &str,
        cart: &Cart,
        buyer: Option<TestBuyer>,
    ) -> Result<Order, PayError> {
        if cart.is_empty() {
            return Err(PayError::EmptyCart);
        }
        let priced = cart.priced().map_err(PayError::Money)?;
        let mut book = self.book.lock().await;
        let known = book.orders.get(key).ok_or(PayError::NoSuchOrder)?.clone();
        let Some(mut order) = known.order else {
            return self.open(&mut book, kvitt, key.to_owned(), cart, &priced, buyer).await;
        };
        let checkout = kvitt.checkout(&order.checkout_id).await.map_err(PayError::Kvitt)?;
        if checkout.status != "open" {
            // Paid, or about to be: the page says which. What is over makes room for a new order.
            if matches!(checkout.status.as_str(), "placing" | "authorized") {
                return Ok(order);
            }
            let key = book.allot();
            return self.open(&mut book, kvitt, key, cart, &priced, buyer).await;
        }
        if order.cart.market != cart.market || order.buyer != buyer {
            let path = format!("/v1/checkouts/{}", order.checkout_id);
            let _: Value =
                kvitt.call(Method::DELETE, &path, None, None).await.map_err(PayError::Kvitt)?;
            let key = book.allot();
            return self.open(&mut book, kvitt, key, cart, &priced, buyer).await;
        }
        if order.cart != *cart {
            let path = format!("/v1/checkouts/{}", order.checkout_id);
            let body = sums(&priced);
            let _: Value = kvitt
                .call(Method::PATCH, &path, None, Some(&body))
                .await
                .map_err(PayError::Kvitt)?;
            order.cart = *cart;
            book.keep(&order);
        }
        Ok(order)
    }

    async fn open(
        &self,
        book: &mut Book,
        kvitt: &Kvitt,
        key: String,
        cart: &Cart,
        priced: &MoneyCart,
        buyer: Option<TestBuyer>,
    ) -> Result<Order, PayError> {
        let number = book.orders.get(&key).ok_or(PayError::NoSuchOrder)?.number.clone();
        let mut body = sums(priced);
        body["purchase_country"] = json!(cart.market.code());
        body["purchase_currency"] = json!(cart.market.currency().code());
        body["locale"] = json!(cart.market.locale());
        body["merchant_reference1"] = json!(number);
        body["merchant_urls"] = json!({"confirmation": format!("{}/thanks/{key}", self.url)});
        if let Some(buyer) = buyer {
            body["billing_address"] = buyer.billing_address(cart.market);
        }
        let checkout: Checkout = kvitt
            .call(Method::POST, "/v1/checkouts", Some(&number), Some(&body))
            .await
            .map_err(PayError::Kvitt)?;
        let order = Order {
            key,
            number,
            checkout_id: checkout.id,
            checkout_url: checkout.checkout_url,
            cart: *cart,
            buyer,
        };
        book.keep(&order);
        Ok(order)
    }
}

impl Book {
    /// A new order's key.
    fn allot(&mut self) -> String {
        self.last += 1;
        let key = self.ids.secret().expose_secret().to_owned();
        let entry = Entry { number: format!("demo-{}", self.last), order: None };
        self.orders.insert(key.clone(), entry);
        key
    }

    fn keep(&mut self, order: &Order) {
        let entry = Entry { number: order.number.clone(), order: Some(order.clone()) };
        self.orders.insert(order.key.clone(), entry);
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
