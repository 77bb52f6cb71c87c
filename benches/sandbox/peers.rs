//! Who is measured, and how each is started.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use clap::ValueEnum;

use crate::bare::Recorded;
use crate::common::process::{self, Server};
use crate::wire::{self, Answer, Wire};
use crate::{BENCHES, bare_hyper};

const SESSIONS: &str = "/payments/v1/sessions";

/// How long a server may take until it listens.
const PATIENCE: Duration = Duration::from_secs(30);

/// Three order lines.
pub(crate) const SESSION: &str = include_str!("../session.json");

pub(crate) fn create_session(address: SocketAddr) -> Vec<u8> {
    wire::request(address, "POST", SESSIONS, SESSION)
}

/// A server that can be started as often as wanted.
pub(crate) struct Peer {
    pub(crate) id: Id,
    pub(crate) name: String,
    start: Box<dyn Fn() -> Server>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Id {
    Sandbox,
    Axum,
    Hyper,
    Express,
    Prism,
    PrismSilent,
}

/// Whom the creation of sessions is measured beside.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Beside {
    /// axum, which gives one answer
    Axum,
    /// hyper, which gives one answer
    Hyper,
    /// An Express app that keeps sessions and checks nothing
    Express,
    /// Prism, as it starts by itself and with its log off
    Prism,
}

#[derive(Clone, Copy)]
pub(crate) enum Bare {
    Axum,
    Hyper,
}

/// `kvitt sandbox`, as users have it.
#[derive(Clone)]
pub(crate) struct Sandbox {
    pub(crate) program: PathBuf,
}

impl Sandbox {
    pub(crate) fn start(&self) -> Server {
        let mut command = Command::new(&self.program);
        command.args(["sandbox", "--listen", "127.0.0.1:0"]);
        Server::start(command)
    }

    /// Keeps the answer to a created session, for the bare servers.
    pub(crate) fn record_session(&self, file: &Path) {
        let server = self.start();
        keep_answer(server.address, &create_session(server.address), file);
    }
}

impl Peer {
    pub(crate) fn start(&self) -> Server {
        (self.start)()
    }

    pub(crate) fn sandbox(sandbox: &Sandbox) -> Self {
        let sandbox = sandbox.clone();
        Self {
            id: Id::Sandbox,
            name: "`kvitt sandbox`".to_owned(),
            start: Box::new(move || sandbox.start()),
        }
    }

    /// A server that knows one answer, which stands in a file.
    pub(crate) fn bare(library: Bare, answer: &Path) -> Self {
        let answer = answer.to_owned();
        let (id, name) = match library {
            Bare::Axum => (Id::Axum, "axum"),
            Bare::Hyper => (Id::Hyper, "hyper"),
        };
        let start = move || {
            let mut command = Command::new(std::env::current_exe().unwrap());
            command.arg("--serve").arg(name).arg(&answer);
            Server::start(command)
        };
        Self { id, name: format!("bare {name}"), start: Box::new(start) }
    }

    fn express() -> Self {
        let start = || {
            let mut command = node("express.js");
            command.env("NODE_ENV", "production");
            Server::start(command)
        };
        Self { id: Id::Express, name: "Express, by hand".to_owned(), start: Box::new(start) }
    }

    /// Prism as it is started by itself, which logs what it is asked, or silent.
    fn prism(document: &Path, silent: bool) -> Self {
        let document = document.to_owned();
        let file = document.file_name().unwrap().display();
        let (id, how) = if silent { (Id::PrismSilent, ", its log off") } else { (Id::Prism, "") };
        let name = format!("Prism with {file}{how}");
        let start = move || {
            let port = free_port();
            let mut command = node("node_modules/@stoplight/prism-cli/dist/index.js");
            command.arg("mock").arg("--port").arg(port.to_string()).arg(&document);
            command.args(silent.then_some(["--verboseLevel", "silent"]).into_iter().flatten());
            start_on_port(command, port)
        };
        Self { id, name, start: Box::new(start) }
    }
}

/// The sandbox and its peers. Prism is given its OpenAPI file, or one of kvitt's own.
pub(crate) fn all(
    sandbox: &Sandbox,
    peers: &[Beside],
    answer: &Path,
    openapi: Option<&Path>,
) -> Vec<Peer> {
    let document = || openapi.map_or_else(|| Path::new(BENCHES).join("peers/payments.yaml"), find);
    let beside = peers.iter().flat_map(|peer| match peer {
        Beside::Axum => vec![Peer::bare(Bare::Axum, answer)],
        Beside::Hyper => vec![Peer::bare(Bare::Hyper, answer)],
        Beside::Express => vec![Peer::express()],
        Beside::Prism => vec![Peer::prism(&document(), false), Peer::prism(&document(), true)],
    });
    std::iter::once(Peer::sandbox(sandbox)).chain(beside).collect()
}

/// The file itself; of a folder the last file, by name, that describes the creation of sessions.
fn find(path: &Path) -> PathBuf {
    let path = path.canonicalize().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    if path.is_file() {
        return path;
    }
    let files = fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path());
    let describes = |file: &PathBuf| {
        let has_extension = |wanted: &str| file.extension().is_some_and(|it| it == wanted);
        ["yaml", "yml", "json"].into_iter().any(has_extension)
            && fs::read_to_string(file).is_ok_and(|text| text.contains(SESSIONS))
    };
    let found = files.filter(describes).max();
    found.unwrap_or_else(|| panic!("{}: no OpenAPI file here has {SESSIONS}", path.display()))
}

fn node(script: &str) -> Command {
    let script = Path::new(BENCHES).join("peers").join(script);
    assert!(script.is_file(), "{}: missing; run scripts/bench-sandbox", script.display());
    let mut command = Command::new("node");
    command.arg(script);
    command
}

/// Starts a server that does not tell that it can be asked: it listens on the port that it was given.
fn start_on_port(mut command: Command, port: u16) -> Server {
    let (child, started) = process::spawn(command.stdout(Stdio::null()));
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    while TcpStream::connect(address).is_err() {
        assert!(started.elapsed() < PATIENCE, "nothing listens on {address}");
        thread::sleep(Duration::from_millis(20));
    }
    Server::of(child, started, address)
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Asks once, and keeps the answer as it was on the wire.
pub(crate) fn keep_answer(address: SocketAddr, request: &[u8], file: &Path) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    runtime.block_on(async {
        let mut wire = Wire::connect(address).await;
        let answer = wire.ask(request).await;
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(answer.body));
        fs::write(file, [answer.head, answer.body].join(&b"\r\n\r\n"[..])).unwrap();
    });
}

/// Is a bare server, until it is ended.
pub(crate) fn serve(library: &str, answer: &str) {
    let kept = fs::read(answer).unwrap();
    let end = kept.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let recorded =
        Recorded::of(&Answer { status: 200, head: &kept[..end], body: &kept[end + 4..] });
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("listening on http://{}", listener.local_addr().unwrap());
        match library {
            "axum" => axum::serve(listener, recorded.axum()).await.unwrap(),
            _ => bare_hyper::serve(listener, recorded).await,
        }
    });
}
