//! The budget itself: pure, so that its promises are tested without waiting. Times are counted
//! from a moment of the caller's choice, by a clock that only goes forward.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use klarna::RateLimit;
use klarna::retry::Jitter;

use super::{Class, Limit};

/// Klarna's window (its documentation: rate limit), and a hundredth of it more, since no two
/// machines' seconds are equally long.
const WINDOW: Duration = Duration::from_millis(1_010);
/// Within this time of its start a call has reached Klarna, and was counted there.
const REACHES_WITHIN: Duration = Duration::from_secs(1);
/// One call in so many is kept for a replica that the others do not know of yet.
const KEPT_PART: u32 = 10;
/// So many calls that are over may be kept until somebody looks.
const SLOTS_KEPT_MIN: usize = 64;
/// How often in a row a class that waits is passed over before it has its turn.
const PASSED_OVER_MAX: u32 = 9;
/// The longest that Klarna's word is taken for how long to rest.
const REST_MAX: Duration = Duration::from_mins(1);
/// What chance adds to a rest that Klarna's 429 ordered, at most; it doubles with each further
/// one.
const AFTER_REFUSAL: Duration = Duration::from_millis(300);
const DOUBLINGS_MAX: u32 = 6;
/// What chance adds where Klarna says that nothing is left, so that replicas do not come back
/// all at once.
const AFTER_LAST: Duration = Duration::from_millis(100);
/// Longest time after which a call that was held back is asked to come again.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(30);

/// A call that waits or is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Ticket(u64);

/// What part of a merchant's calls a replica may make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Share {
    /// All but what is kept for a new one: there is no other.
    Whole,
    /// One of several parts that together are the whole.
    Part {
        /// How many replicas there are.
        live: u32,
        /// This one's place among them, from 0.
        place: u32,
    },
    /// What is kept for a new one: the others do not know of this one yet.
    Kept,
}

impl Share {
    /// Calls a second, at least one, since nobody may starve.
    fn of(self, limit: u32) -> u32 {
        let kept = limit / KEPT_PART;
        let shared = limit - kept;
        let calls = match self {
            Self::Whole => shared,
            Self::Part { live, place } => {
                let live = live.max(1);
                shared / live + u32::from(place < shared % live)
            }
            Self::Kept => kept,
        };
        calls.max(1)
    }
}

/// What Klarna's answer says about the budget.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Heard {
    /// Whether it was 429.
    pub(super) refused: bool,
    /// Its headers.
    pub(super) rate_limit: Option<RateLimit>,
}

/// Why nobody has the next turn just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoTurn {
    /// Nobody waits.
    NobodyWaits,
    /// The next turn may be at this time.
    Until(Duration),
}

/// A call under way or just over: it counts until its end.
#[derive(Debug, Clone, Copy)]
struct Slot {
    sent: Duration,
    end: Duration,
}

/// One category's budget in one process.
///
/// A call counts from when it is sent until a window after its answer came, since Klarna counted
/// it at some moment in between. So no window of Klarna's, wherever it begins, holds more calls
/// than the share, whatever the network does to them. A call without an answer counts for a
/// second and a window.
#[derive(Debug)]
pub(super) struct Budget {
    limit: Limit,
    /// What Klarna's headers state.
    told: Option<u32>,
    share: Share,
    slots: HashMap<Ticket, Slot>,
    /// With so many slots, those that are over are forgotten, though nobody counts them.
    slots_swept_at: usize,
    lines: [VecDeque<Ticket>; 3],
    passed_over: [u32; 3],
    rests_until: Duration,
    /// When the last 429 was heard, and how many came in a row.
    refused: Option<(Duration, u32)>,
    last_ticket: u64,
}

impl Budget {
    pub(super) fn new(limit: Limit) -> Self {
        Self {
            limit,
            told: None,
            share: Share::Whole,
            slots: HashMap::new(),
            slots_swept_at: SLOTS_KEPT_MIN,
            lines: Default::default(),
            passed_over: [0; 3],
            rests_until: Duration::ZERO,
            refused: None,
            last_ticket: 0,
        }
    }

    /// Calls a second that this process may make; none where no limit is known.
    pub(super) fn share(&self) -> Option<u32> {
        let limit = match self.limit {
            Limit::Unknown => self.told,
            Limit::Published(published) => Some(self.told.unwrap_or(published)),
            Limit::AtMost(most) => Some(self.told.map_or(most, |told| told.min(most))),
        };
        limit.map(|limit| self.share.of(limit))
    }

    pub(super) fn set_share(&mut self, share: Share) {
        self.share = share;
    }

    /// How many calls of a class wait.
    pub(super) fn waiting(&self, class: Class) -> usize {
        self.lines[class as usize].len()
    }

