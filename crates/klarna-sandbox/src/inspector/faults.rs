//! Faults: what is set, and a form for more. Rules are read as the control API writes them, so that
//! whatever it knows shows here.

use askama::Template;
use serde_json::{Value, json};

use super::{
    Form, Visit,
    frame::{Frame, render},
};
use crate::http::Parameters;

pub(super) const PATH: &str = "/inspector/faults";

/// What the form offers: the effect's kind, and what it does.
const EFFECTS: [(&str, &str); 6] = [
    ("status", "Answer with a status of your own; nothing takes effect"),
    ("reset_before", "Drop the connection; nothing takes effect"),
    ("reset_after", "Let it take effect, then drop the connection without an answer"),
    ("html_502", "Answer with a proxy's page, 502; nothing takes effect"),
    ("too_many_requests", "Answer 429; nothing takes effect"),
    ("delay", "Let it take effect and answer later"),
];
const METHODS: [&str; 5] = ["GET", "POST", "PATCH", "PUT", "DELETE"];

/// A rule that is set.
struct Row {
    id: u64,
    effect: String,
    /// Everything else that it says.
    details: Vec<(String, String)>,
}

impl Row {
    /// `place` stands for the id of a rule that has none.
    fn of(place: u64, rule: &Value) -> Self {
        let mut details = Vec::new();
        for (name, value) in rule.as_object().into_iter().flatten() {
            match (name.as_str(), value) {
                ("id", _) => {}
                ("match" | "effect", Value::Object(members)) => {
                    let members = members.iter().filter(|(name, _)| *name != "kind");
                    details.extend(members.map(|(name, value)| (name.clone(), plain(value))));
                }
                _ => details.push((name.clone(), plain(value))),
            }
        }
        Self {
            id: rule["id"].as_u64().unwrap_or(place),
            effect: plain(&rule["effect"]["kind"]),
            details,
        }
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[derive(Template)]
#[template(path = "inspector/fault_table.html")]
pub(super) struct Table {
    rows: Vec<Row>,
}

impl Table {
    pub(super) fn of(visit: &Visit<'_>) -> Self {
        let rules = json!(visit.shared.state().faults.all());
        let rules = (1..).zip(rules.as_array().into_iter().flatten());
        Self { rows: rules.map(|(place, rule)| Row::of(place, rule)).collect() }
    }
}

#[derive(Template)]
#[template(path = "inspector/faults.html")]
struct FaultsPage<'a> {
    frame: Frame,
    table: Table,
    /// What was typed, or what the address proposes.
    typed: &'a Form,
    proposed: Parameters,
    problem: &'a str,
}

impl FaultsPage<'_> {
    /// Whether the problem is what was typed there.
    fn is_wrong(&self, name: &str) -> bool {
        self.problem.split(':').next() == Some(name)
    }

    fn value(&self, name: &str) -> &str {
        self.typed.get(name).map_or_else(|| self.proposed.get(name), String::as_str)
    }
}

/// The list, and the form, which an address may fill in (`?path_contains=/captures`).
pub(super) fn page(visit: &Visit<'_>) -> String {
    let names = ["method", "path_contains", "skip", "times", "kind", "status", "milliseconds"];
    render(&FaultsPage {
        frame: Frame::of(visit, "Faults", PATH),
        table: Table::of(visit),
        typed: &visit.typed,
        problem: visit.problem.as_deref().unwrap_or_default(),
        proposed: Parameters::of(names, |name| visit.call.parameter(name)),
    })
}

/// The rule that a form asks for, as the control API takes it; what cannot be meant is left to it
/// to refuse.
pub(super) fn rule(form: &Form) -> Result<Value, String> {
    let text = |name: &str| form.get(name).map(|text| text.trim()).filter(|text| !text.is_empty());
    if let Some(written) = text("json") {
        return serde_json::from_str(written).map_err(|error| format!("rule: {error}"));
    }
    let number = |name: &str| -> Result<Option<Value>, String> {
        let Some(text) = text(name) else { return Ok(None) };
        let wrong = |_| format!("{name}: {text:?} is no whole number from 0");
        text.parse::<u64>().map(|number| Some(number.into())).map_err(wrong)
    };
    let members = |all: Vec<(&str, Option<Value>)>| -> Value {
        let known = all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        Value::Object(known.collect())
    };
    let kind = text("kind").unwrap_or_default();
    let is = |wanted| kind == wanted;
    let effect = members(vec![
        ("kind", Some(kind.into())),
        ("status", number("status")?.filter(|_| is("status"))),
        ("body", text("body").map(Value::from).filter(|_| is("status"))),
        ("milliseconds", number("milliseconds")?.filter(|_| is("delay"))),
    ]);
    let matches = members(vec![
        ("method", text("method").map(Value::from)),
        ("path_contains", text("path_contains").map(Value::from)),
    ]);
    Ok(members(vec![
        ("match", Some(matches).filter(|it| *it != json!({}))),
        ("skip", number("skip")?),
        ("times", number("times")?),
        ("effect", Some(effect)),
    ]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(fields: &[(&str, &str)]) -> Form {
        fields.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn a_form_becomes_a_rule() {
        let full = form(&[
            ("method", "POST"),
            ("path_contains", " /captures "),
            ("skip", "1"),
            ("times", "2"),
            ("kind", "status"),
            ("status", "503"),
            ("body", "{}"),
            ("milliseconds", "7"),
        ]);
        assert_eq!(
            rule(&full).unwrap(),
            json!({"match": {"method": "POST", "path_contains": "/captures"}, "skip": 1,
                "times": 2, "effect": {"kind": "status", "status": 503, "body": "{}"}})
        );
        let least = form(&[("kind", "reset_after"), ("times", ""), ("status", "500")]);
        assert_eq!(rule(&least).unwrap(), json!({"effect": {"kind": "reset_after"}}));
        let late = form(&[("kind", "delay"), ("milliseconds", "20")]);
        assert_eq!(rule(&late).unwrap(), json!({"effect": {"kind": "delay", "milliseconds": 20}}));
    }

    #[test]
    fn what_is_written_as_json_counts_alone() {
        let written = form(&[("json", r#" {"effect": {"kind": "html_502"}} "#), ("times", "x")]);
        assert_eq!(rule(&written).unwrap(), json!({"effect": {"kind": "html_502"}}));
        assert!(rule(&form(&[("json", "{")])).unwrap_err().starts_with("rule: EOF"));
    }

    #[test]
    fn what_is_no_number_is_named() {
        let wrong = form(&[("kind", "delay"), ("times", "-1")]);
        assert_eq!(rule(&wrong).unwrap_err(), "times: \"-1\" is no whole number from 0");
    }

    #[test]
    fn a_rule_shows_all_that_it_says() {
        let rule = json!({"id": 7, "match": {"method": "POST"}, "times": 1, "nth": [2, 3],
            "effect": {"kind": "status", "status": 500}});
        let row = Row::of(1, &rule);
        assert_eq!((row.id, row.effect.as_str()), (7, "status"));
        let details: Vec<String> =
            row.details.iter().map(|(name, text)| format!("{name} {text}")).collect();
        assert_eq!(details, ["status 500", "method POST", "nth [2,3]", "times 1"]);
        assert_eq!(Row::of(4, &json!({"effect": {}})).id, 4);
    }
}
