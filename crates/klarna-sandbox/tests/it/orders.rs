//! Order Management: every refusal, every change, the passing of time.

use klarna_sandbox::{Config, Settings};
use serde_json::{Value, json};

use crate::support::{Shop, cart, refusal};

const UNKNOWN: &str = "d8bcb0ac-deeb-325b-8472-ef2c4b9b3e8";

#[tokio::test]
async fn an_order_reads_with_every_default_filled_in() {
    let shop = Shop::open().await;
    let order_id = shop.order().await;
    let order = shop.read(&order_id).await;
    assert_eq!(order["purchase_country"], "SE");
    assert_eq!(order["locale"], "sv-SE");
    assert_eq!(order["klarna_reference"].as_str().unwrap().len(), 8);
    assert_eq!(order["captures"], json!([]));
    assert_eq!(order["refunds"], json!([]));
    assert_eq!(order.get("merchant_reference2"), None);
    assert_eq!(
        order["initial_payment_method"],
        json!({"type": "INVOICE", "description": "Pay later"})
    );
    assert_eq!(
        order["billing_address"],
        json!({"given_name": "Alice", "family_name": "Test", "title": "",
            "street_address": "Södra Blasieholmshamnen 2", "street_address2": "",
            "postal_code": "111 48", "city": "Stockholm", "region": "", "country": "SE",
            "email": "customer@email.se", "phone": "+46701740615"})
    );
    assert_eq!(
        order["order_lines"][0],
        json!({"reference": "boots", "type": "physical", "quantity": 2, "quantity_unit": "",
            "name": "Boots", "total_amount": 17_980, "unit_price": 9990,
            "total_discount_amount": 2000, "tax_rate": 2500, "total_tax_amount": 3596})
    );
}

#[tokio::test]
async fn unknown_orders_are_refused_in_the_words_of_each_operation() {
    let shop = Shop::open().await;
    let path = format!("/ordermanagement/v1/orders/{UNKNOWN}");
    let cannot = |rest: &str| format!("Order {UNKNOWN} cannot be found{rest}");
    for (path, text) in [(path.clone(), cannot(".")), (format!("{path}/captures"), cannot(""))] {
        assert_eq!(shop.get(&path).await.refusal(), refusal(404, "NO_SUCH_ORDER", &text));
    }
    let parcel = json!({"shipping_info": [{"tracking_number": "1"}]});
    for (act, body, text) in [
        ("acknowledge", json!({}), cannot(". Acknowledgement not possible.")),
        ("cancel", json!({}), cannot(". Cancel not possible.")),
        ("captures", json!({"captured_amount": 1}), cannot(". Capture not possible.")),
        (
            "merchant-references",
            json!({}),
            "Order cannot be found. Merchant references cannot be updated.".to_owned(),
        ),
        (
            "shipping-info",
            parcel.clone(),
            cannot(&format!(". Shipping info cannot be added to order {UNKNOWN}.")),
        ),
        (
            "captures/c1/shipping-info",
            parcel,
            cannot(". Shipping info cannot be added to capture c1."),
        ),
    ] {
        let got = shop.act(UNKNOWN, act, &body).await;
        assert_eq!(got.refusal(), refusal(404, "NO_SUCH_ORDER", &text), "{act}");
    }
    let got = shop.act(UNKNOWN, "refunds", &json!({"refunded_amount": 1})).await;
    assert_eq!(got.refusal(), refusal(404, "NOT_FOUND", &cannot(". Refund not possible.")));
    let got = shop.get(&format!("{path}/refunds/r1")).await;
    let text = format!("Refund r1 cannot be found for order {UNKNOWN}");
    assert_eq!(got.refusal(), refusal(404, "NOT_FOUND", &text));
    let got = shop.get("/ordermanagement/v1/orders/nonsense").await;
    let text = "Order ID must be a valid UUID.";
    assert_eq!(got.refusal(), refusal(400, "INVALID_ORDER_ID", text));
}

