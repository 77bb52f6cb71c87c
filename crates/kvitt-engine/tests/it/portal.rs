//! Tracking and addresses that others change in Klarna's portal.

use klarna::Address;
use kvitt_core::{CaptureWish, Difference, Placement, Repair, Sale, ShippingInfo, Wish};
use kvitt_engine::{Reconciling, Shopper};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::shop::{Shop, merchant};

/// What kvitt sends, as Klarna does not write it.
fn address(street: &str) -> Address {
    serde_json::from_value(json!({
        "given_name": "Alva", "family_name": "Ek", "title": "Fru", "organization_name": "Ek AB",
        "attention": "Inköp", "street_address": street, "postal_code": "11143",
        "city": "Stockholm", "country": "se", "email": "alva.ek@example.com", "phone": "0701740615"
    }))
    .unwrap()
}

/// An order of somebody whose addresses are known.
async fn order(shop: &Shop) -> Sale {
    let mut new = Shop::new_checkout(Placement::Automatic);
    new.shopper = Shopper {
        billing_address: Some(address("Götgatan 1")),
        shipping_address: Some(address("Kungsgatan 7")),
        customer: None,
    };
    let sale = shop.engine.create_checkout(new, &merchant()).await.unwrap().sale;
    let token = shop.authorize(&sale).await;
    shop.hand_in(sale.id, &token).await.unwrap()
}

fn parcel(company: &str, number: &str) -> ShippingInfo {
    ShippingInfo {
        shipping_company: Some(company.to_owned()),
        tracking_number: Some(number.to_owned()).filter(|it| !it.is_empty()),
        ..ShippingInfo::default()
    }
}

/// A capture with its parcel; its id.
async fn capture(shop: &Shop, sale: &Sale) -> String {
    let wish = Wish::Capture(CaptureWish {
        captured_amount: Some(10_000),
        amount_only: true,
        shipping_info: vec![parcel("PostNord", "XYZ1")],
        ..CaptureWish::default()
    });
    let sale = shop.act(sale.id, wish).await.unwrap().sale;
    sale.order.unwrap().captures[0].capture_id.clone()
}

async fn add(shop: &Shop, sale: &Sale, capture_id: Option<&str>, parcel: ShippingInfo) {
    let capture_id = capture_id.map(str::to_owned);
    let wish = Wish::AddShippingInfo { capture_id, shipping_info: vec![parcel] };
    shop.act(sale.id, wish).await.unwrap();
}

async fn move_to(shop: &Shop, sale: &Sale, street: &str) {
    let address = SecretString::from(serde_json::to_string(&address(street)).unwrap());
    shop.engine
        .act(sale.id, Wish::UpdateShippingAddress, Some(address), &merchant())
        .await
        .unwrap();
}

/// Somebody in the portal corrects the shipping address.
async fn corrects(shop: &Shop, sale: &Sale, shipping_address: Value) {
    let id = &sale.order.as_ref().unwrap().klarna_order_id;
    let url = format!("{}/ordermanagement/v1/orders/{id}/customer-details", shop.klarna.url());
    let request = shop.http.patch(url).basic_auth("PK1", Some("secret"));
    let answer = request.json(&json!({ "shipping_address": shipping_address })).send().await;
    assert!(answer.unwrap().status().is_success());
}

/// The order as Klarna has it becomes another. Its API has no way to change a billing address or to
/// forget tracking.
async fn alter(shop: &Shop, sale: &Sale, change: impl FnOnce(&mut Value)) {
    let id = &sale.order.as_ref().unwrap().klarna_order_id;
    let mut snapshot = shop.control("GET", "/sandbox/v1/snapshot", None).await;
    change(&mut snapshot["state"]["orders"][id]);
    shop.control("PUT", "/sandbox/v1/snapshot", Some(snapshot)).await;
}

async fn reconcile(shop: &Shop, sale: &Sale, how: Reconciling) -> Vec<Difference> {
    shop.engine.reconcile(sale.id, how).await.unwrap().differences
}

fn told(differences: &[Difference]) -> Vec<String> {
    differences.iter().map(ToString::to_string).collect()
}

/// What others did, event by event, as it is stored.
async fn external(shop: &Shop, sale: &Sale) -> Vec<Value> {
    let events = shop.engine.history(sale.id).await.unwrap().1;
    let stored = events.iter().map(|it| serde_json::to_value(&it.event).unwrap());
    stored.filter(|it| it["type"].as_str().unwrap().starts_with("external")).collect()
}

async fn assert_nothing_personal(shop: &Shop, sale: &Sale, differences: &[Difference]) {
    let events = serde_json::to_string(&shop.engine.history(sale.id).await.unwrap().1).unwrap();
    let said = format!("{events} {differences:?}");
    for text in ["gatan", "Alva", "\"Ada", "Ek AB", "Stockholm", "\"Lund", "@", "01740615"] {
        assert!(!said.contains(text), "{text}: {said}");
    }
}

