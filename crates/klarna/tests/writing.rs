//! Requests as they go out, and what is refused before.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a failing test")]

mod common;

use common::{ORDER, american, key, order_id, swedish};
use klarna::orders::{
    self, AuthorizationUpdate, DueDateExtension, MerchantReferences, NewCapture, NewRefund,
    ShippingInfo, ShippingMethod,
};
use klarna::payments::{
    self, AcquiringChannel, Intent, MerchantUrls, NewCustomerToken, NewOrder, NewSession, Options,
    Purchase, SessionUpdate,
};
use klarna::{
    Address, AuthorizationToken, CaptureId, Customer, Error, Method, Outcome, Person, RefundId,
    Request, SessionId,
};
use kvitt_money::{Cart, Country, OrderLine, OrderLineFields, PurchaseMarket, TaxRate};
use serde_json::{Value, json};

fn body(request: &Request) -> Value {
    serde_json::from_str(request.body().unwrap()).unwrap()
}

fn sent(request: &Request) -> (&str, &str) {
    (request.method().as_str(), request.path())
}

fn swedish_lines() -> Value {
    json!([
        {"type": "physical", "name": "Jumper", "quantity": 1, "unit_price": 24_900,
         "tax_rate": 2500, "total_amount": 24_900, "total_tax_amount": 4_980},
        {"type": "shipping_fee", "name": "Freight", "quantity": 1, "unit_price": 4_900,
         "tax_rate": 2500, "total_amount": 4_900, "total_tax_amount": 980},
    ])
}

#[test]
fn a_session_holds_the_purchase_and_nothing_that_was_not_said() {
    let session = NewSession::builder(swedish()).build().unwrap();
    let request = payments::create_session(&session).unwrap();
    assert_eq!(sent(&request), ("POST", "/payments/v1/sessions"));
    assert_eq!(request.idempotency_key(), None);
    assert_eq!(
        body(&request),
        json!({
            "purchase_country": "SE", "purchase_currency": "SEK", "locale": "sv-SE",
            "order_amount": 29_800, "order_tax_amount": 5_960,
            "order_lines": swedish_lines(),
        })
    );
}

#[test]
fn american_lines_carry_no_tax_of_their_own() {
    let session = NewSession::builder(american()).build().unwrap();
    let sent = body(&payments::create_session(&session).unwrap());
    assert_eq!(sent["order_amount"], 2_165);
    assert_eq!(sent["order_tax_amount"], 165);
    assert_eq!(
        sent["order_lines"],
        json!([
            {"type": "physical", "name": "Mug", "quantity": 2, "unit_price": 1_000,
             "total_amount": 2_000},
            {"type": "sales_tax", "name": "Tax", "quantity": 1, "unit_price": 165,
             "total_amount": 165},
        ])
    );
}

#[test]
fn everything_that_can_be_said_is_sent() {
    let session = NewSession::builder(swedish())
        .intent(Intent::BuyAndTokenize)
        .acquiring_channel(AcquiringChannel::InStore)
        .billing_address(Address::builder().city("Stockholm").country("SE").build())
        .shipping_address(Address::builder().city("Lund").build())
        .customer(Person::builder().date_of_birth(jiff::civil::date(1979, 5, 14)).build())
        .merchant_reference1("17")
        .merchant_reference2("18")
        .merchant_data("{}")
        .merchant_urls(MerchantUrls::builder().push("https://s.example/p").build().unwrap())
        .custom_payment_method_ids(vec!["spring".to_owned()])
        .design("plain")
        .options(Options::builder().color_text("#102030").radius_border("5px").build().unwrap())
        .attachment(klarna::payments::Attachment {
            body: "{}".into(),
            content_type: "application/json".to_owned(),
        })
        .build()
        .unwrap();
    let sent = body(&payments::create_session(&session).unwrap());
    for (member, value) in [
        ("intent", json!("buy_and_tokenize")),
        ("acquiring_channel", json!("IN_STORE")),
        ("billing_address", json!({"city": "Stockholm", "country": "SE"})),
        ("shipping_address", json!({"city": "Lund"})),
        ("customer", json!({"type": "person", "date_of_birth": "1979-05-14"})),
        ("merchant_reference1", json!("17")),
        ("merchant_reference2", json!("18")),
        ("merchant_data", json!("{}")),
        ("merchant_urls", json!({"push": "https://s.example/p"})),
        ("custom_payment_method_ids", json!(["spring"])),
        ("design", json!("plain")),
        ("options", json!({"color_text": "#102030", "radius_border": "5px"})),
        ("attachment", json!({"body": "{}", "content_type": "application/json"})),
    ] {
        assert_eq!(sent[member], value, "{member}");
    }
}

