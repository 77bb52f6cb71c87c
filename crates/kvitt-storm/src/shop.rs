//! A shop that sells: it follows a plan, sends each request again under its key until the answer is
//! one, and writes down what it was answered.

use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::time::sleep;

use crate::book::{Answer, Book, Record};
use crate::counts::Counts;
use crate::doors::{Doors, Request};
use crate::plan::{Act, Browser, Plan, Review, Step, Wish};

/// How often a shopper authorizes before they go elsewhere.
const AUTHORIZATIONS_MAX: u32 = 8;
/// How often the shop looks for an order before the shopper comes back.
const LOOKS_BEFORE_RETURN: u32 = 4;
/// The pauses between two tries of one thing.
const PAUSE_MIN: Duration = Duration::from_millis(150);
const PAUSE_MAX: Duration = Duration::from_secs(4);
/// How likely a request that was answered is sent once more, in per cent.
const AGAIN: u32 = 8;

/// What an answer means to the shop.
enum Heard {
    Done(Value),
    Open(Value),
    Refused(String, Value),
    /// No answer yet, and why.
    Again(String),
}

/// Pauses that grow.
struct Pauses(Duration);

impl Pauses {
    fn new() -> Self {
        Self(PAUSE_MIN)
    }

    async fn next(&mut self) {
        sleep(self.0).await;
        self.0 = (self.0 * 8 / 5).min(PAUSE_MAX);
    }
}

/// Everything that sells.
#[derive(Debug)]
pub(crate) struct Shop {
    pub(crate) doors: Arc<Doors>,
    pub(crate) counts: Arc<Counts>,
    /// How many requests may be under way.
    pub(crate) gate: Semaphore,
}

impl Shop {
    /// Sells one order.
    pub(crate) async fn sell(&self, plan: Plan, mut dice: Rng) -> Book {
        let mut book = Book::new(plan);
        let number = book.plan.number;
        self.counts.begin((number, None));
        let is_placed = self.place(&mut book, &mut dice).await;
        self.counts.end((number, None));
        for step in book.plan.steps.clone() {
            let builds = |wish: &Wish| wish.act.builds_on_captures();
            let waits = match &step {
                Step::One(wish) | Step::Twice(wish) => builds(wish),
                Step::Both(one, other) => builds(one) || builds(other),
            };
            let wishes = match &step {
                Step::One(wish) | Step::Twice(wish) => vec![wish.number],
                Step::Both(one, other) => vec![one.number, other.number],
            };
            for wish in wishes {
                self.counts.begin((number, Some(wish)));
            }
            if waits && is_placed {
                self.await_open(&mut book, &mut dice).await;
            }
            let records = match step {
                Step::One(wish) => vec![self.wish(&book, wish, &mut dice, is_placed).await],
                Step::Twice(wish) => self.twice(&mut book, wish, &mut dice, is_placed).await,
                Step::Both(one, other) => {
                    let (mut first, mut second) = (dice.fork(), dice.fork());
                    let both = tokio::join!(
                        self.wish(&book, one, &mut first, is_placed),
                        self.wish(&book, other, &mut second, is_placed)
                    );
                    vec![both.0, both.1]
                }
            };
            for record in records {
                self.counts.end((number, Some(record.wish.number)));
                book.records.push(record);
            }
        }
        book
    }

    /// From the cart to the order; says whether there is one.
    async fn place(&self, book: &mut Book, dice: &mut Rng) -> bool {
        let Some(session_id) = self.open(book, dice).await else { return false };
        let mut pauses = Pauses::new();
        let mut looks = 0;
        let mut token = None;
        let mut was_handed_in = false;
        while !self.counts.is_closing() {
            if token.is_none() && book.authorizations < AUTHORIZATIONS_MAX {
                token = self.authorize(book, &session_id).await;
                if token.is_some() {
                    // Who just said yes looks soon. After the long pauses of the time before, so much
                    // time would pass for Klarna before it is handed in that no token lived to see it.
                    pauses = Pauses::new();
                }
                was_handed_in = book.plan.browser != Browser::Late;
                if let Some(token) = token.as_deref().filter(|_| was_handed_in) {
                    self.hand_in(book, token, dice).await;
                }
            }
            match self.look(book, dice).await.as_deref() {
                Some("completed") => return true,
                // The shopper comes back and finds nothing bought: with what they have, then anew.
                Some("open" | "authorized") if looks >= LOOKS_BEFORE_RETURN => {
                    looks = 0;
                    if was_handed_in {
                        token = None;
                    } else if let Some(token) = &token {
                        was_handed_in = true;
                        self.counts.begin((book.plan.number, None));
                        self.hand_in(book, token, dice).await;
                    }
                }
                _ => looks += 1,
            }
            pauses.next().await;
        }
        false
    }

