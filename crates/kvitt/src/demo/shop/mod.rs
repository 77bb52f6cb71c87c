//! The demo's shop: three products, a cart, two markets. It knows kvitt by the merchant API alone,
//! as any shop does, and keeps its carts in cookies and its orders in memory.

mod catalogue;
mod kvitt;
mod orders;
mod pages;
mod test_buyer;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Form, Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use kvitt_engine::IdSource;
use serde::Deserialize;

use self::catalogue::{Cart, Market, PRODUCTS};
pub(super) use self::kvitt::Kvitt;
use self::orders::{Order, Orders, PayError};
use self::test_buyer::TestBuyer;

/// The most that is sold of one product at a time.
const QUANTITY_MAX: u32 = 99;

#[derive(Clone)]
struct Shop(Arc<Inner>);

struct Inner {
    orders: Orders,
    kvitt: Kvitt,
    policy: HeaderValue,
}

/// The shop, selling through this kvitt, whose Klarna is at `sandbox`. `url` is the shop's own.
pub(super) fn router(kvitt: Kvitt, sandbox: &str, url: String, ids: Arc<dyn IdSource>) -> Router {
    let server = &kvitt.server;
    // What a shop needs that embeds the checkout: kvitt's script and style, and Klarna's script,
    // calls and frames.
    let policy = format!(
        "default-src 'none'; script-src {server} {sandbox}; style-src 'self' {server} \
         'unsafe-inline'; connect-src {server} {sandbox}; frame-src {sandbox}; img-src data:; \
         form-action 'self' {server}; base-uri 'none'; frame-ancestors 'none'"
    );
    let policy =
        HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"));
    let shop = Shop(Arc::new(Inner { orders: Orders::new(url, ids), kvitt, policy }));
    Router::new()
        .route("/", get(products))
        .route("/cart", get(cart).post(change_cart))
        .route("/pay", post(pay))
        .route("/pay/{order}", get(pay_here))
        .route("/thanks/{order}", get(thanks))
        .route("/shop.css", get(style))
        .fallback(|State(shop): State<Shop>| async move { shop.no_such_page() })
        .with_state(shop)
}

impl Shop {
    fn page(&self, status: StatusCode, page: askama::Result<String>) -> Response {
        let Ok(page) = page else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
            (header::CONTENT_SECURITY_POLICY, self.0.policy.clone()),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
            // The addresses of an order's pages hold its key.
            (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
        ];
        (status, headers, page).into_response()
    }

    fn no_such_page(&self) -> Response {
        let text = "There is no such page here.";
        self.page(StatusCode::NOT_FOUND, pages::message("Not found", text))
    }

    fn no_such_order(&self) -> Response {
        let text = "This shop knows no such order. It forgets its orders when it stops.";
        self.page(StatusCode::NOT_FOUND, pages::message("No such order", text))
    }

    fn trouble(&self, error: &PayError) -> Response {
        let text = format!("{error} Your cart is still there, and nothing was paid.");
        self.page(StatusCode::BAD_GATEWAY, pages::message("This did not work", &text))
    }
}

/// What the browser holds: the cart, and the key of the order that it will be.
fn cart_of(jar: &CookieJar) -> Cart {
    jar.get("cart").and_then(|cookie| Cart::read(cookie.value())).unwrap_or_default()
}

fn keep(name: &'static str, value: String) -> Cookie<'static> {
    Cookie::build((name, value)).path("/").same_site(SameSite::Lax).http_only(true).build()
}

async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("shop.css"))
}

#[derive(Deserialize)]
struct MarketQuery {
    market: Option<String>,
}

async fn products(
    State(shop): State<Shop>,
    Query(query): Query<MarketQuery>,
    jar: CookieJar,
) -> Response {
    let mut cart = cart_of(&jar);
    if let Some(market) = query.market.as_deref().and_then(Market::of) {
        cart.market = market;
    }
    let jar = jar.add(keep("cart", cart.write()));
    (jar, shop.page(StatusCode::OK, pages::products(&cart))).into_response()
}

