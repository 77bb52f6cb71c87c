//! The short form of the storm: a few dozen orders through three replicas on PostgreSQL, under every
//! combination of the sandbox's switches for repeated placing and for readable references, one after
//! the other, while Klarna, its callbacks, the replicas and the database fail. The long form is
//! `scripts/storm`.

use std::io::{Write as _, stderr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use kvitt_storm::{Counts, Storm, Switches};

/// Any other has to do as well: `scripts/storm` takes others.
const SEED: u64 = 17;
const ORDERS: u32 = 44;

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_loses_nothing_doubles_nothing_and_leaves_nothing_stuck() {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_kvitt"));
    let storm = Storm {
        // Few enough at a time that each combination has some that begin under it.
        open_max: 16,
        patience: Duration::from_secs(10),
        ..Storm::new(program, SEED, ORDERS, Switches::all().collect())
    };
    let report = storm.run(&Arc::new(Counts::default())).await;
    let report = report.expect("the storm can be carried through");
    writeln!(stderr(), "{report}").expect("somebody listens");
    assert!(report.is_good(), "see above");
    // And it was one.
    assert!(report.answered() >= 400);
    assert!(report.share_struck() >= 0.08);
    assert_eq!((report.tally.database_restarts, report.tally.nights), (1, 1));
    assert!(report.tally.kills >= 9 && report.events.doubts > 0);
}