    /// Lets a call wait for its turn.
    pub(super) fn enter(&mut self, class: Class) -> Ticket {
        self.last_ticket += 1;
        let ticket = Ticket(self.last_ticket);
        self.lines[class as usize].push_back(ticket);
        ticket
    }

    /// A call is not made after all, whether it had its turn or not.
    pub(super) fn leave(&mut self, ticket: Ticket) {
        for line in &mut self.lines {
            line.retain(|waiting| *waiting != ticket);
        }
        self.slots.remove(&ticket);
    }

    /// Gives the next turn to whom it belongs, if there is one now.
    pub(super) fn turn(&mut self, now: Duration) -> Result<(Ticket, Class), NoTurn> {
        if self.slots.len() >= self.slots_swept_at {
            self.forget_those_over(now);
            self.slots_swept_at = (2 * self.slots.len()).max(SLOTS_KEPT_MIN);
        }
        let class = self.whose_turn().ok_or(NoTurn::NobodyWaits)?;
        if self.rests_until > now {
            return Err(NoTurn::Until(self.rests_until));
        }
        if self.is_used_up() {
            self.forget_those_over(now);
        }
        if self.is_used_up() {
            let first = self.slots.values().map(|slot| slot.end).min();
            return Err(NoTurn::Until(first.unwrap_or(now + WINDOW)));
        }
        let ticket = self.lines[class as usize].pop_front().ok_or(NoTurn::NobodyWaits)?;
        for other in Class::ALL {
            if other != class && self.waiting(other) > 0 {
                self.passed_over[other as usize] += 1;
            }
        }
        self.passed_over[class as usize] = 0;
        self.slots.insert(ticket, Slot { sent: now, end: now + REACHES_WITHIN + WINDOW });
        Ok((ticket, class))
    }

    fn is_used_up(&self) -> bool {
        self.share().is_some_and(|share| self.slots.len() >= share as usize)
    }

    fn forget_those_over(&mut self, now: Duration) {
        self.slots.retain(|_, slot| slot.end > now);
    }

    /// The first class that waits, unless another was passed over too often.
    fn whose_turn(&self) -> Option<Class> {
        let waits = |class: &Class| self.waiting(*class) > 0;
        let first = Class::ALL.into_iter().find(waits)?;
        let starving = Class::ALL
            .into_iter()
            .filter(waits)
            .filter(|class| self.passed_over[*class as usize] >= PASSED_OVER_MAX)
            .max_by_key(|class| self.passed_over[*class as usize]);
        Some(starving.unwrap_or(first))
    }

    /// A call is over; what its answer says is kept to from now on.
    pub(super) fn ended(&mut self, ticket: Ticket, now: Duration, heard: &Heard, jitter: Jitter) {
        let sent = self.slots.get_mut(&ticket).map(|slot| {
            slot.end = slot.end.min(now + WINDOW);
            slot.sent
        });
        let told = heard.rate_limit.and_then(|it| it.limit).filter(|limit| *limit > 0);
        // A sandbox that limits nothing states the playground's limits all the same.
        if self.limit != Limit::Unknown || heard.refused {
            self.told = told.or(self.told);
        }
        let reset = heard.rate_limit.and_then(|it| it.reset()).unwrap_or(Duration::from_secs(1));
        let mut pause = |most: Duration| {
            let by_chance = most / 1000 * u32::from(jitter.0.min(1000));
            self.rests_until = self.rests_until.max(now + reset.min(REST_MAX) + by_chance);
        };
        let since_refusal =
            self.refused.is_none_or(|(refused, _)| sent.is_none_or(|sent| sent > refused));
        if heard.refused {
            let before = self.refused.map_or(0, |(_, times)| times);
            // Calls that were under way together are refused together, for one reason.
            let times = if since_refusal { before + 1 } else { before };
            pause(AFTER_REFUSAL * 2_u32.pow((times - 1).min(DOUBLINGS_MAX)));
            if since_refusal {
                self.refused = Some((now, times));
            }
            return;
        }
        if since_refusal {
            self.refused = None;
        }
        if heard.rate_limit.and_then(|it| it.remaining) == Some(0) {
            pause(AFTER_LAST);
        }
    }

    /// When a call that had no turn should come again: once those before it had theirs.
    pub(super) fn retry_after(&self, now: Duration) -> Duration {
        let second = Duration::from_secs(1);
        let rest = self.rests_until.saturating_sub(now);
        let waiting = self.lines.iter().map(VecDeque::len).sum::<usize>();
        let share = self.share().map_or(usize::MAX, |share| share as usize);
        let line = u32::try_from(waiting / share).unwrap_or(u32::MAX);
        rest.saturating_add(second.saturating_mul(line)).clamp(second, RETRY_AFTER_MAX)
    }
}

#[cfg(test)]
mod tests;