#[tokio::test]
async fn refusals_of_an_authorized_order() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    for (act, body, code, text) in [
        (
            "captures",
            json!({"captured_amount": 22_881}),
            "CAPTURE_NOT_ALLOWED",
            "Captured amount is higher than the remaining authorized amount. Capture not possible.",
        ),
        (
            "refunds",
            json!({"refunded_amount": 1}),
            "REFUND_NOT_ALLOWED",
            "Order has no captures. Refund not possible",
        ),
        (
            "release-remaining-authorization",
            json!({}),
            "NOT_ALLOWED",
            "Order has no captures. Remaining authorization cannot be released.",
        ),
        (
            "captures/c1/trigger-send-out",
            json!({}),
            "NOT_ALLOWED",
            "Order has no captures. Send out cannot be triggered.",
        ),
        (
            "captures/c1/shipping-info",
            json!({"shipping_info": [{}]}),
            "NOT_ALLOWED",
            "Order has no captures. Shipping info cannot be added to capture c1",
        ),
        (
            "customer-details",
            json!({"billing_address": {"city": "Lund"}}),
            "NOT_ALLOWED",
            "Billing address cannot be updated for user account order. \
             Customer details cannot be updated.",
        ),
    ] {
        let got = shop.act(&order, act, &body).await;
        assert_eq!(got.refusal(), refusal(403, code, text), "{act}");
    }
    assert_eq!(shop.read(&order).await["status"], "AUTHORIZED");
}

#[tokio::test]
async fn refusals_of_a_captured_order() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    shop.done(&order, "captures", &json!({"captured_amount": 8000})).await;
    let got = shop.act(&order, "authorization", &json!({"order_amount": 7000})).await;
    let text = "Resulting authorization amount 7000 cannot be less than the captured amount 8000 \
        for order. Order authorization cannot be updated";
    assert_eq!(got.refusal(), refusal(403, "NOT_ALLOWED", text));
    shop.done(&order, "captures", &json!({"captured_amount": 14_880})).await;
    for (act, body, code, text) in [
        (
            "cancel",
            json!({}),
            "CANCEL_NOT_ALLOWED",
            "Order has previous captures. Cancel not possible.",
        ),
        (
            "refunds",
            json!({"refunded_amount": 22_881}),
            "REFUND_NOT_ALLOWED",
            "Over refund is not allowed. Refund not possible.",
        ),
        ("authorization", json!({"order_amount": 30_000}), "NOT_ALLOWED", "Update not allowed."),
        (
            "release-remaining-authorization",
            json!({}),
            "NOT_ALLOWED",
            "Order is fully captured. Remaining authorization cannot be released.",
        ),
        (
            "extend-authorization-time",
            json!({}),
            "NOT_ALLOWED",
            "Order is fully captured. Authorization time cannot be extended.",
        ),
    ] {
        let got = shop.act(&order, act, &body).await;
        assert_eq!(got.refusal(), refusal(403, code, text), "{act}");
    }
    let parcel = json!({"shipping_info": [{}]});
    let got = shop.act(&order, "captures/nonsense/shipping-info", &parcel).await;
    let text = "Capture could not be found. Shipping info cannot be added to capture nonsense";
    assert_eq!(got.refusal(), refusal(404, "NO_SUCH_CAPTURE", text));
    let path = format!("/ordermanagement/v1/orders/{order}/refunds/r1");
    let text = format!("Refund r1 cannot be found for order {order}");
    assert_eq!(shop.get(&path).await.refusal(), refusal(404, "NOT_FOUND", &text));
}

#[tokio::test]
async fn a_cancelled_order_keeps_what_remained_and_refuses_the_rest() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    let request = shop
        .request("POST", &format!("/ordermanagement/v1/orders/{order}/cancel"))
        .header("content-type", "application/json");
    let got = crate::support::got(request.send().await.unwrap()).await;
    assert_eq!(got.status, 204);
    assert_eq!(got.header("transaction-id").len(), 36);
    assert_eq!(got.headers.get("content-length"), None);
    let read = shop.read(&order).await;
    assert_eq!(read["status"], "CANCELLED");
    assert_eq!(read["remaining_authorized_amount"], 22_880);
    assert_eq!(read["captures"], json!([]));
    let got = shop.act(&order, "captures", &json!({"captured_amount": 1})).await;
    assert_eq!(got.refusal(), refusal(403, "CAPTURE_NOT_ALLOWED", "Capture not allowed"));
    for act in ["cancel", "merchant-references", "extend-authorization-time", "acknowledge"] {
        assert_eq!(shop.act(&order, act, &json!({})).await.status, 403, "{act}");
    }
}

