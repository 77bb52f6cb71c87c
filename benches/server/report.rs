//! The tables, and what was asked of the figures in them.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use jiff::Timestamp;

use crate::captures::Measured;
use crate::common::asked::Asked;
use crate::common::figures::{median, range};
use crate::common::machine;
use crate::common::plot::{self, Axis, Panel};
use crate::growth::{Growth, Size};
use crate::latency::Added;
use crate::memory::Held;
use crate::store::Kind;
use crate::{Args, BENCHES};

/// What of a bare loop's rate the whole way has to reach.
const OF_BARE_MIN: f64 = 0.5;

/// What cost may grow by, from the smallest ledger to the largest.
const GROWTH_MAX: f64 = 1.5;

pub(crate) struct Report {
    text: String,
    asked: Asked,
    plot: Option<String>,
}

impl Report {
    pub(crate) fn begin(args: &Args) -> Self {
        #[expect(clippy::disallowed_methods, reason = "a table says when it was measured")]
        let day = Timestamp::now().strftime("%Y-%m-%d");
        let text = format!(
            "# `{} serve` {}, measured on {day}\n\n\
             {}, load average {} at the start; rounds of {} captures, bare loops of {} s.\n",
            args.kvitt.file_name().unwrap().display(),
            env!("CARGO_PKG_VERSION"),
            machine::description(),
            machine::load_average(),
            args.captures,
            args.seconds,
        );
        Self { text, asked: Asked::default(), plot: None }
    }

    /// Captures a second on one store.
    pub(crate) fn captures(&mut self, measured: &Measured) {
        let name = measured.kind.name();
        let kvitt = measured.median(|it| it.per_second);
        let appends = median(measured.appends.iter().map(|it| it.per_second));
        let bare = median(measured.bare.iter().map(|it| it.per_second));
        let text = &mut self.text;
        write!(
            text,
            "\n## Captures a second on {name}\n\n\
             | what | captures/s | lowest to highest | commits/s | kvitt is |\n\
             |---|---:|---:|---:|---:|\n"
        )
        .unwrap();
        let without = match measured.kind {
            Kind::Sqlite => "rusqlite, one writer",
            Kind::Postgres => "pgbench",
        };
        for (what, figure, (lowest, highest)) in [
            (
                "through the merchant API".to_owned(),
                kvitt,
                range(measured.kvitt.iter().map(|it| it.per_second)),
            ),
            (
                "the ledger's own append, in a bare loop".to_owned(),
                appends,
                range(measured.appends.iter().map(|it| it.per_second)),
            ),
            (
                format!("{without}, in a bare loop"),
                bare,
                range(measured.bare.iter().map(|it| it.per_second)),
            ),
        ] {
            writeln!(
                text,
                "| {what} | {figure:.0} | {lowest:.0} to {highest:.0} | {:.0} | {:.2} times it |",
                figure * 2.0,
                kvitt / figure
            )
            .unwrap();
        }
        writeln!(
            text,
            "\nMedians of {} rounds. Through the API: median {:.1} ms, 99th percentile {:.1} ms; of \
             all cores, a capture took {:.0} µs in kvitt, {:.0} µs in the sandbox, and {:.0} µs with \
             the load, the database and whoever else was there. kvitt held at most {:.0} MB.",
            measured.kvitt.len(),
            measured.median(|it| it.p50),
            measured.median(|it| it.p99),
            measured.median(|it| it.kvitt_micros),
            measured.median(|it| it.sandbox_micros),
            measured.median(|it| it.all_micros),
            measured.median(|it| megabytes(it.peak)),
        )
        .unwrap();
        self.asked.at_least(
            format!("captures on {name}, of the ledger's append in a bare loop"),
            OF_BARE_MIN,
            kvitt / appends,
        );
        self.asked.at_least(
            format!("captures on {name}, of {without} in a bare loop"),
            OF_BARE_MIN,
            kvitt / bare,
        );
    }

    pub(crate) fn latency(&mut self, all: &[Added]) {
        self.text.push_str(
            "\n## What kvitt adds to a capture\n\n\
             | store | through kvitt ms | directly ms | added ms | one commit ms \
             | one append of the ledger ms |\n|---|---:|---:|---:|---:|---:|\n",
        );
        for added in all {
            let name = added.kind.name();
            writeln!(
                self.text,
                "| {name} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} |",
                added.kvitt,
                added.direct,
                added.added(),
                added.commit,
                added.append
            )
            .unwrap();
            self.asked.below(
                format!("added to a capture on {name}, ms over two commits"),
                1.0,
                added.added() - 2.0 * added.commit,
            );
        }
        self.text.push_str("\nOne client, medians.\n");
    }

