//! Exchanges of our own making, in the form in which recorded ones are kept.

use serde_json::{Value, json};

/// An exchange of 2025 whose request has no body.
pub(crate) fn exchange(method: &str, path: &str, status: u16, body: Value) -> Value {
    json!({"source": "our own", "kind": "recorded", "host": "api.klarna.com",
        "recorded_at": "2025-01-06", "path_pattern": path,
        "request": {"method": method, "path": path, "headers": {}, "body": null},
        "response": {"status": status, "headers": {}, "body": body}})
}

/// The same with a request's body.
pub(crate) fn with_body(mut exchange: Value, body: Value) -> Value {
    exchange["request"]["body"] = body;
    exchange
}

/// A refusal.
pub(crate) fn error(method: &str, path: &str, status: u16, code: &str, text: &str) -> Value {
    let id = "4e33a603-8009-4eeb-bef1-c0bca8b2bab8";
    let body = json!({"correlation_id": id, "error_code": code, "error_messages": [text]});
    exchange(method, path, status, body)
}

/// The read of an order; the text keeps the order of its members.
pub(crate) fn order(text: &str) -> Value {
    let mut exchange = exchange("GET", "/ordermanagement/v1/orders/{order_id}", 200, json!(BODY));
    exchange["response"]["body_text"] = json!(text);
    exchange["response"]["headers"] = json!({"content-type": "application/json"});
    exchange
}

/// Stands for the body until the exchange is written down, because a value sorts its members.
const BODY: &str = "<body>";

/// An exchange as its file has it.
pub(crate) fn written(exchange: &Value) -> String {
    let body = exchange["response"]["body_text"].as_str().unwrap_or_default();
    exchange.to_string().replace(&format!("{BODY:?}"), body)
}

/// An order of 50.00 of which nothing was captured.
pub(crate) const AUTHORIZED: &str = concat!(
    r#"{"order_id":"1","status":"AUTHORIZED","fraud_status":"ACCEPTED","order_amount":5000,"#,
    r#""original_order_amount":5000,"captured_amount":0,"refunded_amount":0,"#,
    r#""remaining_authorized_amount":5000,"purchase_currency":"SEK","locale":"sv-SE","#,
    r#""order_lines":[{"reference":"a","type":"physical","quantity":2,"quantity_unit":"","#,
    r#""name":"A","total_amount":5000,"unit_price":2500,"total_discount_amount":0,"#,
    r#""tax_rate":2500,"total_tax_amount":1000}],"klarna_reference":"NTN8PS2Q","#,
    r#""customer":{"date_of_birth":"1941-03-21","type":"person"},"#,
    r#""created_at":"2025-01-06T10:00:00.000Z","purchase_country":"SE","#,
    r#""expires_at":"2025-02-03T00:00:00.000Z","captures":[],"refunds":[],"#,
    r#""initial_payment_method":{"type":"INVOICE","description":"Pay later"}}"#,
);

const ADDRESS: &str = concat!(
    r#"{"given_name":"Alice","family_name":"Test","title":"","street_address":"Storgatan 1","#,
    r#""street_address2":"","postal_code":"123 45","city":"Ankeborg","region":"","#,
    r#""country":"SE","email":"alice@shop.example","phone":"+46701740615"}"#,
);