#[tokio::test]
async fn bodies_are_validated_with_422() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    for (act, body, text) in [
        ("captures", json!({}), "'captured_amount' must not be null"),
        ("refunds", json!({}), "'refunded_amount' must not be null"),
        ("authorization", json!({}), "'order_amount' must not be null"),
        ("shipping-info", json!({}), "'shipping_info' must not be null"),
        ("captures", json!({"captured_amount": 10.5}), "'captured_amount' must be an integer"),
        (
            "captures",
            json!({"captured_amount": 1, "shipping_info": [{"shipping_company": "x".repeat(101)}]}),
            "The size of the shipping_info/shipping_company value must be between 0 and 100",
        ),
        (
            "shipping-info",
            json!({"shipping_info": [{"shipping_method": "Balloon"}]}),
            "'shipping_info[0].shipping_method' is not valid",
        ),
        (
            "merchant-references",
            json!({"merchant_reference1": "x".repeat(256)}),
            "The size of the merchant_reference1 value must be between 0 and 255",
        ),
    ] {
        let got = shop.act(&order, act, &body).await;
        assert_eq!(got.refusal(), refusal(422, "UNPROCESSABLE_ENTITY", text), "{act}");
    }
    let request = shop
        .request("POST", &format!("/ordermanagement/v1/orders/{order}/captures"))
        .body("{\"captured_amount\":");
    assert_eq!(request.send().await.unwrap().status(), 400);
}

#[tokio::test]
async fn the_small_changes_take() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    let parcel = json!({"shipping_info": [{"shipping_company": "DHL", "tracking_number": "7",
        "shipping_method": "Home"}]});
    shop.done(&order, "acknowledge", &json!({})).await;
    shop.done(&order, "shipping-info", &parcel).await;
    shop.done(&order, "merchant-references", &json!({"merchant_reference2": "x"})).await;
    let address = json!({"shipping_address": {"city": "Lund"}});
    shop.done(&order, "customer-details", &address).await;
    let capture = shop.done(&order, "captures", &json!({"captured_amount": 1000})).await;
    shop.done(&order, &format!("captures/{capture}/shipping-info"), &parcel).await;
    let send_outs = async || {
        let snapshot = shop.get("/sandbox/v1/snapshot").await.json();
        snapshot["state"]["orders"][&order]["captures"][0]["send_outs"].clone()
    };
    assert_eq!(send_outs().await, 0);
    shop.done(&order, &format!("captures/{capture}/trigger-send-out"), &json!({})).await;
    assert_eq!(send_outs().await, 1);
    let read = shop.read(&order).await;
    assert_eq!(read["captures"][0]["send_outs"], Value::Null, "Klarna shows nothing of it");
    assert_eq!(read["merchant_reference1"], "shop-1");
    assert_eq!(read["merchant_reference2"], "x");
    assert_eq!(read["shipping_address"]["city"], "Lund");
    assert_eq!(read["shipping_address"]["given_name"], "Alice");
    assert_eq!(read["shipping_info"][0]["tracking_number"], "7");
    assert_eq!(read["captures"][0]["shipping_info"][0]["shipping_company"], "DHL");
    let path = format!("/ordermanagement/v1/orders/{order}/captures");
    let captures = shop.get(&path).await.json();
    assert_eq!(captures[0], shop.get(&format!("{path}/{capture}")).await.json());
    assert_eq!(captures[0]["shipping_address"]["city"], "Lund");
    shop.done(&order, "release-remaining-authorization", &json!({})).await;
    let read = shop.read(&order).await;
    assert_eq!((&read["status"], &read["order_amount"]), (&json!("CAPTURED"), &json!(22_880)));
}

#[tokio::test]
async fn an_update_without_lines_deletes_them() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    shop.done(&order, "authorization", &json!({"order_amount": 20_000})).await;
    let read = shop.read(&order).await;
    assert_eq!(read["order_lines"], json!([]));
    assert_eq!(read["remaining_authorized_amount"], 20_000);
    assert_eq!(read["original_order_amount"], 22_880);
}

