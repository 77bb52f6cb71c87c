//! Order Management, of orders that Payments placed.

use klarna::orders::{
    AuthorizationUpdate, DueDateExtension, MerchantReferences, NewCapture, NewRefund, OrderStatus,
    ShippingInfo, ShippingMethod,
};
use klarna::payments::NewSession;
use klarna::{Address, CaptureId, ErrorCode, OrderId, Outcome, RefundId};
use kvitt_money::Cart;

use crate::common::swedish;
use crate::support::{Klarna, amounts};

#[tokio::test]
async fn two_captures_a_refund_and_every_amount() {
    let klarna = Klarna::start().await;
    let orders = klarna.client.orders();
    let session = NewSession::builder(swedish()).build().unwrap();
    let id = klarna.place(&session).await;
    let order = klarna.order(&id).await;
    assert_eq!(order.status, OrderStatus::Authorized);
    assert_eq!(amounts(&order), (29_800, 0, 0, 29_800));
    orders.acknowledge(&id, &klarna.key()).await.unwrap();

    let lines = session.purchase().cart().order_lines();
    let jumper = lines[0].portion(0, 1).unwrap();
    let parcel = ShippingInfo::builder()
        .shipping_company("Bring")
        .shipping_method(ShippingMethod::Home)
        .build();
    let capture = NewCapture::builder(24_900)
        .order_lines(vec![jumper.clone()])
        .reference("c-1")
        .description("Jumper")
        .shipping_info(vec![parcel.clone()])
        .build()
        .unwrap();
    let one_key = klarna.key();
    let first = orders.capture(&id, &capture, &one_key).await.unwrap().value;
    let again = orders.capture(&id, &capture, &one_key).await.unwrap().value;
    assert_eq!(first, again, "one key, one capture");
    let order = klarna.order(&id).await;
    assert_eq!(order.status, OrderStatus::PartCaptured);
    assert_eq!(amounts(&order), (29_800, 24_900, 0, 4_900));

    let freight = NewCapture::builder(4_900).build().unwrap();
    let second = orders.capture(&id, &freight, &klarna.key()).await.unwrap().value;
    assert_ne!(first, second);
    let refund = NewRefund::builder(24_900).order_lines(vec![jumper]).build().unwrap();
    let refund_id = orders.refund(&id, &refund, &klarna.key()).await.unwrap().value;
    let order = klarna.order(&id).await;
    assert_eq!(order.status, OrderStatus::Captured);
    assert_eq!(amounts(&order), (29_800, 29_800, 24_900, 0));

    let captures = orders.captures(&id).await.unwrap().value;
    assert_eq!(captures.len(), 2);
    let read = orders.capture_by_id(&id, &first).await.unwrap().value;
    assert_eq!(read.captured_amount, 24_900);
    assert_eq!(read.shipping_info[0].shipping_company.as_deref(), Some("Bring"));
    let read = orders.refund_by_id(&id, &refund_id).await.unwrap().value;
    assert_eq!(read.refunded_amount, 24_900);

    orders.add_capture_shipping_info(&id, &second, &[parcel], &klarna.key()).await.unwrap();
    orders.trigger_send_out(&id, &second, &klarna.key()).await.unwrap();
    let over = NewRefund::builder(4_901).build().unwrap();
    let error = orders.refund(&id, &over, &klarna.key()).await.unwrap_err();
    assert_eq!(error.error_code(), Some(&ErrorCode::RefundNotAllowed));
}

#[tokio::test]
async fn a_due_date_moves_by_what_is_offered() {
    let klarna = Klarna::start().await;
    let orders = klarna.client.orders();
    let id = klarna.swedish_order().await;
    let capture = NewCapture::builder(29_800).build().unwrap();
    let capture = orders.capture(&id, &capture, &klarna.key()).await.unwrap().value;
    let offered = orders.extend_due_date_options(&id, &capture).await.unwrap().value;
    let days = offered.options[0].number_of_days.unwrap();
    let extension = DueDateExtension::days(days).unwrap();
    orders.extend_due_date(&id, &capture, extension, &klarna.key()).await.unwrap();
}

