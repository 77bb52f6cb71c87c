//! Parameters of the query, read as strictly as bodies.

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

use crate::problem::{MemberError, Problem, codes};

/// The query's parameters.
pub(crate) struct Params<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let read = Query::<T>::try_from_uri(&parts.uri);
        let Query(params) = read.map_err(|rejection| {
            let text = rejection.body_text();
            let message = text.rsplit_once("query string: ").map_or(text.as_str(), |(_, it)| it);
            Problem::new(codes::INVALID_PARAMETER, message)
        })?;
        Ok(Self(params))
    }
}

/// No parameters at all. Asked for by routes that change something, so that a `preview=true` which
/// they do not know is refused instead of overlooked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

fn refuse(name: &str, given: &str, expected: &str) -> Problem {
    let message = format!("{name} is {given:?}, expected {expected}");
    Problem::new(codes::INVALID_PARAMETER, &message).with_error(MemberError {
        path: name.to_owned(),
        value: Some(given.to_owned()),
        expected: Some(expected.to_owned()),
        message,
    })
}

/// Which part of a list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageParams {
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// How many at most, 1 to 100; 20 where absent.
    #[param(value_type = Option<u32>)]
    pub limit: Option<String>,
}

/// How many at most: 1 to 100, 20 where absent.
pub(crate) fn limit(given: Option<&str>) -> Result<u32, Problem> {
    let Some(given) = given else { return Ok(20) };
    given
        .parse()
        .ok()
        .filter(|limit| (1..=100).contains(limit))
        .ok_or_else(|| refuse("limit", given, "a whole number from 1 to 100"))
}

/// A place in the feed; its start where absent.
pub(crate) fn position(name: &str, given: Option<&str>) -> Result<u64, Problem> {
    let Some(given) = given else { return Ok(0) };
    given.parse().map_err(|_| refuse(name, given, "a whole number, as next_after hands it out"))
}

/// Where a page ended whose entries stand by their place in the feed.
pub(crate) fn page_position(name: &str, given: Option<&str>) -> Result<Option<u64>, Problem> {
    let read = |given: &str| {
        // What cannot be stored was never handed out.
        let position = given.parse().ok().filter(|it| i64::try_from(*it).is_ok());
        position.ok_or_else(|| refuse(name, given, "a next_cursor from the page before"))
    };
    given.map(read).transpose()
}

/// One of the words allowed.
pub(crate) fn one_of(
    name: &str,
    given: Option<String>,
    allowed: &[&str],
) -> Result<Option<String>, Problem> {
    match given {
        Some(given) if !allowed.contains(&given.as_str()) => {
            Err(refuse(name, &given, &format!("one of {}", allowed.join(", "))))
        }
        given => Ok(given),
    }
}

/// A moment, as RFC 3339.
pub(crate) fn timestamp(name: &str, given: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    let read = |given: &str| {
        given.parse().map_err(|_| refuse(name, given, "a time such as 2026-11-22T13:45:00Z"))
    };
    given.map(read).transpose()
}