#[tokio::test]
async fn an_invoice_is_put_off_once() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    let capture = shop.done(&order, "captures", &json!({"captured_amount": 22_880})).await;
    let path = format!("/ordermanagement/v1/orders/{order}/captures/{capture}");
    let options = shop.get(&format!("{path}/extend-due-date-options")).await.json();
    assert_eq!(options["currency"], "SEK");
    let days = &options["options"][0]["number_of_days"];
    let act = format!("captures/{capture}/extend-due-date");
    assert_eq!(shop.act(&order, &act, &json!({"number_of_days": 3})).await.status, 403);
    assert_eq!(shop.act(&order, &act, &json!({})).await.status, 422);
    shop.done(&order, &act, &json!({"number_of_days": days})).await;
    assert_eq!(shop.act(&order, &act, &json!({"number_of_days": days})).await.status, 403);

    let card = json!({"outcome": "approved", "payment_method": "card"});
    let order = shop.order_of(&cart(), &card).await;
    let capture = shop.done(&order, "captures", &json!({"captured_amount": 22_880})).await;
    let path = format!("/ordermanagement/v1/orders/{order}/captures/{capture}");
    let none = shop.get(&format!("{path}/extend-due-date-options")).await;
    assert_eq!(none.text, r#"{"currency":"SEK","options":[]}"#);
}

#[tokio::test]
async fn an_authorization_expires_and_can_be_extended() {
    let shop = Shop::open().await;
    let (one, two) = (shop.order().await, shop.order().await);
    shop.advance("P14D").await;
    shop.done(&two, "extend-authorization-time", &json!({})).await;
    assert_eq!(shop.read(&two).await["expires_at"], "2026-04-12T00:00:00.000Z");
    shop.advance("P14D").await;
    let expired = shop.read(&one).await;
    assert_eq!(expired["status"], "EXPIRED");
    assert_eq!(expired["remaining_authorized_amount"], 0);
    assert_eq!(shop.read(&two).await["status"], "AUTHORIZED");
    let got = shop.act(&one, "extend-authorization-time", &json!({})).await;
    let text = "Order is expired. Authorization time cannot be extended.";
    assert_eq!(got.refusal(), refusal(403, "NOT_ALLOWED", text));
    let got = shop.act(&one, "captures", &json!({"captured_amount": 1})).await;
    assert_eq!(got.refusal(), refusal(403, "CAPTURE_NOT_ALLOWED", "Capture not allowed"));
}

#[tokio::test]
async fn a_partly_captured_order_ends_by_the_switch() {
    for (switch, status) in [(false, "CAPTURED"), (true, "EXPIRED")] {
        let settings = Settings { part_captured_becomes_expired: switch, ..Settings::default() };
        let config = Config { settings, ..Config::default() };
        let shop = Shop::open_with(config).await;
        let order = shop.order().await;
        shop.done(&order, "captures", &json!({"captured_amount": 1000})).await;
        shop.advance("P28D").await;
        let read = shop.read(&order).await;
        assert_eq!(
            (&read["status"], &read["remaining_authorized_amount"]),
            (&json!(status), &json!(0))
        );
        shop.done(&order, "refunds", &json!({"refunded_amount": 1000})).await;
    }
}

#[tokio::test]
async fn a_pending_order_waits_for_its_decision() {
    for (switch, status) in [(false, 403), (true, 201)] {
        let settings = Settings { capture_while_pending: switch, ..Settings::default() };
        let config = Config { settings, ..Config::default() };
        let shop = Shop::open_with(config).await;
        let mut cart: Value = cart();
        cart["billing_address"]["email"] = json!("user+pend-accept-30@email.se");
        let order = shop.order_of(&cart, &json!({})).await;
        assert_eq!(shop.read(&order).await["fraud_status"], "PENDING");
        let got = shop.act(&order, "captures", &json!({"captured_amount": 1})).await;
        assert_eq!(got.status, status);
        shop.advance("PT30M").await;
        assert_eq!(shop.read(&order).await["fraud_status"], "ACCEPTED");
        shop.done(&order, "captures", &json!({"captured_amount": 1})).await;
    }
}

#[tokio::test]
async fn a_rejected_order_is_cancelled_after_four_hours() {
    let shop = Shop::open().await;
    let mut cart = cart();
    cart["billing_address"]["email"] = json!("user+pend-reject-05@email.se");
    let order = shop.order_of(&cart, &json!({})).await;
    shop.advance("PT5M").await;
    let read = shop.read(&order).await;
    assert_eq!(
        (&read["fraud_status"], &read["status"]),
        (&json!("REJECTED"), &json!("AUTHORIZED"))
    );
    shop.advance("PT4H").await;
    assert_eq!(shop.read(&order).await["status"], "CANCELLED");
}