#[tokio::test]
async fn an_order_with_addresses_and_tracking_agrees_with_klarna() {
    let shop = Shop::open().await;
    let sale = order(&shop).await;
    let capture_id = capture(&shop, &sale).await;
    add(&shop, &sale, Some(&capture_id), parcel("PostNord", "XYZ2")).await;
    add(&shop, &sale, None, parcel("DHL", "D1")).await;
    add(&shop, &sale, None, parcel("Bring", "")).await;
    for street in ["Kungsgatan 7", "Storgatan 2"] {
        let theirs = shop.at_klarna(&sale).await;
        assert_eq!(theirs["shipping_address"]["street_address"], street);
        assert_eq!(theirs["shipping_address"]["postal_code"], "111 43", "Klarna's own way");
        for how in [Reconciling::Preview, Reconciling::TakingOver, Reconciling::TakingOver] {
            assert_eq!(told(&reconcile(&shop, &sale, how).await), [""; 0]);
        }
        shop.engine.refresh(sale.id).await.unwrap();
        assert_eq!(external(&shop, &sale).await, [Value::Null; 0]);
        let kept = shop.engine.shopper(sale.id).await.unwrap();
        assert_eq!(kept.billing_address, Some(address("Götgatan 1")), "as it was given");
        assert_eq!(kept.shipping_address, Some(address(street)));
        move_to(&shop, &sale, "Storgatan 2").await;
    }
}

#[tokio::test]
async fn tracking_that_was_added_in_the_portal_is_taken_over_by_a_read() {
    let shop = Shop::open().await;
    let sale = order(&shop).await;
    let ours = capture(&shop, &sale).await;
    let parcels =
        |number: &str| json!({"shipping_info": [{"tracking_number": number, "tracking_uri": ""}]});
    let mut captured = parcels("P3");
    captured["captured_amount"] = json!(5_000);
    for (path, body) in [
        ("shipping-info".to_owned(), parcels("P1")),
        (format!("captures/{ours}/shipping-info"), parcels("P2")),
        ("captures".to_owned(), captured),
    ] {
        shop.behind_our_back(&sale, &path, body).await;
    }

    let read = shop.engine.refresh(sale.id).await.unwrap();
    shop.engine.refresh(sale.id).await.unwrap();

    let order = read.order.unwrap();
    let names = |parcels: &[ShippingInfo]| -> Vec<String> {
        parcels.iter().map(|it| it.name().to_owned()).collect()
    };
    assert_eq!(names(&order.shipping_info), ["P1"]);
    assert_eq!(names(&order.captures[0].shipping_info), ["XYZ1", "P2"]);
    assert_eq!(names(&order.captures[1].shipping_info), ["P3"]);
    let events = external(&shop, &sale).await;
    assert_eq!(
        events.iter().map(|it| it["type"].as_str().unwrap()).collect::<Vec<_>>(),
        [
            "external_capture",
            "external_shipping_info",
            "external_shipping_info",
            "external_shipping_info"
        ],
        "once each"
    );
    assert_eq!(events[1]["shipping_info"], json!([{"tracking_number": "P1"}]), "no empty texts");
}

#[tokio::test]
async fn tracking_is_named_taken_over_once_and_missed_where_klarna_lost_it() {
    let shop = Shop::open().await;
    let sale = order(&shop).await;
    let id = capture(&shop, &sale).await;
    let body = json!({"shipping_info": [{"shipping_company": "DHL", "tracking_number": "P1"}]});
    shop.behind_our_back(&sale, &format!("captures/{id}/shipping-info"), body).await;
    let version = shop.engine.sale(sale.id).await.unwrap().version;

    let named = reconcile(&shop, &sale, Reconciling::Preview).await;

    assert_eq!(told(&named), ["shipping_info_external is nothing here and P1 at Klarna"]);
    assert_eq!((&named[0].repair, named[0].id.as_ref()), (&Repair::TakenOver, Some(&id)));
    assert_eq!(shop.engine.sale(sale.id).await.unwrap().version, version);
    assert_eq!(reconcile(&shop, &sale, Reconciling::TakingOver).await, named);
    assert!(reconcile(&shop, &sale, Reconciling::TakingOver).await.is_empty());

    alter(&shop, &sale, |order| order["captures"][0]["shipping_info"] = json!([])).await;
    let lost = reconcile(&shop, &sale, Reconciling::TakingOver).await;
    assert_eq!(
        told(&lost),
        [
            "shipping_info_missing is P1 here and nothing at Klarna",
            "shipping_info_missing is XYZ1 here and nothing at Klarna"
        ]
    );
    assert!(lost.iter().all(|it| it.needs_person() && it.id.as_ref() == Some(&id)));
    for number in ["XYZ1", "P1"] {
        add(&shop, &sale, Some(&id), parcel("PostNord", number)).await;
    }
    assert!(reconcile(&shop, &sale, Reconciling::TakingOver).await.is_empty());
}

/// Both addresses changed at Klarna.
async fn changed(shop: &Shop) -> Sale {
    let sale = order(shop).await;
    let new = json!({"street_address": "Storgatan 2", "postal_code": "22100", "city": "Lund"});
    corrects(shop, &sale, new).await;
    alter(shop, &sale, |order| order["billing_address"]["given_name"] = json!("Ada")).await;
    sale
}

