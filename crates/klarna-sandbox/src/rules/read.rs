//! Lenient reading of JSON: nulls count as absent, numbers may come as strings, unknown members
//! are ignored (all observed). What cannot be read is noted with its path, never thrown.

use std::fmt;

use serde_json::Map;
use serde_json_borrow::{ObjectAsVec, Value};

/// A JSON object that is kept or made.
pub(crate) type Members = Map<String, serde_json::Value>;

/// A JSON object as it was sent, borrowed from the bytes it came in. Of members of one name the
/// last counts.
#[derive(Default)]
pub(crate) struct Body<'a>(ObjectAsVec<'a>);

impl<'a> Body<'a> {
    /// `None`: the bytes are something else than a JSON object. None at all count as an empty one.
    pub(crate) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let text = str::from_utf8(bytes).ok()?;
        if text.bytes().all(|byte| byte.is_ascii_whitespace()) {
            return Some(Self::default());
        }
        match serde_json::from_str(text) {
            Ok(Value::Object(members)) => Some(Self(members)),
            _ => None,
        }
    }

    /// The same, to be kept.
    pub(crate) fn to_value(&self) -> serde_json::Value {
        serde_json::Value::Object((&self.0).into())
    }
}

impl<'a> From<&'a Members> for Body<'a> {
    fn from(members: &'a Members) -> Self {
        Self(members.iter().map(|(name, value)| (name.as_str(), value.into())).collect())
    }
}

/// What is wrong with one member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Missing,
    NotText,
    NotInteger,
    NotBoolean,
    NotObject,
    NotArray,
    /// A text's length in characters, or an array's in elements.
    Size {
        min: usize,
        max: usize,
    },
    /// A number outside of its bounds.
    Range {
        min: i64,
        max: i64,
    },
    Pattern,
}

/// One member that cannot be accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Where it stands, like `order_lines[0].name`.
    pub(crate) path: String,
    pub(crate) fault: Fault,
}

/// Where an object stands in the body. Written out only if something in it is wrong.
#[derive(Clone, Copy)]
enum Place<'a> {
    Body,
    Member(&'a Place<'a>, &'a str),
    Element(&'a Place<'a>, &'a str, usize),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Body => Ok(()),
            Self::Member(parent, name) => write!(f, "{parent}{name}."),
            Self::Element(parent, name, index) => write!(f, "{parent}{name}[{index}]."),
        }
    }
}

