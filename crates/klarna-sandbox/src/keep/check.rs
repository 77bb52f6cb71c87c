//! What holds for every store that the sandbox itself made, and is asked of one that comes from
//! elsewhere: without it a later request could find sums that run over.

use crate::{
    rules::order::{Capture, Order},
    state::{State, orders::canonical, table::Table},
};

/// The member that breaks a law, and how; `None`: the store is sound.
pub(crate) fn problem(state: &State) -> Option<String> {
    for (table, member, id) in [
        ("sessions", "session_id", misplaced(&state.sessions, |it| &it.session_id)),
        ("hpp_sessions", "session_id", misplaced(&state.hpp_sessions, |it| &it.session_id)),
        ("customer_tokens", "token_id", misplaced(&state.customer_tokens, |it| &it.token_id)),
    ] {
        if let Some(id) = id {
            return Some(format!("{table}.{id}.{member}: it differs from the row's id"));
        }
    }
    for (name, is_sound) in
        [("faults", state.faults.is_sound()), ("callback_faults", state.callback_faults.is_sound())]
    {
        if !is_sound {
            return Some(format!("{name}: a rule's count is out of bounds"));
        }
    }
    for (id, order) in state.orders.iter() {
        if order.order_id != id || canonical(id).as_deref() != Some(id) {
            let text = "it is not the row's id, or no UUID in lower case";
            return Some(format!("orders.{id}.order_id: {text}"));
        }
        if let Some((member, text)) = broken_law(order) {
            return Some(format!("orders.{id}.{member}: {text}"));
        }
    }
    let clock = (!state.clock.is_sound()).then_some("clock: its offset is out of bounds");
    clock.map(str::to_owned)
}

/// The id of the first row that says it has another.
fn misplaced<V>(table: &Table<V>, own_id: impl Fn(&V) -> &String) -> Option<&str> {
    table.iter().find(|(id, row)| own_id(row) != id).map(|(id, _)| id)
}

/// The first of the laws of amounts that an order breaks.
fn broken_law(order: &Order) -> Option<(&'static str, &'static str)> {
    let sum = |amounts: &mut dyn Iterator<Item = i64>| amounts.map(i128::from).sum::<i128>();
    let captured = sum(&mut order.captures.iter().map(|it| it.captured_amount));
    let refunded = sum(&mut order.refunds.iter().map(|it| it.refunded_amount));
    let allocated: i128 = order.captures.iter().map(allocated).sum();
    let remaining = order.remaining_authorized_amount;
    let total = i128::from(order.captured_amount) + i128::from(remaining);
    let is_negative = |amount: &i64| *amount < 0;
    let amounts_of_capture = |it: &Capture| {
        let waiting = it.allocating.iter().map(|(_, amount)| *amount);
        waiting.chain([it.captured_amount, it.refunded_amount]).any(|it| is_negative(&it))
    };
    [
        (remaining < 0, "remaining_authorized_amount", "it is negative"),
        (order.captures.iter().any(amounts_of_capture), "captures", "an amount is negative"),
        (
            order.refunds.iter().map(|it| it.refunded_amount).any(|it| is_negative(&it)),
            "refunds",
            "an amount is negative",
        ),
        (captured != i128::from(order.captured_amount), "captured_amount", "not its captures' sum"),
        (refunded != i128::from(order.refunded_amount), "refunded_amount", "not its refunds' sum"),
        (
            total > i128::from(order.order_amount),
            "order_amount",
            "less than was captured and remains to be",
        ),
        (refunded > captured, "refunded_amount", "more than was captured"),
        (
            order.captures.iter().any(allocated_too_much),
            "captures",
            "one has more refunds than it captured",
        ),
        (allocated > refunded, "captures", "they have more refunds than the order"),
    ]
    .into_iter()
    .find_map(|(is_broken, member, text)| is_broken.then_some((member, text)))
}

/// The refunds that belong to a capture, whether they show already or not.
fn allocated(capture: &Capture) -> i128 {
    let waiting: i128 = capture.allocating.iter().map(|(_, amount)| i128::from(*amount)).sum();
    i128::from(capture.refunded_amount) + waiting
}

fn allocated_too_much(capture: &Capture) -> bool {
    allocated(capture) > i128::from(capture.captured_amount)
}