#[tokio::test]
async fn an_order_is_changed_released_and_cancelled() {
    let klarna = Klarna::start().await;
    let orders = klarna.client.orders();
    let id = klarna.swedish_order().await;

    let parcel = ShippingInfo::builder().shipping_company("Bring").build();
    orders.add_shipping_info(&id, &[parcel], &klarna.key()).await.unwrap();
    let references = MerchantReferences::builder().merchant_reference1("19").build();
    orders.update_merchant_references(&id, &references, &klarna.key()).await.unwrap();
    let address = Address::builder()
        .given_name("Alice")
        .family_name("Test")
        .city("Lund")
        .street_address("Torget 1")
        .postal_code("22350")
        .country("SE")
        .build();
    orders.update_customer_details(&id, &address, &klarna.key()).await.unwrap();
    orders.extend_authorization_time(&id, &klarna.key()).await.unwrap();
    let jumper = swedish().cart().order_lines()[0].clone();
    let smaller = Cart::sum(kvitt_money::Country::SE, vec![jumper]).unwrap();
    let update = AuthorizationUpdate::to_cart(smaller).description("No freight").unwrap();
    orders.update_authorization(&id, &update, &klarna.key()).await.unwrap();
    let order = klarna.order(&id).await;
    assert_eq!(amounts(&order), (24_900, 0, 0, 24_900));
    assert_eq!(order.merchant_reference1.as_deref(), Some("19"));
    assert_eq!(order.order_lines.len(), 1);
    assert_eq!(order.shipping_address.unwrap().city.as_deref(), Some("Lund"));

    let error = orders.release_remaining_authorization(&id, &klarna.key()).await.unwrap_err();
    assert_eq!(error.error_code(), Some(&ErrorCode::NotAllowed));
    let half = NewCapture::builder(10_000).build().unwrap();
    orders.capture(&id, &half, &klarna.key()).await.unwrap();
    let error = orders.cancel(&id, &klarna.key()).await.unwrap_err();
    assert_eq!(error.error_code(), Some(&ErrorCode::CancelNotAllowed));
    let over = NewCapture::builder(14_901).build().unwrap();
    let error = orders.capture(&id, &over, &klarna.key()).await.unwrap_err();
    assert_eq!(error.error_code(), Some(&ErrorCode::CaptureNotAllowed));
    assert_eq!(error.outcome(), Outcome::Refused);
    orders.release_remaining_authorization(&id, &klarna.key()).await.unwrap();
    assert_eq!(klarna.order(&id).await.remaining_authorized_amount, 0);

    let other = klarna.swedish_order().await;
    orders.cancel(&other, &klarna.key()).await.unwrap();
    assert_eq!(klarna.order(&other).await.status, OrderStatus::Cancelled);
}

#[tokio::test]
async fn what_does_not_exist_is_refused() {
    let klarna = Klarna::start().await;
    let orders = klarna.client.orders();
    let nobody = OrderId::new("00000000-0000-4000-8000-000000000000").unwrap();
    let error = orders.get(&nobody).await.unwrap_err();
    assert_eq!(error.error_code(), Some(&ErrorCode::NoSuchOrder));
    let odd = OrderId::new("../sessions").unwrap();
    let error = orders.get(&odd).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Refused, "{error:?}");
    let id = klarna.swedish_order().await;
    let capture = CaptureId::new(nobody.as_str()).unwrap();
    assert_eq!(orders.capture_by_id(&id, &capture).await.unwrap_err().status(), Some(404));
    let refund = RefundId::new(nobody.as_str()).unwrap();
    assert_eq!(orders.refund_by_id(&id, &refund).await.unwrap_err().status(), Some(404));
}
