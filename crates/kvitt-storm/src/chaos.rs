//! What strikes the fleet while the shop sells, and when: by the number of acts that are over, so
//! that a seed strikes at the same places again.

use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::counts::Counts;
use crate::doors::Doors;
use crate::fleet::{Fleet, REPLICAS};
use crate::{Error, Storm, Switches, faults};

/// How often it is looked whether something is due.
const LOOK_EVERY: Duration = Duration::from_millis(25);
/// What passes while all is down, where nothing moved for a while: longer than the lease of a call,
/// and than any pause between two tries. As ISO 8601, and in microseconds.
const WHILE: (&str, i64) = ("PT6M", 6 * 60 * 1_000_000);
/// What passes in the night: longer than Klarna remembers an idempotency key.
const NIGHT: (&str, i64) = ("PT25H", 25 * 3_600 * 1_000_000);
/// How long the last burst before the night goes on.
const DUSK: Duration = Duration::from_millis(1_500);
/// How far Klarna's next turns of pushes and notifications are away, at most.
pub(crate) const NEXT_TURNS: &str = "PT4H30M";
/// The part of all acts that has to be answered from one pause to the next; where it is less, what
/// is left waits for nothing but time.
const SLOW: u64 = 200;
/// How long an act waits then.
const IMPATIENCE: Duration = Duration::from_secs(15);
/// How often time passes in vain before the faults end, and before the shop waits no more.
const IN_VAIN: (u32, u32) = (3, 6);

/// What was struck.
#[derive(Debug, Default, Clone, Copy)]
pub struct Tally {
    /// Replicas that were killed, by themselves or all at once.
    pub kills: u32,
    /// Restarts of the database, as after a power cut.
    pub database_restarts: u32,
    /// Times at which an act had waited so long that all were killed and minutes passed.
    pub pauses: u32,
    /// Nights of 25 hours.
    pub nights: u32,
    /// Moments in which no answer of Klarna's arrived.
    pub bursts: u32,
}

#[derive(Debug, Clone, Copy)]
enum Blow {
    Switch(Switches),
    Kill { replica: usize, down: Duration },
    Burst,
    Database,
    Night,
}

/// The blows of a seed, each with the number of acts after which it falls, the last first.
fn schedule(storm: &Storm, acts: u64, dice: &mut Rng) -> Vec<(u64, Blow)> {
    let mut blows = vec![(acts / 2, Blow::Database), (acts * 2 / 3, Blow::Night)];
    let turns = u64::try_from(storm.switches.len()).unwrap_or(1);
    let switches = (0..).zip(&storm.switches);
    blows.extend(switches.map(|(turn, it)| (acts * turn / turns, Blow::Switch(*it))));
    for _ in 0..storm.kills() {
        let down = Duration::from_millis(dice.u64(50..1_200));
        blows.push((dice.u64(..acts), Blow::Kill { replica: dice.usize(..REPLICAS), down }));
    }
    for _ in 0..storm.bursts() {
        blows.push((dice.u64(..acts), Blow::Burst));
    }
    blows.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    blows
}

/// Strikes.
pub(crate) struct Chaos<'a> {
    pub(crate) fleet: &'a mut Fleet,
    pub(crate) doors: Arc<Doors>,
    pub(crate) counts: Arc<Counts>,
    pub(crate) tally: Tally,
    /// The rules of faults with their counts, once they are over.
    pub(crate) struck: Option<(Value, Value)>,
    pub(crate) oddities: Vec<String>,
}

