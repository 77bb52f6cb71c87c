//! The machines of a storm: PostgreSQL, Klarna's stand-in, and replicas of kvitt, all of them
//! processes that can be ended at any moment.

use std::fs::{File, OpenOptions};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use kvitt_testing::{Database, Server};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::{sleep, timeout};

use crate::Error;
use crate::balancer::Balancer;
use crate::doors::Addresses;

/// How many replicas share the ledger.
pub(crate) const REPLICAS: usize = 3;

/// The sandbox's only credentials.
const USER: &str = "PK_storm";
const PASSWORD: &str = "storm";

/// How long a program may take until it serves.
const READY_WITHIN: Duration = Duration::from_mins(1);
/// How often a replica is started that does not come up, since its database does not either.
const STARTS_MAX: u32 = 20;

/// A program that serves, ended with this.
#[derive(Debug)]
struct Serving {
    child: Child,
    /// Kept open, since a program may say more.
    _said: BufReader<ChildStdout>,
}

/// All of them.
#[derive(Debug)]
pub(crate) struct Fleet {
    program: PathBuf,
    folder: PathBuf,
    sandbox: Serving,
    /// Where the sandbox is.
    pub(crate) klarna: String,
    replicas: Vec<Option<Serving>>,
    pub(crate) addresses: Arc<Addresses>,
    balancer: Balancer,
    // Dropped before its server.
    database: Database,
    server: Server,
}

impl Fleet {
    /// Starts PostgreSQL, the sandbox and the load balancer; logs go into the folder.
    pub(crate) async fn start(program: &Path, folder: &Path) -> Result<Self, Error> {
        // It is run in another folder.
        let named = program.display().to_string();
        let program = program
            .canonicalize()
            .map_err(|source| Error::NotStarted { program: named, source })?;
        let server = tokio::task::block_in_place(|| Server::start(&[]));
        let database = tokio::task::block_in_place(|| server.database());
        let mut command = Command::new(&program);
        command
            .args(["sandbox", "--listen", "127.0.0.1:0"])
            .args(["--credentials", &format!("{USER}:{PASSWORD}")]);
        let (sandbox, address) = serve(command, folder, "sandbox").await?;
        let addresses = Arc::new(Addresses::new(REPLICAS));
        Ok(Self {
            program,
            folder: folder.to_owned(),
            sandbox,
            klarna: format!("http://{address}"),
            replicas: (0..REPLICAS).map(|_| None).collect(),
            balancer: Balancer::start(Arc::clone(&addresses)).await?,
            addresses,
            database,
            server,
        })
    }

    /// Makes an API key, and the schema with it.
    pub(crate) async fn api_key(&self) -> Result<String, Error> {
        let mut command = self.kvitt();
        command.args(["key", "create", "--name", "storm"]).stderr(self.log("key")?);
        let program = "kvitt key create".to_owned();
        let made = command.output().await;
        let made = made.map_err(|source| Error::NotStarted { program: program.clone(), source })?;
        let key = String::from_utf8_lossy(&made.stdout).trim().to_owned();
        if made.status.success() && !key.is_empty() {
            return Ok(key);
        }
        Err(Error::Missing { what: program, member: "key".to_owned() })
    }

    /// Starts a replica, however often it takes.
    pub(crate) async fn start_replica(&mut self, replica: usize) -> Result<(), Error> {
        let started = self.replica(replica).await?;
        self.put(replica, started);
        Ok(())
    }

    /// Starts all of them at once.
    pub(crate) async fn start_all(&mut self) -> Result<(), Error> {
        let all = tokio::join!(self.replica(0), self.replica(1), self.replica(2));
        for (replica, started) in [all.0, all.1, all.2].into_iter().enumerate() {
            self.put(replica, started?);
        }
        Ok(())
    }

    async fn replica(&self, replica: usize) -> Result<(Serving, SocketAddr), Error> {
        let mut tries = 1;
        loop {
            let mut command = self.kvitt();
            command.args(["serve", "--listen", "127.0.0.1:0"]);
            match serve(command, &self.folder, &format!("replica-{replica}")).await {
                Err(Error::NotServing { .. }) if tries < STARTS_MAX => {
                    tries += 1;
                    sleep(Duration::from_millis(500)).await;
                }
                started => return started,
            }
        }
    }

