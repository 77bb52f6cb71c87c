//! Sessions follow the cart, heal, and never start a second order.

use kvitt_core::{CheckoutStatus, Placement, Refusal, SaleCart};
use kvitt_engine::{Caller, EngineError, names};
use kvitt_money::{Cart, Country, OrderLine, TaxRate};
use secrecy::ExposeSecret;

use crate::shop::{Shop, keyed, merchant};

fn one_book(country: Country) -> SaleCart {
    let book = OrderLine::tax_inclusive("Book", 20_000, TaxRate::new(600).unwrap(), 1).unwrap();
    SaleCart::numbered(Cart::sum(country, vec![book]).unwrap())
}

#[tokio::test]
async fn a_checkout_has_a_session_and_a_client_token() {
    let shop = Shop::open().await;
    let sale = shop.checkout().await;
    assert_eq!(sale.checkout_status(), CheckoutStatus::Open);
    let session = sale.session.as_ref().unwrap();
    assert!(!session.payment_method_categories.is_empty());
    let token = shop.engine.secret(sale.id, names::CLIENT_TOKEN).await.unwrap().unwrap();
    assert_eq!(token.expose_secret().split('.').count(), 3, "no JWT");
    let events = serde_json::to_string(&shop.engine.history(sale.id).await.unwrap().1).unwrap();
    assert!(!events.contains(token.expose_secret()), "a secret stands in an event");
}

#[tokio::test]
async fn creating_twice_under_one_key_is_one_checkout_and_one_session() {
    let shop = Shop::open().await;
    let create = || Shop::new_checkout(Placement::Automatic);
    let caller = keyed("cart-1", 1);
    let first = shop.engine.create_checkout(create(), &caller).await.unwrap();
    let again = shop.engine.create_checkout(create(), &caller).await.unwrap();
    assert!(!first.replayed && again.replayed);
    assert_eq!(first.sale.id, again.sale.id);
    assert_eq!(shop.exchanges("/payments/v1/sessions").await.len(), 1);
    let other = shop.engine.create_checkout(create(), &keyed("cart-1", 2)).await;
    assert!(matches!(other, Err(EngineError::IdempotencyKeyReused)));
}

#[tokio::test]
async fn a_changed_cart_reaches_the_session_and_voids_the_authorization() {
    let shop = Shop::open().await;
    let sale = shop.checkout_with(Placement::Manual).await;
    let token = shop.authorize(&sale).await;
    shop.hand_in(sale.id, &token).await.unwrap();
    let sale = shop.engine.change_cart(sale.id, one_book(Country::SE), &merchant()).await.unwrap();
    assert_eq!(sale.checkout_status(), CheckoutStatus::Open);
    assert_eq!(sale.session.as_ref().unwrap().cart_version, 2);
    assert!(sale.authorizations[0].released);
    let token = shop.authorize(&sale).await;
    shop.hand_in(sale.id, &token).await.unwrap();
    let placed = shop.act(sale.id, kvitt_core::Wish::Place).await.unwrap().sale;
    assert_eq!(shop.at_klarna(&placed).await["order_amount"], 20_000);
    let late = shop.engine.change_cart(sale.id, Shop::cart(), &merchant()).await;
    assert!(matches!(late, Err(EngineError::Refused(Refusal::AlreadyPlaced))), "{late:?}");
}

#[tokio::test]
async fn a_change_under_a_key_is_made_once_and_nothing_changes_after_the_end() {
    let shop = Shop::open().await;
    let sale = shop.checkout_with(Placement::Manual).await;
    let change = |cart, caller: Caller| {
        let engine = shop.engine.clone();
        async move { engine.change_cart(sale.id, cart, &caller).await }
    };
    let changed = change(one_book(Country::SE), keyed("change-1", 1)).await.unwrap();
    let again = change(one_book(Country::SE), keyed("change-1", 1)).await.unwrap();
    assert_eq!((changed.cart_version, again.cart_version), (2, 2));
    let other = change(Shop::cart(), keyed("change-1", 2)).await;
    assert!(matches!(other, Err(EngineError::IdempotencyKeyReused)));
    shop.engine.abandon(sale.id, &merchant()).await.unwrap();
    let late = change(one_book(Country::SE), merchant()).await;
    assert!(matches!(late, Err(EngineError::Refused(Refusal::Abandoned))), "{late:?}");
}

