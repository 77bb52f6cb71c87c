//! The loop on PostgreSQL without any of kvitt's code: `pgbench`, with the two statements that
//! kvitt's ledger makes of a capture, each a transaction.

use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

use kvitt_core::{ActKind, Recorded};
use kvitt_ledger::{Append, PrivateChange, WorkChange};
use kvitt_testing::Server;
use secrecy::ExposeSecret as _;
use uuid::Uuid;

use crate::bare::Loop;
use crate::common::figures::median;
use crate::sample::Sample;
use crate::shop::CAPTURES_PER_ORDER;
use crate::store::Home;

/// kvitt's own statement.
const APPEND: &str = include_str!("../../crates/kvitt-ledger/src/postgres/append.sql");

/// Runs it on a database that holds the sample's orders.
pub(crate) fn run(
    server: &Server,
    home: &Home,
    sample: &Sample,
    clients: u64,
    orders: u64,
    duration: Duration,
) -> Loop {
    let script = home.folder().join("capture.sql");
    fs::write(&script, script_of(sample, clients, orders)).unwrap();
    let database = home.database().expect("a PostgreSQL database");
    let before = versions(home);
    let output = std::process::Command::new(server.program("pgbench"))
        .args(["--no-vacuum", "--protocol=prepared", "--jobs=2", "--username=postgres", "--log"])
        .arg(format!("--log-prefix={}", home.folder().join("commits").display()))
        .arg(format!("--host={}", server.socket_folder().display()))
        .arg(format!("--client={clients}"))
        .arg(format!("--time={}", duration.as_secs()))
        .arg("--define=turn=0")
        .arg("--file")
        .arg(&script)
        .arg(database.name())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let per_second = figure_after(&said, "tps = ");
    let captures = figure_after(&said, "number of transactions actually processed: ");
    // A statement that something stood against would have written nothing, and said nothing.
    let written = versions(home) - before;
    assert!((written - captures * 2.0).abs() < 0.5, "{captures} captures, {written} events");
    Loop { per_second, commit_ms: median(scripts_us(home)) / 2.0 / 1000.0 }
}

/// How many events all orders have.
fn versions(home: &Home) -> f64 {
    let database = home.database().expect("a PostgreSQL database");
    database.sql("SELECT sum(version) FROM sale").parse().unwrap()
}

fn figure_after(said: &str, what: &str) -> f64 {
    let (_, rest) = said.split_once(what).unwrap_or_else(|| panic!("no {what:?} in {said}"));
    rest.split_whitespace().next().unwrap().parse().unwrap()
}

/// How long each run of the script took, in microseconds: of `client no time script …` the third.
fn scripts_us(home: &Home) -> Vec<f64> {
    let files = fs::read_dir(home.folder()).unwrap().map(|entry| entry.unwrap().path());
    let logs = files.filter(|it| it.file_name().unwrap().to_string_lossy().starts_with("commits"));
    let lines: Vec<String> = logs
        .flat_map(|log| {
            fs::read_to_string(log).unwrap().lines().map(str::to_owned).collect::<Vec<_>>()
        })
        .collect();
    lines.iter().map(|line| line.split(' ').nth(2).unwrap().parse().unwrap()).collect()
}

/// Both statements for `pgbench`, with its variables where each capture is another one.
fn script_of(sample: &Sample, clients: u64, orders: u64) -> String {
    let sale = sale(sample, ":order::bigint");
    let intent_of_sample = sample.requested.event.intent().unwrap();
    let intent = numbered(intent_of_sample.0, ":capture::bigint");
    let name = format!("'call@int_' || replace({intent}::text, '-', '')");
    let version = sample.version();
    let first = sample.intent_step(0, version, 0);
    let second = sample.outcome_step(0, version + 1, 0);
    let step = |append: &Append, recorded: &Recorded, expected: &str| {
        statement(append, recorded, expected, &sale, &intent, &name, sample)
    };
    // What `Turn::of` computes.
    let (each, own) = (CAPTURES_PER_ORDER, orders / clients);
    format!(
        "\\set order :client_id + {clients} * (:turn / {each} % {own})\n\
         \\set version {version} + 2 * (:turn / {each} / {own} * {each} + :turn % {each})\n\
         \\set second :version + 1\n\\set capture random(1, 200000000000000)\n{};\n{};\n\
         \\set turn :turn + 1\n",
        step(&first, &sample.requested, ":version"),
        step(&second, &sample.done, ":second"),
    )
}

/// The id of [`Sample::sale`], as SQL.
fn sale(sample: &Sample, order: &str) -> String {
    let digits = &sample.summary.sale.0.as_simple().to_string()[12..];
    format!("(reverse(lpad(to_hex({order}), 12, '0')) || '{digits}')::uuid")
}

/// An id like another one, with a number in its last 48 bits, as SQL.
fn numbered(id: Uuid, number: &str) -> String {
    format!("('{}' || lpad(to_hex({number}), 12, '0'))::uuid", &id.to_string()[..24])
}

