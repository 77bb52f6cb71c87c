//! A sale told event by event.

use jiff::{SignedDuration, Timestamp};
use kvitt_core::{
    Act, Amounts, CaptureWish, Cause, CheckoutTerms, Door, Event, EventId, Evidence, FraudStatus,
    Inconsistent, IntentId, LineId, LinePick, OrderSnapshot, Outcome, Placement, Recorded,
    RefundWish, Refusal, Refused, Sale, SaleCart, SaleId, UndoStep, Wish,
};
use kvitt_money::{Cart, Country, LineType, OrderLine, PurchaseMarket, TaxRate};
use uuid::Uuid;

pub(crate) const SALE: SaleId = SaleId(Uuid::from_u128(1));

pub(crate) fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// When every story begins; each event comes a second after the one before.
pub(crate) fn start() -> Timestamp {
    time("2026-01-01T12:00:00Z")
}

/// When a placed order of a story can no longer be captured.
pub(crate) fn expiry() -> Timestamp {
    time("2026-01-29T00:00:00Z")
}

pub(crate) fn line(name: &str, unit_price: i64, quantity: i64) -> OrderLine {
    OrderLine::tax_inclusive(name, unit_price, TaxRate::new(2500).unwrap(), quantity).unwrap()
}

pub(crate) fn cart_of(lines: Vec<OrderLine>) -> SaleCart {
    SaleCart::numbered(Cart::sum(Country::SE, lines).unwrap())
}

/// l1: two shirts at 249.00; l2: three cups at 1.00 with 0.50 off; l3: 49.00 for freight; 25 % tax
/// in all of it. 549.50 together, 109.90 of it tax.
pub(crate) fn cart() -> SaleCart {
    cart_of(vec![
        line("Shirt", 24_900, 2),
        line("Cup", 100, 3).discounted(50).unwrap(),
        line("Freight", 4_900, 1).with(|it| it.line_type = LineType::ShippingFee).unwrap(),
    ])
}

pub(crate) fn terms() -> CheckoutTerms {
    CheckoutTerms {
        account: "main".to_owned(),
        market: PurchaseMarket::new("SE", "SEK", "sv-SE").unwrap(),
        placement: Placement::Automatic,
        merchant_reference1: Some("1001".to_owned()),
        merchant_reference2: None,
        merchant_data: None,
        confirmation_url: None,
    }
}

pub(crate) fn evidence(operation: &str, status: u16) -> Evidence {
    Evidence { operation: operation.to_owned(), status: Some(status), correlation_id: None }
}

pub(crate) fn refused(error_code: &str) -> Refused {
    Refused { error_code: error_code.to_owned(), ..Refused::default() }
}

pub(crate) fn pick(line_id: &str, quantity: i64) -> LinePick {
    LinePick { line_id: LineId(line_id.to_owned()), quantity: Some(quantity) }
}

pub(crate) fn all_of(line_id: &str) -> LinePick {
    LinePick { line_id: LineId(line_id.to_owned()), quantity: None }
}

pub(crate) fn capture(lines: &[LinePick]) -> Wish {
    Wish::Capture(CaptureWish { lines: lines.to_vec(), ..CaptureWish::default() })
}

pub(crate) fn capture_amount(amount: i64) -> Wish {
    Wish::Capture(CaptureWish {
        captured_amount: Some(amount),
        amount_only: true,
        ..CaptureWish::default()
    })
}

pub(crate) fn refund(lines: &[LinePick]) -> Wish {
    Wish::Refund(RefundWish { lines: lines.to_vec(), ..RefundWish::default() })
}

pub(crate) fn refund_amount(amount: i64) -> Wish {
    Wish::Refund(RefundWish {
        refunded_amount: Some(amount),
        amount_only: true,
        ..RefundWish::default()
    })
}

