//! A page that says one thing: what went wrong, and the way out.

use askama::Template;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use kvitt_engine::EngineError;
use kvitt_ledger::LedgerError;
use url::Url;

use super::HOME;
use super::words::sentence;
use crate::problem::{Problem, codes};

const HTML: (HeaderName, HeaderValue) =
    (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));

/// A page that says one thing, for whoever is or is not signed in.
#[derive(Template)]
#[template(path = "dashboard/message.html")]
pub(crate) struct Message {
    status: StatusCode,
    title: String,
    text: String,
    href: String,
    label: &'static str,
}

impl Message {
    /// What went wrong in a few words, and the way out in a sentence or two.
    pub(crate) fn new(
        status: StatusCode,
        title: impl Into<String>,
        text: impl Into<String>,
    ) -> Self {
        Self {
            status,
            title: title.into(),
            text: text.into(),
            href: HOME.to_owned(),
            label: "Go to the dashboard",
        }
    }

    /// The same with a link to somewhere else than the dashboard's beginning.
    pub(crate) fn leading_to(mut self, href: impl Into<String>, label: &'static str) -> Self {
        (self.href, self.label) = (href.into(), label);
        self
    }

    /// kvitt's own fault. Nobody outside is told which.
    pub(crate) fn internal() -> Self {
        Self::from(Problem::internal())
    }

    /// Another site's page sent it, or this server is reached by a name that it does not know.
    pub(super) fn foreign(public_url: &Url) -> Self {
        let own = format!("{}{HOME}", public_url.as_str().trim_end_matches('/'));
        let text = format!(
            "The form was not sent by a page of this server, so nothing was done. Open the \
             dashboard at {own}, and send it from there."
        );
        Self::new(StatusCode::FORBIDDEN, "Sent from elsewhere", text)
            .leading_to(own, "Open the dashboard")
    }
}

/// A template as a page.
pub(crate) fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(page) => (status, [HTML], page).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page cannot be rendered");
            Problem::internal().into_response()
        }
    }
}

impl IntoResponse for Message {
    fn into_response(self) -> Response {
        page(self.status, &self)
    }
}

impl From<Problem> for Message {
    fn from(problem: Problem) -> Self {
        let status = problem.status();
        // What is at fault here was written down where the problem was made.
        let (title, text) = match status {
            StatusCode::SERVICE_UNAVAILABLE if problem.code() == codes::LEDGER_FROZEN.code => {
                (problem.title(), problem.detail())
            }
            StatusCode::SERVICE_UNAVAILABLE => (
                "Not available just now",
                "kvitt cannot use its database, or Klarna does not answer. Wait a moment and load \
                 the page again.",
            ),
            _ if status.is_server_error() => (
                "Something went wrong inside kvitt",
                "Load the page again. If that does not help, whoever runs the server finds more in \
                 its log.",
            ),
            _ => (problem.title(), problem.detail()),
        };
        let text = sentence(text);
        Self::new(status, title, text)
    }
}

impl From<EngineError> for Message {
    fn from(error: EngineError) -> Self {
        Self::from(Problem::from(error))
    }
}

impl From<LedgerError> for Message {
    fn from(error: LedgerError) -> Self {
        Self::from(Problem::from(error))
    }
}
