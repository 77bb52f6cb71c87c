//! The doors: Klarna's paths, the control API, and what browsers load.

mod attempts;
mod auth;
mod body;
mod browser;
mod buyer;
mod callbacks;
mod contents;
mod control;
mod control_hpp;
mod customer_tokens;
pub(crate) mod exchange;
mod exchanges;
mod faults;
mod filter;
mod hosted;
mod hpp;
mod keeping;
mod live;
mod named;
mod orders;
mod origin;
mod parameters;
mod payments;
mod serve;
mod struck;

pub(crate) use control::answer as control;
pub(crate) use exchange::line as exchange_line;
pub(crate) use filter::Filter;
pub(crate) use origin::is_own;
pub(crate) use parameters::Parameters;
pub(crate) use serve::handle;

use std::collections::HashMap;

use crate::rules::{read::Body, refusal::Refusal};
use axum::{
    body::Bytes,
    http::{HeaderMap, Method},
};

/// A request, read completely.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) headers: HeaderMap,
    /// `None`: larger than the limit.
    pub(crate) body: Option<Bytes>,
    /// The address under which the sandbox was called, like `http://127.0.0.1:4010`.
    pub(crate) base_url: String,
}

impl Call {
    /// The path's parts. A leading `//` and a trailing slash make no difference (recorded
    /// exchange).
    pub(crate) fn segments(&self) -> Vec<&str> {
        self.parts().collect()
    }

    /// The same, one after the other: for a look at the first ones.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &str> {
        self.path.split('/').filter(|segment| !segment.is_empty())
    }

    /// The body as a JSON object; an absent one counts as empty. Anything else is refused.
    pub(crate) fn document(&self) -> Result<Body<'_>, Refusal> {
        Body::parse(self.body.as_deref().unwrap_or_default()).ok_or_else(Refusal::bad_request)
    }

    /// The body as a form's fields.
    pub(crate) fn form(&self) -> HashMap<String, String> {
        url::form_urlencoded::parse(self.body.as_deref().unwrap_or_default()).into_owned().collect()
    }

    /// A header's text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// A parameter of the query.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        url::form_urlencoded::parse(self.query.as_deref()?.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }
}