/// `order_amount`, `captured_amount`, `refunded_amount`, `remaining_authorized_amount`.
pub(crate) fn shown(amounts: &Amounts) -> (i64, i64, i64, i64) {
    (
        amounts.order_amount,
        amounts.captured_amount,
        amounts.refunded_amount,
        amounts.remaining_authorized_amount,
    )
}

/// What Klarna answers to an act that it carries out.
pub(crate) fn outcome_of(act: &Act, intent: IntentId) -> Outcome {
    match act {
        Act::Place { .. } => Outcome::Placed {
            klarna_order_id: "klarna-1".to_owned(),
            fraud_status: FraudStatus::Accepted,
            redirect_url: None,
            payment_method: None,
        },
        Act::Capture { .. } => Outcome::Captured { capture_id: format!("cap-{}", intent.0) },
        Act::Refund { .. } => Outcome::Refunded { refund_id: format!("ref-{}", intent.0) },
        _ => Outcome::Changed,
    }
}

/// The events of one sale.
#[derive(Debug, Clone)]
pub(crate) struct Story {
    pub(crate) events: Vec<Recorded>,
    /// When the next event is recorded.
    pub(crate) now: Timestamp,
}

impl Story {
    pub(crate) fn created(cart: SaleCart) -> Self {
        let mut story = Self { events: Vec::new(), now: start() };
        story.push(Event::CheckoutCreated { terms: terms(), cart });
        story
    }

    pub(crate) fn authorized(cart: SaleCart) -> Self {
        let mut story = Self::created(cart);
        story.push(Event::SessionOpened {
            session_id: "session-1".to_owned(),
            expires_at: time("2026-01-03T12:00:00Z"),
            cart_version: 1,
            payment_method_categories: Vec::new(),
            evidence: evidence("createCreditSession", 200),
        });
        story.authorize("digest-1", 1);
        story
    }

    /// Placed, accepted and read.
    pub(crate) fn placed(cart: SaleCart) -> Self {
        let mut story = Self::authorized(cart);
        story.act(Wish::Place);
        story.read(|_| ());
        story
    }

    pub(crate) fn push(&mut self, event: Event) {
        let seq = self.events.len() as u64 + 1;
        let id = EventId(Uuid::from_u128(u128::from(seq)));
        self.events.push(Recorded { id, seq, at: self.now, cause: Cause::Kvitt, event });
        self.now += SignedDuration::from_secs(1);
    }

    /// The shopper authorizes; the token lives until 13:00.
    pub(crate) fn authorize(&mut self, digest: &str, cart_version: u32) {
        self.push(Event::AuthorizationReceived {
            authorization: digest.to_owned(),
            session_id: "session-1".to_owned(),
            cart_version,
            door: Door::Browser,
            expires_at: time("2026-01-01T13:00:00Z"),
        });
    }

    pub(crate) fn fold(&self) -> Result<Option<Sale>, Inconsistent> {
        Sale::fold(SALE, &self.events)
    }

    pub(crate) fn sale(&self) -> Sale {
        self.fold().unwrap().unwrap()
    }

    /// What is wrong with the events.
    pub(crate) fn problem(&self) -> String {
        self.fold().unwrap_err().to_string()
    }

    pub(crate) fn refusal(&self, wish: Wish) -> Refusal {
        self.sale().decide(wish, self.now).unwrap_err()
    }

    /// Stores an act without deciding it.
    pub(crate) fn force(&mut self, act: Act) -> IntentId {
        self.force_part(act, None)
    }

    fn force_part(&mut self, act: Act, part_of: Option<IntentId>) -> IntentId {
        let intent = self.next_intent();
        let idempotency_key = format!("key-{}", intent.0);
        self.push(Event::Requested { intent, act, idempotency_key, part_of });
        intent
    }

    fn next_intent(&self) -> IntentId {
        IntentId(Uuid::from_u128(self.events.len() as u128 + 1))
    }

    /// Stores an undo.
    pub(crate) fn request_undo(&mut self) -> IntentId {
        let intent = self.next_intent();
        self.push(Event::UndoRequested { intent, reference: None, description: None });
        intent
    }

