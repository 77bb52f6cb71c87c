//! Random sales against a model that only knows sums, and the laws.

use jiff::SignedDuration;
use kvitt_core::{
    Act, ActKind, AuthorizationWish, CaptureWish, Event, ExpiryPolicy, ExpiryStep, FraudStatus,
    IntentId, IntentState, LineId, LinePick, Outcome, RefundWish, Sale, SaleCart, UndoWish, Wish,
};
use kvitt_money::{OrderLine, OrderLineFields, TaxRate};
use proptest::prelude::*;

use crate::laws;
use crate::support::{SALE, Story, capture, cart_of, expiry, refund, shown};

/// The model: sums and flags, kept by the simplest arithmetic there is.
#[expect(clippy::struct_excessive_bools, reason = "flags are what a naive model is made of")]
#[derive(Debug, Default)]
struct Model {
    authorized: i64,
    captured: i64,
    refunded: i64,
    is_cancelled: bool,
    is_released: bool,
    is_expired: bool,
    is_stopped: bool,
    open: Option<(IntentId, Change)>,
}

/// What an act will do to the sums once Klarna did it.
#[derive(Debug, Clone, Copy)]
enum Change {
    Capture(i64),
    Refund(i64),
    Cancel,
    Release,
    Extend,
    Update(i64),
}

impl Model {
    fn left(&self) -> i64 {
        if self.is_cancelled || self.is_released || self.is_expired {
            0
        } else {
            self.authorized - self.captured
        }
    }

    fn allows(&self, kind: ActKind) -> bool {
        let can_move = self.open.is_none() && !self.is_cancelled;
        match kind {
            ActKind::Place => false,
            ActKind::Capture => can_move && self.left() > 0 && !self.is_stopped,
            ActKind::Refund => can_move && self.captured > self.refunded,
            ActKind::Cancel => can_move && self.captured == 0 && !self.is_expired,
            ActKind::Release => can_move && self.captured > 0 && self.left() > 0,
            ActKind::Extend | ActKind::UpdateAuthorization => can_move && self.left() > 0,
            ActKind::UpdateShippingAddress => !self.is_cancelled && self.left() > 0,
            ActKind::UpdateReferences | ActKind::AddShippingInfo => !self.is_cancelled,
            ActKind::TriggerSendOut => !self.is_cancelled && self.captured > 0,
        }
    }

    fn apply(&mut self, change: Change) {
        match change {
            Change::Capture(amount) => self.captured += amount,
            Change::Refund(amount) => self.refunded += amount,
            Change::Cancel => self.is_cancelled = true,
            Change::Release => self.is_released = true,
            Change::Extend => {}
            Change::Update(amount) => self.authorized = amount,
        }
    }

    fn shown(&self) -> (i64, i64, i64, i64) {
        (self.authorized, self.captured, self.refunded, self.left())
    }
}

/// How somebody says how much.
#[derive(Debug, Clone)]
enum Much {
    All,
    Amount {
        amount: i64,
        amount_only: bool,
    },
    /// So many hundredths of what is left.
    Share(i64),
    Lines(Vec<(usize, Option<i64>)>),
}

