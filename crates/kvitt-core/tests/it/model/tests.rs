//! The setups: each is explored to its end.

use kvitt_core::{Door, Wish};
use stateright::{Checker, HasDiscoveries, Model};

use super::klarna::Portal;
use super::{Mutant, Repeat, Setup, rest, safety};
use crate::support::{capture_amount, refund_amount};

/// Explores all of a setup. The number of different worlds, and how the first law breaks if one
/// does, with the way that leads there.
#[expect(clippy::print_stdout, reason = "what was explored is for people to read")]
fn explore(setup: Setup) -> (usize, Option<String>) {
    let checker = setup.checker().finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
    let found = checker.discoveries().into_iter().next().map(|(law, path)| {
        let world = path.last_state().clone();
        checker.model().rested.lock().unwrap().clear();
        let problem = safety::violation(&world)
            .or_else(|| rest::violation(checker.model(), &world))
            .unwrap_or_default();
        let way: Vec<_> = path.into_actions().iter().map(|it| format!("  {it:?}\n")).collect();
        format!("{law}: {problem}\n{}{world:?}", way.concat())
    });
    println!(
        "explored {} worlds over {} steps, {} steps deep",
        checker.unique_state_count(),
        checker.state_count(),
        checker.max_depth()
    );
    (checker.unique_state_count(), found)
}

/// All of it keeps the laws. Fewer worlds than this, and the exploration has lost its way.
fn holds(setup: Setup, worlds_min: usize) {
    let (worlds, found) = explore(setup);
    assert!(found.is_none(), "{}", found.unwrap_or_default());
    assert!(worlds >= worlds_min, "only {worlds} worlds");
}

/// A fault is found.
fn finds(mutant: Mutant, setup: Setup, expected: &str) {
    let (_, found) = explore(Setup { mutant: Some(mutant), ..setup });
    let found = found.unwrap_or_else(|| panic!("{mutant:?} was not found"));
    assert!(found.contains(expected), "{mutant:?}: {found}");
}

/// Two tabs, of which each brings a token of its own.
fn placing() -> Setup {
    Setup {
        tokens: 2,
        hand_ins: vec![(0, Door::Browser), (1, Door::Browser)],
        losses: 1,
        crashes: 1,
        clock: vec![10],
        ..Setup::default()
    }
}

/// A placed order.
fn moving() -> Setup {
    Setup { placed: true, losses: 1, crashes: 1, clock: vec![10], ..Setup::default() }
}

fn two_captures() -> Setup {
    Setup { wishes: vec![capture_amount(100), capture_amount(100)], ..moving() }
}

/// Somebody captures as much as is wanted here, in the portal.
fn beside_the_portal() -> Setup {
    Setup { portal: Some(Portal::Capture(100)), crashes: 0, ..two_captures() }
}

/// A call that is under way makes Klarna refuse another with its token.
fn busy() -> Setup {
    Setup {
        repeat: Repeat::Refused,
        refuses_while_busy: true,
        oversleeps: false,
        crashes: 0,
        ..placing()
    }
}

/// So long that Klarna forgets the key.
fn days() -> Setup {
    Setup { wishes: vec![capture_amount(100)], clock: vec![1_500, 3_000], ..moving() }
}

fn reviewed_from_the_start() -> Setup {
    Setup {
        tokens: 1,
        hand_ins: vec![(0, Door::Browser)],
        reviewed: true,
        decisions: vec!["ACCEPTED", "STOPPED"],
        news: 1,
        crashes: 0,
        ..placing()
    }
}

#[test]
fn two_tokens_place_one_order() {
    holds(placing(), 80_000);
}

#[test]
fn one_token_through_two_doors_places_one_order() {
    let hand_ins = vec![(0, Door::Browser), (0, Door::Callback)];
    holds(Setup { tokens: 1, hand_ins, ..placing() }, 15_000);
}

#[test]
fn a_token_that_klarna_repeats_as_a_refusal_places_one_order() {
    let repeat = Repeat::Refused;
    holds(Setup { repeat, losses: 0, pushes: 1, ..placing() }, 70_000);
}

