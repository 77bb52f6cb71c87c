//! Valid requests of every operation, from which mutation starts.

use serde_json::{Value, json};

/// One operation. The path's parts in braces are ids of the life that is led.
pub(crate) struct Operation {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) body: Value,
}

fn operation(method: &'static str, path: &'static str, body: Value) -> Operation {
    Operation { method, path, body }
}

/// Nobody listens there: callbacks end at once.
pub(crate) const NOBODY: &str = "http://127.0.0.1:1/{session.id}/{order.id}";

fn address() -> Value {
    json!({"given_name": "Alice", "family_name": "Test", "title": "Ms",
        "email": "customer@email.se", "street_address": "Södra Blasieholmshamnen 2",
        "street_address2": "C/O", "postal_code": "11148", "city": "Stockholm", "region": "",
        "country": "SE", "phone": "+46701740615", "organization_name": "", "attention": ""})
}

fn lines() -> Value {
    json!([
        {"type": "physical", "reference": "boots", "name": "Boots", "quantity": 2,
            "quantity_unit": "pcs", "unit_price": 9990, "total_discount_amount": 2000,
            "total_amount": 17_980, "tax_rate": 2500, "total_tax_amount": 3596,
            "merchant_data": "{}", "product_url": "https://shop.example/b",
            "image_url": "https://shop.example/b.png",
            "product_identifiers": {"brand": "B", "color": "red", "size": "8"},
            "subscription": {"name": "s", "interval": "MONTH", "interval_count": 1}},
        {"type": "shipping_fee", "reference": "post", "name": "Post", "quantity": 1,
            "unit_price": 4900, "total_amount": 4900, "tax_rate": 2500, "total_tax_amount": 980},
    ])
}

/// 228.80 with tax of 45.76.
pub(crate) fn cart() -> Value {
    json!({
        "purchase_country": "SE", "purchase_currency": "SEK", "locale": "sv-SE",
        "intent": "buy_and_tokenize", "acquiring_channel": "ECOMMERCE", "design": "d",
        "order_amount": 22_880, "order_tax_amount": 4576, "order_lines": lines(),
        "billing_address": address(), "shipping_address": address(),
        "customer": {"date_of_birth": "1970-01-01", "gender": "female", "type": "person"},
        "merchant_reference1": "one", "merchant_reference2": "two", "merchant_data": "data",
        "merchant_urls": {"confirmation": "https://shop.example/{session.id}/{order.id}",
            "notification": NOBODY, "push": NOBODY, "authorization": NOBODY},
        "options": {"color_border": "#0af3c9", "radius_border": "5px"},
        "attachment": {"content_type": "application/json", "body": "{}"},
        "custom_payment_method_ids": ["a"], "auto_capture": false,
    })
}

fn parcels() -> Value {
    json!([{"shipping_company": "DHL", "shipping_method": "Home", "tracking_number": "7",
        "tracking_uri": "https://dhl.example/7", "return_shipping_company": "DHL",
        "return_tracking_number": "8", "return_tracking_uri": "https://dhl.example/8"}])
}

