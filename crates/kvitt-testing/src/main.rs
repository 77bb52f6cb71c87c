//! Runs a command with a PostgreSQL server beside it, for all tests of all processes:
//! `cargo run -p kvitt-testing -- cargo nextest run`. Its exit code is the command's.

use std::env;
use std::process::{Command, ExitCode};

use kvitt_testing::{SERVER_URL, Server};

fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1);
    let Some(program) = arguments.next() else { return ExitCode::from(2) };
    let server = Server::start(&[]);
    let status = Command::new(program)
        .args(arguments)
        .env(SERVER_URL, server.url("postgres"))
        .status()
        .expect("the command can be started");
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    code.map_or(ExitCode::FAILURE, ExitCode::from)
}