#[test]
fn a_refusal_that_says_so_places_one_order() {
    let repeat = Repeat::SaysSo;
    holds(Setup { repeat, losses: 0, pushes: 1, ..placing() }, 70_000);
}

#[test]
fn a_refused_token_leaves_the_checkout_to_the_other() {
    let (repeat, refused_tokens) = (Repeat::Refused, vec![0]);
    holds(Setup { repeat, refused_tokens, losses: 0, ..placing() }, 15_000);
}

#[test]
fn a_busy_klarna_places_one_order() {
    holds(busy(), 10_000);
    holds(Setup { losses: 0, crashes: 1, ..busy() }, 10_000);
}

#[test]
fn equal_captures_are_each_made_once() {
    holds(Setup { asks: 2, ..two_captures() }, 35_000);
}

#[test]
fn captures_beside_the_portals_are_told_apart() {
    holds(beside_the_portal(), 15_000);
}

#[test]
fn captures_beside_the_portals_are_told_apart_without_references() {
    holds(Setup { shows_references: false, ..beside_the_portal() }, 15_000);
}

#[test]
fn a_cancellation_here_and_one_in_the_portal_leave_no_doubt() {
    let wishes = vec![capture_amount(100), Wish::Cancel];
    holds(Setup { wishes, portal: Some(Portal::Cancel), ..moving() }, 20_000);
}

#[test]
fn a_rest_is_released_once() {
    let wishes = vec![capture_amount(100), Wish::Release];
    holds(Setup { wishes, ..moving() }, 1_500);
}

#[test]
fn equal_refunds_are_each_made_once() {
    let wishes = vec![capture_amount(200), refund_amount(100), refund_amount(100)];
    holds(Setup { wishes, crashes: 0, ..moving() }, 10_000);
}

#[test]
fn a_forgotten_key_captures_nothing_twice() {
    holds(days(), 700);
    let portal = Some(Portal::Capture(100));
    holds(Setup { portal, shows_references: false, ..days() }, 3_500);
}

#[test]
fn a_held_capture_follows_klarnas_decision() {
    let (wishes, reviewed, news) = (vec![capture_amount(100)], true, 2);
    let rejected = vec!["REJECTED"];
    let setup = || Setup { wishes: wishes.clone(), reviewed, news, ..moving() };
    holds(Setup { decisions: rejected, ..setup() }, 12_000);
    let accepted = vec!["ACCEPTED", "STOPPED"];
    holds(Setup { decisions: accepted, news: 1, crashes: 0, losses: 0, ..setup() }, 1_000);
}

#[test]
fn nothing_ships_against_klarnas_word() {
    holds(reviewed_from_the_start(), 80_000);
}

#[test]
fn faults_in_placing_are_found() {
    let refused = || Setup { repeat: Repeat::Refused, ..placing() };
    finds(Mutant::ForgetsVersion, placing(), "are open");
    finds(Mutant::ForgetsCheckout, placing(), "are open");
    finds(Mutant::TrustsItself, refused(), "but done");
    finds(Mutant::BelievesRefusal, refused(), "but done");
    finds(Mutant::MissesNews, Setup { losses: 0, pushes: 1, ..refused() }, "Klarna told of");
    finds(Mutant::DoesNotWait, busy(), "but done");
    finds(Mutant::ForgetsTokens, placing(), "blocks the shopper's credit");
}

#[test]
fn faults_in_acts_are_found() {
    let one = || Setup { wishes: vec![capture_amount(100)], ..moving() };
    finds(Mutant::CallsFirst, one(), "before it is stored");
    finds(Mutant::ForgetsRequests, Setup { asks: 2, ..one() }, "happened twice");
    finds(Mutant::ForgetsWork, one(), "stays requested");
    finds(Mutant::NewKey, one(), "happened twice");
    finds(Mutant::KeyForever, days(), "happened twice");
}

#[test]
fn faults_in_reading_are_found() {
    finds(Mutant::NotesOldReads, reviewed_from_the_start(), "an older read");
    finds(Mutant::ForgetsStop, reviewed_from_the_start(), "after a stop");
}