#[tokio::test]
async fn another_country_is_another_checkout() {
    let shop = Shop::open().await;
    let sale = shop.checkout().await;
    let changed = shop.engine.change_cart(sale.id, one_book(Country::DE), &merchant()).await;
    let Err(EngineError::Refused(refusal)) = changed else { panic!("{changed:?}") };
    assert_eq!(refusal.code(), "country_changed");
}

#[tokio::test]
async fn an_expired_session_is_replaced_when_the_cart_changes() {
    let shop = Shop::open().await;
    let sale = shop.checkout().await;
    let before = sale.session.as_ref().unwrap().session_id.clone();
    shop.advance("PT49H").await;
    let sale = shop.engine.change_cart(sale.id, one_book(Country::SE), &merchant()).await.unwrap();
    assert_ne!(sale.session.as_ref().unwrap().session_id, before);
}

#[tokio::test]
async fn a_session_that_klarna_forgot_heals_by_a_new_one() {
    let shop = Shop::open().await;
    let sale = shop.checkout().await;
    let before = sale.session.as_ref().unwrap().session_id.clone();
    shop.control("POST", "/sandbox/v1/reset", None).await;
    let sale = shop.engine.change_cart(sale.id, one_book(Country::SE), &merchant()).await.unwrap();
    assert_ne!(sale.session.as_ref().unwrap().session_id, before);
    assert_eq!(sale.session.as_ref().unwrap().cart_version, 2);
}

#[tokio::test]
async fn klarnas_refusal_of_a_session_is_kept_and_told() {
    let shop = Shop::open().await;
    shop.fault(
        "/payments/v1/sessions",
        1,
        serde_json::json!({"kind": "status", "status": 400, "body":
            r#"{"correlation_id":"6c2b1cb5-1f0f-4a60-9c0e-3c4a1a0f2d11","error_code":"BAD_VALUE","error_messages":["Bad value: locale"]}"#}),
    )
    .await;
    let caller = keyed("cart-2", 1);
    let new = || Shop::new_checkout(Placement::Automatic);
    let refused = shop.engine.create_checkout(new(), &caller).await;
    let Err(EngineError::KlarnaRefused { sale, refused }) = refused else { panic!("{refused:?}") };
    assert_eq!(refused.error_code, "BAD_VALUE");
    let (_, events) = shop.engine.history(sale).await.unwrap();
    assert_eq!(events.last().unwrap().event.name(None), "session.refused");
    // The same key tries again and finds the same checkout.
    let healed = shop.engine.create_checkout(new(), &caller).await.unwrap();
    assert_eq!(healed.sale.id, sale);
    assert!(healed.sale.session.is_some());
}

#[tokio::test]
async fn what_costs_nothing_is_refused_before_it_is_stored() {
    let shop = Shop::open().await;
    let gift = OrderLine::tax_inclusive("Gift", 0, TaxRate::new(2500).unwrap(), 1).unwrap();
    let mut new = Shop::new_checkout(Placement::Automatic);
    new.cart = SaleCart::numbered(Cart::sum(Country::SE, vec![gift]).unwrap());
    let refused = shop.engine.create_checkout(new, &merchant()).await;
    let Err(EngineError::Refused(refusal)) = refused else { panic!("{refused:?}") };
    assert_eq!(refusal.to_string(), "order_amount is 0: it must be 1 or more");
    assert_eq!(shop.exchanges("/payments").await.len(), 0);
    assert!(shop.engine.ledger().feed(0, 10).await.unwrap().is_empty());
}