/// Every operation of Klarna's that takes a body.
pub(crate) fn with_bodies() -> Vec<Operation> {
    let token_order = {
        let mut cart = cart();
        cart.as_object_mut().unwrap().retain(|name, _| name != "purchase_country");
        cart
    };
    vec![
        operation("POST", "/payments/v1/sessions", cart()),
        operation("POST", "/payments/v1/sessions/{session}", cart()),
        operation("POST", "/payments/v1/authorizations/{token}/order", cart()),
        operation(
            "POST",
            "/payments/v1/authorizations/{token}/customer-token",
            json!({"description": "d", "intended_use": "SUBSCRIPTION", "locale": "sv-SE",
                "purchase_country": "SE", "purchase_currency": "SEK",
                "billing_address": address(), "customer": {"date_of_birth": "1970-01-01"}}),
        ),
        operation(
            "PATCH",
            "/ordermanagement/v1/orders/{open}/authorization",
            json!({"order_amount": 20_000, "description": "d", "order_lines": lines()}),
        ),
        operation(
            "POST",
            "/ordermanagement/v1/orders/{open}/captures",
            json!({"captured_amount": 1000, "description": "d", "reference": "r",
                "order_lines": lines(), "shipping_info": parcels(), "shipping_delay": 0}),
        ),
        operation(
            "PATCH",
            "/ordermanagement/v1/orders/{open}/customer-details",
            json!({"shipping_address": address()}),
        ),
        operation(
            "PATCH",
            "/ordermanagement/v1/orders/{open}/merchant-references",
            json!({"merchant_reference1": "x", "merchant_reference2": "y"}),
        ),
        operation(
            "POST",
            "/ordermanagement/v1/orders/{open}/shipping-info",
            json!({"shipping_info": parcels()}),
        ),
        operation(
            "POST",
            "/ordermanagement/v1/orders/{captured}/captures/{capture}/shipping-info",
            json!({"shipping_info": parcels()}),
        ),
        operation(
            "PATCH",
            "/ordermanagement/v1/orders/{captured}/captures/{capture}/extend-due-date",
            json!({"number_of_days": 30}),
        ),
        operation(
            "POST",
            "/ordermanagement/v1/orders/{captured}/refunds",
            json!({"refunded_amount": 1000, "description": "d", "reference": "r",
                "order_lines": lines()}),
        ),
        operation("POST", "/customer-token/v1/tokens/{customer}/order", token_order),
        operation(
            "PATCH",
            "/customer-token/v1/tokens/{customer}/status",
            json!({"status": "CANCELLED"}),
        ),
        operation(
            "POST",
            "/hpp/v1/sessions",
            json!({"payment_session_url": "http://localhost/payments/v1/sessions/{session}",
                "merchant_urls": {"success": "https://shop.example/{{session_id}}",
                    "cancel": NOBODY, "back": NOBODY, "failure": NOBODY, "error": NOBODY,
                    "status_update": NOBODY},
                "options": {"place_order_mode": "PLACE_ORDER", "purchase_type": "BUY",
                    "page_title": "Shop", "logo_url": "https://shop.example/l.png",
                    "background_images": [{"url": "https://shop.example/b.png", "width": 1920}],
                    "payment_method_category": "PAY_LATER", "show_subtotal_detail": "HIDE",
                    "payment_method_categories": ["PAY_LATER"]},
                "profile_id": "p"}),
        ),
        operation(
            "POST",
            "/hpp/v1/sessions/{hpp}/distribution",
            json!({"contact_information": {"email": "customer@email.se", "phone": "+46701740615",
                "phone_country": "SE"}, "method": "email", "template": "INSTORE_PURCHASE"}),
        ),
    ]
}

/// Those that take none, and reads.
pub(crate) const WITHOUT_BODIES: [(&str, &str); 17] = [
    ("GET", "/payments/v1/sessions/{session}"),
    ("DELETE", "/payments/v1/authorizations/{token}"),
    ("GET", "/ordermanagement/v1/orders/{open}"),
    ("GET", "/ordermanagement/v1/orders/{captured}/captures"),
    ("GET", "/ordermanagement/v1/orders/{captured}/captures/{capture}"),
    ("GET", "/ordermanagement/v1/orders/{captured}/captures/{capture}/extend-due-date-options"),
    ("GET", "/ordermanagement/v1/orders/{captured}/refunds/{refund}"),
    ("POST", "/ordermanagement/v1/orders/{captured}/captures/{capture}/trigger-send-out"),
    ("POST", "/ordermanagement/v1/orders/{open}/acknowledge"),
    ("POST", "/ordermanagement/v1/orders/{open}/extend-authorization-time"),
    ("POST", "/ordermanagement/v1/orders/{captured}/release-remaining-authorization"),
    ("POST", "/ordermanagement/v1/orders/{open}/cancel"),
    ("GET", "/customer-token/v1/tokens/{customer}"),
    ("GET", "/hpp/v1/sessions/{hpp}"),
    ("DELETE", "/hpp/v1/sessions/{hpp}"),
    ("GET", "/kp/v1/sessions/{session}/redirect"),
    ("GET", "/eu/kp/v1/sessions/{session}/redirect"),
];

