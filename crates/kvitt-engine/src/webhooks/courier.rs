//! Sends one message, once.

use std::sync::OnceLock;

use reqwest::header::CONTENT_TYPE;
use secrecy::SecretString;
use url::Url;

use super::WebhookSettings;
use super::address::{Guarded, problem_of_literal};
use super::secret::{WebhookSecret, signed_headers};
use crate::{Clock as _, SystemClock};

/// How much of an answer is read, in bytes. Nothing in it is of interest, but a connection whose
/// answer was not read cannot be used again.
const ANSWER_BYTES_MAX: usize = 16 * 1_024;

/// What came of sending a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookAnswer {
    /// The status of the answer, if one came.
    pub status: Option<u16>,
    /// Why the message was not taken; none where it was.
    pub problem: Option<String>,
}

impl WebhookAnswer {
    /// Whether the message was taken.
    pub fn is_taken(&self) -> bool {
        self.problem.is_none()
    }

    fn failed(problem: impl Into<String>) -> Self {
        Self { status: None, problem: Some(problem.into()) }
    }
}

/// Sends messages. No redirect is followed and no proxy used, so that what is connected to is what
/// was checked.
#[derive(Debug)]
pub struct Courier {
    settings: WebhookSettings,
    /// For `http://`, which needs no certificates to trust.
    plain: OnceLock<Result<reqwest::Client, String>>,
    encrypted: OnceLock<Result<reqwest::Client, String>>,
}

impl Courier {
    /// Sends as these settings say.
    pub fn new(settings: WebhookSettings) -> Self {
        Self { settings, plain: OnceLock::new(), encrypted: OnceLock::new() }
    }

    /// Sends a message, signed with each secret.
    pub async fn send(
        &self,
        address: &str,
        secrets: &[&SecretString],
        id: &str,
        body: &str,
    ) -> WebhookAnswer {
        let Ok(url) = Url::parse(address) else {
            return WebhookAnswer::failed("its address cannot be read");
        };
        if let Some(problem) = problem_of_literal(&url, self.settings.allow_private) {
            return WebhookAnswer::failed(problem);
        }
        let secrets: Result<Vec<_>, _> =
            secrets.iter().map(|secret| WebhookSecret::parse(secret)).collect();
        let secrets = match secrets {
            Ok(secrets) => secrets,
            Err(error) => return WebhookAnswer::failed(error.to_string()),
        };
        let client = match self.client(&url) {
            Ok(client) => client,
            Err(problem) => return WebhookAnswer::failed(problem.as_str()),
        };
        // Whoever verifies it holds it against a real clock; the business's may be a sandbox's.
        let timestamp = SystemClock.now().await.as_second();
        let mut request = client.post(url).header(CONTENT_TYPE, "application/json");
        for (name, value) in signed_headers(&secrets, id, timestamp, body) {
            request = request.header(name, value);
        }
        let mut response = match request.body(body.to_owned()).send().await {
            Ok(response) => response,
            Err(error) => return WebhookAnswer::failed(self.why(&error)),
        };
        let status = response.status();
        let mut read = 0;
        while let Ok(Some(chunk)) = response.chunk().await {
            read += chunk.len();
            if read > ANSWER_BYTES_MAX {
                break;
            }
        }
        let problem = if status.is_success() {
            None
        } else if status.is_redirection() {
            Some(format!("it answered {}: redirects are not followed", status.as_u16()))
        } else {
            Some(format!("it answered {}", status.as_u16()))
        };
        WebhookAnswer { status: Some(status.as_u16()), problem }
    }

    fn client(&self, url: &Url) -> Result<&reqwest::Client, &String> {
        let encrypted = url.scheme() == "https";
        let kept = if encrypted { &self.encrypted } else { &self.plain };
        kept.get_or_init(|| self.build(encrypted)).as_ref()
    }

    fn build(&self, encrypted: bool) -> Result<reqwest::Client, String> {
        // One provider for the whole program; a second installation fails, and that is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .dns_resolver(Guarded { allow_private: self.settings.allow_private })
            .timeout(self.settings.answer_within)
            .user_agent(concat!("kvitt/", env!("CARGO_PKG_VERSION")));
        if !encrypted {
            builder = builder.tls_certs_only([]);
        }
        builder.build().map_err(|error| {
            format!("no HTTPS client can be built here ({error}): install CA certificates")
        })
    }

    fn why(&self, error: &reqwest::Error) -> String {
        if error.is_timeout() {
            return format!("it gave no answer in {} s", self.settings.answer_within.as_secs());
        }
        // reqwest's own message holds the address, which may hold a secret of the shop's.
        let mut deepest: &dyn std::error::Error = error;
        while let Some(source) = deepest.source() {
            deepest = source;
        }
        if std::ptr::addr_eq(deepest, error) {
            return "the connection broke off".to_owned();
        }
        let said = if error.is_connect() { "it cannot be reached" } else { "it gave no answer" };
        format!("{said}: {deepest}")
    }
}
