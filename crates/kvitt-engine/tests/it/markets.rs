//! A checkout that moves to another country, currency or language while the shopper decides.

use klarna_sandbox::{Config, Sandbox};
use kvitt_core::{CheckoutStatus, Placement, Refusal, SaleCart};
use kvitt_engine::{EngineError, MarketChange, names};
use kvitt_money::{Cart, Country, OrderLine, PurchaseMarket, TaxRate};
use secrecy::ExposeSecret;

use crate::shop::{Shop, account, browser, engine, keyed, merchant};

fn one_book(country: Country) -> SaleCart {
    let book = OrderLine::tax_inclusive("Book", 20_000, TaxRate::new(1000).unwrap(), 1).unwrap();
    SaleCart::numbered(Cart::sum(country, vec![book]).unwrap())
}

fn to(country: &str, currency: &str, locale: &str, cart: Option<SaleCart>) -> MarketChange {
    let market = PurchaseMarket::new(country, currency, locale).unwrap();
    MarketChange { market, cart, account: None }
}

#[tokio::test]
async fn another_country_is_another_session_of_the_same_checkout() {
    let shop = Shop::open().await;
    let sale = shop.checkout_with(Placement::Manual).await;
    let before = sale.session.as_ref().unwrap().session_id.clone();
    let old_token = shop.authorize(&sale).await;
    shop.hand_in(sale.id, &old_token).await.unwrap();
    let client_token = shop.engine.secret(sale.id, names::CLIENT_TOKEN).await.unwrap().unwrap();
    let link = shop.engine.checkout_url(sale.id).await.unwrap();

    let change = to("FI", "EUR", "fi-FI", Some(one_book(Country::FI)));
    let sale = shop.engine.change_market(sale.id, change, &merchant()).await.unwrap();

    let session = sale.session.as_ref().unwrap();
    assert_ne!(session.session_id, before);
    assert_eq!(sale.checkout_status(), CheckoutStatus::Open);
    assert!(sale.authorizations[0].released, "the shopper's credit stays blocked");
    let now = shop.engine.secret(sale.id, names::CLIENT_TOKEN).await.unwrap().unwrap();
    assert_ne!(now.expose_secret(), client_token.expose_secret());
    assert_eq!(shop.engine.checkout_url(sale.id).await.unwrap(), link);

    let token = shop.authorize(&sale).await;
    shop.hand_in(sale.id, &token).await.unwrap();
    let placed = shop.act(sale.id, kvitt_core::Wish::Place).await.unwrap().sale;
    let order = shop.at_klarna(&placed).await;
    assert_eq!(order["purchase_country"], "FI");
    assert_eq!(order["purchase_currency"], "EUR");
    assert_eq!(order["order_amount"], 20_000);
    let late = to("SE", "SEK", "sv-SE", Some(one_book(Country::SE)));
    let late = shop.engine.change_market(sale.id, late, &merchant()).await;
    assert!(matches!(late, Err(EngineError::Refused(Refusal::AlreadyPlaced))), "{late:?}");
}

#[tokio::test]
async fn another_language_keeps_the_cart_and_the_same_market_keeps_the_session() {
    let shop = Shop::open().await;
    let sale = shop.checkout().await;
    let before = sale.clone();
    let unchanged = to("SE", "SEK", "sv-SE", None);
    let sale = shop.engine.change_market(sale.id, unchanged, &merchant()).await.unwrap();
    assert_eq!((&sale.session, sale.version), (&before.session, before.version));
    let english = || to("SE", "SEK", "en-SE", None);
    let changed = shop.engine.change_market(sale.id, english(), &keyed("k", 1)).await.unwrap();
    let session = changed.session.as_ref().unwrap();
    assert_ne!(session.session_id, before.session.as_ref().unwrap().session_id);
    assert_eq!((session.cart_version, &changed.cart), (changed.cart_version, &before.cart));
    let again = shop.engine.change_market(sale.id, english(), &keyed("k", 1)).await.unwrap();
    assert_eq!(again.version, changed.version);
}

