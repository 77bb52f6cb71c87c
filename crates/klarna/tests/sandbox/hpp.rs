//! Hosted Payment Page: a link, a shopper, and an order that can be captured.

use klarna::hpp::{
    BackgroundImage, CreatedSession, Distribution, MerchantUrls, NewSession, Options,
    PaymentMethodCategory, PlaceOrderMode, PurchaseType, Session, SessionStatus,
    ShowSubtotalDetail, StatusUpdate, placeholder,
};
use klarna::orders::{NewCapture, NewRefund, OrderStatus};
use klarna::{Error, ErrorCode, HppSessionId, Method, Outcome, SessionId, payments};
use serde_json::{Value, json};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers};

use crate::common::swedish;
use crate::support::{Klarna, amounts};

/// A page of a Swedish purchase.
struct Page<'a> {
    klarna: &'a Klarna,
    payment: payments::NewSession,
    payment_session: SessionId,
    created: CreatedSession,
    id: HppSessionId,
}

impl<'a> Page<'a> {
    async fn with(klarna: &'a Klarna, urls: MerchantUrls, options: Options) -> Self {
        let payment =
            payments::NewSession::builder(swedish()).merchant_reference1("17").build().unwrap();
        let paid = klarna.client.payments().create_session(&payment).await.unwrap().value;
        let payment_session = paid.session_id;
        let wish = NewSession::builder(payment_session.clone())
            .merchant_urls(urls)
            .options(options)
            .profile_id("profile-1")
            .build()
            .unwrap();
        let pages = klarna.client.hosted_payment_pages();
        let created = pages.create_session(&wish).await.unwrap().value;
        let id = created.session_id.clone().unwrap();
        Self { klarna, payment, payment_session, created, id }
    }

    async fn open(klarna: &'a Klarna) -> Self {
        Self::with(klarna, MerchantUrls::default(), Options::default()).await
    }

    async fn in_mode(klarna: &'a Klarna, mode: PlaceOrderMode, success: &str) -> Self {
        let urls = MerchantUrls::builder().success(success).build().unwrap();
        let options = Options::builder().place_order_mode(mode).build().unwrap();
        Self::with(klarna, urls, options).await
    }

    async fn read(&self) -> Session {
        self.klarna.client.hosted_payment_pages().read_session(&self.id).await.unwrap().value
    }

    /// Lets the shopper come and go, and says where to. The shop has heard of it by then.
    async fn shopper(&self, outcome: &str) -> Value {
        let wish = json!({"outcome": outcome, "callback": "before"});
        let path = format!("hpp/{}", self.id);
        self.klarna.control(Method::Post, &path, Some(&wish)).await["redirect_url"].clone()
    }

    async fn disable(&self) -> Result<(), Error> {
        let pages = self.klarna.client.hosted_payment_pages();
        pages.disable_session(&self.id).await.map(|answer| answer.value)
    }

    async fn distribute(&self, link: &Distribution) -> Result<(), Error> {
        let pages = self.klarna.client.hosted_payment_pages();
        pages.distribute_session(&self.id, link).await.map(|answer| answer.value)
    }
}

fn by_email() -> Distribution {
    Distribution::by_email("alice@shop.example").unwrap()
}

/// A refusal's status and code; nothing has happened.
fn refused<T: std::fmt::Debug>(answer: Result<T, Error>) -> (u16, String) {
    let error = answer.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Refused, "{error:?}");
    assert!(error.correlation_id().is_some(), "{error:?}");
    (error.status().unwrap(), error.error_code().unwrap().as_str().to_owned())
}