/// The statement with its values in their places.
fn statement(
    append: &Append,
    recorded: &Recorded,
    expected: &str,
    sale: &str,
    intent: &str,
    secret: &str,
    sample: &Sample,
) -> String {
    let summary = &append.summary;
    let int = |value: i64| format!("{value}::bigint");
    let optional_int = |value: Option<i64>| value.map_or("NULL::bigint".to_owned(), int);
    let optional = |value: &Option<String>| value.as_deref().map_or("NULL::text".to_owned(), text);
    let record = append.idempotency.as_ref();
    let at_us = recorded.at.as_microsecond();
    let event_id = "gen_random_uuid()";
    let (secret_value, is_scheduled) = match (&append.private[0], &append.work[0]) {
        (PrivateChange::SetSecret { value, .. }, WorkChange::Schedule { .. }) => {
            (format!("convert_to({}, 'UTF8')", text(value.expose_secret())), true)
        }
        _ => ("NULL::bytea".to_owned(), false),
    };
    let values = [
        sale.to_owned(),
        format!("{expected}::bigint"),
        format!("({expected}::bigint + 1)"),
        int(summary.created_at.as_microsecond()),
        int(summary.updated_at.as_microsecond()),
        text(&summary.account),
        text(&summary.purchase_country),
        text(&summary.purchase_currency),
        text(&summary.checkout_status),
        optional(&summary.order_status),
        optional(&summary.fraud_status),
        optional(&summary.klarna_order_id),
        optional(&summary.klarna_reference),
        optional(&summary.merchant_reference1),
        optional(&summary.merchant_reference2),
        int(summary.order_amount),
        int(summary.captured_amount),
        int(summary.refunded_amount),
        int(summary.remaining_authorized_amount),
        optional_int(summary.placed_at.map(jiff::Timestamp::as_microsecond)),
        optional_int(summary.expires_at.map(jiff::Timestamp::as_microsecond)),
        optional(&summary.attention),
        "NULL::uuid".to_owned(),
        "NULL::bigint".to_owned(),
        record.map_or("NULL::text".to_owned(), |it| text(&it.requester.to_string())),
        record.map_or("NULL::text".to_owned(), |_| {
            let width = sample.idempotency_key.len();
            format!("lpad(:capture::bigint::text, {width}, '0')")
        }),
        record.map_or("NULL::bytea".to_owned(), |it| {
            format!("'\\x{}'::bytea", hex(&it.request_hash))
        }),
        record.map_or("NULL::uuid".to_owned(), |_| intent.to_owned()),
        record.map_or("NULL::bigint".to_owned(), |_| int(at_us)),
        format!("ARRAY[{event_id}]"),
        format!("ARRAY[{at_us}::bigint]"),
        format!("ARRAY[{}]", text(&recorded.event.name(Some(ActKind::Capture)))),
        format!("ARRAY[{}]", text(&serde_json::to_string(&recorded.cause).unwrap())),
        format!("ARRAY[{}]", text(&serde_json::to_string(&recorded.event).unwrap())),
        format!("ARRAY[{intent}]"),
        "ARRAY[false]".to_owned(),
        format!("ARRAY[{secret}]"),
        format!("ARRAY[{secret_value}]"),
        format!("ARRAY[{intent}]"),
        if is_scheduled {
            format!("ARRAY[{}]", text(&sample.work_kind))
        } else {
            "ARRAY[NULL::text]".to_owned()
        },
        if is_scheduled {
            "ARRAY[120000000::bigint]".to_owned()
        } else {
            "ARRAY[NULL::bigint]".to_owned()
        },
        optional_int(summary.look_at.map(jiff::Timestamp::as_microsecond)),
        "NULL::bytea".to_owned(),
        "NULL::text".to_owned(),
        "NULL::bytea".to_owned(),
        "NULL::bigint".to_owned(),
        "100::bigint".to_owned(),
        append.acts.to_string(),
    ];
    let mut sql = APPEND.to_owned();
    // Comments name the parameters too.
    sql = sql.lines().filter(|line| !line.trim_start().starts_with("--")).fold(
        String::new(),
        |mut lines, line| {
            lines.push_str(line);
            lines.push(' ');
            lines
        },
    );
    // The longest first, so that $4 is not looked for in $47.
    for (index, value) in values.iter().enumerate().rev() {
        let mut parameter = String::new();
        write!(parameter, "${}", index + 1).unwrap();
        sql = sql.replace(&parameter, value);
    }
    assert!(!sql.contains('$'), "the statement has more parameters than there are values: {sql}");
    sql
}

/// A text in SQL in which `pgbench` finds none of its variables.
fn text(value: &str) -> String {
    let escaped = value.replace('\\', "\\\\").replace('\'', "''").replace(':', "\\x3a");
    format!("E'{escaped}'::text")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}