/// Klarna's addresses are the sale's.
async fn assert_taken_over(shop: &Shop, sale: &Sale) {
    let kept = shop.engine.shopper(sale.id).await.unwrap();
    let (billing, shipping) = (kept.billing_address.unwrap(), kept.shipping_address.unwrap());
    assert_eq!(billing.given_name.as_deref(), Some("Ada"));
    assert_eq!(billing.street_address.as_deref(), Some("Götgatan 1"));
    let place = [shipping.street_address, shipping.postal_code, shipping.city];
    assert_eq!(place.map(Option::unwrap), ["Storgatan 2", "221 00", "Lund"]);
    assert_eq!(shipping.phone.as_deref(), Some("0701740615"));
    let events = external(shop, sale).await;
    let members: Vec<_> =
        events.iter().map(|it| json!([it["type"], it["address"], it["members"]])).collect();
    assert_eq!(
        members,
        [
            json!(["external_address", "billing_address", ["given_name"]]),
            json!([
                "external_address",
                "shipping_address",
                ["street_address", "postal_code", "city"]
            ]),
        ],
        "once each"
    );
    assert_eq!(events[0]["evidence"]["operation"], "get_order");
    assert_nothing_personal(shop, sale, &[]).await;
}

#[tokio::test]
async fn an_address_that_was_changed_at_klarna_is_taken_over_by_a_read() {
    let shop = Shop::open().await;
    let sale = changed(&shop).await;
    shop.engine.refresh(sale.id).await.unwrap();
    assert_taken_over(&shop, &sale).await;
    shop.engine.refresh(sale.id).await.unwrap();
    assert_taken_over(&shop, &sale).await;
}

#[tokio::test]
async fn an_address_that_was_changed_at_klarna_is_named_and_taken_over_once() {
    let shop = Shop::open().await;
    let sale = changed(&shop).await;
    let version = shop.engine.sale(sale.id).await.unwrap().version;

    let named = reconcile(&shop, &sale, Reconciling::Preview).await;

    assert_eq!(
        told(&named),
        [
            "billing_address_external is given_name here and other at Klarna",
            "shipping_address_external is street_address, postal_code, city here and other at \
             Klarna"
        ]
    );
    assert!(named.iter().all(|it| it.repair == Repair::TakenOver));
    assert_nothing_personal(&shop, &sale, &named).await;
    assert_eq!(shop.engine.sale(sale.id).await.unwrap().version, version);
    let kept = shop.engine.shopper(sale.id).await.unwrap();
    assert_eq!(kept.shipping_address, Some(address("Kungsgatan 7")));
    assert_eq!(reconcile(&shop, &sale, Reconciling::TakingOver).await, named);
    assert!(reconcile(&shop, &sale, Reconciling::TakingOver).await.is_empty());
    assert_taken_over(&shop, &sale).await;
}

#[tokio::test]
async fn an_address_that_nobody_gave_or_that_was_erased_is_not_asked_of_klarna() {
    let shop = Shop::open().await;
    let erased = changed(&shop).await;
    shop.engine.ledger().erase_personal(erased.id).await.unwrap();
    let never_given = shop.order().await;
    let address = serde_json::to_value(address("Storgatan 2")).unwrap();
    alter(&shop, &never_given, |order| order["shipping_address"] = address).await;
    for sale in [erased, never_given] {
        assert!(reconcile(&shop, &sale, Reconciling::TakingOver).await.is_empty());
        shop.engine.refresh(sale.id).await.unwrap();
        assert_eq!(external(&shop, &sale).await, [Value::Null; 0]);
        let kept = shop.engine.shopper(sale.id).await.unwrap();
        assert!(kept.billing_address.is_none() && kept.shipping_address.is_none(), "{kept:?}");
    }

    // Klarna shows none any more.
    let sale = order(&shop).await;
    alter(&shop, &sale, |order| {
        order["billing_address"] = Value::Null;
        order["shipping_address"] = json!({});
    })
    .await;
    assert!(reconcile(&shop, &sale, Reconciling::TakingOver).await.is_empty());
    let kept = shop.engine.shopper(sale.id).await.unwrap();
    assert_eq!(kept.billing_address, Some(self::address("Götgatan 1")));
}

#[tokio::test]
async fn an_address_of_ours_that_is_on_its_way_is_not_taken_for_somebody_elses() {
    let shop = Shop::open().await;
    let sale = changed(&shop).await;
    shop.fault("/customer-details", 1, json!({"kind": "reset_after"})).await;
    move_to(&shop, &sale, "Drottninggatan 3").await;

    let named = reconcile(&shop, &sale, Reconciling::TakingOver).await;

    let codes: Vec<_> = named.iter().map(|it| it.kind.as_str()).collect();
    assert_eq!(codes, ["act_not_done", "billing_address_external"]);
    shop.work_until(sale.id, |sale| sale.intents.values().all(|it| it.state.is_settled())).await;
    assert!(reconcile(&shop, &sale, Reconciling::TakingOver).await.is_empty());
    let kept = shop.engine.shopper(sale.id).await.unwrap();
    assert_eq!(kept.shipping_address, Some(address("Drottninggatan 3")));
}