    pub(crate) fn memory(&mut self, all: &[Held]) {
        self.text.push_str(
            "\n## Memory and start\n\n\
             | store | idle, resident MB | idle, proportional share MB | most under load MB \
             | start to the ready line ms | to the first answer ms |\n\
             |---|---:|---:|---|---:|---:|\n",
        );
        for held in all {
            let name = held.kind.name();
            let under_load: Vec<String> = held
                .under_load
                .iter()
                .map(|(connections, peak)| {
                    format!("{:.0} with {connections} connections", megabytes(*peak))
                })
                .collect();
            writeln!(
                self.text,
                "| {name} | {:.1} | {:.1} | {} | {:.0} | {:.0} |",
                megabytes(held.idle_resident),
                megabytes(held.idle_proportional),
                under_load.join(", "),
                held.ready,
                held.first_answer
            )
            .unwrap();
            self.asked.below(format!("idle on {name}, MB"), 40.0, megabytes(held.idle_resident));
        }
    }

    pub(crate) fn growth(&mut self, all: &[Growth]) {
        for growth in all {
            self.growth_of(growth);
        }
        if all.iter().all(|growth| growth.sizes.len() > 1) {
            self.plot = picture(all);
        }
    }

    fn growth_of(&mut self, growth: &Growth) {
        let name = growth.kind.name();
        let text = &mut self.text;
        let heads: Vec<String> =
            growth.sizes.iter().map(|size| format!("{} orders", size.orders)).collect();
        write!(
            text,
            "\n## A ledger that grows, on {name}\n\n| what, median ms (99th percentile) | {} | \
             most, times the smallest ledger's |\n|---|{}---:|\n",
            heads.join(" | "),
            "---:|".repeat(heads.len())
        )
        .unwrap();
        let Some(first) = growth.sizes.first() else { return };
        for (index, figure) in first.figures.iter().enumerate() {
            let of = |size: &Size| size.figures[index].p50;
            let cells: Vec<String> = growth
                .sizes
                .iter()
                .map(|size| format!("{:.2} ({:.2})", of(size), size.figures[index].p99))
                .collect();
            let (_, most) = range(growth.sizes.iter().map(of));
            writeln!(text, "| {} | {} | {:.2} |", figure.what, cells.join(" | "), most / of(first))
                .unwrap();
            self.asked.below(
                format!("{name}, {}: most, times the smallest ledger's", figure.what),
                GROWTH_MAX,
                most / of(first),
            );
        }
        if let Some(last) = growth.sizes.last() {
            writeln!(
                text,
                "\nWith {} orders, one takes {:.0} bytes, indices included.",
                last.orders, last.bytes_per_order
            )
            .unwrap();
        }
    }

    /// All of it, as Markdown.
    pub(crate) fn end(&self) -> String {
        format!("{}{}", self.text, self.asked.table())
    }

    /// Keeps tables and plot where they are committed.
    pub(crate) fn write(&self, text: &str) {
        fs::write(Path::new(BENCHES).join("RESULTS-server.md"), text).unwrap();
        if let Some(plot) = &self.plot {
            fs::write(Path::new(BENCHES).join("growth-server.svg"), plot).unwrap();
        }
    }
}

/// Each thing's median over the number of orders, both stores in one panel.
fn picture(all: &[Growth]) -> Option<String> {
    let sizes = &all.first()?.sizes;
    #[expect(clippy::cast_precision_loss, reason = "far fewer orders than 2^52")]
    let orders: Vec<f64> = sizes.iter().map(|it| it.orders as f64).collect();
    let axis = Axis {
        values: &orders,
        from: *orders.first()?,
        place: f64::log10,
        labelled: &orders,
        unit: "",
    };
    let panels = sizes.first()?.figures.iter().enumerate().map(|(index, figure)| {
        let lines = all.iter().map(|growth| {
            let class = if growth.kind == Kind::Sqlite { "a" } else { "b" };
            (class, growth.sizes.iter().map(|size| size.figures[index].p50).collect())
        });
        Panel { title: format!("{}, ms", figure.what), lines: lines.collect() }
    });
    Some(plot::draw(
        "Medians over the orders in the ledger: SQLite (full), PostgreSQL (dashed)",
        &axis,
        &panels.collect::<Vec<_>>(),
    ))
}

#[expect(clippy::cast_precision_loss, reason = "far less memory than 2^52 bytes")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
