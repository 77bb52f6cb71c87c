//! One server, and what can happen to it.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use crate::binaries;
use crate::database::Database;

/// The pause before a server that starts is asked again.
const PAUSE: Duration = Duration::from_millis(10);

/// Whom the server runs as where the tests run as root, which it refuses to.
const USER: &str = "postgres";

/// A test's server survives no power cut, and is small.
const SETTINGS: &str = "
fsync = off
full_page_writes = off
listen_addresses = ''
max_connections = 300
shared_buffers = 32MB
";

/// Ends what runs in the folder, and the folder, once its standard input ends, which is when
/// whoever started the server is gone, for whatever reason.
const GUARD: &str = "
trap '' HUP INT TERM
read -r _
kill -QUIT \"$(head -n 1 \"$0/data/postmaster.pid\")\" 2>/dev/null
until rm -rf \"$0\" 2>/dev/null; do sleep 0.1; done
";

/// A running server, stopped and removed with this or with the process.
#[derive(Debug)]
pub struct Server {
    binaries: PathBuf,
    folder: PathBuf,
    owner: Option<(u32, u32)>,
    running: Option<Child>,
    guard: Child,
}

impl Server {
    /// Makes a server with a user `postgres` who needs no password, and starts it. Settings are
    /// lines of its `postgresql.conf`.
    pub fn start(settings: &[&str]) -> Self {
        let mut server = Self::folder();
        // Texts are compared by a language's rules, as on many servers, and not as bytes are.
        server.run(
            "initdb",
            &[
                "--no-sync",
                "--auth=trust",
                "--username=postgres",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--locale-provider=icu",
                "--icu-locale=en",
                "-D",
                "data",
            ],
        );
        let sockets = format!("unix_socket_directories = '{}'", server.folder.display());
        server.configure(&format!("{SETTINGS}{sockets}\n{}\n", settings.join("\n")));
        server.start_again();
        server
    }

    /// Makes a standby that follows this server, under a name that its
    /// `synchronous_standby_names` can have, and starts it.
    pub fn standby(&self, name: &str) -> Self {
        let mut standby = Self::folder();
        let from = format!("host={} user=postgres application_name={name}", self.folder.display());
        standby.run(
            "pg_basebackup",
            &["--no-sync", "--checkpoint=fast", "--write-recovery-conf", "-D", "data", "-d", &from],
        );
        let sockets = format!("unix_socket_directories = '{}'\n", standby.folder.display());
        standby.configure(&sockets);
        standby.start_again();
        standby
    }

    /// Starts it where it was stopped, and waits until it takes connections.
    pub fn start_again(&mut self) {
        let log = fs::OpenOptions::new().create(true).append(true).open(self.folder.join("log"));
        let mut command = self.command("postgres", &["-D", "data"], log.unwrap());
        // What ends the test by its group does not end the server before the guard does.
        self.running = Some(command.process_group(0).spawn().unwrap());
        let host = self.folder.display().to_string();
        while !self.status("pg_isready", &["-q", "-h", &host]).success() {
            let ended = self.running.as_mut().and_then(|running| running.try_wait().unwrap());
            assert!(ended.is_none(), "the server did not start:\n{}", self.said("log"));
            thread::sleep(PAUSE);
        }
    }

    /// Stops it in order, and starts it again.
    pub fn restart(&mut self) {
        self.stop("fast");
        self.start_again();
    }

    /// Stops it as if its machine had stopped: nothing is finished, and nobody is told.
    pub fn stop_at_once(&mut self) {
        self.stop("immediate");
    }

    fn stop(&mut self, how: &str) {
        self.run("pg_ctl", &["stop", "-w", "-m", how, "-D", "data"]);
        if let Some(mut running) = self.running.take() {
            running.wait().unwrap();
        }
    }

    /// Makes a standby a primary, and waits until it is one.
    pub fn promote(&self) {
        self.run("pg_ctl", &["promote", "-w", "-t", "60", "-D", "data"]);
    }

    /// Adds lines to its `postgresql.conf`, which count from its next start, or [`reload`] where
    /// they can.
    ///
    /// [`reload`]: Self::reload
    pub fn configure(&self, lines: &str) {
        let path = self.folder.join("data/postgresql.conf");
        let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(lines.as_bytes()).unwrap();
    }

    /// Has it read its `postgresql.conf` again.
    pub fn reload(&self) {
        self.run("pg_ctl", &["reload", "-D", "data"]);
    }

