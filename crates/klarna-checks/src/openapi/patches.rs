//! What has to be mended in Klarna's files, in memory, before JSON Schema can be asked: where
//! OpenAPI 3.0 differs from it, where a file is broken, and where it would let a misspelt member pass.

use serde_json::{Value, json};

use super::undeclared::{MEMBERS, NOT_REQUIRED};

/// Changes one object of a document, if it has to; says whether it did.
type Patch = fn(&mut Value) -> bool;

const NAMES: &str = "names of schemas have spaces, which references cannot have: replaced by _";
const CLOSED: &str =
    "objects let any member pass, also misspelt ones: closed to all but those that are declared";

const PATCHES: [(&str, Patch); 6] = [
    ("OpenAPI's nullable is not JSON Schema's: the type becomes one of two", nullable),
    ("an enumeration of nothing but null is broken: dropped", enumeration_of_null),
    ("an enumeration holds all its values in one text, joined by |: split", joined_enumeration),
    ("a pattern of alternatives is meant to be the whole text: anchored", whole_pattern),
    ("formats int32 and int64 are OpenAPI's: they become bounds", integer_bounds),
    ("a 201 or 204 declares a text as its body; Klarna's are empty (recorded): dropped", no_body),
];

/// Mends a document; gives each reason with the number of places.
pub(super) fn apply(
    file: &str,
    document: &mut Value,
) -> Result<Vec<(&'static str, usize)>, String> {
    let mut applied = vec![(NAMES, rename(document))];
    for (reason, patch) in PATCHES {
        applied.push((reason, everywhere(document, patch)));
    }
    for (_, schema, member, reason, _) in MEMBERS.iter().filter(|it| file.starts_with(it.0)) {
        let found = document.pointer_mut(&format!("/components/schemas/{schema}/properties"));
        let members = found
            .and_then(Value::as_object_mut)
            .ok_or_else(|| format!("there is no schema {schema}, for which {member} is known"))?;
        if members.insert((*member).to_owned(), json!({})).is_some() {
            return Err(format!("{schema} declares {member} by now: drop it from the table"));
        }
        applied.push((reason, 1));
    }
    for (_, schema, member, reason, _) in NOT_REQUIRED.iter().filter(|it| file.starts_with(it.0)) {
        let found = document.pointer_mut(&format!("/components/schemas/{schema}/required"));
        let required = found.and_then(Value::as_array_mut);
        let place = required.as_ref().and_then(|all| all.iter().position(|it| it == member));
        let (Some(required), Some(place)) = (required, place) else {
            return Err(format!("{schema} does not require {member}: drop it from the table"));
        };
        required.remove(place);
        applied.push((reason, 1));
    }
    applied.push((CLOSED, everywhere(document, closed)));
    applied.retain(|(_, places)| *places > 0);
    Ok(applied)
}

fn everywhere(value: &mut Value, patch: Patch) -> usize {
    let mut places = usize::from(value.is_object() && patch(value));
    match value {
        Value::Object(members) => {
            places += members.values_mut().map(|it| everywhere(it, patch)).sum::<usize>();
        }
        Value::Array(elements) => {
            places += elements.iter_mut().map(|it| everywhere(it, patch)).sum::<usize>();
        }
        _ => {}
    }
    places
}

/// Takes the spaces out of the schemas' names and out of the references to them.
fn rename(document: &mut Value) -> usize {
    let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut)
    else {
        return 0;
    };
    let names: Vec<String> = schemas.keys().filter(|name| name.contains(' ')).cloned().collect();
    for name in &names {
        if let Some(schema) = schemas.remove(name) {
            schemas.insert(name.replace(' ', "_"), schema);
        }
    }
    everywhere(document, |object| match object.get_mut("$ref") {
        Some(Value::String(reference)) if reference.contains(' ') => {
            *reference = reference.replace(' ', "_");
            true
        }
        _ => false,
    });
    names.len()
}

fn nullable(schema: &mut Value) -> bool {
    if schema["nullable"] != true || !schema["type"].is_string() {
        return false;
    }
    schema["type"] = json!([schema["type"], "null"]);
    true
}

fn enumeration_of_null(schema: &mut Value) -> bool {
    let broken = schema["enum"] == json!([null]);
    if let Some(members) = schema.as_object_mut().filter(|_| broken) {
        members.remove("enum");
    }
    broken
}

fn joined_enumeration(schema: &mut Value) -> bool {
    let Some([Value::String(joined)]) = schema["enum"].as_array().map(Vec::as_slice) else {
        return false;
    };
    if !joined.contains('|') {
        return false;
    }
    schema["enum"] = joined.split('|').collect();
    true
}