    /// Opens the checkout and its session.
    async fn open(&self, book: &mut Book, dice: &mut Rng) -> Option<String> {
        let key = format!("{}.checkout", book.plan.reference);
        let request = Request::post("/v1/checkouts", key, Some(checkout(&book.plan)));
        let mut pauses = Pauses::new();
        while !self.counts.is_closing() {
            match self.send(&request, dice).await {
                Heard::Done(body) | Heard::Open(body) => {
                    book.checkout_id = text(&body, "/id").or_else(|| book.checkout_id.take());
                    book.session_id = text(&body, "/session/session_id");
                    if book.session_id.is_some() {
                        return book.session_id.clone();
                    }
                }
                Heard::Refused(code, body) => {
                    book.checkout_id = text(&body, "/checkout_id");
                    // Klarna refused the session, and may take it the next time.
                    if code != "klarna_refused" {
                        book.oddities.push(format!("the checkout was refused: {code}"));
                        return None;
                    }
                }
                Heard::Again(_) => {}
            }
            pauses.next().await;
        }
        None
    }

    /// The shopper says yes at Klarna's.
    async fn authorize(&self, book: &mut Book, session_id: &str) -> Option<String> {
        let body = json!({
            "outcome": "approved",
            "callback": book.plan.callback.as_str(),
            "data": {"billing_address": billing_address(&book.plan)},
        });
        let path = format!("/sandbox/v1/sessions/{session_id}/authorize");
        let answer = self.doors.control(Method::POST, &path, Some(body)).await.ok()?;
        book.authorizations += 1;
        // The shopper did something: what is waited for now began now.
        self.counts.begin((book.plan.number, None));
        text(&answer, "/authorization_token")
    }

    async fn hand_in(&self, book: &Book, token: &str, dice: &mut Rng) {
        let Some(checkout_id) = &book.checkout_id else { return };
        let request = Request::post(
            format!("/v1/checkouts/{checkout_id}/authorization"),
            format!("{}.authorization.{}", book.plan.reference, book.authorizations),
            Some(json!({"authorization_token": token})),
        );
        if book.plan.browser == Browser::Twice {
            let (mut first, mut second) = (dice.fork(), dice.fork());
            tokio::join!(self.insist(&request, &mut first), self.insist(&request, &mut second));
        } else {
            self.insist(&request, dice).await;
        }
    }

    /// How the checkout stands.
    async fn look(&self, book: &mut Book, dice: &mut Rng) -> Option<String> {
        let path = format!("/v1/checkouts/{}", book.checkout_id.as_deref()?);
        let Heard::Done(body) = self.send(&Request::get(path), dice).await else { return None };
        book.order_id = text(&body, "/order_id");
        text(&body, "/status")
    }

    /// One wish until its end, or until it goes on by itself.
    async fn wish(&self, book: &Book, wish: Wish, dice: &mut Rng, is_placed: bool) -> Record {
        let mut record = Record {
            wish,
            answer: Answer::NotSent,
            intent: None,
            tries: 0,
            was_open: false,
            shown: None,
        };
        let request = match &book.order_id {
            Some(order_id) if is_placed => {
                let order = format!("/v1/orders/{order_id}");
                self.request(book, &record.wish, &order, dice).await
            }
            _ => None,
        };
        let Some(request) = request else { return record };
        let mut pauses = Pauses::new();
        while !self.counts.is_closing() {
            record.tries += 1;
            match self.send(&request, dice).await {
                Heard::Done(body) => {
                    record.intent = text(&body, "/intent/id");
                    record.answer = Answer::Done;
                    if dice.u32(..100) < AGAIN {
                        self.ask_again(&request, &mut record, dice).await;
                    }
                    return record;
                }
                Heard::Open(body) => {
                    record.intent = text(&body, "/intent/id");
                    record.was_open = true;
                    record.answer = Answer::Open;
                    if text(&body, "/intent/state").as_deref() != Some("held") {
                        self.follow(&mut record, dice).await;
                    }
                    return record;
                }
                Heard::Refused(code, body) => {
                    record.intent = text(&body, "/intent/id");
                    record.answer = Answer::Refused(code);
                    return record;
                }
                Heard::Again(why) => record.answer = Answer::None(why),
            }
            pauses.next().await;
        }
        record
    }

