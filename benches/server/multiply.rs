//! Many orders out of one: every row that a sale has, as often as wanted, by the store's own SQL.
//!
//! Ids keep their beginning and get the order's number as their last twelve digits, so that they
//! are distinct and grow with time, as kvitt's own do. Klarna's ids are spread instead. The oldest
//! twenty stay open; all others are as the sample is.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::store::Home;

/// How many orders, the oldest ones, are still to be captured.
pub(crate) const OPEN: u64 = 20;

/// Names that the sample's rows are kept under meanwhile.
const KEPT: &str = "sample_of_";

/// The most orders that fit before the sample in time, half a minute apart.
const ORDERS_MAX: u64 = 2_000_000;

/// How long those who had the file open may take to close it.
const PATIENCE: Duration = Duration::from_secs(10);

const TABLES: [&str; 8] =
    ["sale", "event", "idempotency", "personal", "secret", "private", "inbox", "work"];

/// The words in which the two stores differ.
struct Dialect {
    /// A number as twelve hexadecimal digits.
    number: &'static str,
    /// The number spread over eight.
    spread: &'static str,
    /// All numbers up to this one, each with the sample's rows: what stands before the `INSERT`,
    /// what the rows are joined to, and what keeps the numbers in front.
    numbers: fn(u64) -> [String; 3],
}

const SQLITE: Dialect = Dialect {
    number: "printf('%012x', n)",
    spread: "printf('%08x', (n * 2654435761) & 4294967295)",
    numbers: |last| {
        [
            format!(
                "WITH RECURSIVE number (n) AS \
                 (VALUES (1) UNION ALL SELECT n + 1 FROM number WHERE n < {last}) "
            ),
            "number CROSS JOIN ".to_owned(),
            String::new(),
        ]
    },
};

const POSTGRES: Dialect = Dialect {
    number: "lpad(to_hex(n), 12, '0')",
    spread: "lpad(to_hex((n * 2654435761) & 4294967295), 8, '0')",
    numbers: |last| {
        [
            String::new(),
            format!("generate_series(1::bigint, {last}::bigint) AS n CROSS JOIN LATERAL "),
            "WHERE n > 0 ".to_owned(),
        ]
    },
};

/// The sample's sale, as each store knows it.
pub(crate) struct Original {
    /// 32 digits.
    pub(crate) digits: String,
    /// Every intent in its events, as `int_…`.
    pub(crate) intents: Vec<String>,
}

/// Tables that the store has, with their columns and each one's type.
type Columns = BTreeMap<String, Vec<(String, String)>>;

/// Adds so many orders, numbered from 1.
pub(crate) fn add(home: &Home, original: &Original, orders: u64) {
    match home.database() {
        None => {
            let file = Connection::open(home.file()).unwrap();
            let columns = columns_of_sqlite(&file);
            // Nothing has to survive: the file is made for this.
            leave_wal(&file);
            file.execute_batch(
                "PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF;
                 PRAGMA cache_size = -1000000; PRAGMA temp_store = MEMORY;",
            )
            .unwrap();
            let sql = statements(&SQLITE, &columns, original, orders, |name, _| name != "position");
            file.execute_batch(&format!("BEGIN; {sql} COMMIT; PRAGMA journal_mode = WAL;"))
                .unwrap();
        }
        Some(database) => {
            let columns = columns_of_postgres(&database.sql(
                "SELECT table_name || ' ' || column_name || ' ' || data_type
                 FROM information_schema.columns WHERE table_schema = 'public'
                 ORDER BY table_name, ordinal_position",
            ));
            let sql = statements(&POSTGRES, &columns, original, orders, |_, _| true);
            database.sql(&format!("BEGIN; {sql} COMMIT;"));
            // As the server does by itself, in time.
            database.sql("VACUUM (ANALYZE)");
        }
    }
}

/// Leaves out every log. It has to be asked for until the last one who had the file open is gone.
fn leave_wal(file: &Connection) {
    let begun = Instant::now();
    let mode = || -> rusqlite::Result<String> {
        file.query_row("PRAGMA journal_mode = OFF", [], |row| row.get(0))
    };
    while mode().as_deref() != Ok("off") {
        assert!(begun.elapsed() < PATIENCE, "somebody has the file open");
        thread::sleep(Duration::from_millis(20));
    }
}