#[tokio::test]
async fn lines_of_another_country_are_refused_before_anything_changes() {
    let shop = Shop::open().await;
    let sale = shop.checkout().await;
    for change in [
        to("FI", "EUR", "fi-FI", None),
        to("FI", "EUR", "fi-FI", Some(one_book(Country::SE))),
        to("SE", "SEK", "sv-SE", Some(one_book(Country::FI))),
    ] {
        let refused = shop.engine.change_market(sale.id, change, &merchant()).await;
        let Err(EngineError::Refused(refusal)) = refused else { panic!("{refused:?}") };
        assert_eq!(refusal.code(), "country_changed");
    }
    assert_eq!(shop.engine.sale(sale.id).await.unwrap().version, sale.version);
    assert_eq!(shop.exchanges("/payments/v1/sessions").await.len(), 1);
}

#[tokio::test]
async fn an_authorization_of_the_old_market_is_given_back_where_it_came_from() {
    let shop = Shop::open().await;
    let america = Sandbox::start(Config::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let accounts = vec![
        account("europe", &shop.klarna.url(), &[Country::SE]),
        account("america", &america.url(), &[Country::US]),
    ];
    let engine = engine(&folder, &shop.klarna, accounts).await;
    let new = Shop::new_checkout(Placement::Manual);
    let sale = engine.create_checkout(new, &merchant()).await.unwrap().sale;
    let first = shop.authorize(&sale).await;
    let swedish_session = sale.session.as_ref().unwrap().session_id.clone();
    engine.hand_in_authorization(sale.id, browser(&first), &merchant()).await.unwrap();
    let lines = vec![
        OrderLine::untaxed("Cup", 10_000, 1).unwrap(),
        OrderLine::sales_tax("Sales Tax", 800).unwrap(),
    ];
    let cups = SaleCart::numbered(Cart::sum(Country::US, lines).unwrap());
    let change = to("US", "USD", "en-US", Some(cups));
    let moved = engine.change_market(sale.id, change, &merchant()).await.unwrap();
    assert_eq!(moved.terms.account, "america");
    assert!(moved.authorizations[0].released);
    let given_back = |exchanges: Vec<serde_json::Value>| {
        exchanges.iter().filter(|it| it["method"] == "DELETE").count()
    };
    assert_eq!(given_back(shop.exchanges("/authorizations/").await), 1);

    // The shopper was quicker in another tab; the news of it comes after the move.
    let late = shop.authorize(&sale).await;
    let mut late = browser(&late);
    late.session_id = Some(swedish_session);
    let sale = engine.hand_in_authorization(sale.id, late, &merchant()).await.unwrap();
    assert_eq!(sale.authorizations[1].account, "europe");
    assert!(sale.authorizations[1].released);
    assert_eq!(given_back(shop.exchanges("/authorizations/").await), 2);
    assert_eq!(sale.checkout_status(), CheckoutStatus::Open);
}

#[tokio::test]
async fn a_session_that_another_replica_opens_for_the_old_market_is_not_kept() {
    let shop = Shop::open().await;
    let other = shop.another_replica().await;
    let sale = shop.checkout().await;
    // The session is gone, and opening the next takes its time at Klarna.
    shop.control("POST", "/sandbox/v1/reset", None).await;
    let slow = serde_json::json!({"kind": "delay", "milliseconds": 700});
    let slowly = serde_json::json!({
        "match": {"method": "POST", "path": "/payments/v1/sessions"}, "times": 1, "effect": slow
    });
    shop.control("POST", "/sandbox/v1/faults", Some(slowly)).await;
    let id = sale.id;
    let healing = tokio::spawn(async move { other.heal_session(id).await });
    while shop.engine.sale(id).await.unwrap().session.is_some() {
        tokio::task::yield_now().await;
    }
    let change = to("FI", "EUR", "fi-FI", Some(one_book(Country::FI)));
    let sale = shop.engine.change_market(id, change, &merchant()).await.unwrap();
    let healed = healing.await.unwrap().unwrap();
    let session = sale.session.unwrap().session_id;
    assert_eq!(healed.session.unwrap().session_id, session);
    let kept = shop.engine.sale(id).await.unwrap();
    assert_eq!(kept.session.as_ref().unwrap().session_id, session);
    let token = shop.authorize(&kept).await;
    let placed = shop.hand_in(id, &token).await.unwrap();
    assert_eq!(shop.at_klarna(&placed).await["purchase_country"], "FI");
}
