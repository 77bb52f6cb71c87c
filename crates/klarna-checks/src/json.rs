//! JSON whose members keep the order in which they came, and the two styles in which Klarna writes
//! it.

use std::fmt::{self, Write as _};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_json::{Number, Value};

/// A value; the members of an object stand in the order in which they were read.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Json {
    /// `null`, or nothing.
    #[default]
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A number as it was written.
    Number(Number),
    /// A text.
    Text(String),
    /// An array.
    Array(Vec<Json>),
    /// An object.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Reads a text.
    ///
    /// # Errors
    /// The text is not JSON.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// The member of this name.
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.members()?.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// The member of this name, if it is a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_text()
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The elements, if it is an array.
    pub fn elements(&self) -> Option<&[Self]> {
        if let Self::Array(elements) = self { Some(elements) } else { None }
    }

    /// The members, if it is an object.
    pub fn members(&self) -> Option<&[(String, Self)]> {
        if let Self::Object(members) = self { Some(members) } else { None }
    }

    /// What kind of value it is, in JSON's words.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean(_) => "boolean",
            Self::Number(_) => "number",
            Self::Text(_) => "string",
            Self::Array(_) => "array",
            Self::Object(_) => "object",
        }
    }

    /// The same without its order.
    pub fn value(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Boolean(value) => Value::Bool(*value),
            Self::Number(number) => Value::Number(number.clone()),
            Self::Text(text) => Value::String(text.clone()),
            Self::Array(elements) => elements.iter().map(Self::value).collect(),
            Self::Object(members) => {
                members.iter().map(|(name, value)| (name.clone(), value.value())).collect()
            }
        }
    }
}

impl From<Value> for Json {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Boolean(value),
            Value::Number(number) => Self::Number(number),
            Value::String(text) => Self::Text(text),
            Value::Array(elements) => Self::Array(elements.into_iter().map(Into::into).collect()),
            Value::Object(members) => {
                Self::Object(members.into_iter().map(|(name, it)| (name, it.into())).collect())
            }
        }
    }
}

/// How a back end writes JSON (recorded exchanges).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Without spaces: Order Management, Checkout.
    Compact,
    /// `"name" : value`, two spaces for each level of objects, arrays on one line: Payments,
    /// Customer Token.
    Pretty,
}

impl Style {
    /// The style in which a text is written; `None`: in neither.
    pub fn of(text: &str) -> Option<Self> {
        let value = Json::parse(text).ok()?;
        [Self::Compact, Self::Pretty].into_iter().find(|style| style.write(&value) == text)
    }

    /// The value as text.
    pub fn write(self, value: &Json) -> String {
        let mut text = String::new();
        self.write_to(&mut text, value, 0);
        text
    }

    fn write_to(self, text: &mut String, value: &Json, level: usize) {
        let pretty = self == Self::Pretty;
        match value {
            Json::Array(elements) => {
                text.push('[');
                for (index, element) in elements.iter().enumerate() {
                    text.push_str(match (index, pretty) {
                        (0, false) => "",
                        (0, true) => " ",
                        (_, false) => ",",
                        (_, true) => ", ",
                    });
                    self.write_to(text, element, level);
                }
                text.push_str(if pretty { " ]" } else { "]" });
            }
            Json::Object(members) => {
                text.push('{');
                for (index, (name, member)) in members.iter().enumerate() {
                    if index > 0 {
                        text.push(',');
                    }
                    if pretty {
                        line(text, level + 1);
                    }
                    self.write_to(text, &Json::Text(name.clone()), 0);
                    text.push_str(if pretty { " : " } else { ":" });
                    self.write_to(text, member, level + 1);
                }
                if pretty {
                    if members.is_empty() { text.push(' ') } else { line(text, level) }
                }
                text.push('}');
            }
            // Texts, numbers and the three words: both styles write them alike.
            plain => text.push_str(&plain.value().to_string()),
        }
    }
}

fn line(text: &mut String, level: usize) {
    // Writing to a text cannot fail.
    let _ = write!(text, "\n{:width$}", "", width = level * 2);
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reading)
    }
}

struct Reading;

impl<'de> Visitor<'de> for Reading {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Boolean(value))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Json, E> {
        Ok(Number::from_f64(number).map_or(Json::Null, Json::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Json, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = sequence.next_element()? {
            elements.push(element);
        }
        Ok(Json::Array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Json::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPACT: &str = r#"{"z":[1,"é",true,null],"a":{},"b":[],"c":[{"x":-1.5}]}"#;
    const PRETTY: &str = "{\n  \"z\" : [ 1, \"é\", true, null ],\n  \"a\" : { },\n  \"b\" : [ ],\n  \
        \"c\" : [ {\n    \"x\" : -1.5\n  } ]\n}";

    #[test]
    fn order_and_style_survive() {
        let value = Json::parse(COMPACT).unwrap();
        assert_eq!(Style::Compact.write(&value), COMPACT);
        assert_eq!(Style::Pretty.write(&value), PRETTY);
        assert_eq!(Json::parse(PRETTY).unwrap(), value);
        let names: Vec<&str> = value.members().unwrap().iter().map(|(it, _)| it.as_str()).collect();
        assert_eq!(names, ["z", "a", "b", "c"]);
    }

    #[test]
    fn a_style_is_recognised_or_not() {
        assert_eq!(Style::of(COMPACT), Some(Style::Compact));
        assert_eq!(Style::of(PRETTY), Some(Style::Pretty));
        assert_eq!(Style::of(r#"{"a": 1}"#), None);
        assert_eq!(Style::of("<html>"), None);
    }

    #[test]
    fn values_come_and_go_without_order() {
        let value: Value = serde_json::from_str(COMPACT).unwrap();
        assert_eq!(Json::parse(COMPACT).unwrap().value(), value);
        assert_eq!(Json::from(value.clone()).value(), value);
    }
}