fn columns_of_sqlite(file: &Connection) -> Columns {
    let mut columns = Columns::new();
    for table in TABLES {
        let mut rows = file.prepare("SELECT name, type FROM pragma_table_info(?)").unwrap();
        let found = rows.query_map([table], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        let found: Vec<(String, String)> = found.map(Result::unwrap).collect();
        if !found.is_empty() {
            columns.insert(table.to_owned(), found);
        }
    }
    columns
}

fn columns_of_postgres(listed: &str) -> Columns {
    let mut columns = Columns::new();
    for line in listed.lines() {
        let mut words = line.splitn(3, ' ');
        let mut word = || words.next().unwrap().to_owned();
        let (table, name, data_type) = (word(), word(), word());
        if TABLES.contains(&table.as_str()) {
            columns.entry(table).or_default().push((name, data_type));
        }
    }
    columns
}

fn statements(
    dialect: &Dialect,
    columns: &Columns,
    original: &Original,
    orders: u64,
    is_given: impl Fn(&str, &str) -> bool,
) -> String {
    let mut sql = String::new();
    let digits = &original.digits;
    let [with, numbers, order] = (dialect.numbers)(orders);
    // The sale comes first, since the others refer to it.
    for table in TABLES {
        let Some(all) = columns.get(table) else { continue };
        let given = || all.iter().filter(|(name, data_type)| is_given(name, data_type));
        let names: Vec<&str> = given().map(|(name, _)| name.as_str()).collect();
        let values: Vec<String> =
            given().map(|(name, kind)| value(dialect, original, name, kind)).collect();
        let (names, values) = (names.join(", "), values.join(", "));
        let kept = format!("{KEPT}{table}");
        writeln!(
            sql,
            "CREATE TEMP TABLE {kept} AS SELECT * FROM {table} WHERE sale = '{digits}';\n\
             {with}INSERT INTO {table} ({names}) SELECT {values} FROM {numbers}\
             (SELECT * FROM {kept} {order}LIMIT 1000) AS s;\n\
             DROP TABLE {kept};"
        )
        .unwrap();
    }
    sql
}

/// What stands in a column of the order with number `n`.
fn value(dialect: &Dialect, original: &Original, name: &str, kind: &str) -> String {
    let Dialect { number, spread, .. } = dialect;
    let is_uuid = kind == "uuid";
    let numbered = |column: &str| {
        if is_uuid {
            format!("(left(s.{column}::text, 24) || {number})::uuid")
        } else {
            format!("substr(s.{column}, 1, length(s.{column}) - 12) || {number}")
        }
    };
    let earlier = format!("({ORDERS_MAX} - n) * 30000000");
    match name {
        "sale" | "id" | "intent" | "work_id" => numbered(name),
        "event" => {
            let text = if kind == "json" { "s.event::text" } else { "s.event" };
            let text = original.intents.iter().fold(text.to_owned(), |text, intent| {
                let begin = &intent[..intent.len() - 12];
                format!("replace({text}, '{intent}', '{begin}' || {number})")
            });
            if kind == "json" { format!("({text})::json") } else { text }
        }
        "position" => "n * 64 + s.seq".to_owned(),
        "created_at_us" | "updated_at_us" | "placed_at_us" => format!("s.{name} - {earlier}"),
        "klarna_order_id" => format!("{spread} || substr(s.klarna_order_id, 9)"),
        "klarna_reference" => format!("upper({spread})"),
        "merchant_reference1" => "'order-' || n".to_owned(),
        "order_status" => {
            format!("CASE WHEN n <= {OPEN} THEN 'AUTHORIZED' ELSE s.order_status END")
        }
        _ => format!("s.{name}"),
    }
}

/// The digits of an order's id.
pub(crate) fn digits(original: &Original, number: u64) -> String {
    format!("{}{number:012x}", &original.digits[..20])
}

/// The beginning of Klarna's id of an order.
pub(crate) fn klarna_digits(number: u64) -> String {
    format!("{:08x}", number.wrapping_mul(2_654_435_761) & 0xffff_ffff)
}