    /// A second click: the same request at once at another replica is the same act.
    async fn twice(
        &self,
        book: &mut Book,
        wish: Wish,
        dice: &mut Rng,
        is_placed: bool,
    ) -> Vec<Record> {
        let (mut first, mut second) = (dice.fork(), dice.fork());
        let (one, other) = tokio::join!(
            self.wish(book, wish.clone(), &mut first, is_placed),
            self.wish(book, wish, &mut second, is_placed)
        );
        if let (Some(of_one), Some(of_other)) = (&one.intent, &other.intent)
            && of_one != of_other
        {
            book.oddities.push(format!(
                "wish {} was sent twice under one key, and became {of_one} and {of_other}",
                one.wish.number
            ));
        }
        // Whoever heard more of it tells.
        let tells = |record: &Record| match record.answer {
            Answer::Done => 3,
            Answer::Refused(_) if record.intent.is_some() => 2,
            Answer::Open => 1,
            _ => 0,
        };
        vec![if tells(&other) > tells(&one) { other } else { one }]
    }

    /// What was answered once is answered so again.
    async fn ask_again(&self, request: &Request, record: &mut Record, dice: &mut Rng) {
        let answered = match self.insist(request, dice).await {
            Some(Heard::Done(body)) => text(&body, "/intent/id") == record.intent,
            Some(_) => false,
            None => true,
        };
        if !answered {
            record.answer =
                Answer::None("done, and answered otherwise when asked again".to_owned());
        }
    }

    /// Follows an act that goes on by itself until it ends.
    async fn follow(&self, record: &mut Record, dice: &mut Rng) {
        let Some(intent) = &record.intent else { return };
        let request = Request::get(format!("/v1/intents/{intent}"));
        let mut pauses = Pauses::new();
        while !self.counts.is_closing() {
            if let Heard::Done(body) = self.send(&request, dice).await {
                match text(&body, "/state").as_deref() {
                    Some("done") => record.answer = Answer::Done,
                    Some("refused") => record.answer = Answer::Refused("klarna_refused".to_owned()),
                    _ => {}
                }
                if record.answer != Answer::Open {
                    return;
                }
            }
            pauses.next().await;
        }
    }

    /// Waits for what still goes on by itself, held captures among it.
    async fn await_open(&self, book: &mut Book, dice: &mut Rng) {
        for record in &mut book.records {
            if record.answer == Answer::Open {
                self.follow(record, dice).await;
            }
        }
    }

    /// Sends a request until it is answered.
    async fn insist(&self, request: &Request, dice: &mut Rng) -> Option<Heard> {
        let mut pauses = Pauses::new();
        while !self.counts.is_closing() {
            match self.send(request, dice).await {
                Heard::Again(_) => pauses.next().await,
                heard => return Some(heard),
            }
        }
        None
    }

    /// Sends a request once, to any replica.
    async fn send(&self, request: &Request, dice: &mut Rng) -> Heard {
        let replica = dice.usize(..);
        let answered = {
            let _place = self.gate.acquire().await;
            self.doors.shop(replica % 3, request).await
        };
        let heard = understand(answered);
        if matches!(heard, Heard::Again(_)) {
            self.counts.repeat();
        }
        heard
    }