#[test]
fn an_order_is_placed_with_exactly_what_the_session_had() {
    let session = NewSession::builder(swedish())
        .billing_address(Address::builder().postal_code("117 33").build())
        .merchant_reference1("17")
        .intent(Intent::Buy)
        .build()
        .unwrap();
    let mut session_body = body(&payments::create_session(&session).unwrap());
    session_body.as_object_mut().unwrap().remove("intent");
    let token = AuthorizationToken::new("tok/../en").unwrap();
    let request = payments::place_order(&token, &NewOrder::of(&session)).unwrap();
    assert_eq!(sent(&request), ("POST", "/payments/v1/authorizations/tok%2F..%2Fen/order"));
    assert_eq!(body(&request), session_body);

    let captured = NewOrder::from(&session).auto_capture(true);
    let captured = body(&payments::place_order(&token, &captured).unwrap());
    assert_eq!(captured["auto_capture"], true);
    let built = NewOrder::builder(swedish()).merchant_reference1("17").build().unwrap();
    assert_eq!(body(&payments::place_order(&token, &built).unwrap())["order_amount"], 29_800);
}

#[test]
fn an_update_sends_only_what_changes() {
    let id = SessionId::new("s-1").unwrap();
    let update = SessionUpdate::builder().merchant_reference1("18").build().unwrap();
    let request = payments::update_session(&id, &update).unwrap();
    assert_eq!(sent(&request), ("POST", "/payments/v1/sessions/s-1"));
    assert_eq!(body(&request), json!({"merchant_reference1": "18"}));
    let update = SessionUpdate::builder().purchase(american()).build().unwrap();
    let sent = body(&payments::update_session(&id, &update).unwrap());
    assert_eq!(sent["order_amount"], 2_165);
    assert_eq!(sent["locale"], "en-US");
}

#[test]
fn the_other_payments_requests() {
    let id = SessionId::new("s-1").unwrap();
    let token = AuthorizationToken::new("t-1").unwrap();
    let read = payments::read_session(&id).unwrap();
    assert_eq!(sent(&read), ("GET", "/payments/v1/sessions/s-1"));
    let cancel = payments::cancel_authorization(&token).unwrap();
    assert_eq!(sent(&cancel), ("DELETE", "/payments/v1/authorizations/t-1"));
    let market = PurchaseMarket::new("SE", "SEK", "sv-SE").unwrap();
    let new = NewCustomerToken::builder(market, "Coffee").build().unwrap();
    let request = payments::create_customer_token(&token, &new).unwrap();
    assert_eq!(sent(&request), ("POST", "/payments/v1/authorizations/t-1/customer-token"));
    assert_eq!(
        body(&request),
        json!({"purchase_country": "SE", "purchase_currency": "SEK", "locale": "sv-SE",
               "description": "Coffee", "intended_use": "SUBSCRIPTION"})
    );
    assert!(NewCustomerToken::builder(market, "").build().is_err());
}