/// Reads the members of one object and notes the problems of all of them.
pub(crate) struct Reader<'a> {
    members: &'a ObjectAsVec<'a>,
    place: Place<'a>,
    problems: &'a mut Vec<Problem>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(body: &'a Body<'a>, problems: &'a mut Vec<Problem>) -> Self {
        Self { members: &body.0, place: Place::Body, problems }
    }

    fn get(&self, name: &str) -> Option<&'a Value<'a>> {
        let named = self.members.as_vec().iter().rev().find(|(key, _)| *key == name);
        named.map(|(_, value)| value).filter(|value| !value.is_null())
    }

    /// Notes that the member of this name cannot be accepted.
    pub(crate) fn fault(&mut self, name: &str, fault: Fault) {
        let path = format!("{}{name}", self.place);
        self.problems.push(Problem { path, fault });
    }

    /// A text of `min` to `max` characters. A number is taken as its digits, as Klarna's JSON
    /// library does.
    pub(crate) fn text(&mut self, name: &str, min: usize, max: usize) -> Option<String> {
        let text = match self.get(name)? {
            Value::Str(text) => text.to_string(),
            Value::Number(number) => serde_json::Number::from(*number).to_string(),
            _ => {
                self.fault(name, Fault::NotText);
                return None;
            }
        };
        let length = text.chars().count();
        if length < min || length > max {
            self.fault(name, Fault::Size { min, max });
            return None;
        }
        Some(text)
    }

    /// A text that has to be of a certain form.
    pub(crate) fn form(&mut self, name: &str, fits: impl Fn(&str) -> bool) -> Option<String> {
        let text = self.text(name, 0, usize::MAX)?;
        if fits(&text) {
            return Some(text);
        }
        self.fault(name, Fault::Pattern);
        None
    }

    /// A whole number, also as a string. Fractions are refused: money is in minor units.
    pub(crate) fn integer(&mut self, name: &str, min: i64, max: i64) -> Option<i64> {
        let number = match self.get(name)? {
            Value::Number(number) => number.as_i64(),
            Value::Str(text) => text.trim().parse().ok(),
            _ => None,
        };
        match number {
            None => {
                self.fault(name, Fault::NotInteger);
                None
            }
            Some(number) if number < min || number > max => {
                self.fault(name, Fault::Range { min, max });
                None
            }
            found => found,
        }
    }

    /// True or false, also as a string.
    pub(crate) fn boolean(&mut self, name: &str) -> Option<bool> {
        let found = match self.get(name)? {
            Value::Bool(found) => Some(*found),
            Value::Str(text) => text.trim().parse().ok(),
            _ => None,
        };
        if found.is_none() {
            self.fault(name, Fault::NotBoolean);
        }
        found
    }

    /// A text without which the object is refused.
    pub(crate) fn required_text(&mut self, name: &str, min: usize, max: usize) -> String {
        self.required(name);
        self.text(name, min, max).unwrap_or_default()
    }

    /// A number without which the object is refused.
    pub(crate) fn required_integer(&mut self, name: &str, min: i64, max: i64) -> i64 {
        self.required(name);
        self.integer(name, min, max).unwrap_or_default()
    }

    /// Notes a problem if the member is absent or null.
    pub(crate) fn required(&mut self, name: &str) {
        if self.get(name).is_none() {
            self.fault(name, Fault::Missing);
        }
    }

    /// Whether the member is there and not null.
    pub(crate) fn mentions(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// An object, read by `read`.
    pub(crate) fn object<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut Reader<'_>) -> T,
    ) -> Option<T> {
        if let Value::Object(members) = self.get(name)? {
            let place = Place::Member(&self.place, name);
            return Some(read(&mut Reader { members, place, problems: self.problems }));
        }
        self.fault(name, Fault::NotObject);
        None
    }

    /// An array of `min` to `max` objects, each read by `read`.
    pub(crate) fn objects<T>(
        &mut self,
        name: &str,
        min: usize,
        max: usize,
        mut read: impl FnMut(&mut Reader<'_>) -> T,
    ) -> Option<Vec<T>> {
        let Value::Array(elements) = self.get(name)? else {
            self.fault(name, Fault::NotArray);
            return None;
        };
        if elements.len() < min || elements.len() > max {
            self.fault(name, Fault::Size { min, max });
            return None;
        }
        let mut found = Vec::with_capacity(elements.len());
        for (index, element) in elements.iter().enumerate() {
            if let Value::Object(members) = element {
                let place = Place::Element(&self.place, name, index);
                found.push(read(&mut Reader { members, place, problems: self.problems }));
            } else {
                self.fault(&format!("{name}[{index}]"), Fault::NotObject);
            }
        }
        Some(found)
    }

    /// An array of texts.
    pub(crate) fn list(&mut self, name: &str) -> Option<Vec<String>> {
        let Value::Array(elements) = self.get(name)? else {
            self.fault(name, Fault::NotArray);
            return None;
        };
        let texts: Option<Vec<String>> =
            elements.iter().map(|element| element.as_str().map(str::to_owned)).collect();
        if texts.is_none() {
            self.fault(name, Fault::NotText);
        }
        texts
    }
}

#[cfg(test)]
impl<'a> Body<'a> {
    pub(crate) fn of(value: &'a serde_json::Value) -> Self {
        value.as_object().unwrap().into()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn integer(value: &serde_json::Value) -> (Option<i64>, Vec<Fault>) {
        let body = json!({"n": value});
        let mut problems = Vec::new();
        let found = Reader::new(&Body::of(&body), &mut problems).integer("n", 0, 100);
        (found, problems.into_iter().map(|problem| problem.fault).collect())
    }

    #[test]
    fn numbers_may_be_strings_but_never_fractions() {
        assert_eq!(integer(&json!(7)), (Some(7), vec![]));
        assert_eq!(integer(&json!("7")), (Some(7), vec![]));
        assert_eq!(integer(&json!(null)), (None, vec![]));
        for bad in [json!(7.5), json!(7.0), json!("7.5"), json!(true), json!(1e300), json!([])] {
            assert_eq!(integer(&bad), (None, vec![Fault::NotInteger]));
        }
        assert_eq!(integer(&json!(101)), (None, vec![Fault::Range { min: 0, max: 100 }]));
    }

    #[test]
    fn a_problem_names_its_path() {
        let body = json!({"lines": [{"name": "ok"}, {"name": ""}, 3]});
        let mut problems = Vec::new();
        Reader::new(&Body::of(&body), &mut problems)
            .objects("lines", 1, 10, |line| line.required_text("name", 1, 255));
        let paths: Vec<&str> = problems.iter().map(|problem| problem.path.as_str()).collect();
        assert_eq!(paths, ["lines[1].name", "lines[2]"]);
    }
}
