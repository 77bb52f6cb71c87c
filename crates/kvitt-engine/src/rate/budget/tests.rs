use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const NO_CHANCE: Jitter = Jitter(0);

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn headers(limit: u32, remaining: u32, reset_seconds: u32) -> RateLimit {
    RateLimit { limit: Some(limit), remaining: Some(remaining), reset_seconds: Some(reset_seconds) }
}

fn refusal(headers: RateLimit) -> Heard {
    Heard { refused: true, rate_limit: Some(headers) }
}

fn answer(headers: RateLimit) -> Heard {
    Heard { refused: false, rate_limit: Some(headers) }
}

/// A call that had its turn, or a panic.
fn called(budget: &mut Budget, class: Class, now: Duration) -> Ticket {
    let ticket = budget.enter(class);
    assert_eq!(budget.turn(now), Ok((ticket, class)));
    ticket
}

/// The classes of so many turns in a row, each call answered at once.
fn turns(budget: &mut Budget, count: usize) -> Vec<Class> {
    (0..count)
        .map(|_| {
            let (ticket, class) = budget.turn(Duration::ZERO).unwrap();
            budget.leave(ticket);
            class
        })
        .collect()
}

#[test]
fn parts_add_up_to_the_whole() {
    for limit in 1..=50 {
        for live in 1..=limit {
            let part = |place| Share::Part { live, place }.of(limit);
            if live <= limit - limit / 10 {
                let parts = (0..live).map(part).sum::<u32>();
                assert_eq!(parts + limit / 10, limit, "{limit} for {live}");
            }
        }
        assert_eq!(Share::Part { live: limit + 1, place: limit }.of(limit), 1, "nobody starves");
        let new = Share::Kept.of(limit);
        assert_eq!(new, (limit / 10).max(1));
        assert!(limit < 10 || Share::Whole.of(limit) + new == limit, "also with a new one");
    }
}

#[test]
fn shoppers_go_first_and_bulk_last() {
    let mut budget = Budget::new(Limit::Unknown);
    for class in [Class::Bulk, Class::Act, Class::Shopper, Class::Act, Class::Shopper] {
        budget.enter(class);
    }
    let order = turns(&mut budget, 5);
    assert_eq!(order, [Class::Shopper, Class::Shopper, Class::Act, Class::Act, Class::Bulk]);
    assert_eq!(budget.turn(Duration::ZERO), Err(NoTurn::NobodyWaits));
}

#[test]
fn who_waits_is_passed_over_nine_times_in_a_row_at_most() {
    let mut budget = Budget::new(Limit::Unknown);
    for _ in 0..100 {
        for class in Class::ALL {
            budget.enter(class);
        }
    }
    let order = turns(&mut budget, 100);
    let times = |class| order.iter().filter(|it| **it == class).count();
    for class in [Class::Act, Class::Bulk] {
        // Nine times, and once more where the other was passed over as often.
        let most = 10;
        let longest = order.split(|it| *it == class).map(<[_]>::len).max().unwrap();
        assert!(longest <= most, "{class:?} waited for {longest}: {order:?}");
    }
    assert!((9..=10).contains(&times(Class::Bulk)), "{order:?}");
    assert!(times(Class::Shopper) >= 80, "{order:?}");
}

#[test]
fn who_came_back_into_the_line_is_not_forgotten() {
    let mut budget = Budget::new(Limit::Unknown);
    for _ in 0..9 {
        let bulk = budget.enter(Class::Bulk);
        called(&mut budget, Class::Shopper, Duration::ZERO);
        budget.leave(bulk);
    }
    budget.enter(Class::Shopper);
    budget.enter(Class::Bulk);
    assert_eq!(turns(&mut budget, 2), [Class::Bulk, Class::Shopper]);
}

