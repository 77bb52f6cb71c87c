//! The switches: what each means, where it stands, and moving it.

use askama::Template;
use serde_json::{Map, Value, json};

use super::{
    Form, Visit,
    frame::{Frame, render},
};
use crate::settings::Settings;

pub(super) const PATH: &str = "/inspector/settings";

/// What the switches mean is written once: beside them.
const SOURCE: &str = include_str!("../settings.rs");

/// One switch.
struct Switch {
    name: String,
    meaning: String,
    value: String,
    default: String,
    /// The values that it takes with their names, where they can be counted.
    choices: Vec<(String, &'static str)>,
    is_number: bool,
    is_wrong: bool,
}

#[derive(Template)]
#[template(path = "inspector/settings.html")]
struct SettingsPage {
    frame: Frame,
    switches: Vec<Switch>,
    /// Where they stood when the page was made: only what was moved since is sent.
    was: String,
    facts: Vec<(&'static str, String)>,
}

/// The page of all switches.
pub(super) fn page(visit: &Visit<'_>) -> String {
    let (settings, config) = (visit.shared.state().settings.clone(), &visit.shared.config);
    let now = members(&settings);
    let problem = visit.problem.as_deref().unwrap_or_default();
    let switches = members(&Settings::default()).into_iter().map(|(name, default)| Switch {
        meaning: meaning(&name),
        value: visit.typed.get(&name).cloned().unwrap_or_else(|| plain(&now[&name])),
        choices: choices(&name, &default),
        is_number: default.is_number(),
        default: plain(&default),
        is_wrong: problem.split(':').next() == Some(&name),
        name,
    });
    let limit = |number: usize| number.to_string();
    render(&SettingsPage {
        frame: Frame::of(visit, "Settings", PATH),
        switches: switches.collect(),
        was: Value::Object(now.clone()).to_string(),
        facts: vec![
            ("Credentials", if config.credentials.is_some() { "one pair" } else { "any" }.into()),
            ("Exchanges kept at most", limit(config.exchanges_max)),
            ("Bytes of exchanges kept at most", limit(config.exchange_bytes_max)),
            ("Sessions kept at most", limit(config.sessions_max)),
            ("Bytes of a request at most", limit(config.body_bytes_max)),
        ],
    })
}

/// What a form moves: what differs from where it stood when the form was shown.
pub(super) fn changes(settings: &Settings, form: &Form) -> Value {
    let was: Map<String, Value> =
        form.get("was").and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let moved = members(settings).into_iter().filter_map(|(name, now)| {
        let typed = form.get(&name)?.trim();
        let stood = was.get(&name).unwrap_or(&now);
        let value = match stood {
            Value::Bool(_) => typed.parse().map(Value::Bool).ok(),
            Value::Number(_) => typed.parse::<u64>().map(Value::from).ok(),
            _ => None,
        };
        (plain(stood) != typed).then(|| (name, value.unwrap_or_else(|| typed.into())))
    });
    Value::Object(moved.collect())
}

fn members(settings: &Settings) -> Map<String, Value> {
    json!(settings).as_object().cloned().unwrap_or_default()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The comment that stands beside a switch.
fn meaning(name: &str) -> String {
    let fields = SOURCE.split_once("pub struct Settings {").map_or("", |(_, fields)| fields);
    let mut texts: Vec<&str> = Vec::new();
    for line in fields.lines().map(str::trim) {
        if let Some(text) = line.strip_prefix("///") {
            texts.push(text.trim());
        } else if line.strip_prefix("pub ").and_then(|it| it.split(':').next()) == Some(name) {
            return texts.join(" ").replace(['`', '[', ']'], "");
        } else if !line.starts_with("#[") {
            texts.clear();
        }
    }
    String::new()
}

/// The values that a switch takes, if they can be counted: a switch that takes names tells them
/// when it is given another.
fn choices(name: &str, default: &Value) -> Vec<(String, &'static str)> {
    if default.is_boolean() {
        return vec![("true".into(), "yes"), ("false".into(), "no")];
    }
    let told = match Settings::default().set(name, r#""?""#) {
        Err(error) if error.to_string().contains("unknown variant") => error.to_string(),
        _ => return Vec::new(),
    };
    let expected = told.split_once("expected").map_or("", |(_, names)| names);
    expected.split('`').skip(1).step_by(2).map(|name| (name.to_owned(), "")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_switch_says_what_it_means() {
        for name in Settings::names() {
            let meaning = meaning(&name);
            assert!(meaning.ends_with('.'), "{name}: {meaning:?}");
        }
        assert!(meaning("authorization_days").starts_with("How long an authorization lasts, in"));
        assert_eq!(meaning("pub"), "");
    }

    #[test]
    fn names_that_can_be_counted_are() {
        let names = |name, default| -> Vec<String> {
            choices(name, &default).into_iter().map(|(name, _)| name).collect()
        };
        assert_eq!(names("repeated_placing", json!("200")), ["200", "403", "404", "409"]);
        assert_eq!(
            names("authorization_callback", json!("after")),
            ["before", "after", "twice", "never"]
        );
        assert_eq!(names("sticky_placing_errors", json!(true)), ["true", "false"]);
        assert_eq!(names("authorization_days", json!(28)), [""; 0]);
    }

    #[test]
    fn only_what_was_moved_is_sent() {
        let was = members(&Settings::default());
        let mut form: Form = was.iter().map(|(name, value)| (name.clone(), plain(value))).collect();
        form.insert("was".into(), Value::Object(was.clone()).to_string());
        // Moved by somebody else meanwhile.
        let now = Settings { authorization_days: 90, ..Settings::default() };
        assert_eq!(changes(&now, &form), json!({}));
        for (name, typed) in [
            ("repeated_placing", "409"),
            ("capture_while_pending", "true"),
            ("rate_limit_others", " 7 "),
            ("callback_pause_milliseconds", "soon"),
        ] {
            form.insert(name.into(), typed.into());
        }
        assert_eq!(
            changes(&now, &form),
            json!({"repeated_placing": "409", "capture_while_pending": true,
                "rate_limit_others": 7, "callback_pause_milliseconds": "soon"})
        );
        form.remove("was");
        assert_eq!(changes(&now, &form)["authorization_days"], 28);
    }
}