/// The control API.
pub(crate) fn control() -> Vec<Operation> {
    vec![
        operation(
            "POST",
            "/sandbox/v1/sessions/{session}/authorize",
            json!({"outcome": "approved", "callback": "never", "payment_method": "invoice",
                "invalid_fields": ["billing_address.email"],
                "data": {"billing_address": address(), "order_lines": lines()}}),
        ),
        operation("GET", "/sandbox/v1/settings", json!({})),
        operation(
            "PATCH",
            "/sandbox/v1/settings",
            json!({"authorization_days": 28, "repeated_placing": "409", "push_callback": true,
                "capture_while_pending": true, "callback_user_agent": "x",
                "rate_limit_others": 1000, "rate_limit_sessions": 1000}),
        ),
        operation("GET", "/sandbox/v1/clock", json!({})),
        operation("PATCH", "/sandbox/v1/clock", json!({"pace": 60})),
        operation("POST", "/sandbox/v1/clock/advance", json!({"by": "PT1H"})),
        operation("POST", "/sandbox/v1/orders/{open}/fraud", json!({"decision": "REJECTED"})),
        operation("PATCH", "/sandbox/v1/customer-tokens/{customer}", json!({"declines": true})),
        operation("GET", "/sandbox/v1/disputes", json!({})),
        operation("GET", "/sandbox/v1/test-persons?country=SE", json!({})),
        operation("GET", "/sandbox/v1/exchanges?after=1&limit=2&path_contains=o", json!({})),
        operation("GET", "/sandbox/v1/exchanges/1", json!({})),
        operation("GET", "/sandbox/v1/exchanges.har", json!({})),
        operation("GET", "/sandbox/v1/callbacks?after=1&limit=2", json!({})),
        operation("GET", "/sandbox/v1/faults", json!({})),
        operation("DELETE", "/sandbox/v1/faults/1", json!({})),
        operation("GET", "/sandbox/v1/callback-faults/1", json!({})),
        operation("POST", "/sandbox/v1/reset", json!({})),
        operation("POST", "/sandbox/v1/scenarios", scenario()),
        operation("POST", "/sandbox/v1/sessions/{bought}/expire", json!({})),
        operation("POST", "/sandbox/v1/orders/{open}/expire", json!({})),
        operation(
            "POST",
            "/sandbox/v1/hpp/{hpp}",
            json!({"outcome": "approved", "data": {"billing_address": address()},
                "payment_method": "card", "callback": "never"}),
        ),
        operation("GET", "/sandbox/v1/distributions", json!({})),
        operation("GET", "/sandbox/v1/snapshot", json!({})),
        operation("GET", "/sandbox/v1/state-file", json!({})),
        operation("POST", "/sandbox/v1/callbacks/x/resend", json!({})),
        operation("GET", "/", json!({})),
    ]
}

/// What a scenario may say.
fn scenario() -> Value {
    json!({
        "settings": {"authorization_days": 28}, "clock": {"advance": "P1D", "pace": 60},
        "faults": [{"times": 1, "match": {"path": "/nowhere"}, "effect": {"kind": "html_502"}}],
        "defaults": {"purchase_country": "SE", "locale": "sv-SE"},
        "sessions": [{"name": "a", "state": "authorized", "age": "PT10M", "intent": "buy"}],
        "customer_tokens": [{"name": "e", "state": "declining", "age": "P1D"}],
        "orders": [
            {"name": "b", "state": "part_captured", "age": "P3D", "captured_amount": 100,
                "order_lines": ["Shirt, blue, 2, 249.00, 25%", "Postage, 1, 49.00, 25%"],
                "billing_address": address(), "payment_method": "card"},
            {"name": "c", "state": "pending", "decision": "rejected", "decision_in": "PT5M"},
            {"name": "d", "state": "part_refunded", "refunded_amount": 1,
                "order_lines": [{"name": "Song", "type": "digital", "unit_price": 990}]},
        ],
    })
}

/// Faults of requests. Waits are short, since a test has to end.
pub(crate) fn faults() -> Vec<Value> {
    let when = |effect: Value| {
        json!({"match": {"method": "POST", "path_contains": "/", "path": "/payments/**",
                "operation": "createOrder", "order_id": "ABCDEFGH", "session_id": "s",
                "headers": {"content-type": "application/json"}},
            "times": 3, "nth": [1, 2], "probability": 0.5, "seed": 7,
            "during": {"from": "PT0S", "until": "2027-01-01T00:00:00Z"}, "effect": effect})
    };
    [
        json!({"kind": "status", "status": 503, "body": "{}", "when": "after"}),
        json!({"kind": "error", "error_code": "REJECTED", "status": 403,
            "error_messages": ["Rejected"], "when": "before"}),
        json!({"kind": "unauthorized"}),
        json!({"kind": "too_many_requests"}),
        json!({"kind": "html_502", "when": "after"}),
        json!({"kind": "reset_before"}),
        json!({"kind": "reset_after"}),
        json!({"kind": "truncated", "bytes": 3}),
        json!({"kind": "malformed"}),
    ]
    .map(when)
    .into()
}

/// Faults of callbacks.
pub(crate) fn callback_faults() -> Vec<Value> {
    [
        json!({"kind": "dropped"}),
        json!({"kind": "doubled", "times": 2}),
        json!({"kind": "delayed", "milliseconds": 0, "jitter_milliseconds": 0}),
        json!({"kind": "late", "by": "PT1H"}),
        json!({"kind": "shuffled", "of": 2, "within": "PT1S"}),
    ]
    .map(|effect| {
        json!({"match": {"kind": "notification", "url_contains": "h", "order_id": "ABCDEFGH",
            "session_id": "s"}, "skip": 0, "times": 3, "probability": 0.5, "seed": 7,
            "during": {"until": "P1D"}, "effect": effect})
    })
    .into()
}