/// The same, captured as it was placed, with an address.
pub(crate) fn captured() -> String {
    let lines = &AUTHORIZED[AUTHORIZED.find(r#""order_lines""#).unwrap()..];
    let lines = &lines[..=lines.find(']').unwrap()];
    let addresses = format!(r#""billing_address":{ADDRESS},"shipping_address":{ADDRESS}"#);
    let capture = format!(
        r#"[{{"capture_id":"2","klarna_reference":"NTN8PS2Q-1","captured_amount":5000,"captured_at":"2025-01-06T10:00:00.700Z","description":"",{lines},"refunded_amount":0,{addresses},"shipping_info":[]}}]"#
    );
    AUTHORIZED
        .replace("AUTHORIZED", "CAPTURED")
        .replace(r#""captured_amount":0"#, r#""captured_amount":5000"#)
        .replace(r#""remaining_authorized_amount":5000"#, r#""remaining_authorized_amount":0"#)
        .replace(r#","created_at""#, &format!(r#",{addresses},"created_at""#))
        .replace(r#""captures":[]"#, &format!(r#""captures":{capture}"#))
}

/// The same, raised by 1.00, of which 20.00 were captured and 5.00 given back.
pub(crate) fn part_captured() -> String {
    let capture = concat!(
        r#"[{"capture_id":"2","klarna_reference":"NTN8PS2Q-1","captured_amount":2000,"#,
        r#""captured_at":"2025-01-07T10:00:00.000Z","description":"first","order_lines":[],"#,
        r#""refunded_amount":0,"shipping_info":[{"shipping_company":"DHL"}]}]"#,
    );
    let refund = concat!(
        r#"[{"refund_id":"3","refunded_amount":500,"refunded_at":"2025-01-08T10:00:00.000Z","#,
        r#""description":"back","order_lines":[],"credit_invoice":false}]"#,
    );
    AUTHORIZED
        .replace("AUTHORIZED", "PART_CAPTURED")
        .replace(r#""order_amount":5000"#, r#""order_amount":5100"#)
        .replace(r#""captured_amount":0"#, r#""captured_amount":2000"#)
        .replace(r#""refunded_amount":0"#, r#""refunded_amount":500"#)
        .replace(r#""remaining_authorized_amount":5000"#, r#""remaining_authorized_amount":3100"#)
        .replace(r#""captures":[]"#, &format!(r#""captures":{capture}"#))
        .replace(r#""refunds":[]"#, &format!(r#""refunds":{refund}"#))
        .replace(r#"],"klarna_reference""#, r#"],"merchant_reference1":"m","klarna_reference""#)
}

/// All headers of an answer to a capture without lines.
pub(crate) fn capture_headers() -> Value {
    json!({"Date": "Mon, 06 Jan 2025 10:00:00 GMT", "Content-Length": "0", "Server": "envoy",
        "Location": "https://api.klarna.com/ordermanagement/v1/orders/\
            4e33a603-8009-4eeb-bef1-c0bca8b2bab8/captures/\
            4e33a603-8009-4eeb-bef1-c0bca8b2bab9",
        "Capture-Id": "4e33a603-8009-4eeb-bef1-c0bca8b2bab9",
        "Transaction-Id": "4e33a603-8009-4eeb-bef1-c0bca8b2bab7",
        "Klarna-Correlation-Id": "4e33a603-8009-4eeb-bef1-c0bca8b2bab6",
        "X-Content-Type-Options": "nosniff", "X-Xss-Protection": "1; mode=block",
        "Cache-Control": "no-cache, no-store, max-age=0, must-revalidate", "Pragma": "no-cache",
        "Expires": "0", "X-Frame-Options": "DENY", "X-Ratelimit-Limit": "50, 50;w=1",
        "X-Ratelimit-Remaining": "12", "X-Ratelimit-Reset": "1",
        "Strict-Transport-Security": "max-age=31536000; includeSubDomains"})
}

/// A difference with what is another each time in words.
pub(crate) fn in_words(text: &str) -> String {
    let Some((place, rest)) = text.split_once(": \"") else {
        let end = text.find("members in the order").map_or(text.len(), |at| at + 20);
        return text[..end].to_owned();
    };
    let (value, rest) = rest.split_once('"').unwrap();
    let value = if value.ends_with("T00:00:00.000Z") {
        "<midnight>".to_owned()
    } else if place.ends_with("klarna_reference") {
        format!("<reference>{}", &value[8..])
    } else {
        value.to_owned()
    };
    format!("{place}: \"{value}\"{rest}")
}
