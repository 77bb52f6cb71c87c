//! The page at `/docs`, made from the same description as `/openapi.json`.

use askama::Template;
use serde_json::Value;

use crate::problem::codes::{self, Code};

#[derive(Template)]
#[template(path = "docs.html")]
struct Page {
    version: String,
    groups: Vec<Group>,
    schemas: Vec<Schema>,
    errors: Vec<Code>,
}

struct Group {
    name: String,
    description: String,
    operations: Vec<Operation>,
}

struct Operation {
    id: String,
    method: String,
    path: String,
    summary: String,
    description: String,
    needs_key: bool,
    parameters: Vec<Member>,
    body: Option<TypeName>,
    answers: Vec<Answer>,
    curl: String,
}

struct Answer {
    status: String,
    description: String,
    body: Option<TypeName>,
}

/// A type as it is written, with the schema it leads to.
struct TypeName {
    text: String,
    schema: Option<String>,
}

struct Schema {
    name: String,
    description: String,
    members: Vec<Member>,
    words: Vec<String>,
    /// Other schemas that it is one of.
    variants: Vec<TypeName>,
}

struct Member {
    name: String,
    type_name: TypeName,
    place: String,
    required: bool,
    description: String,
}

/// The page, as HTML.
pub(super) fn render() -> Result<String, askama::Error> {
    let description = serde_json::to_value(crate::openapi()).unwrap_or_default();
    let groups = items(&description["tags"]);
    Page {
        version: text(&description["info"]["version"]),
        groups: groups.map(|tag| group(tag, &description)).collect(),
        schemas: members_of(&description["components"]["schemas"]).map(schema).collect(),
        errors: codes::OF_THE_DOOR.iter().chain(&codes::OF_THE_BUSINESS).copied().collect(),
    }
    .render()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A description as HTML: escaped, with what stands between backticks as code.
fn prose(value: &Value) -> String {
    let mut html = String::new();
    for (index, piece) in value.as_str().unwrap_or_default().split('`').enumerate() {
        if index > 0 {
            html.push_str(if index % 2 == 1 { "<code>" } else { "</code>" });
        }
        for character in piece.chars() {
            match character {
                '&' => html.push_str("&amp;"),
                '<' => html.push_str("&lt;"),
                '>' => html.push_str("&gt;"),
                '"' => html.push_str("&quot;"),
                other => html.push(other),
            }
        }
    }
    html
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn members_of(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn group(tag: &Value, description: &Value) -> Group {
    let mut operations = Vec::new();
    for (path, item) in members_of(&description["paths"]) {
        for (method, value) in members_of(item) {
            if items(&value["tags"]).any(|name| *name == tag["name"]) {
                operations.push(operation(path, method, value));
            }
        }
    }
    Group { name: text(&tag["name"]), description: prose(&tag["description"]), operations }
}

fn operation(path: &str, method: &str, value: &Value) -> Operation {
    let needs_key = items(&value["security"]).next().is_some();
    let content = &value["requestBody"]["content"]["application/json"];
    Operation {
        id: text(&value["operationId"]),
        method: method.to_ascii_uppercase(),
        path: path.to_owned(),
        summary: text(&value["summary"]),
        description: prose(&value["description"]),
        needs_key,
        parameters: items(&value["parameters"])
            .map(|parameter| Member {
                name: text(&parameter["name"]),
                type_name: type_name(&parameter["schema"]),
                place: text(&parameter["in"]),
                required: parameter["required"] == Value::Bool(true),
                description: prose(&parameter["description"]),
            })
            .collect(),
        body: content.get("schema").map(type_name),
        answers: members_of(&value["responses"]).map(answer).collect(),
        curl: curl(path, method, needs_key, content.get("example"), &value["parameters"]),
    }
}

fn answer((status, value): (&String, &Value)) -> Answer {
    let body = members_of(&value["content"]).next().map(|(_, content)| &content["schema"]);
    let status = if status == "default" { "error" } else { status };
    Answer {
        status: status.to_owned(),
        description: prose(&value["description"]),
        body: body.map(type_name),
    }
}

/// A command that can be copied: paths carry the parameters' own examples.
fn curl(
    path: &str,
    method: &str,
    needs_key: bool,
    example: Option<&Value>,
    parameters: &Value,
) -> String {
    let mut path = path.to_owned();
    let mut headers = String::new();
    if needs_key {
        headers.push_str(" \\\n  -H \"Authorization: Bearer $KVITT_API_KEY\"");
    }
    for parameter in items(parameters) {
        let (name, example) = (text(&parameter["name"]), text(&parameter["example"]));
        match parameter["in"].as_str() {
            Some("path") if !example.is_empty() => {
                path = path.replace(&format!("{{{name}}}"), &example);
            }
            Some("header") if !example.is_empty() => {
                headers.push_str(" \\\n  -H '");
                headers.push_str(&name);
                headers.push_str(": ");
                headers.push_str(&example);
                headers.push('\'');
            }
            _ => {}
        }
    }
    let method = match method {
        "get" => String::new(),
        other => format!(" -X {}", other.to_ascii_uppercase()),
    };
    let mut command = format!("curl{method} \"$KVITT_URL{path}\"{headers}");
    if let Some(example) = example {
        let body = serde_json::to_string_pretty(example).unwrap_or_default();
        command.push_str(" \\\n  -H 'Content-Type: application/json' \\\n  -d '");
        command.push_str(&body.replace('\'', "'\\''"));
        command.push('\'');
    }
    command
}

fn schema((name, value): (&String, &Value)) -> Schema {
    let required: Vec<_> = items(&value["required"])
        .chain(items(&value["oneOf"]).flat_map(|variant| items(&variant["required"])))
        .collect();
    let member = |(name, member): (&String, &Value)| Member {
        name: name.clone(),
        type_name: type_name(member),
        place: String::new(),
        required: required.iter().any(|required| **required == name.as_str()),
        description: prose(&member["description"]),
    };
    // The members of variants that are told apart by `type` stand side by side.
    let mut members: Vec<Member> = Vec::new();
    for object in std::iter::once(value).chain(items(&value["oneOf"])) {
        for found in members_of(&object["properties"]).map(member) {
            if let Some(known) = members.iter_mut().find(|known| known.name == found.name) {
                let text = &mut known.type_name.text;
                text.push_str(" | ");
                text.push_str(&found.type_name.text);
            } else {
                members.push(found);
            }
        }
    }
    Schema {
        name: name.clone(),
        description: prose(&value["description"]),
        members,
        words: items(&value["enum"]).map(text).collect(),
        variants: items(&value["oneOf"])
            .filter(|variant| variant.get("$ref").is_some())
            .map(type_name)
            .collect(),
    }
}

fn type_name(value: &Value) -> TypeName {
    if let Some(reference) = value["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap_or_default().to_owned();
        return TypeName { text: name.clone(), schema: Some(name) };
    }
    if let Some(choices) = value["oneOf"].as_array() {
        let found = choices.iter().find(|choice| choice["type"] != "null");
        return found.map_or_else(|| plain("any"), type_name);
    }
    let kind = match &value["type"] {
        Value::Array(kinds) => kinds.iter().find(|kind| **kind != "null").and_then(Value::as_str),
        kind => kind.as_str(),
    };
    match kind {
        Some("array") => {
            let item = type_name(&value["items"]);
            TypeName { text: format!("list of {}", item.text), schema: item.schema }
        }
        Some("string") => match (value["enum"].as_array(), value["format"].as_str()) {
            (Some(words), _) => plain(&words.iter().map(text).collect::<Vec<_>>().join(" | ")),
            (None, Some("date-time")) => plain("time"),
            (None, Some("date")) => plain("date"),
            (None, _) => plain("string"),
        },
        Some(kind) => plain(kind),
        None => plain("any"),
    }
}

fn plain(text: &str) -> TypeName {
    TypeName { text: text.to_owned(), schema: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_shows_every_route_and_every_error_code() {
        let page = render().unwrap();
        for path in crate::openapi().paths.paths.keys() {
            assert!(page.contains(&format!("<span class=\"path\">{path}</span>")), "{path}");
        }
        for row in codes::OF_THE_DOOR.iter().chain(&codes::OF_THE_BUSINESS) {
            assert!(page.contains(&format!("id=\"error-{}\"", row.code)), "{}", row.code);
        }
    }

    #[test]
    fn every_link_leads_somewhere_on_the_page() {
        let page = render().unwrap();
        let targets = page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next());
        for target in targets {
            assert!(page.contains(&format!("id=\"{target}\"")), "#{target} leads nowhere");
        }
    }

    #[test]
    fn descriptions_are_escaped_and_code_is_marked() {
        let text = Value::from("a < b & `c > \"d\"`.");
        assert_eq!(prose(&text), "a &lt; b &amp; <code>c &gt; &quot;d&quot;</code>.");
        let page = render().unwrap();
        assert_eq!(page.matches("<code>").count(), page.matches("</code>").count());
        assert!(!page.contains('`'), "a backtick was left");
    }

    #[test]
    fn the_page_loads_nothing() {
        let no_icon = r#"<link rel="icon" href="data:,">"#;
        let page = render().unwrap().replacen(no_icon, "", 1);
        for loader in ["<script", "<img", "<link", "@import", "url(", "<iframe", "src="] {
            assert!(!page.contains(loader), "{loader}");
        }
    }
}
