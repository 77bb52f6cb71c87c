//! The settings of `kvitt serve`, checked.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use klarna::Environment as KlarnaEnvironment;
use kvitt_server::ServerConfig;
use url::Url;

use super::listen::is_this_machine;
use super::sources::{Given, Sources};
use super::{AccountSettings, Listen, Problems, tls};
use crate::log::{self, LogFormat, LogSettings};

/// Where the server listens unless told.
const DEFAULT_LISTEN: &str = "127.0.0.1:4000";

/// How many requests may be let in at a time.
const MAX_REQUESTS_RANGE: RangeInclusive<usize> = 1..=1_000_000;

/// The flags that stand for settings.
#[derive(Debug, Default)]
pub(crate) struct ServeFlags<'a> {
    /// `--listen`
    pub(crate) listen: Option<&'a str>,
    /// `--public-url`
    pub(crate) public_url: Option<&'a str>,
    /// `--database-url`
    pub(crate) database_url: Option<&'a str>,
    /// `--clock-from`
    pub(crate) clock_from: Option<&'a str>,
    /// `--tls-certificate`
    pub(crate) tls_certificate: Option<&'a str>,
    /// `--tls-key`
    pub(crate) tls_key: Option<&'a str>,
}

/// Settings that make sense as far as they can be judged without trying. What does not is absent
/// and noted.
#[derive(Debug)]
pub(crate) struct ServeSettings {
    /// Where to listen.
    pub(crate) listen: Option<Listen>,
    /// Where callbacks and links reach the server; where it listens, if absent.
    pub(crate) public_url: Option<Url>,
    /// The database.
    pub(crate) database_url: Given,
    /// Certificate and key, each a PEM file.
    pub(crate) tls: Option<(PathBuf, PathBuf)>,
    /// What is logged.
    pub(crate) log: LogSettings,
    /// The sandbox whose clock is followed.
    pub(crate) clock_from: Option<Url>,
    /// Whether webhooks may be sent to this machine and to private networks.
    pub(crate) allow_private_webhooks: bool,
    /// How many requests may be under way at a time.
    pub(crate) max_requests: usize,
    /// Klarna accounts.
    pub(crate) accounts: Vec<AccountSettings>,
}

impl ServeSettings {
    /// Reads the settings. What is wrong is noted.
    pub(crate) fn read(flags: &ServeFlags<'_>, sources: &Sources, problems: &mut Problems) -> Self {
        let file = &sources.file;
        let listen = sources
            .pick("listen", flags.listen, "KVITT_LISTEN", file.listen.as_ref())
            .unwrap_or_else(|| Given {
                value: DEFAULT_LISTEN.to_owned(),
                label: "listen".to_owned(),
            });
        let listen = problems
            .keep(listen.value.parse().map_err(|error| format!("{}: {error}", listen.label)));
        let public_url = sources.pick(
            "public_url",
            flags.public_url,
            "KVITT_PUBLIC_URL",
            file.public_url.as_ref(),
        );
        let checked_url = public_url
            .as_ref()
            .and_then(|given| problems.keep(address(given, "https://pay.example.com")));
        let clock_from = sources.pick(
            "clock_from",
            flags.clock_from,
            "KVITT_CLOCK_FROM",
            file.clock_from.as_ref(),
        );
        let checked_clock = clock_from
            .as_ref()
            .and_then(|given| problems.keep(address(given, "http://127.0.0.1:4010")));
        let tls = tls_files(flags, sources, problems);
        let log = log_settings(sources, problems);
        let accounts = AccountSettings::all(sources, problems);
        let production = accounts
            .iter()
            .find(|account| account.environment == Some(KlarnaEnvironment::Production));
        let allow_private = allow_private_webhooks(sources, problems);
        let max_requests = max_requests(sources, problems);
        if let Some(account) = production {
            if let Some(given) = &clock_from {
                problems.add(given.refused(format_args!(
                    "a clock that can be moved does not go with the production account {:?}: \
                     remove one of the two",
                    account.name
                )));
            }
            match &checked_url {
                None if public_url.is_none() => problems.add(format_args!(
                    "public_url is missing, but account {:?} is in production: set it to the \
                     https:// address at which Klarna and shoppers reach this server",
                    account.name
                )),
                Some(url) if url.scheme() != "https" => problems.add(format_args!(
                    "public_url is \"{url}\", but account {:?} is in production: Klarna calls \
                     back to https:// only",
                    account.name
                )),
                _ => {}
            }
        }
        Self {
            listen,
            public_url: checked_url,
            database_url: sources.database_url(flags.database_url),
            tls,
            log,
            clock_from: checked_clock,
            // While one tries things out, the shop's server usually runs beside kvitt.
            allow_private_webhooks: allow_private.unwrap_or(production.is_none()),
            max_requests: max_requests.unwrap_or(ServerConfig::MAX_REQUESTS),
            accounts,
        }
    }