async fn cart(State(shop): State<Shop>, jar: CookieJar) -> Response {
    let cart = cart_of(&jar);
    // The order is begun before anybody pays, so that paying twice is paying the same order.
    let known = jar.get("order").map(|cookie| cookie.value().to_owned());
    let key = shop.0.orders.key_for(known.as_deref()).await;
    let jar = jar.add(keep("order", key.clone()));
    (jar, shop.page(StatusCode::OK, pages::cart(&cart, &key))).into_response()
}

#[derive(Deserialize)]
struct CartChange {
    product: String,
    /// How many there are to be; one more where absent.
    quantity: Option<String>,
}

async fn change_cart(
    State(shop): State<Shop>,
    jar: CookieJar,
    Form(change): Form<CartChange>,
) -> Response {
    let mut cart = cart_of(&jar);
    let refused = |text: &str| {
        shop.page(StatusCode::UNPROCESSABLE_ENTITY, pages::message("That is not possible", text))
    };
    let Some(place) = PRODUCTS.iter().position(|product| product.id == change.product) else {
        return refused("The shop has no such product.");
    };
    let wanted = match change.quantity.as_deref().map(str::trim) {
        None => Some(cart.quantities[place].saturating_add(1)),
        Some(text) => text.parse().ok(),
    };
    let Some(wanted) = wanted.filter(|quantity| *quantity <= QUANTITY_MAX) else {
        return refused("Choose a quantity from 0 to 99.");
    };
    cart.quantities[place] = wanted;
    (jar.add(keep("cart", cart.write())), Redirect::to("/cart")).into_response()
}

#[derive(Deserialize)]
struct PayForm {
    order: String,
    buyer: Option<String>,
    how: String,
}

/// Opens the order's checkout, or brings the one there is in line with the cart.
async fn pay(State(shop): State<Shop>, jar: CookieJar, Form(form): Form<PayForm>) -> Response {
    let cart = cart_of(&jar);
    let buyer = form.buyer.as_deref().and_then(TestBuyer::of);
    let Inner { orders, kvitt, .. } = &*shop.0;
    let order = match orders.checkout(kvitt, &form.order, &cart, buyer).await {
        Ok(order) => order,
        Err(PayError::NoSuchOrder | PayError::EmptyCart) => {
            return Redirect::to("/cart").into_response();
        }
        Err(error) => return shop.trouble(&error),
    };
    let next = match form.how.as_str() {
        "embedded" => format!("/pay/{}", order.key),
        _ => order.checkout_url,
    };
    let jar = jar.add(keep("order", order.key));
    (jar, Redirect::to(&next)).into_response()
}

/// The checkout on the shop's own page.
async fn pay_here(State(shop): State<Shop>, Path(key): Path<String>) -> Response {
    let Some(order) = shop.0.orders.find(&key).await else { return shop.no_such_order() };
    shop.page(StatusCode::OK, pages::pay(&order, &shop.0.kvitt.server))
}

/// What kvitt says of the order now, whatever brought the browser here.
async fn thanks(State(shop): State<Shop>, Path(key): Path<String>, jar: CookieJar) -> Response {
    let Some(Order { checkout_id, number, .. }) = shop.0.orders.find(&key).await else {
        return shop.no_such_order();
    };
    let standing = match shop.0.kvitt.standing(&checkout_id).await {
        Ok(standing) => standing,
        Err(error) => return shop.trouble(&PayError::Kvitt(error)),
    };
    let mut headers = HeaderMap::new();
    if standing.is_undecided() {
        headers.insert(header::REFRESH, HeaderValue::from_static("2"));
    }
    let jar = if standing.is_paid() {
        let market = cart_of(&jar).market;
        let cart = Cart { market, ..Cart::default() };
        jar.add(keep("cart", cart.write()))
    } else {
        jar
    };
    (jar, headers, shop.page(StatusCode::OK, pages::thanks(&number, &standing))).into_response()
}
