//! Lenient reading of JSON: nulls count as absent, numbers may come as strings, unknown members
//! are ignored (all observed). What cannot be read is noted with its path, never thrown.

use serde_json::{Map, Value};

/// A JSON object as it came.
pub(crate) type Members = Map<String, Value>;

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

/// Reads the members of one object and notes the problems of all of them.
pub(crate) struct Reader<'a> {
    members: &'a Members,
    path: String,
    problems: &'a mut Vec<Problem>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(members: &'a Members, problems: &'a mut Vec<Problem>) -> Self {
        Self { members, path: String::new(), problems }
    }

    fn get(&self, name: &str) -> Option<&'a Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }

    /// Notes that the member of this name cannot be accepted.
    pub(crate) fn fault(&mut self, name: &str, fault: Fault) {
        let path = format!("{}{name}", self.path);
        self.problems.push(Problem { path, fault });
    }

    /// A text of `min` to `max` characters. A number is taken as its digits, as Klarna's JSON
    /// library does.
    pub(crate) fn text(&mut self, name: &str, min: usize, max: usize) -> Option<String> {
        let text = match self.get(name)? {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
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
            Value::String(text) => text.trim().parse().ok(),
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
            Value::String(text) => text.trim().parse().ok(),
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
            let path = format!("{}{name}.", self.path);
            return Some(read(&mut Reader { members, path, problems: self.problems }));
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
                let path = format!("{}{name}[{index}].", self.path);
                found.push(read(&mut Reader { members, path, problems: self.problems }));
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
mod tests {
    use serde_json::json;

    use super::*;

    fn integer(value: Value) -> (Option<i64>, Vec<Fault>) {
        let members: Members = [("n".to_owned(), value)].into_iter().collect();
        let mut problems = Vec::new();
        let found = Reader::new(&members, &mut problems).integer("n", 0, 100);
        (found, problems.into_iter().map(|problem| problem.fault).collect())
    }

    #[test]
    fn numbers_may_be_strings_but_never_fractions() {
        assert_eq!(integer(json!(7)), (Some(7), vec![]));
        assert_eq!(integer(json!("7")), (Some(7), vec![]));
        assert_eq!(integer(json!(null)), (None, vec![]));
        for bad in [json!(7.5), json!(7.0), json!("7.5"), json!(true), json!(1e300), json!([])] {
            assert_eq!(integer(bad), (None, vec![Fault::NotInteger]));
        }
        assert_eq!(integer(json!(101)), (None, vec![Fault::Range { min: 0, max: 100 }]));
    }

    #[test]
    fn a_problem_names_its_path() {
        let body = json!({"lines": [{"name": "ok"}, {"name": ""}, 3]});
        let mut problems = Vec::new();
        Reader::new(body.as_object().unwrap(), &mut problems)
            .objects("lines", 1, 10, |line| line.required_text("name", 1, 255));
        let paths: Vec<&str> = problems.iter().map(|problem| problem.path.as_str()).collect();
        assert_eq!(paths, ["lines[1].name", "lines[2]"]);
    }
}