fn code(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[tokio::test]
async fn a_page_is_read_in_each_state_of_its_shopper() {
    let klarna = Klarna::start().await;
    let page = Page::open(&klarna).await;
    let base = klarna.client.base_url().unwrap().to_string();
    let page_url = page.created.redirect_url.as_ref().unwrap().expose();
    assert!(page_url.starts_with(&base), "{page_url}");
    let module = page.created.distribution_module.as_ref().unwrap();
    assert!(module.token.as_ref().is_some_and(|token| !token.expose().is_empty()));
    let session_url = format!("{base}/hpp/v1/sessions/{}", page.id);
    assert_eq!(page.created.session_url.as_deref(), Some(&*session_url));

    let read = page.read().await;
    assert_eq!((&read.status, read.is_final()), (&Some(SessionStatus::Waiting), false));
    assert_eq!(read.session_id.as_ref(), Some(&page.id));
    let ends = read.expires_at.unwrap().timestamp().unwrap();
    assert_eq!(page.created.expires_at.as_ref().unwrap().timestamp().unwrap(), ends);
    assert!(read.updated_at.unwrap().timestamp().unwrap() < ends);
    for (outcome, status) in [
        ("entered", SessionStatus::InProgress),
        ("back", SessionStatus::Back),
        ("denied", SessionStatus::Failed),
        ("error", SessionStatus::Error),
        ("approved", SessionStatus::Completed),
    ] {
        page.shopper(outcome).await;
        let read = page.read().await;
        assert_eq!(read.status.as_ref(), Some(&status), "{outcome}");
        let is_paid = status == SessionStatus::Completed;
        assert_eq!((read.is_final(), read.authorization_token.is_some()), (is_paid, is_paid));
        assert_eq!((read.order_id, read.klarna_reference), (None, None), "{outcome}");
    }
    let other = Page::open(&klarna).await;
    other.shopper("cancelled").await;
    let read = other.read().await;
    assert_eq!((&read.status, read.is_final()), (&Some(SessionStatus::Cancelled), true));
    assert_eq!(read.authorization_token, None);
}

#[tokio::test]
async fn where_the_shop_places_the_order_the_page_gives_its_token() {
    let klarna = Klarna::start().await;
    let success = format!(
        "https://shop.example/thanks?page={}&token={}",
        placeholder::SESSION_ID,
        placeholder::AUTHORIZATION_TOKEN
    );
    let page = Page::in_mode(&klarna, PlaceOrderMode::None, &success).await;
    let goes_to = page.shopper("approved").await;
    let token = page.read().await.authorization_token.unwrap();
    let expected = format!("https://shop.example/thanks?page={}&token={}", page.id, token.expose());
    assert_eq!(goes_to, expected);

    let order = payments::NewOrder::of(&page.payment);
    let placed = klarna.client.payments().place_order(&token, &order).await.unwrap().value;
    assert_eq!(amounts(&klarna.order(&placed.order_id).await), (29_800, 0, 0, 29_800));
    let capture = NewCapture::builder(29_800).build().unwrap();
    klarna.client.orders().capture(&placed.order_id, &capture, &klarna.key()).await.unwrap();
    assert_eq!(klarna.order(&placed.order_id).await.status, OrderStatus::Captured);
    let read = page.read().await;
    assert_eq!((read.authorization_token, read.order_id), (Some(token), None));
}

#[tokio::test]
async fn where_klarna_places_the_order_the_page_names_it() {
    let klarna = Klarna::start().await;
    let orders = klarna.client.orders();
    let success = format!("https://shop.example/thanks?order={}", placeholder::ORDER_ID);
    for (mode, captured) in
        [(PlaceOrderMode::PlaceOrder, 0), (PlaceOrderMode::CaptureOrder, 29_800)]
    {
        let page = Page::in_mode(&klarna, mode, &success).await;
        let goes_to = page.shopper("approved").await;
        let read = page.read().await;
        assert_eq!(read.authorization_token, None, "{mode:?}");
        let id = read.order_id.unwrap();
        assert_eq!(goes_to, format!("https://shop.example/thanks?order={id}"));
        let order = klarna.order(&id).await;
        assert_eq!(amounts(&order), (29_800, captured, 0, 29_800 - captured), "{mode:?}");
        assert_eq!(order.klarna_reference, read.klarna_reference);
        assert_eq!(order.merchant_reference1.as_deref(), Some("17"));

        let capture = NewCapture::builder(29_800).build().unwrap();
        let answer = orders.capture(&id, &capture, &klarna.key()).await;
        if captured == 0 {
            answer.unwrap();
        } else {
            assert_eq!(refused(answer), code(403, "CAPTURE_NOT_ALLOWED"));
        }
        let refund = NewRefund::builder(29_800).build().unwrap();
        orders.refund(&id, &refund, &klarna.key()).await.unwrap();
        assert_eq!(amounts(&klarna.order(&id).await), (29_800, 29_800, 29_800, 0), "{mode:?}");

        let again = NewSession::builder(page.payment_session.clone()).build().unwrap();
        let error = klarna.client.hosted_payment_pages().create_session(&again).await.unwrap_err();
        assert_eq!(error.error_code(), Some(&ErrorCode::SessionCompleted));
        assert!(error.refusal().unwrap().order_may_exist());
    }
}

#[tokio::test]
async fn everything_that_can_be_said_is_accepted() {
    let klarna = Klarna::start().await;
    let url = |last: &str| format!("https://shop.example/{last}?p={}", placeholder::SESSION_ID);
    let urls = MerchantUrls::builder()
        .success(url("success"))
        .cancel(url("cancel"))
        .back(url("back"))
        .failure(url("failure"))
        .error(url("error"))
        .build()
        .unwrap();
    let every = vec![
        PaymentMethodCategory::DirectDebit,
        PaymentMethodCategory::DirectBankTransfer,
        PaymentMethodCategory::PayNow,
        PaymentMethodCategory::PayLater,
        PaymentMethodCategory::PayOverTime,
        PaymentMethodCategory::Klarna,
    ];
    let picture = BackgroundImage::builder("https://shop.example/sea.jpg").width(1920).build();
    for purchase_type in [
        PurchaseType::Buy,
        PurchaseType::Rent,
        PurchaseType::Book,
        PurchaseType::Subscribe,
        PurchaseType::Download,
        PurchaseType::Order,
        PurchaseType::Continue,
    ] {
        let options = Options::builder()
            .background_images(vec![picture.clone()])
            .logo_url("https://shop.example/logo.png")
            .page_title("å".repeat(255))
            .payment_method_categories(every.clone())
            .place_order_mode(PlaceOrderMode::None)
            .purchase_type(purchase_type)
            .show_subtotal_detail(ShowSubtotalDetail::Hide)
            .build()
            .unwrap();
        let page = Page::with(&klarna, urls.clone(), options).await;
        let home = |last: &str| json!(format!("https://shop.example/{last}?p={}", page.id));
        assert_eq!(page.shopper("back").await, home("back"));
        assert_eq!(page.shopper("denied").await, home("failure"));
        assert_eq!(page.shopper("error").await, home("error"));
        assert_eq!(page.shopper("cancelled").await, home("cancel"));
    }
    for one in every {
        let options = Options::builder().payment_method_category(one).build().unwrap();
        Page::with(&klarna, urls.clone(), options).await;
    }
}

#[tokio::test]
async fn news_tells_what_is_read() {
    let klarna = Klarna::start().await;
    let shop = MockServer::start().await;
    Mock::given(matchers::method("POST"))
        .and(matchers::header("content-type", "application/json"))
        .respond_with(ResponseTemplate::new(200))
        .mount(&shop)
        .await;
    let url = format!("{}/a-secret?page={}", shop.uri(), placeholder::SESSION_ID);
    let urls = MerchantUrls::builder().status_update(url).build().unwrap();
    let places = Options::builder().place_order_mode(PlaceOrderMode::PlaceOrder).build().unwrap();
    let page = Page::with(&klarna, urls, places).await;
    page.shopper("entered").await;
    page.shopper("denied").await;
    page.shopper("approved").await;

    let posts = shop.received_requests().await.unwrap();
    assert!(posts.iter().all(|post| post.url.query() == Some(&*format!("page={}", page.id))));
    let news: Vec<StatusUpdate> =
        posts.iter().map(|post| StatusUpdate::parse(&post.body).unwrap()).collect();
    let told: Vec<&SessionStatus> =
        news.iter().map(|update| update.session.status.as_ref().unwrap()).collect();
    // Whoever tries again is on the page first.
    let expected = [
        &SessionStatus::InProgress,
        &SessionStatus::Failed,
        &SessionStatus::InProgress,
        &SessionStatus::Completed,
    ];
    assert_eq!(told, expected);
    let mut ids: Vec<&str> = news.iter().map(|update| update.event_id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 4, "each its own");
    assert_eq!(news[3].session, page.read().await);
    assert!(news[3].session.order_id.is_some());
}

#[tokio::test]
async fn a_link_goes_to_whom_it_is_said() {
    let klarna = Klarna::start().await;
    let page = Page::open(&klarna).await;
    let ways = [
        by_email(),
        Distribution::by_sms("070 002 123 45", "SE").unwrap(),
        Distribution::by_sms("+47 400 00 017", "no").unwrap(),
        Distribution::by_token("467521087419").unwrap(),
    ];
    for way in &ways {
        page.distribute(way).await.unwrap();
    }
    let sent = klarna.control(Method::Get, "distributions", None).await;
    let sent = sent.as_array().unwrap();
    assert_eq!(sent.len(), ways.len());
    for (sent, way) in sent.iter().zip(&ways) {
        let way = serde_json::to_value(way).unwrap();
        assert_eq!(sent["method"], way["method"]);
        assert_eq!(sent["contact_information"], way["contact_information"]);
        assert_eq!(sent["redirect_url"], page.created.redirect_url.as_ref().unwrap().expose());
    }
    assert_eq!(page.read().await.status, Some(SessionStatus::Waiting));
}

#[tokio::test]
async fn a_link_that_cannot_arrive_is_refused() {
    let klarna = Klarna::start().await;
    let page = Page::open(&klarna).await;
    for (way, expected) in [
        (Distribution::by_email("alice@shop"), code(400, "CONSTRAINT_VIOLATION")),
        (Distribution::by_sms("07000", "SE"), code(400, "CONSTRAINT_VIOLATION")),
        (Distribution::by_sms("+13106683312", "US"), code(400, "UNSUPPORTED_COUNTRY")),
        (Distribution::by_token("nowhere"), code(404, "NOT_FOUND")),
    ] {
        let answer = page.distribute(&way.unwrap()).await;
        let said = answer.as_ref().unwrap_err().to_string();
        assert!(
            said.ends_with("correct the contact data, or read the session: the page may be over")
        );
        assert_eq!(refused(answer), expected);
    }
    page.shopper("approved").await;
    assert_eq!(refused(page.distribute(&by_email()).await), code(400, "BAD_REQUEST"));
    let sent = klarna.control(Method::Get, "distributions", None).await;
    assert_eq!(sent, json!([]));
}

#[tokio::test]
async fn a_page_is_disabled_for_good_unless_it_was_paid() {
    let klarna = Klarna::start().await;
    let page = Page::open(&klarna).await;
    page.shopper("entered").await;
    page.disable().await.unwrap();
    let disabled = page.read().await;
    assert_eq!((&disabled.status, disabled.is_final()), (&Some(SessionStatus::Disabled), true));
    page.disable().await.unwrap();
    assert_eq!(page.read().await, disabled, "the second time changes nothing");
    assert_eq!(refused(page.distribute(&by_email()).await), code(400, "BAD_REQUEST"));

    let paid = Page::open(&klarna).await;
    paid.shopper("approved").await;
    let error = paid.disable().await.unwrap_err();
    assert!(error.to_string().ends_with("paid already: read the session"), "{error}");
    assert_eq!(refused(paid.disable().await), code(400, "SESSION_COMPLETED"));
    let token = paid.read().await.authorization_token.unwrap();
    let order = payments::NewOrder::of(&paid.payment);
    klarna.client.payments().place_order(&token, &order).await.unwrap();
}

#[tokio::test]
async fn what_is_not_there_is_said_so_by_each_operation() {
    let klarna = Klarna::start().await;
    let pages = klarna.client.hosted_payment_pages();
    let page = Page::open(&klarna).await;
    let gone = async |id: &HppSessionId| {
        for answer in [
            pages.read_session(id).await.map(|_| ()),
            pages.disable_session(id).await.map(|_| ()),
            pages.distribute_session(id, &by_email()).await.map(|_| ()),
        ] {
            assert_eq!(refused(answer), code(404, "NOT_FOUND"), "{id}");
        }
    };
    gone(&HppSessionId::new("../sessions").unwrap()).await;
    assert_eq!(page.read().await.status, Some(SessionStatus::Waiting));
    // It is over an hour before its payment session.
    klarna.control(Method::Post, "clock/advance", Some(&json!({"by": "PT47H"}))).await;
    gone(&page.id).await;
    for payment_session in [&page.payment_session, &SessionId::new("none").unwrap()] {
        let late = NewSession::builder(payment_session.clone()).build().unwrap();
        assert_eq!(refused(pages.create_session(&late).await), code(404, "NOT_FOUND"));
    }
}