fn whole_pattern(schema: &mut Value) -> bool {
    let Some(pattern) = schema["pattern"].as_str() else { return false };
    if pattern.starts_with('^') || !pattern.contains('|') {
        return false;
    }
    schema["pattern"] = json!(format!("^(?:{pattern})$"));
    true
}

fn integer_bounds(schema: &mut Value) -> bool {
    let (min, max) = match (schema["type"].as_str(), schema["format"].as_str()) {
        (Some("integer"), Some("int32")) => (i64::from(i32::MIN), i64::from(i32::MAX)),
        (Some("integer"), Some("int64")) => (i64::MIN, i64::MAX),
        _ => return false,
    };
    let Some(members) = schema.as_object_mut() else { return false };
    members.remove("format");
    members.entry("minimum").or_insert(json!(min));
    members.entry("maximum").or_insert(json!(max));
    true
}

/// Looks at `responses`.
fn no_body(responses: &mut Value) -> bool {
    let mut found = false;
    for status in ["201", "204"] {
        let Some(response) = responses.get_mut(status).and_then(Value::as_object_mut) else {
            continue;
        };
        let schema = response.get("content").and_then(|it| it.pointer("/application~1json/schema"));
        if schema.is_some_and(|schema| schema["type"] == "string") {
            response.remove("content");
            found = true;
        }
    }
    found
}

fn closed(schema: &mut Value) -> bool {
    let open = schema["properties"].is_object() && schema["additionalProperties"].is_null();
    if open {
        schema["additionalProperties"] = json!(false);
    }
    open
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patched(patch: Patch, before: Value) -> Value {
        let mut schema = before;
        everywhere(&mut schema, patch);
        schema
    }

    #[test]
    fn each_patch_changes_what_it_is_about() {
        for (patch, before, after) in [
            (
                nullable as Patch,
                json!({"type": "string", "nullable": true}),
                json!({"type": ["string", "null"], "nullable": true}),
            ),
            (enumeration_of_null, json!({"a": {"enum": [null]}}), json!({"a": {}})),
            (enumeration_of_null, json!({"enum": [null, 1]}), json!({"enum": [null, 1]})),
            (joined_enumeration, json!({"enum": ["a|b"]}), json!({"enum": ["a", "b"]})),
            (joined_enumeration, json!({"enum": ["a"]}), json!({"enum": ["a"]})),
            (whole_pattern, json!({"pattern": "a|b"}), json!({"pattern": "^(?:a|b)$"})),
            (whole_pattern, json!({"pattern": "^(a|b)$"}), json!({"pattern": "^(a|b)$"})),
            (
                integer_bounds,
                json!({"type": "integer", "format": "int32", "minimum": 0}),
                json!({"type": "integer", "minimum": 0, "maximum": 2_147_483_647}),
            ),
            (
                closed,
                json!({"properties": {}}),
                json!({"properties": {}, "additionalProperties": false}),
            ),
            (
                no_body,
                json!({"204": {"content": {"application/json": {"schema": {"type": "string"}}}}}),
                json!({"204": {}}),
            ),
        ] {
            assert_eq!(patched(patch, before.clone()), after, "{before}");
        }
    }

    #[test]
    fn names_lose_their_spaces_where_they_stand_and_where_they_are_meant() {
        let mut document = json!({"components": {"schemas": {"No such order": {}}},
            "x": {"$ref": "#/components/schemas/No such order"}});
        assert_eq!(rename(&mut document), 1);
        assert!(document["components"]["schemas"]["No_such_order"].is_object());
        assert_eq!(document["x"]["$ref"], "#/components/schemas/No_such_order");
    }

    #[test]
    fn a_known_member_that_is_declared_by_now_is_told() {
        let (file, schema, member, ..) = MEMBERS[0];
        let mut declared = json!({});
        declared["components"]["schemas"][schema]["properties"][member] = json!({});
        assert!(apply(file, &mut declared).unwrap_err().contains("by now"));
        assert!(apply(file, &mut json!({})).unwrap_err().contains("no schema"));
    }

    #[test]
    fn a_member_that_is_no_longer_required_is_told() {
        let (file, schema, member, ..) = NOT_REQUIRED[0];
        let mut document = json!({});
        document["components"]["schemas"][schema]["required"] = json!(["a", member, "z"]);
        apply(file, &mut document).unwrap();
        assert_eq!(document["components"]["schemas"][schema]["required"], json!(["a", "z"]));
        assert!(apply(file, &mut document).unwrap_err().contains("does not require"));
    }
}
