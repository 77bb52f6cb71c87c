//! The crash matrix: a process that carries out an act is killed with SIGKILL before and after every
//! write of its ledger and every call to Klarna, and started again; then kvitt, Klarna and the shop
//! agree, and the act happened once. The points are not listed anywhere: the n-th write and the n-th
//! call are tried until the process gets through.

mod acts;
mod child;

use std::collections::BTreeSet;
use std::env;
use std::io::{Write as _, stderr};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use kvitt_core::{Event, IntentState};
use serde_json::{Value, json};

use self::acts::Act;
use self::child::{JOB, Job};
use crate::faults::keys;
use crate::shop::{Shop, sqlite_url};
use crate::unsteady::Moment;

/// The pause before the parent looks at its child again.
const PAUSE: Duration = Duration::from_millis(2);

/// How often it looks at its child before it asks Klarna again whether the call has come. Asking is
/// as much work as a step of the child's, which would wait for it.
const LOOKS_A_QUESTION: u32 = 4;

/// Where a process is killed.
#[derive(Debug, Clone, Copy)]
enum Point {
    /// At its n-th write, which it sees itself.
    Write(u32, Moment),
    /// At its n-th call, which Klarna sees.
    Call(u32, Moment),
}

#[derive(Debug, Clone, Copy)]
enum Store {
    Sqlite,
    Postgres,
}

async fn survive(store: Store, act: Act) {
    let database = matches!(store, Store::Postgres).then(kvitt_testing::database);
    let mut ledger = String::new();
    let shop = Shop::open_at(|folder| {
        ledger = database.as_ref().map_or_else(|| sqlite_url(folder), kvitt_testing::Database::url);
        ledger.clone()
    })
    .await;
    let mut sales = 0;
    // A crash, and a crash of the process that follows one: Klarna did it, and nobody heard so.
    for first in [None, Some(Point::Call(1, Moment::After))] {
        let mut points = Vec::new();
        for at in [Point::Write, Point::Call] {
            for moment in [Moment::Before, Moment::After] {
                let mut hit = 0;
                loop {
                    let point = at(hit + 1, moment);
                    let when = format!("{act:?} on {store:?}, killed at {first:?} and {point:?}");
                    let mut job = Box::pin(act.prepare(&shop, &ledger)).await;
                    if first.is_some() {
                        assert!(was_killed(&shop, &job, first).await, "{when}: it got through");
                        job.again = true;
                    }
                    let died = was_killed(&shop, &job, Some(point)).await;
                    if died {
                        job.again = true;
                        assert!(!was_killed(&shop, &job, None).await, "{when}: and once more");
                    }
                    sales += 1;
                    check(&shop, &job, &when).await;
                    if !died {
                        break;
                    }
                    hit += 1;
                }
                points.push(hit);
                // An order too many stays, so that it is enough to count from time to time: what
                // Klarna remembers becomes long.
                let all = orders(&shop).await;
                assert_eq!(all, sales, "{act:?} on {store:?}, {first:?}: as many orders as sales");
            }
        }
        let mut stderr = stderr();
        let after = if first.is_some() { " after a crash" } else { "" };
        writeln!(stderr, "{act:?} on {store:?}{after}: killed at {points:?} points").unwrap();
        // The intent and its outcome are two writes, as are a claim and the outcome; the act is a
        // call.
        assert!(points[..2].iter().all(|hit| *hit >= 2), "writes: {points:?}");
        assert!(points[2..].iter().all(|hit| *hit >= 1), "calls: {points:?}");
    }
}

/// Has a process carry a job out, and says whether it was killed on the way.
async fn was_killed(shop: &Shop, job: &Job, at: Option<Point>) -> bool {
    let mut job = job.clone();
    let mut fault = None;
    match at {
        Some(Point::Write(nth, moment)) => job.dies = Some((nth, moment)),
        Some(Point::Call(nth, moment)) => {
            // Its answer would never come.
            let rule = json!({"nth": nth, "effect": {"kind": "hang", "when": moment}});
            let rule = shop.control("POST", "/sandbox/v1/faults", Some(rule)).await;
            fault = Some(format!("/sandbox/v1/faults/{}", rule["id"]));
        }
        None => {}
    }
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["crash::child::child", "--exact", "--nocapture"])
        .env(JOB, serde_json::to_string(&job).unwrap())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut looks = 0;
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        looks += 1;
        let struck = match &fault {
            Some(fault) if looks % LOOKS_A_QUESTION == 0 => {
                shop.control("GET", fault, None).await["struck"] != 0
            }
            _ => false,
        };
        // The call takes effect right after it was struck.
        tokio::time::sleep(PAUSE).await;
        if struck {
            child.kill().unwrap();
        }
    };
    if let Some(fault) = fault {
        shop.control("DELETE", &fault, None).await;
    }
    let was_killed = status.signal() == Some(9);
    assert!(was_killed || status.success(), "the process ended by itself with {status}");
    was_killed
}

/// The act happened once, and everybody says so.
async fn check(shop: &Shop, job: &Job, when: &str) {
    let left = shop.engine.work_once().await.unwrap();
    assert_eq!(left, 0, "{when}: pieces of work are left");
    let sale = shop.engine.refresh(job.sale()).await.unwrap();
    assert_eq!((sale.difference(), sale.attention()), (None, None), "{when}");
    for intent in sale.intents.values() {
        assert!(matches!(intent.state, IntentState::Done(_)), "{when}: {intent:?}");
    }
    let (_, events) = shop.engine.history(job.sale()).await.unwrap();
    let done = events.iter().filter(|it| matches!(it.event, Event::Done { .. })).count();
    let klarna_order_id = &sale.order.as_ref().unwrap().klarna_order_id;
    let calls = keys(&shop.exchanges(klarna_order_id).await);
    let keys: BTreeSet<_> = calls.into_iter().collect();
    let order = shop.at_klarna(&sale).await;
    let count = |name: &str| order[name].as_array().unwrap().len();
    let there_is = json!({
        "status": order["status"],
        "captured": [count("captures"), order["captured_amount"]],
        "refunded": [count("refunds"), order["refunded_amount"]],
        "detail": job.act.detail(shop, &sale, &order).await,
        "acts": done,
    });
    assert_eq!(there_is, job.act.end(), "{when}");
    // Placing has no key. Under one key an act is done once.
    assert_eq!((sale.intents.len(), keys.len()), (done, done - 1), "{when}: {keys:?}");
}

/// How many orders Klarna has.
async fn orders(shop: &Shop) -> usize {
    let snapshot = shop.control("GET", "/sandbox/v1/snapshot", None).await;
    let Value::Object(orders) = &snapshot["state"]["orders"] else { panic!("{snapshot}") };
    orders.len()
}

macro_rules! acts {
    ($($name:ident: $act:ident,)*) => {
        acts!(sqlite Sqlite $($name $act)*);
        acts!(postgres Postgres $($name $act)*);
    };
    ($module:ident $store:ident $($name:ident $act:ident)*) => {
        mod $module {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    super::survive(super::Store::$store, super::Act::$act).await;
                }
            )*
        }
    };
}

acts! {
    place_through_the_browser: PlaceByBrowser,
    place_through_the_callback: PlaceByCallback,
    capture: Capture,
    capture_that_is_final: FinalCapture,
    refund: Refund,
    cancel: Cancel,
    release: Release,
    extend: Extend,
    update_authorization: UpdateAuthorization,
    update_references: UpdateReferences,
    update_shipping_address: UpdateShippingAddress,
    add_shipping_info: AddShippingInfo,
    trigger_send_out: TriggerSendOut,
    undo: Undo,
}