#[test]
fn the_eighteen_of_order_management() {
    let (order, key) = (order_id(), key());
    let capture = CaptureId::new("c-1").unwrap();
    let refund = RefundId::new("r-1").unwrap();
    let parcel = [ShippingInfo::builder().shipping_company("Bring").build()];
    let references = MerchantReferences::builder().merchant_reference2("").build();
    let address = Address::builder().city("Lund").build();
    let days = DueDateExtension::days(14).unwrap();
    let update = AuthorizationUpdate::to_cart(swedish().cart().clone());
    let new_capture = NewCapture::builder(100).build().unwrap();
    let new_refund = NewRefund::builder(100).build().unwrap();
    let expected = [
        (orders::get(&order), "GET", "", None),
        (orders::acknowledge(&order, &key), "POST", "/acknowledge", None),
        (
            orders::update_authorization(&order, &update, &key),
            "PATCH",
            "/authorization",
            Some(json!({"order_amount": 29_800, "order_lines": swedish_lines()})),
        ),
        (
            orders::capture(&order, &new_capture, &key),
            "POST",
            "/captures",
            Some(json!({"captured_amount": 100})),
        ),
        (orders::captures(&order), "GET", "/captures", None),
        (orders::capture_by_id(&order, &capture), "GET", "/captures/c-1", None),
        (
            orders::add_capture_shipping_info(&order, &capture, &parcel, &key),
            "POST",
            "/captures/c-1/shipping-info",
            Some(json!({"shipping_info": [{"shipping_company": "Bring"}]})),
        ),
        (
            orders::trigger_send_out(&order, &capture, &key),
            "POST",
            "/captures/c-1/trigger-send-out",
            None,
        ),
        (
            orders::extend_due_date(&order, &capture, days, &key),
            "PATCH",
            "/captures/c-1/extend-due-date",
            Some(json!({"number_of_days": 14})),
        ),
        (
            orders::extend_due_date_options(&order, &capture),
            "GET",
            "/captures/c-1/extend-due-date-options",
            None,
        ),
        (
            orders::update_customer_details(&order, &address, &key),
            "PATCH",
            "/customer-details",
            Some(json!({"shipping_address": {"city": "Lund"}})),
        ),
        (
            orders::extend_authorization_time(&order, &key),
            "POST",
            "/extend-authorization-time",
            None,
        ),
        (
            orders::update_merchant_references(&order, &references, &key),
            "PATCH",
            "/merchant-references",
            Some(json!({"merchant_reference2": ""})),
        ),
        (
            orders::refund(&order, &new_refund, &key),
            "POST",
            "/refunds",
            Some(json!({"refunded_amount": 100})),
        ),
        (orders::refund_by_id(&order, &refund), "GET", "/refunds/r-1", None),
        (
            orders::release_remaining_authorization(&order, &key),
            "POST",
            "/release-remaining-authorization",
            None,
        ),
        (
            orders::add_shipping_info(&order, &parcel, &key),
            "POST",
            "/shipping-info",
            Some(json!({"shipping_info": [{"shipping_company": "Bring"}]})),
        ),
        (orders::cancel(&order, &key), "POST", "/cancel", None),
    ];
    assert_eq!(expected.len(), 18);
    for (request, method, rest, wanted) in expected {
        let request = request.unwrap();
        let path = format!("/ordermanagement/v1/orders/{ORDER}{rest}");
        assert_eq!(sent(&request), (method, path.as_str()));
        assert_eq!(request.body().map(|_| body(&request)), wanted, "{rest}");
        let keyed = request.method() != Method::Get;
        assert_eq!(request.idempotency_key().is_some(), keyed, "{rest}");
    }
}

#[test]
fn a_stored_request_is_the_same_request() {
    let capture = NewCapture::builder(100).description("å \"quoted\" €").build().unwrap();
    let request = orders::capture(&order_id(), &capture, &key()).unwrap();
    let parts = request.clone().into_parts();
    assert_eq!(Request::from_parts(parts).unwrap(), request);
    let stored = serde_json::to_string(&request).unwrap();
    assert_eq!(serde_json::from_str::<Request>(&stored).unwrap(), request);
    let elsewhere = stored.replace("/ordermanagement", "//evil.example/ordermanagement");
    assert!(serde_json::from_str::<Request>(&elsewhere).is_err());
}

#[test]
fn a_cart_of_another_country_is_refused() {
    let market = PurchaseMarket::new("DE", "EUR", "de-DE").unwrap();
    let refusal = Purchase::new(market, swedish().cart().clone()).unwrap_err();
    assert_eq!(refusal.field, "purchase_country");
    assert_eq!(refusal.value, "SE for the cart");
}

fn assert_refused<T: std::fmt::Debug>(built: Result<T, Error>, field: &str) {
    let error = built.unwrap_err();
    assert_eq!(error.outcome(), Outcome::NotSent);
    assert!(error.to_string().starts_with(field), "{error} does not begin with {field}");
}

#[test]
fn limits_of_payments_are_kept() {
    let session = || NewSession::builder(swedish());
    let long = |length: usize| "å".repeat(length);
    assert!(session().merchant_reference1(long(255)).build().is_ok());
    assert_refused(session().merchant_reference1(long(256)).build(), "merchant_reference1");
    assert_refused(session().merchant_reference2(long(256)).build(), "merchant_reference2");
    assert!(session().merchant_data(long(6000)).build().is_ok());
    assert_refused(session().merchant_data(long(6001)).build(), "merchant_data");
    let address = Address::builder().postal_code(long(11)).build();
    assert_refused(
        session().billing_address(address.clone()).build(),
        "billing_address.postal_code",
    );
    assert_refused(
        session().shipping_address(address.clone()).build(),
        "shipping_address.postal_code",
    );
    let customer = Customer::from(Person::builder().last_four_ssn("12").build());
    assert_refused(session().customer(customer).build(), "customer.last_four_ssn");
    assert_refused(
        NewOrder::builder(swedish()).billing_address(address.clone()).build(),
        "billing_address.postal_code",
    );
    assert_refused(
        SessionUpdate::builder().billing_address(address).build(),
        "billing_address.postal_code",
    );
}