impl Chaos<'_> {
    /// Strikes until the shop has sold everything or nothing moves any more.
    pub(crate) async fn rage<T>(
        &mut self,
        storm: &Storm,
        acts: u64,
        dice: &mut Rng,
        selling: &JoinHandle<T>,
    ) -> Result<(), Error> {
        self.bring_faults(dice).await?;
        let mut blows = schedule(storm, acts, dice);
        let (mut seen, mut in_vain, mut is_slow) = (0, 0, false);
        while !selling.is_finished() {
            sleep(LOOK_EVERY).await;
            let over = self.counts.acts();
            while let Some((_, blow)) = blows.pop_if(|(at, _)| *at <= over) {
                self.strike(blow, dice).await?;
            }
            if let Some(replica) = self.fleet.ended_by_itself() {
                self.oddities.push(format!("replica {replica} ended by itself: see its log"));
                self.fleet.kill(replica).await;
                self.fleet.start_replica(replica).await?;
            }
            let patience = if is_slow { storm.patience.min(IMPATIENCE) } else { storm.patience };
            if self.counts.longest_wait() > patience {
                in_vain = if over > seen { 0 } else { in_vain + 1 };
                is_slow = over - seen <= acts / SLOW;
                seen = over;
                self.pause().await?;
                if is_slow {
                    // What waits for news of its order waits for Klarna's next turn.
                    self.advance(NEXT_TURNS).await?;
                }
                self.counts.forget_waits();
                self.tally.pauses += 1;
                if in_vain == IN_VAIN.0 {
                    self.end_faults().await?;
                } else if in_vain == IN_VAIN.1 {
                    self.counts.close();
                }
            }
        }
        Ok(())
    }

    async fn bring_faults(&mut self, dice: &mut Rng) -> Result<(), Error> {
        for rule in faults::requests(dice) {
            self.doors.control(Method::POST, "/sandbox/v1/faults", Some(rule)).await?;
        }
        for rule in faults::callbacks(dice) {
            self.doors.control(Method::POST, "/sandbox/v1/callback-faults", Some(rule)).await?;
        }
        Ok(())
    }

    /// Takes all faults back, and keeps what they struck.
    pub(crate) async fn end_faults(&mut self) -> Result<(), Error> {
        if self.struck.is_some() {
            return Ok(());
        }
        let doors = &self.doors;
        let requests = doors.control(Method::GET, "/sandbox/v1/faults", None).await?;
        let callbacks = doors.control(Method::GET, "/sandbox/v1/callback-faults", None).await?;
        doors.control(Method::DELETE, "/sandbox/v1/faults", None).await?;
        doors.control(Method::DELETE, "/sandbox/v1/callback-faults", None).await?;
        self.struck = Some((requests, callbacks));
        Ok(())
    }

    async fn strike(&mut self, blow: Blow, dice: &mut Rng) -> Result<(), Error> {
        match blow {
            Blow::Switch(switches) => {
                let switches = Some(switches.to_json());
                self.doors.control(Method::PATCH, "/sandbox/v1/settings", switches).await?;
            }
            Blow::Kill { replica, down } => {
                self.fleet.kill(replica).await;
                self.tally.kills += 1;
                sleep(down).await;
                self.fleet.start_replica(replica).await?;
            }
            Blow::Burst if self.struck.is_none() => {
                let rule = faults::burst(dice);
                self.doors.control(Method::POST, "/sandbox/v1/faults", Some(rule)).await?;
                self.tally.bursts += 1;
            }
            Blow::Burst => {}
            Blow::Database => {
                self.fleet.restart_database();
                self.tally.database_restarts += 1;
            }
            Blow::Night => {
                // In the morning Klarna has forgotten the keys of what is in doubt in the evening.
                if self.struck.is_none() {
                    let rule = faults::burst(dice);
                    self.doors.control(Method::POST, "/sandbox/v1/faults", Some(rule)).await?;
                    self.tally.bursts += 1;
                    sleep(DUSK).await;
                }
                self.outage(NIGHT).await?;
                self.tally.nights += 1;
            }
        }
        Ok(())
    }

    /// All replicas are killed at one moment, and time passes before they are started again. Due work
    /// goes by the database's clock: since nobody runs who could hold any of it, bringing it forward
    /// is the same as moving that clock.
    async fn outage(&mut self, (by, microseconds): (&str, i64)) -> Result<(), Error> {
        self.kill_all(microseconds).await;
        self.advance(by).await?;
        self.fleet.start_all().await
    }

    /// The same, but that Klarna's time passes when they are back, so that they hear its callbacks.
    pub(crate) async fn pause(&mut self) -> Result<(), Error> {
        let (by, microseconds) = WHILE;
        self.kill_all(microseconds).await;
        self.fleet.start_all().await?;
        self.advance(by).await
    }

    async fn kill_all(&mut self, microseconds: i64) {
        self.fleet.kill_all().await;
        self.tally.kills += u32::try_from(REPLICAS).unwrap_or_default();
        let forward = format!("UPDATE work SET due_at_us = due_at_us - {microseconds}");
        self.fleet.sql(&forward);
    }

    /// Moves the sandbox's clock, and kvitt's with it.
    pub(crate) async fn advance(&self, by: &str) -> Result<(), Error> {
        let advance = Some(json!({ "by": by }));
        self.doors.control(Method::POST, "/sandbox/v1/clock/advance", advance).await.map(drop)
    }
}
