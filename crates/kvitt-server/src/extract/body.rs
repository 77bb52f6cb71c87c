//! Bodies: JSON, read strictly, with the path of the member that is wrong.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::{HeaderMap, Method, header};
use kvitt_engine::Caller;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Merchant;
use super::caller::idempotency_key;
use crate::problem::{MemberError, Problem, codes};

/// A shop's request with a JSON body.
pub(crate) struct Call<T> {
    pub caller: Caller,
    pub body: T,
}

/// A shop's request whose JSON body may be left out.
pub(crate) struct MayCall<T> {
    pub caller: Caller,
    pub body: T,
}

/// A shop's request that says everything by its path.
pub(crate) struct Bare {
    pub caller: Caller,
}

struct Read {
    merchant: Merchant,
    key: Option<String>,
    method: Method,
    path: String,
    headers: HeaderMap,
    bytes: Bytes,
}

impl Read {
    async fn from<S: Send + Sync>(request: Request, state: &S) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let merchant = Merchant::from_request_parts(&mut parts, state).await?;
        let key = idempotency_key(&parts.headers)?;
        // The outer layer has the whole body in memory already.
        let bytes =
            axum::body::to_bytes(body, usize::MAX).await.map_err(|_| Problem::internal())?;
        Ok(Self {
            merchant,
            key,
            method: parts.method,
            path: parts.uri.path().to_owned(),
            headers: parts.headers,
            bytes,
        })
    }

    fn call<T: DeserializeOwned>(self) -> Result<Call<T>, Problem> {
        check_content_type(&self.headers)?;
        let value = json(&self.bytes)?;
        // serde would take an array for a struct, member by member.
        if !value.is_object() {
            return Err(not_an_object());
        }
        let body = typed(&self.bytes)?;
        Ok(Call { caller: self.caller(&value), body })
    }

    fn caller(self, body: &Value) -> Caller {
        let hash = request_hash(&self.method, &self.path, body);
        self.merchant.caller(self.key, hash)
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Call<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        Read::from(request, state).await?.call()
    }
}

impl<T: DeserializeOwned + Default, S: Send + Sync> FromRequest<S> for MayCall<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let read = Read::from(request, state).await?;
        if read.bytes.is_empty() {
            return Ok(Self { caller: read.caller(&Value::Null), body: T::default() });
        }
        let Call { caller, body } = read.call()?;
        Ok(Self { caller, body })
    }
}

impl<S: Send + Sync> FromRequest<S> for Bare {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let read = Read::from(request, state).await?;
        if !read.bytes.is_empty() && json(&read.bytes)? != Value::Object(serde_json::Map::new()) {
            return Err(Problem::new(
                codes::INVALID_MEMBER,
                "this call takes no body: leave it out, or send {}",
            ));
        }
        Ok(Self { caller: read.caller(&Value::Null) })
    }
}

fn check_content_type(headers: &HeaderMap) -> Result<(), Problem> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = given.map(|text| text.split(';').next().unwrap_or_default().trim());
    match essence {
        Some(essence) if essence.eq_ignore_ascii_case("application/json") => Ok(()),
        _ => Err(Problem::new(
            codes::UNSUPPORTED_MEDIA_TYPE,
            "send the body as JSON, with Content-Type: application/json",
        )),
    }
}

/// The body as JSON of whatever shape.
fn json(bytes: &[u8]) -> Result<Value, Problem> {
    serde_json::from_slice(bytes).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let detail = match error.classify() {
            serde_json::error::Category::Eof if bytes.is_empty() => {
                "the body is empty: send a JSON object".to_owned()
            }
            serde_json::error::Category::Eof => "the body ends in the middle of JSON".to_owned(),
            _ => format!("the body is not JSON at line {line}, column {column}"),
        };
        Problem::new(codes::INVALID_JSON, detail)
    })
}

fn not_an_object() -> Problem {
    let message = "the body is JSON, but no object: send a JSON object";
    let error =
        MemberError { path: String::new(), value: None, expected: None, message: message.into() };
    Problem::new(codes::INVALID_MEMBER, message).with_error(error)
}

/// What serde says, without the names that types have in here.
fn without_type_names(message: &str) -> String {
    let Some((before, after)) = message.split_once("expected struct ") else {
        return message.to_owned();
    };
    let rest = after.trim_start_matches(|it: char| it.is_alphanumeric() || it == '_');
    // "with 9 elements" is about an array in the place of an object.
    let rest = if rest.starts_with(" with ") { "" } else { rest };
    format!("{before}expected an object{rest}")
}

/// The body as the type that the route takes.
fn typed<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        // The place in the text follows the message; the path says it better.
        let message = error.inner().to_string();
        let message = match message.rsplit_once(" at line ") {
            Some((message, _)) => message.to_owned(),
            None => message,
        };
        let message = without_type_names(&message);
        let (path, detail) = if path == "." {
            (String::new(), message.clone())
        } else {
            let detail = format!("{path}: {message}");
            (path, detail)
        };
        let error = MemberError { path, value: None, expected: None, message };
        Problem::new(codes::INVALID_MEMBER, detail).with_error(error)
    })
}

/// Digest by which a repeated request is told from another one under the same key. The members'
/// order and the spaces between them do not matter.
fn request_hash(method: &Method, path: &str, body: &Value) -> [u8; 32] {
    let mut text = format!("{method} {path}\n");
    write_sorted(body, &mut text);
    Sha256::digest(text.as_bytes()).into()
}

fn write_sorted(value: &Value, text: &mut String) {
    match value {
        Value::Object(members) => {
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_unstable_by_key(|(name, _)| *name);
            text.push('{');
            for (name, value) in sorted {
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                write_sorted(value, text);
                text.push(',');
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for item in items {
                write_sorted(item, text);
                text.push(',');
            }
            text.push(']');
        }
        scalar => text.push_str(&scalar.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(body: &str) -> [u8; 32] {
        request_hash(&Method::POST, "/v1/checkouts", &json(body.as_bytes()).ok().unwrap())
    }

    #[test]
    fn the_digest_sees_meaning_not_form() {
        let one = hash(r#"{"a":1,"b":{"c":[1,2],"d":"x"}}"#);
        assert_eq!(one, hash("{ \"b\": {\"d\":\"x\", \"c\":[1, 2]},\n\"a\":1 }"));
        for other in [
            r#"{"a":2,"b":{"c":[1,2],"d":"x"}}"#,
            r#"{"a":1,"b":{"c":[2,1],"d":"x"}}"#,
            r#"{"a":1,"b":{"c":[1,2],"d":"y"}}"#,
            r#"{"a":"1","b":{"c":[1,2],"d":"x"}}"#,
            r#"{"a":1}"#,
        ] {
            assert_ne!(one, hash(other), "{other}");
        }
    }

    #[test]
    fn names_of_types_are_not_told() {
        for (said, told) in [
            (
                "invalid type: integer `1`, expected struct Line",
                "invalid type: integer `1`, expected an object",
            ),
            (
                "invalid length 0, expected struct Line with 9 elements",
                "invalid length 0, expected an object",
            ),
            ("missing field `name`", "missing field `name`"),
        ] {
            assert_eq!(without_type_names(said), told);
        }
    }

    #[test]
    fn the_digest_sees_method_and_path() {
        let body = Value::Null;
        let one = request_hash(&Method::POST, "/v1/orders/a/cancel", &body);
        assert_ne!(one, request_hash(&Method::POST, "/v1/orders/b/cancel", &body));
        assert_ne!(one, request_hash(&Method::PATCH, "/v1/orders/a/cancel", &body));
    }
}