    /// The folder in which its socket is: the host for PostgreSQL's own programs.
    pub fn socket_folder(&self) -> &Path {
        &self.folder
    }

    /// One of PostgreSQL's programs, of the server's own version.
    pub fn program(&self, name: &str) -> PathBuf {
        self.binaries.join(name)
    }

    /// Its host, as it stands in a URL.
    pub fn host(&self) -> String {
        self.folder.display().to_string().replace('/', "%2F")
    }

    /// The URL of one of its databases; `postgres` is always there.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@{}/{database}", self.host())
    }

    /// Makes an empty database.
    pub fn database(&self) -> Database {
        Database::make(self.url("postgres"))
    }

    /// Runs statements in one of its databases, and returns what `psql` prints, unadorned.
    pub fn sql(&self, database: &str, statements: &str) -> String {
        psql(&self.binaries, &self.url(database), statements).unwrap()
    }

    /// A dump of one of its databases, as statements that make it again.
    pub fn dump(&self, database: &str) -> String {
        let url = self.url(database);
        let mut command = Command::new(self.binaries.join("pg_dump"));
        let output = command.args(["--no-owner", "--dbname", &url]).output().unwrap();
        assert!(output.status.success(), "pg_dump: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// An empty folder, guarded.
    fn folder() -> Self {
        let binaries = binaries::folder();
        let made = tempfile::Builder::new().prefix("kvitt-postgres-").tempdir().unwrap();
        let folder = made.path().to_owned();
        // A file of one's own tells who one is.
        let is_root = fs::metadata(&folder).unwrap().uid() == 0;
        let owner = is_root.then(owner);
        if let Some((user, group)) = owner {
            chown(&folder, Some(user), Some(group)).unwrap();
        }
        let guard = Command::new("sh")
            .args(["-c", GUARD])
            .arg(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .unwrap();
        let _ = made.keep();
        Self { binaries, folder, owner, running: None, guard }
    }

    /// One of PostgreSQL's programs, run in the folder as its owner.
    fn command(&self, program: &str, arguments: &[&str], output: fs::File) -> Command {
        let mut command = Command::new(self.binaries.join(program));
        command.args(arguments).current_dir(&self.folder).stdin(Stdio::null());
        command.stdout(output.try_clone().unwrap()).stderr(output);
        if let Some((user, group)) = self.owner {
            command.uid(user).gid(group);
        }
        command
    }

    fn status(&self, program: &str, arguments: &[&str]) -> ExitStatus {
        let output = fs::File::create(self.folder.join("output")).unwrap();
        self.command(program, arguments, output).status().unwrap()
    }

    /// Runs one of PostgreSQL's programs, which has to succeed.
    fn run(&self, program: &str, arguments: &[&str]) {
        let status = self.status(program, arguments);
        assert!(
            status.success(),
            "{program} {arguments:?} failed with {status}:\n{}\n{}",
            self.said("output"),
            self.said("log")
        );
    }

    fn said(&self, file: &str) -> String {
        fs::read_to_string(self.folder.join(file)).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        let _ = self.guard.wait();
        if let Some(mut running) = self.running.take() {
            let _ = running.wait();
        }
    }
}

/// The user and the group that the server runs as.
fn owner() -> (u32, u32) {
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let of_user = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let is_it = fields.next() == Some(USER);
        let mut number = || fields.next()?.parse().ok();
        let _password = number();
        is_it.then(|| Some((number()?, number()?))).flatten()
    });
    of_user.unwrap_or_else(|| {
        panic!(
            "PostgreSQL does not run as root, and there is no user {USER} here: run the tests as \
             another user, or add that one"
        )
    })
}

/// Runs statements, and returns what is printed, or what is wrong.
pub(crate) fn psql(binaries: &Path, url: &str, statements: &str) -> Result<String, String> {
    let mut child = Command::new(binaries.join("psql"))
        .args(["--no-psqlrc", "--quiet", "--no-align", "--tuples-only"])
        .args(["--set=ON_ERROR_STOP=1", "--dbname", url])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Where it does not come to reading them, it says why.
    let _ = child.stdin.take().unwrap().write_all(statements.as_bytes());
    let output = child.wait_with_output().unwrap();
    if output.status.success() {
        Ok(String::from_utf8(output.stdout).unwrap().trim_end().to_owned())
    } else {
        Err(format!("{statements:?} failed: {}", String::from_utf8_lossy(&output.stderr)))
    }
}
