//! Which requests a fault strikes.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, HeaderName, header};
use serde::{Deserialize, Serialize};

use super::{operations, pattern::Pattern};
use crate::{
    rules::{order::Order, read::Members},
    state::{orders, placing::Authorization, table::Table},
};

/// The most headers that a rule may ask for, and how long its texts may be, in bytes.
const HEADERS_MAX: usize = 16;
const TEXT_BYTES_MAX: usize = 2000;

/// What a request is known by.
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) segments: &'a [&'a str],
    pub(crate) headers: &'a HeaderMap,
}

/// What a request has to be; nothing is asked for where a member is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Members")]
pub(crate) struct RequestMatch {
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_contains: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<Pattern>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    headers: BTreeMap<String, String>,
}

/// The same as it is sent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sent {
    method: Option<String>,
    path_contains: Option<String>,
    path: Option<Pattern>,
    operation: Option<String>,
    order_id: Option<String>,
    session_id: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
}

/// Refuses a text that is empty or too long.
pub(super) fn is_text(name: &str, text: Option<&String>) -> Result<(), String> {
    match text {
        Some(text) if text.is_empty() || text.len() > TEXT_BYTES_MAX => {
            Err(format!("{name}: send 1 to {TEXT_BYTES_MAX} bytes, or leave it out"))
        }
        _ => Ok(()),
    }
}

impl TryFrom<Members> for RequestMatch {
    type Error = String;

    fn try_from(members: Members) -> Result<Self, String> {
        let sent: Sent = super::effect::read(members)?;
        for (name, text) in [
            ("method", &sent.method),
            ("path_contains", &sent.path_contains),
            ("order_id", &sent.order_id),
            ("session_id", &sent.session_id),
        ] {
            is_text(name, text.as_ref())?;
        }
        if let Some(name) = &sent.operation {
            operations::known(name).map_err(|error| format!("operation: {error}"))?;
        }
        if sent.headers.len() > HEADERS_MAX {
            return Err(format!("headers: send {HEADERS_MAX} at most"));
        }
        let mut headers = BTreeMap::new();
        for (name, value) in sent.headers {
            let known = HeaderName::try_from(&name).ok().filter(|_| value.len() <= TEXT_BYTES_MAX);
            let known = known.ok_or_else(|| {
                format!("headers: {name:?} is no name, or its value is over {TEXT_BYTES_MAX} bytes")
            })?;
            if [header::AUTHORIZATION, header::COOKIE].contains(&known) {
                return Err(format!("headers: {known} is a secret, which no rule may hold"));
            }
            headers.insert(known.as_str().to_owned(), value);
        }
        Ok(Self {
            method: sent.method,
            path_contains: sent.path_contains,
            path: sent.path,
            operation: sent.operation,
            order_id: sent.order_id,
            session_id: sent.session_id,
            headers,
        })
    }
}

impl RequestMatch {
    /// Whether a request is what is asked for.
    pub(crate) fn fits(
        &self,
        request: &Request<'_>,
        all: &Table<Order>,
        authorizations: &Table<Authorization>,
    ) -> bool {
        let Request { method, path, segments, headers } = request;
        self.method.as_ref().is_none_or(|it| it.eq_ignore_ascii_case(method))
            && self.path_contains.as_ref().is_none_or(|it| path.contains(it.as_str()))
            && self.path.as_ref().is_none_or(|it| it.fits(segments))
            && self.operation.as_ref().is_none_or(|it| operations::is(it, method, segments))
            && self.order_id.as_ref().is_none_or(|it| match segments {
                ["ordermanagement", "v1", "orders", id, ..] => is_order(it, id, all),
                _ => false,
            })
            && self.session_id.as_ref().is_none_or(|it| match segments {
                ["payments" | "kp" | "hpp", "v1", "sessions", id, ..] => id == it,
                ["payments", "v1", "authorizations", token, ..] => {
                    authorizations.get(token).is_some_and(|of| of.session_id == *it)
                }
                _ => false,
            })
            && self.headers.iter().all(|(name, value)| {
                headers.get_all(name).iter().any(|it| it.as_bytes() == value.as_bytes())
            })
    }
}

/// Whether an order is meant by its id, however that is written, or by its short reference.
pub(crate) fn is_order(wanted: &str, id: &str, all: &Table<Order>) -> bool {
    let same_id = || {
        let id = orders::canonical(id);
        id.is_some() && id == orders::canonical(wanted)
    };
    let reference = || orders::find(all, id).map(|order| order.klarna_reference.as_str());
    same_id() || reference().is_some_and(|it| it.eq_ignore_ascii_case(wanted))
}