#[test]
fn a_call_counts_until_a_window_after_its_answer() {
    let mut budget = Budget::new(Limit::AtMost(1));
    let first = called(&mut budget, Class::Shopper, ms(0));
    budget.enter(Class::Shopper);
    assert_eq!(budget.turn(ms(10)), Err(NoTurn::Until(ms(2_010))), "no answer yet");
    budget.ended(first, ms(100), &Heard::default(), NO_CHANCE);
    assert_eq!(budget.turn(ms(1_109)), Err(NoTurn::Until(ms(1_110))));
    assert!(budget.turn(ms(1_110)).is_ok());
}

#[test]
fn a_call_without_an_answer_does_not_block_for_ever() {
    let mut budget = Budget::new(Limit::AtMost(1));
    called(&mut budget, Class::Shopper, ms(0));
    called(&mut budget, Class::Shopper, ms(2_010));
}

#[test]
fn who_leaves_gives_the_turn_back() {
    let mut budget = Budget::new(Limit::AtMost(1));
    let first = called(&mut budget, Class::Act, ms(0));
    let second = budget.enter(Class::Act);
    let third = budget.enter(Class::Act);
    budget.leave(second);
    budget.leave(first);
    assert_eq!(budget.turn(ms(0)), Ok((third, Class::Act)));
}

#[test]
fn the_headers_limit_replaces_the_published_one_and_lowers_ours() {
    let share = |limit, told| {
        let mut budget = Budget::new(limit);
        let ticket = called(&mut budget, Class::Shopper, ms(0));
        budget.ended(ticket, ms(0), &answer(headers(told, 1, 1)), NO_CHANCE);
        budget.share()
    };
    assert_eq!(share(Limit::Published(40), 30), Some(27));
    assert_eq!(share(Limit::Published(40), 60), Some(54));
    assert_eq!(share(Limit::Published(40), 0), Some(36), "no limit at all is no limit");
    assert_eq!(share(Limit::AtMost(40), 30), Some(27));
    assert_eq!(share(Limit::AtMost(40), 60), Some(36));
    assert_eq!(share(Limit::Unknown, 5), None, "it has not refused anything");
}

#[test]
fn who_knows_no_limit_learns_it_from_a_refusal() {
    let mut budget = Budget::new(Limit::Unknown);
    let ticket = called(&mut budget, Class::Shopper, ms(0));
    budget.ended(ticket, ms(0), &refusal(headers(5, 0, 1)), NO_CHANCE);
    assert_eq!(budget.share(), Some(5));
}

#[test]
fn a_refusal_rests_the_category_until_its_reset() {
    let mut budget = Budget::new(Limit::Published(40));
    let ticket = called(&mut budget, Class::Shopper, ms(0));
    budget.ended(ticket, ms(100), &refusal(headers(40, 0, 3)), Jitter(1000));
    budget.enter(Class::Shopper);
    assert_eq!(budget.turn(ms(200)), Err(NoTurn::Until(ms(3_400))));
    assert_eq!(budget.retry_after(ms(200)), ms(3_200));
    assert!(budget.turn(ms(3_400)).is_ok());
}

#[test]
fn nothing_left_is_as_good_as_a_refusal() {
    let mut budget = Budget::new(Limit::Published(40));
    let ticket = called(&mut budget, Class::Shopper, ms(0));
    budget.ended(ticket, ms(100), &answer(headers(40, 0, 1)), Jitter(500));
    budget.enter(Class::Shopper);
    assert_eq!(budget.turn(ms(200)), Err(NoTurn::Until(ms(1_150))));
}

