//! `kvitt serve`: the order server.

#![expect(clippy::doc_markdown, reason = "help texts are shown as they stand")]

use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use klarna::Environment as KlarnaEnvironment;
use kvitt_engine::{Accounts, Clock, Engine, Parts, RandomIds, Settings, SystemClock};
use kvitt_server::{ServerConfig, TlsFiles};

use crate::Context;
use crate::config::{AccountSettings, Problems, ServeFlags, ServeSettings, Sources};
use crate::failure::Failure;
use crate::follow_clock::FollowClock;
use crate::{log, output, shutdown};

const AFTER_HELP: &str = "\
Settings come from flags, then from KVITT_… variables, then from kvitt.toml:

  listen = \"127.0.0.1:4000\"                  # KVITT_LISTEN
  public_url = \"https://pay.example.com\"     # KVITT_PUBLIC_URL: where Klarna calls back
  database_url = \"sqlite:kvitt.db\"           # KVITT_DATABASE_URL; for several servers,
                                             # postgres://USER:PASSWORD@HOST:PORT/NAME
  # clock_from = \"http://127.0.0.1:4010\"     # KVITT_CLOCK_FROM: follow a sandbox's clock
  # allow_private_webhooks = true            # KVITT_ALLOW_PRIVATE_WEBHOOKS: to this machine
                                             # and private networks; unless told, only while
                                             # no account is in production
  # max_requests = 1024                      # KVITT_MAX_REQUESTS: under way at a time, each
                                             # with up to 1 MB of body; others get 503

  [tls]                                      # behind a proxy, leave it out
  certificate = \"certificate.pem\"            # KVITT_TLS_CERTIFICATE
  key = \"key.pem\"                            # KVITT_TLS_KEY

  [log]
  format = \"json\"                            # KVITT_LOG_FORMAT: text or json
  filter = \"info\"                            # KVITT_LOG

  [[account]]                                # one for each set of Klarna credentials
  name = \"nordic\"
  environment = \"playground\"                 # or production; url = \"…\" for a sandbox
  region = \"eu\"                              # eu, na or oc
  countries = [\"SE\", \"NO\"]                   # left out: all that no other account names
  username = \"PK12345_0123456789ab\"          # KVITT_ACCOUNT_NORDIC_USERNAME
  password_file = \"klarna-password\"          # KVITT_ACCOUNT_NORDIC_PASSWORD[_FILE]
  # api_key_file = \"klarna-api-key\"          # KVITT_ACCOUNT_NORDIC_API_KEY[_FILE]

  [account.rate]                             # calls a second, of all servers together;
  sessions_per_second = 40                   # left out: what Klarna allows its environment,
  others_per_second = 200                    # corrected by what Klarna's answers say

Paths are relative to the folder in which kvitt is started.

PostgreSQL 15 or newer holds the ledger of any number of servers. Where a standby may
take over, name all hosts, HOST:PORT,HOST:PORT: the one that can be written to is used.
After the name can follow ?sslmode=…, sslrootcert, sslcert, sslkey, application_name,
options, and max_connections: how many connections one kvitt makes, 32 unless told.

One account needs no file: KVITT_KLARNA_ENVIRONMENT (or KVITT_KLARNA_URL for a
sandbox), KVITT_KLARNA_REGION, and KVITT_KLARNA_USERNAME with
KVITT_KLARNA_PASSWORD[_FILE], or KVITT_KLARNA_API_KEY[_FILE].

Examples:
  KVITT_KLARNA_URL=http://127.0.0.1:4010 kvitt serve
  kvitt serve --config /etc/kvitt.toml";

/// Flags of `kvitt serve`.
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct ServeArgs {
    /// Where the server listens, 127.0.0.1:4000 unless told; port 0 picks a free one
    /// [env: KVITT_LISTEN]
    #[arg(long, value_name = "HOST:PORT")]
    listen: Option<String>,
    /// Where Klarna's callbacks and shoppers reach the server [env: KVITT_PUBLIC_URL]
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// The database, sqlite:PATH or postgres://…; sqlite:kvitt.db unless told
    /// [env: KVITT_DATABASE_URL]
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// Follow the clock of the sandbox at this address; not with production accounts
    /// [env: KVITT_CLOCK_FROM]
    #[arg(long, value_name = "URL")]
    clock_from: Option<String>,
    /// Certificate chain, a PEM file, to speak HTTPS without a proxy [env: KVITT_TLS_CERTIFICATE]
    #[arg(long, value_name = "FILE")]
    tls_certificate: Option<String>,
    /// The certificate's private key, a PEM file [env: KVITT_TLS_KEY]
    #[arg(long, value_name = "FILE")]
    tls_key: Option<String>,
}

/// Serves until the process is asked to stop; requests under way are finished.
pub(crate) async fn run(args: &ServeArgs, context: &Context) -> Result<ExitCode, Failure> {
    keep_memory_small();
    let mut problems = Problems::default();
    let sources = Sources::read(context, &mut problems);
    let flags = ServeFlags {
        listen: args.listen.as_deref(),
        public_url: args.public_url.as_deref(),
        database_url: args.database_url.as_deref(),
        clock_from: args.clock_from.as_deref(),
        tls_certificate: args.tls_certificate.as_deref(),
        tls_key: args.tls_key.as_deref(),
    };
    let settings = ServeSettings::read(&flags, &sources, &mut problems);
    let ready = Ready::prepare(settings, &mut problems).await;
    problems.check()?;
    let Some(ready) = ready else {
        return Err(Failure::internal(anyhow::anyhow!(
            "the server is not ready, without a reason"
        )));
    };
    ready.serve().await
}

/// The allocator asks Linux for huge pages, which suits the sandbox's many small answers; a server
/// that waits would leave most of each empty.
fn keep_memory_small() {
    // Where it is refused, the server is only larger.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
}

/// Everything that has to be there before the first request.
struct Ready {
    listener: std::net::TcpListener,
    address: String,
    tls: Option<TlsFiles>,
    engine: Engine,
    max_requests: usize,
}

impl Ready {
    /// Tries everything that can go wrong, and notes all that does.
    async fn prepare(settings: ServeSettings, problems: &mut Problems) -> Option<Self> {
        if let Err(error) = log::start(&settings.log) {
            problems.add(format_args!("{error:#}"));
        }
        let bound = match &settings.listen {
            None => None,
            Some(listen) => problems.keep(listen.bind().await),
        };
        let listener = bound.and_then(|it| problems.keep(it.into_std()));
        let address = listener.as_ref().and_then(|it| problems.keep(it.local_addr()));
        let public_url = address.and_then(|it| problems.keep(settings.public_url_at(it)));
        let database = &settings.database_url;
        let ledger = kvitt_ledger::open(&database.value)
            .await
            .map_err(|error| format!("{}: {error}", database.label));
        let ledger = problems.keep(ledger);
        let clock: Option<Arc<dyn Clock>> = match &settings.clock_from {
            None => Some(Arc::new(SystemClock)),
            Some(url) => {
                let clock = FollowClock::of_sandbox(url).await.map_err(|error| {
                    format!(
                        "clock_from is \"{url}\", where no sandbox tells its time ({}): start it \
                         with `kvitt sandbox`, or leave clock_from out",
                        error.root_cause()
                    )
                });
                problems.keep(clock).map(|clock| Arc::new(clock) as Arc<dyn Clock>)
            }
        };
        let scheme = settings.scheme();
        let address = format!("{scheme}://{}", address?);
        warn_of_callbacks(&settings.accounts, public_url.as_ref());
        let accounts = accounts(settings.accounts, problems);
        let mut engine_settings = Settings::new(public_url?);
        engine_settings.webhooks.allow_private = settings.allow_private_webhooks;
        let parts = Parts {
            ledger: ledger?,
            accounts: accounts?,
            clock: clock?,
            ids: Arc::new(RandomIds),
            settings: engine_settings,
        };
        let tls = settings.tls.map(|(certificate, key)| TlsFiles { certificate, key });
        let engine = Engine::new(parts);
        Some(Self {
            listener: listener?,
            address,
            tls,
            engine,
            max_requests: settings.max_requests,
        })
    }

    async fn serve(self) -> Result<ExitCode, Failure> {
        let Self { listener, address, tls, engine, max_requests } = self;
        warn_of_frozen(&engine).await?;
        let mut config = ServerConfig::new(engine.clone(), Arc::new(RandomIds));
        config.max_requests = max_requests;
        let router = kvitt_server::router(config);
        // No call leaves before this server knows its part of the calls that all may make.
        if let Err(error) = engine.tell_alive().await {
            tracing::warn!(%error, "the ledger could not be told that this server lives");
        }
        let serving = kvitt_server::serve(listener, router, tls, shutdown::asked());
        output::print(&format!("listening on {address}"))?;
        // Work that is dropped half way is finished by whoever claims it next.
        let served = tokio::select! {
            served = serving => served.map_err(Failure::internal),
            () = engine.work() => Ok(()),
        };
        if let Err(error) = engine.tell_gone().await {
            tracing::warn!(%error, "the ledger could not be told that this server is gone");
        }
        served?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The accounts with their clients, if every market leads to at most one of them.
fn accounts(settings: Vec<AccountSettings>, problems: &mut Problems) -> Option<Accounts> {
    let wanted = settings.len();
    let connected: Vec<_> =
        settings.into_iter().filter_map(|it| problems.keep(it.connect())).collect();
    if connected.len() < wanted {
        return None;
    }
    problems.keep(Accounts::new(connected))
}

/// A frozen ledger is served, and only read.
async fn warn_of_frozen(engine: &Engine) -> Result<(), Failure> {
    if let Some(frozen) = engine.frozen().await.map_err(Failure::internal)? {
        tracing::warn!(since = %frozen.since, because = frozen.because, "the ledger is frozen");
        output::note(&format!(
            "the ledger is frozen ({}): it can be read, and nothing is done. Run `kvitt reconcile` \
             against this server; it holds every sale beside Klarna, and then lets the ledger act \
             again",
            frozen.because
        ));
    }
    Ok(())
}

/// What works, but without Klarna's callbacks.
fn warn_of_callbacks(accounts: &[AccountSettings], public_url: Option<&url::Url>) {
    let Some(url) = public_url.filter(|url| url.scheme() != "https") else { return };
    let playground = |it: &&AccountSettings| it.environment == Some(KlarnaEnvironment::Playground);
    if let Some(account) = accounts.iter().find(playground) {
        tracing::warn!(
            account = account.name,
            public_url = %url,
            "Klarna calls back to https:// only: set public_url to where it reaches this server"
        );
    }
}