    /// A wish as a request; none where what it builds on is not there.
    async fn request(
        &self,
        book: &Book,
        wish: &Wish,
        order: &str,
        dice: &mut Rng,
    ) -> Option<Request> {
        let key = format!("{}.{}", book.plan.reference, wish.number);
        let post = |path: &str, body: Option<Value>| {
            Request::post(format!("{order}{path}"), key.clone(), body)
        };
        let change = |body: Value| Request {
            method: Method::PATCH,
            path: order.to_owned(),
            key: Some(key.clone()),
            body: Some(body),
        };
        let reference = |is_named: bool| is_named.then_some(&key);
        let lines = |picks: &crate::plan::Picks| -> Value {
            let line_id = |line: &usize| book.plan.lines[*line].line_id.clone();
            picks
                .iter()
                .map(|(line, pieces)| json!({"line_id": line_id(line), "quantity": pieces}))
                .collect()
        };
        Some(match &wish.act {
            Act::Capture { picks, is_named, is_final } => {
                let body = json!({
                    "order_lines": lines(picks), "captured_amount": book.plan.worth(picks),
                    "reference": reference(*is_named), "final": is_final,
                });
                post("/captures", Some(body))
            }
            Act::CaptureRest => post("/captures", Some(json!({}))),
            Act::Refund { picks, is_named } => {
                let body = json!({
                    "order_lines": lines(picks), "refunded_amount": book.plan.worth(picks),
                    "reference": reference(*is_named),
                });
                post("/refunds", Some(body))
            }
            Act::RefundRest => post("/refunds", Some(json!({}))),
            Act::Cancel => post("/cancel", None),
            Act::Release => post("/release", None),
            Act::Extend => post("/extend", None),
            Act::Undo => post("/undo", None),
            Act::References => change(json!({"merchant_reference2": key})),
            Act::Address => change(json!({"shipping_address": shipping_address(&key)})),
            Act::Lines(extra) => {
                let lines = book.plan.lines.iter().chain([extra]);
                change(json!({
                    "order_amount": book.plan.order_amount() + extra.total_amount(),
                    "order_lines": lines.map(crate::plan::Line::to_json).collect::<Value>(),
                }))
            }
            Act::Track { capture } => {
                let parcel = json!({"shipping_info": [{"tracking_number": key}]});
                match capture {
                    None => post("/shipping-info", Some(parcel)),
                    Some(wish) => {
                        let capture_id = self.capture_id(book, *wish, order, dice).await?;
                        post(&format!("/captures/{capture_id}/shipping-info"), Some(parcel))
                    }
                }
            }
        })
    }

    /// Klarna's id of the capture that a wish became.
    async fn capture_id(
        &self,
        book: &Book,
        wish: u32,
        order: &str,
        dice: &mut Rng,
    ) -> Option<String> {
        let record = book.records.iter().find(|record| record.wish.number == wish)?;
        let intent = record.intent.as_deref().filter(|_| record.answer == Answer::Done)?;
        let captures = Request::get(format!("{order}/captures"));
        let Some(Heard::Done(body)) = self.insist(&captures, dice).await else { return None };
        let captures = body["items"].as_array()?;
        let capture = captures.iter().find(|it| it["intent_id"] == intent)?;
        text(capture, "/capture_id")
    }
}

/// Reads an answer as the documentation of the merchant API says.
fn understand(answered: Result<(u16, Value), String>) -> Heard {
    let (status, body) = match answered {
        Ok(answered) => answered,
        Err(why) => return Heard::Again(why),
    };
    let code = text(&body, "/code").unwrap_or_default();
    match (status, code.as_str()) {
        (202, _) => Heard::Open(body),
        (200..=299, _) => Heard::Done(body),
        (429 | 500.., _) | (409, "act_in_progress" | "outcome_unknown" | "conflict") => {
            Heard::Again(format!("{status} {code}"))
        }
        _ => Heard::Refused(code, body),
    }
}

/// A text in an answer.
pub(crate) fn text(body: &Value, pointer: &str) -> Option<String> {
    body.pointer(pointer).and_then(Value::as_str).map(str::to_owned)
}

fn checkout(plan: &Plan) -> Value {
    let lines: Value = plan.lines.iter().map(crate::plan::Line::to_json).collect();
    json!({
        "purchase_country": "SE", "purchase_currency": "SEK", "locale": "sv-SE",
        "order_amount": plan.order_amount(), "order_lines": lines,
        "merchant_reference1": plan.reference, "merchant_data": plan.reference,
        "billing_address": billing_address(plan),
    })
}

fn billing_address(plan: &Plan) -> Value {
    let email = match plan.review {
        Review::None => "customer@email.se",
        Review::Accepts => "customer+pend-accept-01@email.se",
        Review::Rejects => "customer+pend-reject-01@email.se",
    };
    json!({
        "given_name": "Test", "family_name": "Person-se", "email": email,
        "street_address": "Storgatan 1", "postal_code": "11122", "city": "Stockholm",
        "country": "SE", "phone": "+46700000000",
    })
}

/// A street that no other wish has.
fn shipping_address(street: &str) -> Value {
    json!({
        "given_name": "Test", "family_name": "Person-se", "email": "customer@email.se",
        "street_address": street, "postal_code": "11122", "city": "Stockholm", "country": "SE",
    })
}
