//! Klarna's OpenAPI files, read into what each operation may answer.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
};

use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

use super::patches;
use crate::{Error, api::segments, files, text};

/// How the names of the files begin; of each, the one with the latest date is read.
const FILES: [&str; 4] = [
    "klarna-payments-v1",
    "klarna-order-management-v1",
    "klarna-customer-token-v1",
    "klarna-hpp-v1",
];

/// A deviation from the file that was needed to validate with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patched {
    /// The file.
    pub file: String,
    /// Why, and what was changed.
    pub reason: &'static str,
    /// In how many places.
    pub places: usize,
}

/// What one operation may answer.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) method: String,
    /// With names in braces.
    pub(super) path: String,
    answers: BTreeMap<u16, Declared>,
}

/// What is declared of one status.
#[derive(Debug)]
pub(super) struct Declared {
    /// The media type and the schema of the body; none if no body is declared.
    pub(super) body: Option<(String, Validator)>,
    pub(super) headers: Vec<String>,
}

/// All operations of the files.
#[derive(Debug)]
pub struct Documents {
    operations: Vec<Operation>,
    /// Where the files had to be mended.
    pub patches: Vec<Patched>,
    /// The names of the files.
    pub names: Vec<String>,
}

impl Documents {
    /// Reads the newest file of each API in a folder.
    ///
    /// # Errors
    /// One is missing, cannot be read, or cannot be understood.
    pub fn read(folder: &Path) -> Result<Self, Error> {
        let mut documents = Self { operations: Vec::new(), patches: Vec::new(), names: Vec::new() };
        for name in FILES {
            let path = newest(folder, name)?;
            let content = text(&path)?;
            let bad = |error: &dyn fmt::Display| Error::content(&path, &error.to_string());
            let document: Value = if path.extension().is_some_and(|it| it == "json") {
                serde_json::from_str(&content).map_err(|error| bad(&error))?
            } else {
                serde_saphyr::from_str(&content).map_err(|error| bad(&error))?
            };
            let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            documents.add(&file, document).map_err(|error| bad(&error))?;
        }
        Ok(documents)
    }

    /// Takes a document's operations in.
    fn add(&mut self, file: &str, mut document: Value) -> Result<(), String> {
        for (reason, places) in patches::apply(file, &mut document)? {
            self.patches.push(Patched { file: file.to_owned(), reason, places });
        }
        let paths = document["paths"].as_object().ok_or("it has no paths")?;
        for (path, item) in paths {
            for (method, operation) in item.as_object().into_iter().flatten() {
                let Some(responses) = operation["responses"].as_object() else { continue };
                let mut answers = BTreeMap::new();
                for (status, response) in responses {
                    let status = status.parse().map_err(|_| format!("{path}: status {status}"))?;
                    let declared = Declared::read(response, &document["components"])
                        .map_err(|error| format!("{method} {path} {status}: {error}"))?;
                    answers.insert(status, declared);
                }
                let method = method.to_ascii_uppercase();
                self.operations.push(Operation { method, path: path.clone(), answers });
            }
        }
        self.names.push(file.to_owned());
        Ok(())
    }

    /// The operations that a path has, whatever the method. Where one path has a name at a place
    /// and another an id (`/orders/{order_id}`), the name is meant.
    pub(super) fn at(&self, path: &str) -> Vec<&Operation> {
        let asked = segments(path);
        let ids = |operation: &&Operation| operation.path.matches('{').count();
        let fitting = self.operations.iter().filter(|operation| fits(&operation.path, &asked));
        let fitting: Vec<&Operation> = fitting.collect();
        let fewest = fitting.iter().map(ids).min();
        fitting.into_iter().filter(|operation| Some(ids(operation)) == fewest).collect()
    }

    /// Every operation as `METHOD path`.
    pub(super) fn all(&self) -> impl Iterator<Item = String> {
        self.operations.iter().map(|it| format!("{} {}", it.method, it.path))
    }

    /// Whether a path begins as those of these files do.
    pub(super) fn begins_as_known(&self, path: &str) -> bool {
        let asked = segments(path);
        self.operations.iter().any(|operation| {
            let known = segments(&operation.path);
            known.get(..2) == asked.get(..2) && known.len() >= 2
        })
    }
}

impl Operation {
    pub(super) fn answer(&self, status: u16) -> Option<&Declared> {
        self.answers.get(&status)
    }
}

impl Declared {
    fn read(response: &Value, components: &Value) -> Result<Self, String> {
        let headers = response["headers"].as_object().map(Map::keys).into_iter().flatten();
        let headers = headers.cloned().collect();
        let mut content = response["content"].as_object().into_iter().flatten();
        let Some((media_type, content)) = content.next() else {
            return Ok(Self { body: None, headers });
        };
        // The pieces that the schema refers to are found in the same document.
        let schema = json!({"allOf": [content["schema"]], "components": components});
        let validator = jsonschema::options()
            .with_draft(Draft::Draft4)
            .should_validate_formats(true)
            .build(&schema)
            .map_err(|error| error.to_string())?;
        Ok(Self { body: Some((media_type.clone(), validator)), headers })
    }
}

fn fits(pattern: &str, asked: &[&str]) -> bool {
    let known = segments(pattern);
    let same = |(known, asked): (&&str, &&str)| known.starts_with('{') || known == asked;
    known.len() == asked.len() && known.iter().zip(asked).all(same)
}

/// The file of an API with the latest date in its name.
fn newest(folder: &Path, name: &str) -> Result<PathBuf, Error> {
    let mut found = files(folder, &[".yaml", ".yml", ".json"])?;
    found.retain(|path| {
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        // The older format, Swagger 2, is another.
        file.starts_with(name) && !file.contains("swagger")
    });
    found.pop().ok_or_else(|| Error::nothing(folder, &format!("there is no {name}.* in it")))
}

#[cfg(test)]
impl Documents {
    /// A document of a test.
    pub(super) fn of(document: Value) -> Self {
        let mut documents = Self { operations: Vec::new(), patches: Vec::new(), names: Vec::new() };
        documents.add("test", document).unwrap();
        documents
    }
}
