//! The replay over exchanges of our own making, with facts that recordings establish: good ones
//! agree with the sandbox, and whatever is changed in them is found.

use std::fs;

use klarna_checks::replay::{Report, Verdict, replay_folder};
use serde_json::{Value, json};

use crate::exchanges::{self, AUTHORIZED, captured, error, exchange, order, part_captured};

async fn replayed(exchanges: &[Value]) -> Report {
    let folder = tempfile::tempdir().unwrap();
    for (index, exchange) in exchanges.iter().enumerate() {
        fs::write(folder.path().join(format!("{index:03}.json")), exchanges::written(exchange))
            .unwrap();
    }
    replay_folder(folder.path()).await.unwrap()
}

async fn agrees(exchanges: &[Value]) {
    let report = replayed(exchanges).await;
    for (outcome, exchange) in report.outcomes.iter().zip(exchanges) {
        let verdict = &outcome.verdict;
        let text = &exchange["response"];
        assert!(matches!(verdict, Verdict::Agrees { .. }), "{}: {verdict:?} {text}", outcome.what);
    }
    assert!(report.is_good(), "{:?}", report.stale);
}

/// What is found in an exchange.
async fn found(exchange: Value) -> Vec<String> {
    let report = replayed(&[exchange]).await;
    assert!(!report.is_good());
    match report.outcomes.into_iter().next().unwrap().verdict {
        Verdict::Differs(found) => found,
        verdict => panic!("{verdict:?}"),
    }
}

/// That a change of an exchange is found, and nothing else with it.
async fn finds(exchange: &Value, change: impl FnOnce(&mut Value), expected: &str) {
    let mut changed = exchange.clone();
    change(&mut changed);
    assert_eq!(found(changed).await, [expected]);
}

#[tokio::test]
async fn the_edge_is_replayed() {
    let page = "<html><head><title>401 Authorization Required</title></head><body><center>\
        <h1>401 Authorization Required</h1></center></body></html>";
    let mut stranger = exchange("GET", "/payments/v1/sessions/{session_id}", 401, json!(page));
    stranger["response"]["headers"] = json!({"Date": "Mon, 06 Jan 2025 10:00:00 GMT",
        "Content-Type": "text/html", "Server": "envoy", "WWW-Authenticate":
        "Basic realm=\"very closed site\"",
        "Strict-Transport-Security": "max-age=31536000; includeSubDomains"});
    let mut too_many = exchange("POST", "/payments/v1/sessions", 429, Value::Null);
    too_many["response"]["headers"] = json!({"content-length": "0", "x-ratelimit-limit": "5, 5;w=1",
        "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1", "x-envoy-ratelimited": "true"});
    let mut no_token =
        error("POST", "/payments/v1/authorizations/{token}/order", 405, "HTTP_ERROR", "");
    no_token["request"]["path"] = json!("/payments/v1/authorizations//order");
    let mut large = error("POST", "/payments/v1/sessions", 413, "REQUEST_TOO_LARGE", "");
    large["kind"] = json!("doc-example");
    agrees(&[stranger, too_many, no_token, large]).await;
}

