//! The control API of a sandbox that runs, as the commands see it.

use std::time::Duration;

use clap::Args;
use reqwest::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use crate::Context;
use crate::failure::{Exit, Failure};
use crate::http_cause::cause;
use crate::output::plain;

const DEFAULT_URL: &str = "http://127.0.0.1:4010";
/// Longest wait for a connection.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// Where the sandbox is.
#[derive(Args)]
pub(super) struct Reach {
    /// Where the sandbox is, http://127.0.0.1:4010 unless told [env: KVITT_SANDBOX_URL]
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

/// Calls the control API.
pub(super) struct Control {
    client: reqwest::Client,
    url: Url,
}

/// Why a call did not do what it was to.
pub(super) enum Trouble {
    /// Nobody answers there, or stopped to in the middle.
    Gone(Failure),
    /// It was said why not: with which status, and how.
    Refused(u16, Failure),
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Gone(failure) | Trouble::Refused(_, failure) => failure,
        }
    }
}

/// How the control API refuses.
#[derive(Deserialize)]
struct Refusal {
    code: String,
    message: String,
}

impl Control {
    /// Reaches the sandbox that flags and variables name.
    pub(super) fn new(reach: &Reach, context: &Context) -> Result<Self, Failure> {
        let given = reach.url.as_deref().or_else(|| context.environment.get("KVITT_SANDBOX_URL"));
        let url = Url::parse(given.unwrap_or(DEFAULT_URL))
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .ok_or_else(|| {
                Failure::usage(format_args!(
                    "--url or KVITT_SANDBOX_URL is no address of a sandbox: write it like \
                     {DEFAULT_URL}"
                ))
            })?;
        let mut client = reqwest::Client::builder()
            .connect_timeout(CONNECT_WITHIN)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .user_agent(concat!("kvitt/", env!("CARGO_PKG_VERSION")));
        if url.scheme() == "http" {
            // Without certificates to trust, the system's need not be there.
            client = client.tls_certs_only([]);
        }
        Ok(Self { client: client.build().map_err(Failure::internal)?, url })
    }

    /// The sandbox's address, for messages.
    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    /// Reads.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, String)],
    ) -> Result<T, Trouble> {
        let mut url = self.at(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let response = self.send(self.client.get(url)).await?;
        let text = response.text().await.map_err(|error| self.gone(&error))?;
        serde_json::from_str(&text).map_err(|_| self.not_a_sandbox(200))
    }

    /// Reads what may be large.
    pub(super) async fn download(&self, path: &[&str]) -> Result<Vec<u8>, Trouble> {
        let response = self.send(self.client.get(self.at(path))).await?;
        Ok(response.bytes().await.map_err(|error| self.gone(&error))?.into())
    }

    /// Makes something happen. The answer is null where there is none.
    pub(super) async fn post(&self, path: &[&str], body: Option<&Value>) -> Result<Value, Trouble> {
        self.change(Method::POST, path, body.map(Value::to_string).unwrap_or_default()).await
    }

    /// Changes something.
    pub(super) async fn change(
        &self,
        method: Method,
        path: &[&str],
        body: impl Into<reqwest::Body>,
    ) -> Result<Value, Trouble> {
        let request = self.client.request(method, self.at(path));
        let request = request.header("content-type", "application/json").body(body);
        let response = self.send(request).await?;
        let text = response.text().await.map_err(|error| self.gone(&error))?;
        if text.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&text).map_err(|_| self.not_a_sandbox(200))
    }

    fn at(&self, path: &[&str]) -> Url {
        let mut url = self.url.clone();
        // An address of HTTP always has room for a path.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(["sandbox", "v1"]).extend(path);
        }
        url
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<reqwest::Response, Trouble> {
        let response = request.send().await.map_err(|error| self.gone(&error))?;
        let status = response.status().as_u16();
        if response.status().is_success() {
            return Ok(response);
        }
        let text = response.text().await.map_err(|error| self.gone(&error))?;
        let Ok(refusal) = serde_json::from_str::<Refusal>(&text) else {
            return Err(self.not_a_sandbox(status));
        };
        let exit = match status {
            404 => Exit::NotFound,
            400..500 => Exit::Refused,
            _ => Exit::Internal,
        };
        let Refusal { code, message } = refusal;
        // A message may have several lines; each is shown without what would steer a terminal.
        let lines: Vec<String> = message.lines().map(plain).collect();
        let message = format!("{} [{}]", lines.join("\n"), plain(&code));
        Err(Trouble::Refused(status, Failure::Said { exit, message, document: Some(text) }))
    }

    fn gone(&self, error: &reqwest::Error) -> Trouble {
        let (url, cause) = (&self.url, cause(error));
        Trouble::Gone(Failure::new(
            Exit::Unreachable,
            format_args!(
                "no sandbox answers at {url} ({cause}): start it with `kvitt sandbox`, or say \
                 where it is with --url or KVITT_SANDBOX_URL"
            ),
        ))
    }

    fn not_a_sandbox(&self, status: u16) -> Trouble {
        let failure = Failure::new(
            Exit::Internal,
            format_args!(
                "the answer of {} is {status}, and not the sandbox's: is it a sandbox, and of this \
                 version, that --url or KVITT_SANDBOX_URL names?",
                self.url
            ),
        );
        Trouble::Refused(status, failure)
    }
}