#[derive(Debug, Clone)]
enum Step {
    Capture(Much),
    Refund(Much),
    Cancel,
    Release,
    Extend,
    Update(Vec<i64>),
    Done,
    Refused,
    Unknown(bool),
    NeedsHuman,
    Fraud(&'static str),
    Stop,
    Read,
    Wait(i64),
}

fn much() -> impl Strategy<Value = Much> {
    let quantity = prop_oneof![
        4 => (1_i64..4).prop_map(Some),
        2 => Just(None),
        1 => any::<i64>().prop_map(Some),
    ];
    let amount = prop_oneof![4 => -1_i64..60_000, 1 => any::<i64>()];
    prop_oneof![
        2 => Just(Much::All),
        1 => (amount, any::<bool>())
            .prop_map(|(amount, amount_only)| Much::Amount { amount, amount_only }),
        2 => (0_i64..=101).prop_map(Much::Share),
        5 => prop::collection::vec((0_usize..5, quantity), 1..4).prop_map(Much::Lines),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => much().prop_map(Step::Capture),
        6 => much().prop_map(Step::Refund),
        1 => Just(Step::Cancel),
        1 => Just(Step::Release),
        1 => Just(Step::Extend),
        2 => prop::collection::vec(0_i64..6, 4).prop_map(Step::Update),
        12 => Just(Step::Done),
        2 => Just(Step::Refused),
        1 => any::<bool>().prop_map(Step::Unknown),
        1 => Just(Step::NeedsHuman),
        2 => prop::sample::select(vec!["ACCEPTED", "ACCEPTED", "PENDING", "REJECTED", "NEW"])
            .prop_map(Step::Fraud),
        1 => prop::bool::weighted(0.1).prop_map(|it| if it { Step::Stop } else { Step::Read }),
        1 => Just(Step::Read),
        1 => (0_i64..12).prop_map(Step::Wait),
    ]
}

/// A line of which every piece is worth something, whatever its share of the discount: pieces that
/// cost nothing are not captured once nothing is left to capture.
fn any_line() -> impl Strategy<Value = OrderLine> {
    (20_i64..50_000, 0_i64..=10_000, 1_i64..12, 0_i64..=90).prop_map(
        |(unit_price, tax_rate, quantity, percent)| {
            let rate = TaxRate::new(tax_rate).unwrap();
            let line = OrderLine::tax_inclusive("Thing", unit_price, rate, quantity).unwrap();
            let discount = line.total_amount * percent / 100;
            line.discounted(discount).unwrap()
        },
    )
}

/// The cart of the random sales, with so many pieces of each line.
fn quantities(pieces: &[i64]) -> SaleCart {
    let rates = [2_500, 1_200, 600, 0];
    let prices = [24_900, 99, 333, 1];
    let lines = pieces.iter().zip(prices).zip(rates).map(|((quantity, price), rate)| {
        let rate = TaxRate::new(rate).unwrap();
        let line = OrderLine::tax_inclusive("Thing", price, rate, *quantity).unwrap();
        let discount = line.total_amount / 7;
        line.discounted(discount).unwrap()
    });
    cart_of(lines.collect())
}

fn picks(lines: &[(usize, Option<i64>)]) -> Vec<LinePick> {
    lines
        .iter()
        .map(|(index, quantity)| LinePick {
            line_id: LineId(format!("l{}", index + 1)),
            quantity: *quantity,
        })
        .collect()
}

/// The wish, and the amount at which it must be decided, where the model can tell.
fn capture_wish(much: &Much, left: i64) -> (Wish, Option<i64>) {
    let wish = CaptureWish::default();
    let (wish, amount) = match much {
        Much::All => (wish, Some(left)),
        Much::Amount { amount, amount_only } => {
            let captured_amount = Some(*amount);
            (CaptureWish { captured_amount, amount_only: *amount_only, ..wish }, captured_amount)
        }
        Much::Share(hundredths) => {
            let captured_amount = Some(left * hundredths / 100);
            (CaptureWish { captured_amount, amount_only: true, ..wish }, captured_amount)
        }
        Much::Lines(lines) => (CaptureWish { lines: picks(lines), ..wish }, None),
    };
    (Wish::Capture(wish), amount)
}

fn refund_wish(much: &Much, left: i64) -> (Wish, Option<i64>) {
    let (Wish::Capture(same), amount) = capture_wish(much, left) else { unreachable!() };
    let wish = RefundWish {
        lines: same.lines,
        refunded_amount: same.captured_amount,
        amount_only: same.amount_only,
        ..RefundWish::default()
    };
    (Wish::Refund(wish), amount)
}

/// Decides a wish; the model says whether it may be, and for how much.
fn wish(story: &mut Story, model: &mut Model, wish: Wish, left: i64, amount: Option<i64>) {
    let (sale, kind) = (story.sale(), wish.kind());
    let is_amount_only = match &wish {
        Wish::Capture(wish) => wish.amount_only,
        Wish::Refund(wish) => wish.amount_only,
        _ => true,
    };
    let decided = sale.decide(wish.clone(), story.now);
    if !model.allows(kind) {
        assert!(decided.is_err(), "{wish:?} was decided");
        return;
    }
    if let Some(amount) = amount {
        let fits = (1..=left).contains(&amount);
        // Without the flag, an amount that is not all there is needs lines.
        let is_sure = is_amount_only || !fits;
        assert!(!is_sure || decided.is_ok() == fits, "{wish:?}: {decided:?}");
    }
    let Ok(act) = decided else { return };
    let change = match &act {
        Act::Capture { captured_amount, .. } => Change::Capture(*captured_amount),
        Act::Refund { refunded_amount, .. } => Change::Refund(*refunded_amount),
        Act::Cancel => Change::Cancel,
        Act::Release => Change::Release,
        Act::Extend => Change::Extend,
        Act::UpdateAuthorization { cart, .. } => {
            Change::Update(cart.cart().order_lines().iter().map(|it| it.total_amount).sum())
        }
        other => panic!("{other:?} was not wished"),
    };
    if let (Change::Capture(decided) | Change::Refund(decided), Some(amount)) = (change, amount) {
        assert_eq!(decided, amount);
    }
    if let Act::Capture { lines, .. } | Act::Refund { lines, .. } = &act {
        let (Change::Capture(amount) | Change::Refund(amount)) = change else { unreachable!() };
        assert!((1..=left).contains(&amount));
        let worth: i64 = lines.iter().map(|part| part.line.total_amount).sum();
        assert!(lines.is_empty() || worth == amount);
    }
    // The preview is the fold of what comes next.
    let preview = sale.preview(wish, story.now).unwrap();
    let mut done = story.clone();
    let intent = done.force(act);
    done.finish(intent);
    let order = done.sale().order.unwrap();
    assert_eq!(preview.after, order.amounts(story.now));
    assert_eq!(preview.status_after, order.status(story.now));
    assert_eq!(sale, story.sale());
    done.events.truncate(story.events.len() + 1);
    done.now = done.events.last().unwrap().at + SignedDuration::from_secs(1);
    *story = done;
    model.open = Some((intent, change));
}

fn take(story: &mut Story, model: &mut Model, step: &Step) {
    match step {
        Step::Capture(much) => {
            let left = model.left();
            let (asked, amount) = capture_wish(much, left);
            wish(story, model, asked, left, amount);
        }
        Step::Refund(much) => {
            let left = model.captured - model.refunded;
            let (asked, amount) = refund_wish(much, left);
            wish(story, model, asked, left, amount);
        }
        Step::Cancel => wish(story, model, Wish::Cancel, 0, None),
        Step::Release => wish(story, model, Wish::Release, 0, None),
        Step::Extend => wish(story, model, Wish::Extend, 0, None),
        Step::Update(pieces) => {
            let new = AuthorizationWish { cart: quantities(pieces), description: None };
            wish(story, model, Wish::UpdateAuthorization(new), 0, None);
        }
        Step::Done => {
            if let Some((intent, change)) = model.open.take() {
                story.finish(intent);
                model.apply(change);
            }
        }
        Step::Refused => {
            if let Some((intent, _)) = model.open.take() {
                story.refuse(intent);
            }
        }
        Step::Unknown(may_have) => {
            if let Some((intent, _)) = model.open {
                story.lose_sight(intent, *may_have);
            }
        }
        Step::NeedsHuman => {
            if let Some((intent, _)) = model.open {
                story.need_human(intent);
            }
        }
        Step::Fraud(word) => {
            let status = FraudStatus::from((*word).to_owned());
            story.read(|read| read.fraud_status = status);
        }
        Step::Stop => {
            model.is_stopped = true;
            story.push(Event::ShipmentStopped);
        }
        Step::Read => story.read(|_| ()),
        Step::Wait(days) => {
            story.now += SignedDuration::from_hours(24 * days);
        }
    }
    model.is_expired = story.now >= expiry();
}

fn cases(default: u32) -> ProptestConfig {
    ProptestConfig { cases: default, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn a_sale_is_what_the_model_says(
        pieces in prop::collection::vec(1_i64..6, 4),
        steps in prop::collection::vec(step(), 1..40),
    ) {
        let mut story = Story::placed(quantities(&pieces));
        let mut model = Model {
            authorized: story.amounts().0,
            ..Model::default()
        };
        for step in &steps {
            take(&mut story, &mut model, step);
            let sale = story.sale();
            assert_eq!(shown(&sale.order.as_ref().unwrap().amounts(story.now)), model.shown());
            for kind in ActKind::ON_ORDERS {
                assert_eq!(sale.may(kind, story.now).is_ok(), model.allows(kind), "{kind:?}");
            }
            assert_eq!(sale.difference(), None);
            laws::check(&sale, story.now);
        }
        laws::check_replay(&story.sale(), &story.events);
        check_undo(&story);
        check_expiry(&story);
        // Every beginning of the story is a sale too, and goes on to the same end.
        for end in 1..story.events.len() {
            let (begin, rest) = story.events.split_at(end);
            let begun = Sale::fold(SALE, begin).unwrap();
            prop_assert_eq!(Sale::fold_on(SALE, begun, rest).unwrap(), Some(story.sale()));
        }
    }

    #[test]
    fn parts_add_up_whatever_the_parcels(
        lines in prop::collection::vec(any_line(), 1..5),
        parcels in prop::collection::vec(prop::collection::vec(1_i64..5, 5), 0..8),
        returns in prop::collection::vec(prop::collection::vec(1_i64..5, 5), 0..8),
    ) {
        let cart = cart_of(lines);
        let mut story = Story::placed(cart.clone());
        for parcel in &parcels {
            ship(&mut story, parcel, capture);
        }
        finish_off(&mut story, ActKind::Capture, capture);
        let order = story.sale().order.unwrap();
        let captured = order.captures.iter().flat_map(|it| &it.lines).map(|it| &it.line);
        let whole: Vec<_> = cart.cart().order_lines().iter().map(|it| (**it).clone()).collect();
        prop_assert_eq!(total(captured), total(whole.iter()));
        let order_amount = cart.cart().totals().order_amount;
        prop_assert_eq!(story.amounts(), (order_amount, order_amount, 0, 0));

        for parcel in &returns {
            ship(&mut story, parcel, refund);
        }
        finish_off(&mut story, ActKind::Refund, refund);
        let order = story.sale().order.unwrap();
        let refunded = order.refunds.iter().flat_map(|it| &it.lines).map(|it| &it.line);
        prop_assert_eq!(total(refunded), total(whole.iter()));
        prop_assert_eq!(story.amounts(), (order_amount, order_amount, order_amount, 0));
        laws::check(&story.sale(), story.now);
    }

    #[test]
    fn refunds_of_what_was_captured_so_far_add_up_to_it(
        lines in prop::collection::vec(any_line(), 1..5),
        rounds in prop::collection::vec((any::<bool>(), prop::collection::vec(1_i64..5, 5)), 1..12),
    ) {
        let mut story = Story::placed(cart_of(lines));
        for (is_capture, parcel) in &rounds {
            ship(&mut story, parcel, if *is_capture { capture } else { refund });
        }
        finish_off(&mut story, ActKind::Refund, refund);
        let order = story.sale().order.unwrap();
        let captured = order.captures.iter().flat_map(|it| &it.lines).map(|it| &it.line);
        let refunded = order.refunds.iter().flat_map(|it| &it.lines).map(|it| &it.line);
        prop_assert_eq!(total(captured), total(refunded));
        let (_, captured, refunded, _) = story.amounts();
        prop_assert_eq!(captured, refunded);
    }

    #[test]
    fn no_number_is_too_large(
        amount in any::<i64>(),
        second in any::<i64>(),
        quantity in any::<i64>(),
        amount_only in any::<bool>(),
    ) {
        let mut story = Story::placed(quantities(&[5, 4, 3, 2]));
        story.act(crate::support::capture_amount(1_000));
        let line = LinePick { line_id: LineId("l1".to_owned()), quantity: Some(quantity) };
        for lines in [Vec::new(), vec![line]] {
            for captured_amount in [None, Some(amount)] {
                let asked = CaptureWish {
                    lines: lines.clone(),
                    captured_amount,
                    amount_only,
                    ..CaptureWish::default()
                };
                if let Ok(act) = story.sale().decide(Wish::Capture(asked), story.now) {
                    let Act::Capture { captured_amount, .. } = act else { unreachable!() };
                    prop_assert!((1..=story.amounts().3).contains(&captured_amount));
                }
            }
        }
        // Events that no decision led to fold to a lawful sale, or to none.
        let forced = |amount| Act::Capture {
            captured_amount: amount,
            lines: Vec::new(),
            reference: None,
            description: None,
            shipping_info: Vec::new(),
            is_final: false,
        };
        for act in [forced(amount), forced(second), Act::Refund {
            refunded_amount: second,
            lines: Vec::new(),
            reference: None,
            description: None,
        }] {
            let intent = story.force(act);
            story.finish(intent);
            match story.fold() {
                Ok(sale) => laws::check(&sale.unwrap(), story.now),
                Err(_) => break,
            }
        }
    }
}

/// What the time to capture asks for comes to an end, and is not asked for again at once.
fn check_expiry(story: &Story) {
    for extend in [false, true] {
        let policy = ExpiryPolicy { extend, ..ExpiryPolicy::default() };
        let mut story = story.clone();
        let mut steps = 0;
        loop {
            match story.sale().next_expiry_step(&policy, story.now) {
                ExpiryStep::Extend => {
                    assert!(extend);
                    story.act(Wish::Extend);
                }
                ExpiryStep::ReadOrder => story.read(|_| ()),
                ExpiryStep::Raise(alarm) => story.push(*alarm),
                ExpiryStep::Wait => break,
            }
            steps += 1;
            assert!(steps < 6, "it never rests: {:?}", story.events);
        }
        let due_at = story.sale().expiry_due_at(&policy);
        assert!(due_at.is_none_or(|due_at| due_at > story.now), "{due_at:?} at {}", story.now);
        laws::check_replay(&story.sale(), &story.events);
    }
}

/// Where a sale can be undone, which is told without a plan, it becomes what its plan says.
fn check_undo(story: &Story) {
    let plan = story.sale().plan_undo(&UndoWish::default(), story.now);
    assert_eq!(story.sale().may_undo(story.now), plan.as_ref().map(|_| ()).map_err(Clone::clone));
    let Ok(plan) = plan else { return };
    let mut story = story.clone();
    let undo = story.request_undo();
    story.finish_undo();
    let sale = story.sale();
    let acts: Vec<_> = sale.undos[&undo].steps.iter().map(|id| &sale.intents[id].act).collect();
    assert_eq!(acts, plan.steps().map(|step| &step.act).collect::<Vec<_>>());
    let sums = sale.order.as_ref().unwrap().amounts(story.now);
    assert_eq!((sums.remaining_authorized_amount, sums.refundable_amount()), (0, 0));
    assert_eq!(sale.state_of(undo), Some(IntentState::Done(Outcome::Changed)));
    laws::check(&sale, story.now);
    laws::check_replay(&sale, &story.events);
}

/// A parcel with so many pieces of each line, as far as they are left.
fn ship(story: &mut Story, pieces: &[i64], wish: fn(&[LinePick]) -> Wish) {
    let order = story.sale().order.unwrap();
    let left = match wish(&[]) {
        Wish::Capture(_) => order.uncaptured_lines(),
        _ => order.unrefunded_lines(),
    };
    let lines: Vec<_> = left
        .into_iter()
        .zip(pieces)
        .filter(|((_, line), pieces)| line.quantity > 0 && **pieces < 4)
        .map(|((line_id, line), pieces)| LinePick {
            line_id,
            quantity: Some(line.quantity.min(*pieces)),
        })
        .collect();
    if !lines.is_empty() {
        story.act(wish(&lines));
    }
}

/// What is left, if anything is.
fn finish_off(story: &mut Story, kind: ActKind, wish: fn(&[LinePick]) -> Wish) {
    if story.sale().may(kind, story.now).is_ok() {
        story.act(wish(&[]));
    }
}

/// Quantity, total, discount and tax of several lines.
fn total<'a>(lines: impl Iterator<Item = &'a OrderLineFields>) -> (i64, i64, i64) {
    lines.fold((0, 0, 0), |(total, discount, tax), line| {
        (
            total + line.total_amount,
            discount + line.total_discount_amount,
            tax + line.total_tax_amount,
        )
    })
}