    /// Where callbacks and links reach a server that listens here. Refused where that cannot be
    /// told from the address alone.
    pub(crate) fn public_url_at(&self, address: SocketAddr) -> Result<Url, String> {
        if let Some(url) = &self.public_url {
            return Ok(url.clone());
        }
        if !is_this_machine(address) {
            return Err(format!(
                "public_url is missing, and {address} does not tell how Klarna and shoppers reach \
                 this server: set it to that address, such as https://pay.example.com"
            ));
        }
        let url = format!("{}://{address}", self.scheme());
        url.parse().map_err(|error| format!("public_url cannot be {url}: {error}"))
    }

    /// `http`, or `https` where the server has a certificate.
    pub(crate) fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }
}

/// An absolute address without anything that does not belong into one.
fn address(given: &Given, example: &str) -> Result<Url, String> {
    let Ok(url) = Url::parse(&given.value) else {
        return Err(given.refused(format_args!("it is no address; write it like {example}")));
    };
    if !url.username().is_empty() || url.password().is_some() {
        // The value holds a password, so it is not repeated.
        return Err(format!("{} carries credentials: write it like {example}", given.label));
    }
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(given.refused(format_args!("it must begin like {example}")));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(given.refused(format_args!("leave out ? and #; write it like {example}")));
    }
    Ok(url)
}

fn tls_files(
    flags: &ServeFlags<'_>,
    sources: &Sources,
    problems: &mut Problems,
) -> Option<(PathBuf, PathBuf)> {
    let file = &sources.file;
    let certificate = sources.pick(
        "tls.certificate",
        flags.tls_certificate,
        "KVITT_TLS_CERTIFICATE",
        file.tls_certificate.as_ref(),
    );
    let key = sources.pick("tls.key", flags.tls_key, "KVITT_TLS_KEY", file.tls_key.as_ref());
    match (certificate, key) {
        (None, None) => None,
        (Some(certificate), Some(key)) => tls::check(&certificate, &key, problems),
        (Some(one), None) => {
            problems.add(one.refused("tls.key is missing: give both, or neither"));
            None
        }
        (None, Some(one)) => {
            problems.add(one.refused("tls.certificate is missing: give both, or neither"));
            None
        }
    }
}

fn allow_private_webhooks(sources: &Sources, problems: &mut Problems) -> Option<bool> {
    let in_file = sources.file.allow_private_webhooks.as_ref();
    let variable = "KVITT_ALLOW_PRIVATE_WEBHOOKS";
    let given = sources.pick("allow_private_webhooks", None, variable, in_file)?;
    problems.keep(given.value.parse().map_err(|_| given.refused("it must be true or false")))
}

fn max_requests(sources: &Sources, problems: &mut Problems) -> Option<usize> {
    let in_file = sources.file.max_requests.as_ref();
    let given = sources.pick("max_requests", None, "KVITT_MAX_REQUESTS", in_file)?;
    let number = given.value.parse().ok().filter(|number| MAX_REQUESTS_RANGE.contains(number));
    problems.keep(number.ok_or_else(|| {
        let (least, most) = (MAX_REQUESTS_RANGE.start(), MAX_REQUESTS_RANGE.end());
        given.refused(format_args!("it must be a number from {least} to {most}"))
    }))
}

fn log_settings(sources: &Sources, problems: &mut Problems) -> LogSettings {
    let file = &sources.file;
    let format = sources.pick("log.format", None, "KVITT_LOG_FORMAT", file.log_format.as_ref());
    let format = format.and_then(|given| match given.value.as_str() {
        "text" => Some(LogFormat::Text),
        "json" => Some(LogFormat::Json),
        _ => {
            problems.add(given.refused("it must be text or json"));
            None
        }
    });
    let mut settings = LogSettings { format, ..LogSettings::default() };
    if let Some(given) = sources.pick("log.filter", None, "KVITT_LOG", file.log_filter.as_ref()) {
        match log::check_filter(&given.value) {
            Ok(()) => settings.filter = given.value,
            Err(error) => problems
                .add(given.refused(format_args!("{error}; write it like info,kvitt_engine=debug"))),
        }
    }
    settings
}