    fn put(&mut self, replica: usize, (serving, address): (Serving, SocketAddr)) {
        self.replicas[replica] = Some(serving);
        self.addresses.set(replica, Some(address));
    }

    /// Kills a replica with SIGKILL: nothing is finished, and nobody is told.
    pub(crate) async fn kill(&mut self, replica: usize) {
        if let Some(mut serving) = self.replicas[replica].take() {
            // It may have ended by itself.
            let _ = serving.child.kill().await;
        }
        self.addresses.set(replica, None);
    }

    pub(crate) async fn kill_all(&mut self) {
        for serving in self.replicas.iter_mut().flatten() {
            let _ = serving.child.start_kill();
        }
        for replica in 0..REPLICAS {
            self.kill(replica).await;
        }
    }

    /// A replica that ended though nobody killed it.
    pub(crate) fn ended_by_itself(&mut self) -> Option<usize> {
        self.replicas.iter_mut().position(|serving| {
            serving.as_mut().is_some_and(|it| !matches!(it.child.try_wait(), Ok(None)))
        })
    }

    /// Stops the database as if its machine had stopped, and starts it again.
    pub(crate) fn restart_database(&mut self) {
        tokio::task::block_in_place(|| {
            self.server.stop_at_once();
            self.server.start_again();
        });
    }

    /// Runs a statement in the database.
    pub(crate) fn sql(&self, statement: &str) -> String {
        tokio::task::block_in_place(|| self.database.sql(statement))
    }

    /// kvitt with everything that it has to know, and nothing from outside.
    fn kvitt(&self) -> Command {
        let mut command = Command::new(&self.program);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("KVITT_") {
                command.env_remove(name);
            }
        }
        command
            .env("KVITT_DATABASE_URL", format!("{}?max_connections=16", self.database.url()))
            .env("KVITT_PUBLIC_URL", format!("http://{}", self.balancer.address))
            .env("KVITT_KLARNA_URL", &self.klarna)
            .env("KVITT_KLARNA_USERNAME", USER)
            .env("KVITT_KLARNA_PASSWORD", PASSWORD)
            .env("KVITT_CLOCK_FROM", &self.klarna)
            .env("KVITT_LOG", "warn")
            .current_dir(&self.folder)
            .stdin(Stdio::null());
        command
    }

    fn log(&self, name: &str) -> Result<File, Error> {
        log(&self.folder, name)
    }

    /// Whether the sandbox is still there.
    pub(crate) fn sandbox_serves(&mut self) -> bool {
        matches!(self.sandbox.child.try_wait(), Ok(None))
    }
}

fn log(folder: &Path, name: &str) -> Result<File, Error> {
    let path = folder.join(format!("{name}.log"));
    let opened = OpenOptions::new().create(true).append(true).open(&path);
    opened.map_err(Error::io(format!("the log {}", path.display())))
}

/// Starts a program and waits until it says where it listens.
async fn serve(
    mut command: Command,
    folder: &Path,
    name: &str,
) -> Result<(Serving, SocketAddr), Error> {
    let log = log(folder, name)?;
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).kill_on_drop(true);
    let started = command.spawn();
    let mut child =
        started.map_err(|source| Error::NotStarted { program: name.to_owned(), source })?;
    let mut first = String::new();
    let mut said = None;
    if let Some(stdout) = child.stdout.take() {
        let mut lines = BufReader::new(stdout);
        // Too late is as bad as never.
        let _ = timeout(READY_WITHIN, lines.read_line(&mut first)).await;
        said = Some(lines);
    }
    let address = first.trim().strip_prefix("listening on http://").and_then(|it| it.parse().ok());
    match (said, address) {
        (Some(said), Some(address)) => Ok((Serving { child, _said: said }, address)),
        _ => Err(Error::NotServing {
            program: name.to_owned(),
            said: first.trim().to_owned(),
            log: folder.join(format!("{name}.log")).display().to_string(),
        }),
    }
}