#[tokio::test]
async fn refusals_of_payments_are_reached() {
    let sessions = "/payments/v1/sessions";
    let session = "/payments/v1/sessions/{session_id}";
    let token = "/payments/v1/authorizations/{token}";
    let order = "/payments/v1/authorizations/{token}/order";
    let customer_token = "/payments/v1/authorizations/{token}/customer-token";
    let all = [
        ("POST", sessions, 400, "BAD_VALUE", "Bad value: order_amount"),
        ("POST", sessions, 400, "BAD_VALUE", "Bad value: order_tax_amount"),
        ("POST", sessions, 400, "BAD_VALUE", "Bad value: purchase_country, purchase_currency"),
        ("POST", sessions, 400, "BAD_VALUE", "Bad value: order_lines[2].total_tax_amount"),
        ("POST", session, 400, "BAD_VALUE", "Bad value: order_lines[0].total_amount"),
        ("POST", session, 404, "NOT_FOUND", "Invalid session id"),
        ("POST", session, 404, "SESSION_COMPLETED", "Session has already been completed"),
        ("GET", session, 404, "NOT_FOUND", "Invalid session id"),
        ("DELETE", token, 404, "NOT_FOUND", "Invalid authorization token"),
        ("DELETE", token, 404, "NOT_FOUND", "Authorization cannot be deleted"),
        ("POST", order, 400, "BAD_VALUE", "Bad value: order_lines[1].name"),
        ("POST", order, 404, "NOT_FOUND", "Invalid authorization token"),
        ("POST", order, 404, "SESSION_COMPLETED", "Session has already been completed"),
        ("POST", order, 409, "BAD_VALUE", "Not matching fields: [billing_address.postal_code]"),
        (
            "POST",
            order,
            409,
            "BAD_VALUE",
            "Not matching fields: [Incorrect number of items in the cart. Expected: 2, Actual: 3]",
        ),
        ("POST", order, 403, "INVALID_OPERATION", "Authorization token already consumed"),
        (
            "POST",
            order,
            409,
            "BAD_VALUE",
            "The order has been already completed with different request body",
        ),
        ("POST", customer_token, 400, "BAD_VALUE", "Bad value: purchase_country"),
        ("POST", customer_token, 400, "BAD_VALUE", "Bad value: description"),
        ("POST", customer_token, 404, "NOT_FOUND", "Invalid authorization token"),
        (
            "POST",
            customer_token,
            403,
            "INVALID_OPERATION",
            "Not allowed to create customer tokens for intent buy.",
        ),
    ];
    let all = all.map(|(method, path, status, code, text)| error(method, path, status, code, text));
    agrees(&all).await;
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one table")]
async fn refusals_of_order_management_are_reached() {
    let unknown = "Order d8bcb0ac-deeb-325b-8472-ef2c4b9b3e8 cannot be found";
    let stop = format!("{unknown}.");
    let acknowledgement = format!("{unknown}. Acknowledgement not possible.");
    let all = [
        ("GET", "", 404, "NO_SUCH_ORDER", stop.as_str()),
        ("GET", "", 400, "INVALID_ORDER_ID", "Order ID must be a valid UUID."),
        ("GET", "/captures/{id}", 404, "NO_SUCH_ORDER", unknown),
        ("POST", "/acknowledge", 404, "NO_SUCH_ORDER", &acknowledgement),
        (
            "POST",
            "/captures",
            403,
            "CAPTURE_NOT_ALLOWED",
            "Captured amount is higher than the remaining authorized amount. Capture not possible.",
        ),
        ("POST", "/captures", 403, "CAPTURE_NOT_ALLOWED", "Capture not allowed"),
        (
            "POST",
            "/cancel",
            403,
            "CANCEL_NOT_ALLOWED",
            "Order has previous captures. Cancel not possible.",
        ),
        (
            "POST",
            "/refunds",
            403,
            "REFUND_NOT_ALLOWED",
            "Order has no captures. Refund not possible",
        ),
        (
            "POST",
            "/refunds",
            403,
            "REFUND_NOT_ALLOWED",
            "Over refund is not allowed. Refund not possible.",
        ),
        (
            "GET",
            "/refunds/{refund_id}",
            404,
            "NOT_FOUND",
            "Refund 4e38e852-b5ce-4ea5-9a99-ad7d3e139f28 cannot be found for order \
             4e38e852-b5ce-4ea5-9a99-ad7d3e139f29",
        ),
        ("PATCH", "/authorization", 403, "NOT_ALLOWED", "Update not allowed."),
        (
            "PATCH",
            "/authorization",
            403,
            "NOT_ALLOWED",
            "Resulting authorization amount 300 cannot be less than the captured amount 400 for \
             order. Order authorization cannot be updated",
        ),
        (
            "POST",
            "/release-remaining-authorization",
            403,
            "NOT_ALLOWED",
            "Order is fully captured. Remaining authorization cannot be released.",
        ),
        (
            "POST",
            "/extend-authorization-time",
            403,
            "NOT_ALLOWED",
            "Order is expired. Authorization time cannot be extended.",
        ),
        (
            "PATCH",
            "/customer-details",
            403,
            "NOT_ALLOWED",
            "Billing address cannot be updated for user account order. Customer details cannot be \
             updated.",
        ),
        (
            "PATCH",
            "/merchant-references",
            404,
            "NO_SUCH_ORDER",
            "Order cannot be found. Merchant references cannot be updated.",
        ),
        ("POST", "/refunds", 422, "UNPROCESSABLE_ENTITY", "'refunded_amount' must not be null"),
        (
            "POST",
            "/captures/{capture_id}/shipping-info",
            422,
            "UNPROCESSABLE_ENTITY",
            "The size of the shipping_info/shipping_company value must be between 0 and 100",
        ),
        (
            "POST",
            "/captures",
            422,
            "UNPROCESSABLE_ENTITY",
            "The size of the description value must be between 0 and 255",
        ),
        (
            "POST",
            "/captures/{capture_id}/shipping-info",
            404,
            "NO_SUCH_CAPTURE",
            "Capture could not be found. Shipping info cannot be added to capture \
             4e38e852-b5ce-4ea5-9a99-ad7d3e139f28",
        ),
    ];
    let all = all.map(|(method, act, status, code, text)| {
        let path = format!("/ordermanagement/v1/orders/{{order_id}}{act}");
        let mut exchange = error(method, &path, status, code, text);
        if text.contains(unknown) {
            let known = path.replace("{order_id}", "d8bcb0ac-deeb-325b-8472-ef2c4b9b3e8");
            exchange["request"]["path"] = json!(known);
        }
        exchange
    });
    agrees(&all).await;
}

#[tokio::test]
async fn what_cannot_be_reached_is_said() {
    for (exchange, expected) in [
        (exchange("GET", "/checkout/v3/orders/{id}", 200, json!({})), "Checkout v3"),
        (exchange("GET", "/settlements/v1/payouts", 200, json!([])), "Settlements"),
        (
            error("POST", "/payments/v1/authorizations/{t}/order", 403, "REJECTED", "Rejected"),
            "REJECTED \"Rejected\"",
        ),
        (
            error("POST", "/payments/v1/sessions", 500, "INTERNAL_SERVER_ERROR", "Internal error"),
            "failure of Klarna's own",
        ),
        (exchange("PUT", "/payments/v1/sessions", 200, json!({})), "no operation: PUT"),
    ] {
        let report = replayed(std::slice::from_ref(&exchange)).await;
        let Verdict::NotReplayable(why) = &report.outcomes[0].verdict else { panic!("{report:?}") };
        assert!(why.contains(expected), "{why}");
        assert!(!report.is_good(), "nothing agreed");
    }
}

#[tokio::test]
async fn orders_are_brought_into_the_recorded_state() {
    let mut cancelled = order(AUTHORIZED);
    replace(&mut cancelled, "AUTHORIZED", "CANCELLED");
    let mut rejected = order(AUTHORIZED);
    replace(&mut rejected, "ACCEPTED", "REJECTED");
    let mut expired = order(AUTHORIZED);
    replace(&mut expired, "AUTHORIZED", "EXPIRED");
    replace(
        &mut expired,
        r#""remaining_authorized_amount":5000"#,
        r#""remaining_authorized_amount":0"#,
    );
    agrees(&[
        order(AUTHORIZED),
        cancelled,
        rejected,
        expired,
        order(&part_captured()),
        order(&captured()),
    ])
    .await;
}

/// Changes a text in the recorded body.
fn replace(exchange: &mut Value, from: &str, to: &str) {
    let text = exchange["response"]["body_text"].as_str().unwrap();
    assert!(text.contains(from), "{from}");
    *exchange = order(&text.replace(from, to));
}

#[tokio::test]
async fn a_changed_order_is_found() {
    let text = captured();
    for (from, to, expected) in [
        (
            r#""order_id":"1","status":"CAPTURED""#,
            r#""status":"CAPTURED","order_id":"1""#,
            "body: members in the order",
        ),
        (
            r#""fraud_status":"ACCEPTED""#,
            r#""fraud_status":"ACCEPTED","flags":[]"#,
            "body.flags: missing",
        ),
        (
            r#""klarna_reference":"NTN8PS2Q","#,
            r#""klarna_reference":7,"#,
            "body.klarna_reference: string instead of number",
        ),
        (
            r#""remaining_authorized_amount":0"#,
            r#""remaining_authorized_amount":1"#,
            "body.remaining_authorized_amount: 0 instead of 1",
        ),
        (
            r#","customer":{"date_of_birth":"1941-03-21","type":"person"}"#,
            r#","customer":{"date_of_birth":"1941-03-21"}"#,
            "body.customer.type: not in the recording",
        ),
        (
            r#""expires_at":"2025-02-03T00:00:00.000Z""#,
            r#""expires_at":"2025-02-03T10:00:00.000Z""#,
            "body.expires_at: \"<midnight>\" instead of \"2025-02-03T10:00:00.000Z\"",
        ),
        (
            r#""klarna_reference":"NTN8PS2Q-1""#,
            r#""klarna_reference":"NTN8PS2Q-2""#,
            "body.captures[0].klarna_reference: \"<reference>-1\" instead of \"NTN8PS2Q-2\"",
        ),
        (
            r#""description":"Pay later""#,
            r#""description":"Pay Later""#,
            r#"body.initial_payment_method.description: "Pay later" instead of "Pay Later""#,
        ),
    ] {
        assert!(text.contains(from), "{from}");
        let mut found = found(order(&text.replace(from, to))).await;
        // What is another each time, in words.
        for text in &mut found {
            *text = exchanges::in_words(text);
        }
        assert_eq!(found, [expected]);
    }
}

#[tokio::test]
async fn another_status_or_style_is_found() {
    let good = order(AUTHORIZED);
    finds(&good, |it| it["response"]["status"] = json!(201), "status: 200 instead of 201").await;
    let spaced = AUTHORIZED.replace(",\"", ", \"");
    // A style that is neither of Klarna's says nothing of Klarna's.
    agrees(&[order(&spaced)]).await;
    let path = "/payments/v1/sessions";
    let text = "{\n  \"correlation_id\" : \"1\",\n  \"error_code\" : \"BAD_VALUE\",\n  \
        \"error_messages\" : [ \"Bad value: order_amount\" ]\n}";
    let mut pretty = error("POST", path, 400, "BAD_VALUE", "Bad value: order_amount");
    pretty["response"]["body_text"] = json!(text);
    agrees(std::slice::from_ref(&pretty)).await;
    let compact =
        text.replace("\n  ", "").replace(" : ", ":").replace("[ ", "[").replace(" ]\n", "]");
    pretty["response"]["body_text"] = json!(compact);
    assert_eq!(found(pretty).await, ["style: not compact as recorded"]);
}

#[tokio::test]
async fn changed_headers_are_found() {
    let mut good = exchange("POST", "/ordermanagement/v1/orders/{id}/captures", 201, Value::Null);
    good["request"]["body"] = json!({"captured_amount": 500});
    good["response"]["headers"] = exchanges::capture_headers();
    agrees(std::slice::from_ref(&good)).await;
    let set = |name: &'static str, value: &'static str| {
        move |it: &mut Value| it["response"]["headers"][name] = json!(value)
    };
    finds(&good, set("X-New", "1"), "header x-new: missing").await;
    finds(
        &good,
        set("X-Frame-Options", "SAMEORIGIN"),
        r#"header x-frame-options: "DENY" instead of "SAMEORIGIN""#,
    )
    .await;
    let drop = |it: &mut Value| {
        it["response"]["headers"].as_object_mut().unwrap().remove("Transaction-Id");
    };
    finds(&good, drop, "header transaction-id: not in the recording").await;
    let elsewhere = "https://api.klarna.com/ordermanagement/v1/captures/x";
    let mut moved = good.clone();
    moved["response"]["headers"]["Location"] = json!(elsewhere);
    let found = found(moved).await;
    assert!(found.len() == 1, "{found:?}");
    assert!(found[0].starts_with("header location: \"http://"), "{found:?}");
    // Without a date, others may have been left out.
    let mut abridged = good;
    drop(&mut abridged);
    abridged["response"]["headers"].as_object_mut().unwrap().remove("Date");
    agrees(&[abridged]).await;
}

#[tokio::test]
async fn texts_of_errors_are_compared_as_sets() {
    let path = "/payments/v1/sessions";
    let good =
        error("POST", path, 400, "BAD_VALUE", "Bad value: purchase_currency, purchase_country");
    agrees(std::slice::from_ref(&good)).await;
    let text = |it: &mut Value| {
        it["request"]["body"] = json!({});
        it["response"]["body"]["error_messages"] = json!(["Bad value: purchase_country"]);
    };
    let expected = "body.error_messages: [\"Bad value: purchase_country, purchase_currency\"] \
        instead of [\"Bad value: purchase_country\"]";
    finds(&good, text, expected).await;
    let code = |it: &mut Value| it["response"]["body"]["error_code"] = json!("BAD_VALUES");
    finds(&good, code, r#"body.error_code: "BAD_VALUE" instead of "BAD_VALUES""#).await;
    let body = |it: &mut Value| it["response"]["body"] = Value::Null;
    finds(&exchanges::with_body(good, json!({})), body, "body: there is one").await;
}

#[tokio::test]
async fn samples_are_asked_for_members_and_types_only() {
    let mut sample = order(AUTHORIZED);
    sample["kind"] = json!("doc-example");
    sample["response"]["body"] = json!({"order_amount": 1, "locale": "string", "status": "CAPTURED",
        "billing_address": {}, "order_lines": [{"name": "string"}]});
    sample["response"]["body_text"] = Value::Null;
    agrees(std::slice::from_ref(&sample)).await;
    let member = |it: &mut Value| it["response"]["body"]["order_lines"][0]["nome"] = json!("x");
    finds(&sample, member, "body.order_lines[0].nome: missing").await;
    let kind = |it: &mut Value| it["response"]["body"]["fraud_status"] = json!({});
    finds(&sample, kind, "body.fraud_status: string instead of object").await;
}

#[tokio::test]
async fn acts_and_reads_of_their_results_are_replayed() {
    let act = |method: &str, act: &str, status: u16, body: Value| {
        let path = format!("/ordermanagement/v1/orders/{{order_id}}/{act}");
        exchanges::with_body(exchange(method, &path, status, Value::Null), body)
    };
    let parcels = json!({"shipping_info": [{"tracking_number": "1"}]});
    let mut capture = exchange(
        "GET",
        "/ordermanagement/v1/orders/{order_id}/captures/{capture_id}",
        200,
        json!({"captured_amount": 300, "description": "sent", "order_lines": []}),
    );
    let mut captures = exchange(
        "GET",
        "/ordermanagement/v1/orders/{order_id}/captures",
        200,
        json!([{"captured_amount": 300}, {"captured_amount": 0, "reference": "r"}]),
    );
    let mut refund = exchange(
        "GET",
        "/ordermanagement/v1/orders/{order_id}/refunds/{refund_id}",
        200,
        json!({"refunded_amount": 70, "description": "back", "order_lines": []}),
    );
    let mut options = exchange(
        "GET",
        "/ordermanagement/v1/orders/{order_id}/captures/{id}/extend-due-date-options",
        200,
        json!({"currency": "EUR", "options": [{"amount": 0, "number_of_days": 1}]}),
    );
    for sample in [&mut capture, &mut captures, &mut refund, &mut options] {
        sample["kind"] = json!("doc-example");
    }
    agrees(&[
        act("POST", "acknowledge", 204, Value::Null),
        act("POST", "cancel", 204, Value::Null),
        act("POST", "extend-authorization-time", 204, Value::Null),
        act("POST", "release-remaining-authorization", 204, Value::Null),
        act("PATCH", "authorization", 204, json!({"order_amount": 700})),
        act("PATCH", "merchant-references", 204, json!({"data": "sent in"})),
        act("PATCH", "customer-details", 204, json!({"shipping_address": {"city": "Lund"}})),
        act("POST", "refunds", 201, json!({"refunded_amount": 70})),
        act("POST", "shipping-info", 204, parcels.clone()),
        act("POST", "captures/{id}/shipping-info", 204, parcels),
        act("POST", "captures/{id}/trigger-send-out", 204, Value::Null),
        act("PATCH", "captures/{id}/extend-due-date", 204, Value::Null),
        capture,
        captures,
        refund,
        options,
    ])
    .await;
}

#[tokio::test]
async fn successes_of_payments_are_replayed() {
    let mut placed = exchange(
        "POST",
        "/payments/v1/authorizations/{token}/order",
        200,
        json!({"order_id": "1", "redirect_url": "x", "fraud_status": "PENDING",
            "authorized_payment_method": {"type": "card"}}),
    );
    placed["kind"] = json!("fixture");
    let mut read = exchange(
        "GET",
        "/payments/v1/sessions/{session_id}",
        200,
        json!({"status": "incomplete", "authorization_token": "t", "client_token": "c",
            "merchant_reference1": "m", "billing_address": {"city": "Lund"},
            "order_lines": [{"name": "A", "quantity": 2, "unit_price": 10, "total_amount": 20}]}),
    );
    read["kind"] = json!("fixture");
    let mut made = exchange(
        "POST",
        "/payments/v1/authorizations/{token}/customer-token",
        200,
        json!({"token_id": "t", "billing_address": {"city": "Lund"}}),
    );
    made["kind"] = json!("fixture");
    agrees(&[
        placed,
        read,
        made,
        exchange("POST", "/payments/v1/sessions/{session_id}", 204, Value::Null),
        exchange("DELETE", "/payments/v1/authorizations/{token}", 204, Value::Null),
    ])
    .await;
}

#[tokio::test]
async fn what_is_no_exchange_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let error = replay_folder(folder.path()).await.unwrap_err().to_string();
    assert!(error.contains("no recorded exchange"), "{error}");
    fs::write(folder.path().join("1.json"), "{}").unwrap();
    let error = replay_folder(folder.path()).await.unwrap_err().to_string();
    assert!(error.contains("1.json: missing field"), "{error}");
    let error = replay_folder(&folder.path().join("none")).await.unwrap_err().to_string();
    assert!(error.contains("none: "), "{error}");
}

#[tokio::test]
async fn customer_tokens_are_replayed() {
    let token = "/customer-token/v1/tokens/{customer_token}";
    let order = "/customer-token/v1/tokens/{customer_token}/order";
    let method = json!({"type": "invoice"});
    let placed = json!({"order_id": "1", "fraud_status": "ACCEPTED",
        "authorized_payment_method": method});
    let failed = "Purchase for payment method failed";
    let mut declined = error("POST", order, 403, "PAYMENT_METHOD_FAILED", failed);
    for (member, value) in [
        ("fraud_status", json!("REJECTED")),
        ("reason", json!("rejected")),
        ("authorized_payment_method", method),
    ] {
        declined["response"]["body"][member] = value;
    }
    let mut all = [
        exchange("GET", token, 200, json!({"status": "ACTIVE", "payment_method_type": "INVOICE"})),
        exchange("PATCH", &format!("{token}/status"), 202, Value::Null),
        exchange("POST", order, 200, placed),
        declined,
        error("POST", order, 400, "BAD_REQUEST", "Bad value: order_lines[1].name"),
        error("POST", order, 403, "TOKEN_CANCELED", ""),
        error("POST", order, 403, "TOKEN_SUSPENDED", ""),
        error("POST", order, 404, "TOKEN_NOT_FOUND", "Customer token not found"),
    ];
    for exchange in &mut all {
        exchange["kind"] = json!("fixture");
    }
    agrees(&all).await;
}

#[tokio::test]
async fn hosted_pages_are_asked_for() {
    let page = "/hpp/v1/sessions/{session_id}";
    let read = |status: &str| exchange("GET", page, 200, json!({"status": status}));
    let all = [
        exchange("POST", "/hpp/v1/sessions", 201, json!({"session_id": "1"})),
        read("WAITING"),
        read("IN_PROGRESS"),
        read("COMPLETED"),
        read("DISABLED"),
        error("GET", page, 404, "NOT_FOUND", "no such session"),
        exchange("DELETE", page, 204, Value::Null),
        exchange("POST", &format!("{page}/distribution"), 201, Value::Null),
    ];
    for outcome in replayed(&all).await.outcomes {
        assert!(!matches!(outcome.verdict, Verdict::NotReplayable(_)), "{outcome:?}");
    }
}