    /// What the open undo waits for.
    pub(crate) fn undo_step(&self) -> UndoStep {
        let sale = self.sale();
        sale.next_undo_step(sale.open_undo().unwrap(), self.now)
    }

    /// Stores the next act of the open undo.
    pub(crate) fn request_undo_act(&mut self) -> IntentId {
        let UndoStep::Act(act) = self.undo_step() else { panic!("{:?}", self.undo_step()) };
        let undo = self.sale().open_undo().unwrap().id;
        self.force_part(act, Some(undo))
    }

    /// Goes on with the open undo until it waits or is over; Klarna carries every act out.
    pub(crate) fn finish_undo(&mut self) {
        while self.sale().open_undo().is_some() {
            match self.undo_step() {
                UndoStep::Act(_) => {
                    let intent = self.request_undo_act();
                    self.finish(intent);
                }
                UndoStep::ReadOrder => self.read(|_| ()),
                UndoStep::End(event) => self.push(event),
                UndoStep::Wait => break,
            }
        }
    }

    pub(crate) fn request(&mut self, wish: Wish) -> IntentId {
        let act = self.sale().decide(wish, self.now).unwrap();
        self.force(act)
    }

    /// Klarna carries an intent out.
    pub(crate) fn finish(&mut self, intent: IntentId) {
        let outcome = self
            .events
            .iter()
            .find_map(|recorded| match &recorded.event {
                Event::Requested { intent: id, act, .. } if *id == intent => {
                    Some(outcome_of(act, intent))
                }
                _ => None,
            })
            .unwrap();
        self.push(Event::Done { intent, outcome, evidence: Evidence::default() });
    }

    pub(crate) fn refuse(&mut self, intent: IntentId) {
        self.push(Event::Refused { intent, refused: refused("NOT_ALLOWED") });
    }

    pub(crate) fn lose_sight(&mut self, intent: IntentId, may_have_taken_effect: bool) {
        self.push(Event::OutcomeUnknown {
            intent,
            attempt: 1,
            problem: "the answer did not come in time".to_owned(),
            may_have_taken_effect,
            evidence: Evidence::default(),
        });
    }

    pub(crate) fn need_human(&mut self, intent: IntentId) {
        self.push(Event::NeedsHuman {
            intent,
            reason: "look at the order at Klarna".to_owned(),
            evidence: Evidence::default(),
        });
    }

    /// Wished, decided and carried out.
    pub(crate) fn act(&mut self, wish: Wish) -> IntentId {
        let intent = self.request(wish);
        self.finish(intent);
        intent
    }

    /// What Klarna says of the order, in agreement with the events.
    pub(crate) fn snapshot(&self) -> OrderSnapshot {
        let sale = self.sale();
        let order = sale.order.unwrap();
        let amounts = order.amounts(self.now);
        OrderSnapshot {
            status: order.status(self.now).as_str().to_owned(),
            fraud_status: order.fraud_status,
            order_amount: amounts.order_amount,
            original_order_amount: amounts.original_order_amount,
            captured_amount: amounts.captured_amount,
            refunded_amount: amounts.refunded_amount,
            remaining_authorized_amount: amounts.remaining_authorized_amount,
            expires_at: Some(order.expires_at.unwrap_or(expiry())),
            klarna_reference: Some("KR-1".to_owned()),
        }
    }

    /// The order is read; what Klarna says may be changed.
    pub(crate) fn read(&mut self, change: impl FnOnce(&mut OrderSnapshot)) {
        let mut snapshot = self.snapshot();
        change(&mut snapshot);
        self.push(Event::OrderRead { snapshot, evidence: evidence("getOrder", 200) });
    }

    pub(crate) fn amounts(&self) -> (i64, i64, i64, i64) {
        shown(&self.sale().order.unwrap().amounts(self.now))
    }
}