#[test]
fn refusals_in_a_row_rest_ever_longer_and_those_of_one_moment_count_once() {
    let mut budget = Budget::new(Limit::Published(40));
    let rest_after = |budget: &mut Budget, now: Duration| {
        let both = [(); 2].map(|()| called(budget, Class::Shopper, now));
        for ticket in both {
            budget.ended(ticket, now, &refusal(headers(40, 0, 1)), Jitter(1000));
        }
        budget.rests_until.saturating_sub(now)
    };
    assert_eq!(rest_after(&mut budget, ms(0)), ms(1_300));
    assert_eq!(rest_after(&mut budget, ms(10_000)), ms(1_600));
    assert_eq!(rest_after(&mut budget, ms(20_000)), ms(2_200));
    let ticket = called(&mut budget, Class::Shopper, ms(30_000));
    budget.ended(ticket, ms(30_000), &answer(headers(40, 9, 1)), Jitter(1000));
    assert_eq!(rest_after(&mut budget, ms(40_000)), ms(1_300));
    let mut budget = Budget::new(Limit::Published(40));
    for round in 0..100 {
        rest_after(&mut budget, ms(round * 100_000));
    }
    assert_eq!(rest_after(&mut budget, ms(10_000_000)), ms(1_000 + 300 * 64));
}

#[test]
fn no_answer_makes_a_category_rest_for_more_than_a_while() {
    let mut budget = Budget::new(Limit::Published(40));
    let ticket = called(&mut budget, Class::Shopper, ms(0));
    budget.ended(ticket, ms(0), &refusal(headers(40, 0, u32::MAX)), NO_CHANCE);
    assert_eq!(budget.rests_until, Duration::from_mins(1));
    assert_eq!(budget.retry_after(ms(0)), Duration::from_secs(30));
}

#[test]
fn a_smaller_share_holds_at_once() {
    let mut budget = Budget::new(Limit::AtMost(4));
    for _ in 0..2 {
        called(&mut budget, Class::Shopper, ms(0));
    }
    budget.set_share(Share::Part { live: 2, place: 1 });
    budget.enter(Class::Shopper);
    assert_eq!(budget.turn(ms(0)), Err(NoTurn::Until(ms(2_010))));
}

proptest! {
    /// Klarna counts each call at some moment between its start and its answer. However late that
    /// is and wherever its windows begin, none holds more calls than the limit.
    #[test]
    fn no_window_of_klarnas_holds_more_than_the_limit(
        limit in 1_u32..8,
        live in 1_u32..4,
        waits in proptest::collection::vec((0_u64..300, 0_u64..900, 0_u64..400), 1..120),
        window_begins in 0_u64..1_000,
    ) {
        let live = live.min(limit);
        let mut counted = BTreeMap::<u64, u32>::new();
        let mut replicas: Vec<_> = (0..live).map(|place| {
            let mut budget = Budget::new(Limit::AtMost(limit));
            budget.set_share(Share::Part { live, place });
            (budget, Duration::ZERO, Vec::<(u64, Ticket)>::new())
        }).collect();
        for (nth, (pause, on_the_way, back)) in waits.into_iter().enumerate() {
            let (budget, now, under_way) = &mut replicas[nth % live as usize];
            *now += ms(pause);
            budget.enter(Class::ALL[nth % 3]);
            let ticket = loop {
                under_way.sort_by_key(|(at, _)| *at);
                while under_way.first().is_some_and(|(at, _)| ms(*at) <= *now) {
                    let (at, ticket) = under_way.remove(0);
                    budget.ended(ticket, ms(at), &Heard::default(), NO_CHANCE);
                }
                match budget.turn(*now) {
                    Ok((ticket, _)) => break ticket,
                    Err(NoTurn::Until(next)) => {
                        prop_assert!(next > *now);
                        let answer = under_way.first().map_or(next, |(at, _)| ms(*at));
                        *now = next.min(answer);
                    }
                    Err(NoTurn::NobodyWaits) => prop_assert!(false, "somebody waits"),
                }
            };
            let sent = u64::try_from(now.as_millis()).unwrap();
            under_way.push((sent + on_the_way + back, ticket));
            let window = (sent + on_the_way + window_begins) / 1_000;
            let calls = counted.entry(window).or_default();
            *calls += 1;
            prop_assert!(*calls <= limit, "{} calls in a window, {limit} allowed", *calls);
        }
    }
}
