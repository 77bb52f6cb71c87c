//! Bounds that were asked for, and whether they were held.

use std::fmt::Write as _;

#[derive(Default)]
pub(crate) struct Asked(Vec<Row>);

/// One figure, and the bound that it was asked to keep.
struct Row {
    what: String,
    bound: String,
    measured: String,
    held: bool,
}

impl Asked {
    pub(crate) fn at_least(&mut self, what: impl Into<String>, bound: f64, measured: f64) {
        self.push(what.into(), format!("at least {bound}"), measured, measured >= bound);
    }

    pub(crate) fn below(&mut self, what: impl Into<String>, bound: f64, measured: f64) {
        self.push(what.into(), format!("under {bound}"), measured, measured < bound);
    }

    fn push(&mut self, what: String, bound: String, measured: f64, held: bool) {
        self.0.push(Row { what, bound, measured: format!("{measured:.2}"), held });
    }

    /// The table, as Markdown with its heading.
    pub(crate) fn table(&self) -> String {
        let mut text = "\n## What was asked\n\n| what | asked | measured | held |\n\
                        |---|---:|---:|---|\n"
            .to_owned();
        for Row { what, bound, measured, held } in &self.0 {
            let held = if *held { "yes" } else { "**no**" };
            writeln!(text, "| {what} | {bound} | {measured} | {held} |").unwrap();
        }
        text
    }
}
