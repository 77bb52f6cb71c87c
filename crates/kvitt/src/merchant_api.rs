//! The merchant API, as the commands on checkouts, orders and events see it.

#![expect(clippy::doc_markdown, reason = "help texts are shown as they stand")]

mod answer;

use std::time::Duration;

use clap::Args;
use kvitt_engine::{Clock as _, IdSource as _, RandomIds, SystemClock};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, redirect};
use url::{Host, Url};

pub(crate) use answer::{Answer, shown};

use crate::Context;
use crate::failure::{Exit, Failure};
use crate::http_cause::cause;

const DEFAULT_SERVER: &str = "http://127.0.0.1:4000";
/// Longest wait for a connection.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// Longest wait for an answer: longer than the server waits for Klarna.
const ANSWER_WITHIN: Duration = Duration::from_secs(100);

/// How the merchant API is reached.
#[derive(Args)]
pub(crate) struct Reach {
    /// Where the server is, http://127.0.0.1:4000 unless told [env: KVITT_SERVER]
    #[arg(long, global = true, value_name = "URL", help_heading = "Merchant API")]
    server: Option<String>,
    /// Key to the merchant API, as `kvitt key create` prints it [env: KVITT_API_KEY]
    #[arg(long, global = true, value_name = "KEY", help_heading = "Merchant API")]
    key: Option<String>,
}

/// Calls the merchant API.
pub(crate) struct MerchantApi {
    client: reqwest::Client,
    server: Url,
    authorization: HeaderValue,
}

/// A call that changes something.
pub(crate) struct Change<'a> {
    /// `POST` or `PATCH`.
    pub(crate) method: Method,
    /// The path below `/v1`, part by part.
    pub(crate) path: &'a [&'a str],
    /// The body, as JSON text; none where the path says everything.
    pub(crate) body: Option<&'a str>,
    /// The key under which it is carried out once.
    pub(crate) idempotency_key: &'a str,
}

impl MerchantApi {
    /// Reaches the server with the key, as flags and variables say.
    pub(crate) fn new(reach: &Reach, context: &Context) -> Result<Self, Failure> {
        let given = |flag: &Option<String>, variable: &str| {
            flag.clone().or_else(|| context.environment.get(variable).map(str::to_owned))
        };
        let server = given(&reach.server, "KVITT_SERVER");
        let server = server.unwrap_or_else(|| DEFAULT_SERVER.to_owned());
        let server = Url::parse(&server)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .filter(|url| url.username().is_empty() && url.password().is_none())
            .ok_or_else(|| {
                Failure::usage(format_args!(
                    "--server or KVITT_SERVER is no address of a server: write it like \
                     {DEFAULT_SERVER}"
                ))
            })?;
        let key = given(&reach.key, "KVITT_API_KEY").ok_or_else(|| {
            Failure::usage(
                "there is no key to the merchant API: make one with `kvitt key create` where the \
                 server runs, and set KVITT_API_KEY to it",
            )
        })?;
        let mut authorization = HeaderValue::from_str(&format!("Bearer {key}")).map_err(|_| {
            Failure::usage("the key to the merchant API holds characters that no key has")
        })?;
        authorization.set_sensitive(true);
        let mut client = reqwest::Client::builder()
            .connect_timeout(CONNECT_WITHIN)
            .timeout(ANSWER_WITHIN)
            .redirect(redirect::Policy::none())
            .user_agent(concat!("kvitt/", env!("CARGO_PKG_VERSION")));
        if is_on_this_machine(&server) {
            client = client.no_proxy();
        }
        if server.scheme() == "http" {
            // Without certificates to trust, the system's need not be there.
            client = client.tls_certs_only([]);
        }
        let client = client.build().map_err(Failure::internal)?;
        Ok(Self { client, server, authorization })
    }

    /// Where the server is.
    pub(crate) fn server(&self) -> &str {
        self.server.as_str()
    }

    /// Reads.
    pub(crate) async fn get(
        &self,
        path: &[&str],
        query: &[(&str, String)],
    ) -> Result<Answer, Failure> {
        let url = self.url(path, query)?;
        let request = self.client.get(url).header(AUTHORIZATION, self.authorization.clone());
        let answer = read(request).await.map_err(|error| self.unreachable(&error))?;
        answer.check(None)
    }

    /// Says what a change would do, without doing it.
    pub(crate) async fn preview(&self, change: &Change<'_>) -> Result<Answer, Failure> {
        let url = self.url(change.path, &[("preview", "true".to_owned())])?;
        let answer =
            read(self.request(change, url)).await.map_err(|error| self.unreachable(&error))?;
        answer.check(None)
    }

    /// Changes something. An answer that never came leaves open whether it was done.
    pub(crate) async fn change(&self, change: &Change<'_>) -> Result<Answer, Failure> {
        let key = change.idempotency_key;
        let header = HeaderValue::from_str(key)
            .map_err(|_| Failure::usage("--idempotency-key must be visible ASCII characters"))?;
        let url = self.url(change.path, &[])?;
        let request = self.request(change, url).header("Idempotency-Key", header);
        match read(request).await {
            Ok(answer) => answer.check(Some(key)),
            Err(error) if error.is_connect() || error.is_builder() => Err(self.unreachable(&error)),
            Err(error) => Err(Failure::new(
                Exit::Unknown,
                format_args!(
                    "{} gave no answer ({}), so nobody knows yet whether it was done.\n{}",
                    self.server,
                    cause(&error),
                    repeat_with(key)
                ),
            )),
        }
    }

    fn request(&self, change: &Change<'_>, url: Url) -> reqwest::RequestBuilder {
        let request = self
            .client
            .request(change.method.clone(), url)
            .header(AUTHORIZATION, self.authorization.clone());
        match change.body {
            None => request,
            // As it was written: a number that a program would round is for the server to refuse.
            Some(body) => request.header(CONTENT_TYPE, "application/json").body(body.to_owned()),
        }
    }

    fn url(&self, path: &[&str], query: &[(&str, String)]) -> Result<Url, Failure> {
        let mut url = self.server.clone();
        url.path_segments_mut()
            .map_err(|()| Failure::usage("--server or KVITT_SERVER cannot have paths below it"))?
            .pop_if_empty()
            .push("v1")
            .extend(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }

    fn unreachable(&self, error: &reqwest::Error) -> Failure {
        let cause = cause(error);
        let way_out = if cause.contains("CaUsedAsEndEntity") {
            // What `openssl req -x509` makes unless told.
            "its certificate is an authority's: make the server's own with \
             basicConstraints=CA:FALSE"
        } else if cause.contains("certificate") {
            "name the authority that signed it with SSL_CERT_FILE, or correct --server or \
             KVITT_SERVER"
        } else {
            "start it with `kvitt serve`, or say where it is with --server or KVITT_SERVER"
        };
        let server = &self.server;
        Failure::new(
            Exit::Unreachable,
            format_args!("no kvitt server answers at {server} ({cause}): {way_out}"),
        )
    }
}

/// How to repeat a change without doing it twice.
pub(crate) fn repeat_with(key: &str) -> String {
    format!(
        "Look again, or repeat the same command with --idempotency-key {key}: it is carried out \
         once."
    )
}

/// A key that nobody has used, for a change that is meant once.
pub(crate) async fn fresh_idempotency_key() -> String {
    let id = RandomIds.id(SystemClock.now().await);
    format!("cli-{id}")
}

async fn read(request: reqwest::RequestBuilder) -> Result<Answer, reqwest::Error> {
    let response = request.send().await?;
    let status = response.status().as_u16();
    Ok(Answer::new(status, response.text().await?))
}

fn is_on_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}
