//! A life in which every kind of thing exists, and one that has to be possible whatever was done.

use serde_json::{Value, json};

use crate::{subject::Subject, valid};

/// The ids of what exists.
pub(crate) struct Life {
    ids: Vec<(&'static str, String)>,
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap().to_owned()
}

/// A session whose buyer has agreed, and its token.
fn authorized(subject: &Subject) -> (String, String) {
    let got = subject.post("/payments/v1/sessions", &valid::cart());
    assert_eq!(got.status, 200, "{}", got.text());
    let session = text(&got.json(), "session_id");
    let path = format!("/sandbox/v1/sessions/{session}/authorize");
    let body = json!({"outcome": "approved", "callback": "never"});
    let token = text(&subject.post(&path, &body).json(), "authorization_token");
    (session, token)
}

fn placed(subject: &Subject) -> (String, String) {
    let (_, token) = authorized(subject);
    let path = format!("/payments/v1/authorizations/{token}/order");
    let got = subject.post(&path, &valid::cart());
    assert_eq!(got.status, 200, "{}", got.text());
    (text(&got.json(), "order_id"), token)
}

fn captured(subject: &Subject, order: &str, amount: i64) -> String {
    let path = format!("/ordermanagement/v1/orders/{order}/captures");
    let got = subject.post(&path, &json!({"captured_amount": amount}));
    assert_eq!(got.status, 201, "{}", got.text());
    got.header("capture-id").to_owned()
}

fn refunded(subject: &Subject, order: &str, amount: i64) -> String {
    let path = format!("/ordermanagement/v1/orders/{order}/refunds");
    let got = subject.post(&path, &json!({"refunded_amount": amount}));
    assert_eq!(got.status, 201, "{}", got.text());
    got.header("refund-id").to_owned()
}

impl Life {
    /// Lets everything exist: a session that is agreed to, an open order, one that is partly
    /// captured and refunded, a customer token, a buyer on the way.
    pub(crate) fn begin(subject: &Subject) -> Self {
        let (session, token) = authorized(subject);
        let (open, _) = placed(subject);
        let (order, spent) = placed(subject);
        let capture = captured(subject, &order, 9000);
        let refund = refunded(subject, &order, 1000);
        let body = json!({"description": "d", "intended_use": "SUBSCRIPTION", "locale": "sv-SE",
            "purchase_country": "SE", "purchase_currency": "SEK"});
        let path = format!("/payments/v1/authorizations/{spent}/customer-token");
        let customer = text(&subject.post(&path, &body).json(), "token_id");
        let got = subject.post("/payments/v1/sessions", &valid::cart());
        let bought = text(&got.json(), "session_id");
        let path = format!("/kp/v1/sessions/{bought}/purchase-flows");
        let flow = text(&subject.post(&path, &json!({})).json(), "flow_id");
        let hosted = json!({"payment_session_url":
            format!("http://localhost/payments/v1/sessions/{bought}")});
        let got = subject.post("/hpp/v1/sessions", &hosted);
        let hpp = if got.status == 201 { text(&got.json(), "session_id") } else { "none".into() };
        let ids = [
            ("{session}", session),
            ("{token}", token),
            ("{open}", open),
            ("{captured}", order),
            ("{capture}", capture),
            ("{refund}", refund),
            ("{customer}", customer),
            ("{bought}", bought),
            ("{flow}", flow),
            ("{hpp}", hpp),
        ];
        Self { ids: ids.into() }
    }

    /// A text with the ids in the place of their names.
    pub(crate) fn filled(&self, text: &str) -> String {
        self.ids.iter().fold(text.to_owned(), |text, (name, id)| text.replace(name, id))
    }
}

/// Session, agreement, order, capture, refund and read have to go as ever.
pub(crate) fn goes_on(subject: &Subject) {
    let (order, _) = placed(subject);
    captured(subject, &order, 22_880);
    refunded(subject, &order, 880);
    let read = subject.get(&format!("/ordermanagement/v1/orders/{order}"));
    assert_eq!(read.status, 200, "{}", read.text());
    let read = read.json();
    assert_eq!(read["captured_amount"], 22_880);
    assert_eq!(read["refunded_amount"], 880);
    assert_eq!(read["remaining_authorized_amount"], 0);
}
