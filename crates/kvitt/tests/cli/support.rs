//! Running the program, and a server that says what a test wants.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

use serde_json::{Value, json};
use tempfile::TempDir;

/// A folder of its own, in which the program is run without anything from outside.
pub(crate) struct Place {
    folder: TempDir,
    variables: BTreeMap<String, String>,
}

/// How a run of the program ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), variables: BTreeMap::new() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) -> &mut Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// A variable that was set.
    pub(crate) fn variable(&self, name: &str) -> &str {
        &self.variables[name]
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> String {
        let path = self.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        self.command_of(env!("CARGO_BIN_EXE_kvitt"), args)
    }

    /// Another program, which is run like this one.
    pub(crate) fn command_of(&self, program: &str, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("KVITT_") {
                command.env_remove(name);
            }
        }
        command.args(args).current_dir(self.path()).envs(&self.variables);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Ended {
        ended(self.command(args).spawn().unwrap())
    }

    /// Runs the program to its end with this text on stdin.
    pub(crate) fn run_with(&self, args: &[&str], stdin: &str) -> Ended {
        let mut child = self.command(args).stdin(Stdio::piped()).spawn().unwrap();
        // A program that refuses something else first ends without having read it.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        ended(child)
    }

    /// Runs the program, which has to succeed, and gives its output.
    pub(crate) fn good(&self, args: &[&str]) -> String {
        let ended = self.run(args);
        assert_eq!(ended.code, Some(0), "kvitt {args:?}: {ended:?}");
        ended.stdout
    }

    /// Runs the program with `--json`, which has to succeed, and gives what it printed.
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let text = self.good(&[args, &["--json"]].concat());
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("kvitt {args:?} printed {text}"))
    }

    /// Runs a program that must not serve. If it does nevertheless, that is its output.
    pub(crate) fn run_unserving(&self, args: &[&str]) -> Ended {
        let mut child = self.command(args).spawn().unwrap();
        let mut first = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        if !first.is_empty() {
            child.kill().unwrap();
        }
        Ended { stdout: first, ..ended(child) }
    }

    /// Starts a program that serves, and waits until it does.
    pub(crate) fn start(&self, args: &[&str]) -> Serving {
        Serving::of(self.command(args).stderr(Stdio::null()).spawn().unwrap())
    }
}

fn ended(child: Child) -> Ended {
    let output = child.wait_with_output().unwrap();
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A program that serves, ended when this is dropped.
pub(crate) struct Serving {
    pub(crate) url: String,
    child: Child,
}

impl Serving {
    /// Waits until a process serves that was started.
    pub(crate) fn of(mut child: Child) -> Self {
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = lines.next().map(Result::unwrap).unwrap_or_default();
        let Some(url) = first.strip_prefix("listening on ") else {
            let _ = child.kill();
            panic!("it is not ready: {first:?}, {:?}", child.wait());
        };
        Self { url: url.to_owned(), child }
    }

    /// The address without its scheme.
    pub(crate) fn address(&self) -> &str {
        self.url.rsplit('/').next().unwrap()
    }

    /// The process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it without a word.
    pub(crate) fn kill(mut self) {
        self.end();
    }

    /// Ends it without a word, and waits until it is gone.
    pub(crate) fn end(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Asks it to stop as an operating system does, and gives its exit code.
    #[cfg(unix)]
    pub(crate) fn stop(mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server that gives every request the same answer, or none. Returns its address.
pub(crate) fn server_saying(answer: Option<(u16, &str)>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answer = answer.map(|(status, body)| {
        format!(
            "HTTP/1.1 {status} Whatever\r\ncontent-type: application/json\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        )
    });
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            read_request(&mut BufReader::new(&stream));
            if let Some(answer) = &answer {
                stream.write_all(answer.as_bytes()).unwrap();
            }
        }
    });
    url
}

fn read_request(stream: &mut impl BufRead) {
    let mut length = 0;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    stream.read_exact(&mut vec![0; length]).unwrap();
}

/// An address at which nobody listens.
pub(crate) fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// Asks a sandbox; gives the status and the text of the answer.
pub(crate) fn ask(url: &str) -> (u16, String) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = client.get(url).basic_auth("any", Some("thing")).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    })
}

/// Reads JSON.
pub(crate) fn get(url: &str) -> Value {
    let (status, text) = ask(url);
    assert_eq!(status, 200, "{url}: {text}");
    serde_json::from_str(&text).unwrap()
}

/// The shopper's step, handed in by the shop, and the order that follows from it. No callback comes.
pub(crate) fn buy(checkout: &Value, sandbox: &Serving, server: &Serving, api_key: &str) -> String {
    let session = checkout["session"]["session_id"].as_str().unwrap();
    let url = format!("{}/sandbox/v1/sessions/{session}/authorize", sandbox.url);
    let authorized = post(&url, &json!({ "outcome": "approved", "callback": "never" }), None);
    let id = checkout["id"].as_str().unwrap();
    let url = format!("{}/v1/checkouts/{id}/authorization", server.url);
    let token = json!({ "authorization_token": authorized["authorization_token"] });
    let placed = post(&url, &token, Some(api_key));
    placed["order_id"].as_str().unwrap().to_owned()
}

/// Deletes what a sandbox has there.
pub(crate) fn delete(url: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = client.delete(url).send().await.unwrap();
        assert!(answer.status().is_success(), "{url}: {}", answer.status());
    });
}

/// An address that nobody has and nobody is given by chance, so that it can be taken twice.
pub(crate) fn quiet_address() -> String {
    let begin = u16::try_from(std::process::id() % 20_000).unwrap();
    let mut ports = (0..20_000).map(|step| 10_000 + (begin + step) % 20_000);
    let port = ports.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).unwrap();
    format!("127.0.0.1:{port}")
}

/// Sends JSON and reads JSON.
pub(crate) fn post(url: &str, body: &Value, key: Option<&str>) -> Value {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut request = client.post(url).json(body);
        if let Some(key) = key {
            request = request.bearer_auth(key);
        }
        let answer = request.send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{url}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_default()
    })
}