#[test]
fn limits_of_order_management_are_kept() {
    let (order, key) = (order_id(), key());
    assert_refused(NewCapture::builder(0).build(), "captured_amount is 0");
    assert_refused(NewCapture::builder(-1).build(), "captured_amount is -1");
    assert_refused(NewCapture::builder(200_000_001).build(), "captured_amount");
    assert_refused(NewRefund::builder(0).build(), "refunded_amount is 0");
    assert_refused(NewRefund::builder(1).reference("x".repeat(256)).build(), "reference");
    assert_refused(NewCapture::builder(1).description("x".repeat(256)).build(), "description");
    assert_refused(AuthorizationUpdate::to_amount_dropping_lines(-1), "order_amount");
    let update = AuthorizationUpdate::to_amount_dropping_lines(5).unwrap();
    assert_refused(update.clone().description("x".repeat(256)), "description");
    let request = orders::update_authorization(&order, &update, &key).unwrap();
    assert_eq!(body(&request), json!({"order_amount": 5}));

    let drone = ShippingMethod::from("Drone");
    let parcel = ShippingInfo::builder().shipping_method(drone).build();
    let parcels = [ShippingInfo::default(), parcel.clone()];
    assert_refused(
        orders::add_shipping_info(&order, &parcels, &key),
        "shipping_info[1].shipping_method",
    );
    assert_refused(
        NewCapture::builder(1).shipping_info(vec![parcel]).build(),
        "shipping_info[0].shipping_method",
    );
    assert_refused(orders::add_shipping_info(&order, &[], &key), "shipping_info is empty");
    let many = vec![ShippingInfo::default(); 501];
    assert_refused(orders::add_shipping_info(&order, &many, &key), "shipping_info");
    let nothing = MerchantReferences::default();
    assert_refused(
        orders::update_merchant_references(&order, &nothing, &key),
        "merchant_references",
    );
    assert!(DueDateExtension::days(0).is_err());
}

fn line(unit_price: i64, quantity: i64) -> OrderLine {
    OrderLine::tax_inclusive("Cup", unit_price, TaxRate::new(2500).unwrap(), quantity).unwrap()
}

#[test]
fn lines_of_a_portion_add_up_to_its_amount() {
    let cup = line(100, 3).discounted(50).unwrap();
    let part = cup.portion(0, 1).unwrap();
    let amount = part.total_amount;
    let capture = NewCapture::builder(amount).order_lines(vec![part.clone()]).build().unwrap();
    let sent = body(&orders::capture(&order_id(), &capture, &key()).unwrap());
    assert_eq!(sent["order_lines"][0]["total_amount"], amount);
    let lines = vec![part.clone()];
    assert_refused(
        NewCapture::builder(amount + 1).order_lines(lines.clone()).build(),
        "captured_amount",
    );
    assert_refused(NewRefund::builder(amount - 1).order_lines(lines).build(), "refunded_amount");
    let wrong = OrderLineFields { total_amount: amount + 1, ..part.clone() };
    assert_refused(
        NewRefund::builder(2 * amount + 1).order_lines(vec![part, wrong]).build(),
        "order_lines[1].total_amount",
    );
}

#[test]
fn every_part_of_a_line_can_be_captured() {
    let cup = line(333, 7).discounted(100).unwrap();
    for pieces in 0..7 {
        let part = cup.portion(pieces, 1).unwrap();
        let amount = part.total_amount;
        assert!(NewCapture::builder(amount).order_lines(vec![part]).build().is_ok(), "{pieces}");
    }
}

#[test]
fn a_refund_may_keep_a_return_fee() {
    let fee = line(0, 1)
        .with(|line| {
            line.line_type = kvitt_money::LineType::ReturnFee;
            line.unit_price = -500;
            line.total_amount = -500;
            line.total_tax_amount = -100;
        })
        .unwrap();
    let lines = vec![line(9_900, 1).into_fields(), fee.into_fields()];
    assert!(NewRefund::builder(9_400).order_lines(lines.clone()).build().is_ok());
    assert_refused(NewRefund::builder(9_900).order_lines(lines).build(), "refunded_amount");
}

#[test]
fn a_request_larger_than_klarna_takes_is_refused_before_sending() {
    let lines = (0..1000)
        .map(|_| line(100, 1).with(|line| line.product_url = Some("x".repeat(1000))).unwrap())
        .collect();
    let market = PurchaseMarket::new("SE", "SEK", "sv-SE").unwrap();
    let purchase = Purchase::new(market, Cart::sum(Country::SE, lines).unwrap()).unwrap();
    let session = NewSession::builder(purchase).build().unwrap();
    assert_refused(payments::create_session(&session), "body is");
}
