//! A scenario's file: read as TOML, handed on as JSON, and asked for its lines where something is
//! wrong with it.

use std::io::Read as _;

use klarna_sandbox::ScenarioProblem;
use serde_json::{Map, Value};
use toml::de::{DeTable, DeValue};

use crate::failure::Failure;
use crate::output::plain;

/// A scenario, with the text that it was written as.
pub(super) struct Document {
    /// The file's name, for messages.
    name: String,
    text: String,
    pub(super) scenario: Value,
}

impl Document {
    /// Reads the file, or stdin where it is called `-`.
    pub(super) fn read(file: &str) -> Result<Self, Failure> {
        let (name, text) = if file == "-" {
            let mut text = String::new();
            ("stdin", std::io::stdin().read_to_string(&mut text).map(|_| text))
        } else {
            (file, std::fs::read_to_string(file))
        };
        let text =
            text.map_err(|error| Failure::usage(format_args!("{name} cannot be read: {error}")))?;
        Self::of(name, text)
    }

    fn of(name: &str, text: String) -> Result<Self, Failure> {
        match text.parse::<toml::Table>() {
            Ok(table) => {
                let scenario = Value::Object(members(table));
                Ok(Self { name: name.to_owned(), text, scenario })
            }
            Err(error) => {
                let line = error.span().map_or(1, |span| line_at(&text, span.start));
                let message = error.message();
                Err(Failure::usage(format_args!("{name}, line {line}, is not TOML: {message}")))
            }
        }
    }

    /// Why it cannot be seeded, with the lines that have to change.
    pub(super) fn refused(&self, problems: &[ScenarioProblem]) -> Failure {
        let mut message = format!("{} cannot be seeded, and nothing was changed:", self.name);
        let table = DeTable::parse(&self.text).ok().map(toml::Spanned::into_inner);
        for problem in problems {
            let offset = table.as_ref().and_then(|table| place(table, &problem.path));
            let line = offset.map(|at| format!("line {}, ", line_at(&self.text, at)));
            let named = problem.name.as_ref().map(|name| format!(" ({name:?})"));
            message.push_str("\n  - ");
            message.push_str(&plain(&format!(
                "{}{}{}: {}",
                line.unwrap_or_default(),
                problem.path,
                named.unwrap_or_default(),
                problem.message
            )));
        }
        Failure::usage(message)
    }
}

/// The line of an offset, counted from 1.
fn line_at(text: &str, offset: usize) -> usize {
    text.get(..offset).map_or(1, |before| before.matches('\n').count() + 1)
}

/// TOML as JSON: a date is its text.
fn members(table: toml::Table) -> Map<String, Value> {
    table.into_iter().map(|(name, value)| (name, json(value))).collect()
}

fn json(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::from(text),
        toml::Value::Integer(number) => Value::from(number),
        toml::Value::Float(number) => Value::from(number),
        toml::Value::Boolean(truth) => Value::from(truth),
        toml::Value::Datetime(date) => Value::from(date.to_string()),
        toml::Value::Array(elements) => elements.into_iter().map(json).collect(),
        toml::Value::Table(table) => Value::Object(members(table)),
    }
}

/// Where a path such as `orders[2].state` stands, or the deepest part of it that is there.
fn place(table: &DeTable<'_>, path: &str) -> Option<usize> {
    let mut found = None;
    let mut table = Some(table);
    for part in path.split('.') {
        let (name, indices) = part.split_once('[').unwrap_or((part, ""));
        let Some((key, value)) =
            table.and_then(|it| it.iter().find(|(key, _)| key.get_ref() == name))
        else {
            break;
        };
        found = Some(key.span().start);
        let mut value = value;
        for index in indices.split('[').filter_map(|index| index.trim_end_matches(']').parse().ok())
        {
            let DeValue::Array(elements) = value.get_ref() else { return found };
            let Some(element) = elements.get::<usize>(index) else { return found };
            value = element;
            found = Some(element.span().start);
        }
        table = value.get_ref().as_table();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
[settings]
authorization_days = 7

[[orders]]
name = \"a\"
state = \"captured\"

[[orders]]
name = \"b\"
state = \"paid\"
age = 1979-05-27
order_lines = [
    \"Shirt, 1, 2.00\",
    { name = \"Mug\", unit_price = 1.5 },
]
";

    fn line(path: &str) -> Option<usize> {
        let table = DeTable::parse(TEXT).unwrap().into_inner();
        place(&table, path).map(|at| line_at(TEXT, at))
    }

    #[test]
    fn paths_lead_to_lines() {
        for (path, expected) in [
            ("settings.authorization_days", Some(2)),
            ("settings.authorization_day", Some(1)),
            ("orders[0].state", Some(6)),
            ("orders[1].state", Some(10)),
            ("orders[1].order_lines[0]", Some(13)),
            ("orders[1].order_lines[1].total_amount", Some(14)),
            ("orders[1].order_lines[1].unit_price", Some(14)),
            ("orders[1].purchase_country", Some(8)),
            ("orders[1]", Some(8)),
            ("orders[7].state", Some(4)),
            ("sessions[0]", None),
            (".", None),
        ] {
            assert_eq!(line(path), expected, "{path}");
        }
    }

    #[test]
    fn what_is_written_is_handed_on() {
        let document = Document::of("x.toml", TEXT.to_owned()).ok().unwrap();
        let orders = &document.scenario["orders"];
        assert_eq!(orders[1]["age"], "1979-05-27");
        assert_eq!(orders[1]["order_lines"][1]["unit_price"], 1.5);
        assert_eq!(document.scenario["settings"]["authorization_days"], 7);
    }

    #[test]
    fn everything_that_is_wrong_stands_in_the_message() {
        let document = Document::of("x.toml", TEXT.to_owned()).ok().unwrap();
        let problem = |path: &str, name: Option<&str>| ScenarioProblem {
            path: path.to_owned(),
            name: name.map(str::to_owned),
            message: "no\x1b[2J".to_owned(),
        };
        let problems = [problem("orders[1].state", Some("b")), problem("sessions", None)];
        let Failure::Said { message, .. } = document.refused(&problems) else { panic!() };
        assert_eq!(
            message,
            "x.toml cannot be seeded, and nothing was changed:\n  - line 10, orders[1].state (\"b\"): \
             no\u{fffd}[2J\n  - sessions: no\u{fffd}[2J"
        );
        let Err(Failure::Said { message, .. }) = Document::of("x.toml", "a = 1\nb = \n".to_owned())
        else {
            panic!()
        };
        assert!(message.starts_with("x.toml, line 2, is not TOML: "), "{message}");
    }
}
