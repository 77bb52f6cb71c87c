//! A password, from whoever sits at the terminal or from a line of stdin. It is shown nowhere.

use std::io::{self, BufRead, BufReader};

use inquire::{InquireError, PasswordDisplayMode};
use kvitt_server::users::Password;
use secrecy::{ExposeSecret as _, SecretString};

use crate::failure::{Exit, Failure};
use crate::output;

/// Most bytes that are read of stdin. More are no password, and whatever they are needs not be
/// kept.
const LINE_MAX: u64 = 4_096;

/// The password.
pub(super) fn get(from_stdin: bool) -> Result<Password, Failure> {
    if from_stdin {
        return first_line(BufReader::new(io::stdin().lock()));
    }
    if !output::can_ask() {
        return Err(Failure::usage(
            "there is no terminal to ask for the password on: send it on stdin, with \
             --password-stdin",
        ));
    }
    ask()
}

/// Asks until a password was typed twice alike.
fn ask() -> Result<Password, Failure> {
    loop {
        let typed = prompt("Password:")?;
        let again = match Password::new(typed.clone()) {
            Err(problem) => problem.to_string(),
            Ok(password) if prompt("Once more:")?.expose_secret() == typed.expose_secret() => {
                return Ok(password);
            }
            Ok(_) => "the two differ".to_owned(),
        };
        output::note(&format!("{again}; type it again"));
    }
}

/// One line. inquire could check and confirm by itself, but keeps what it refused in its line,
/// where nobody sees it, and puts what is typed next behind it.
fn prompt(question: &str) -> Result<SecretString, Failure> {
    let prompt = inquire::Password::new(question)
        .with_display_mode(PasswordDisplayMode::Hidden)
        .without_confirmation();
    prompt.prompt().map(SecretString::from).map_err(|error| match error {
        InquireError::OperationCanceled | InquireError::OperationInterrupted => {
            Failure::new(Exit::Refused, "nothing was done, as you said")
        }
        error => Failure::usage(format_args!(
            "the password cannot be asked for ({error}): send it on stdin, with --password-stdin"
        )),
    })
}

/// The first line, without its end.
fn first_line(input: impl BufRead) -> Result<Password, Failure> {
    let unreadable =
        |problem: &dyn std::fmt::Display| Failure::usage(format_args!("stdin: {problem}"));
    let mut line = Vec::new();
    input.take(LINE_MAX).read_until(b'\n', &mut line).map_err(|error| unreadable(&error))?;
    if line.pop_if(|last| *last == b'\n').is_some() {
        line.pop_if(|last| *last == b'\r');
    }
    let text = String::from_utf8(line)
        .map_err(|_| unreadable(&"the password is not UTF-8, as a browser would send it"))?;
    if text.is_empty() {
        return Err(unreadable(&"there is no password in its first line"));
    }
    Password::new(SecretString::from(text)).map_err(Failure::usage)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_the_password() {
        for good in [
            "correct horse battery",
            "correct horse battery\n",
            "correct horse battery\r\n",
            "correct horse battery\nand more",
            "  blanks are part of it  \n",
        ] {
            assert!(first_line(good.as_bytes()).is_ok(), "{good:?}");
        }
        for (bad, told) in [
            (&b""[..], "no password in its first line"),
            (b"\ncorrect horse battery", "no password in its first line"),
            (b"hunter2\n", "at least 12"),
            (b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\n", "UTF-8"),
            (&[b'x'; 1_025], "1025 bytes"),
            (&[b'x'; 10_000], "at most 1024"),
        ] {
            let Err(Failure::Said { exit, message, .. }) = first_line(bad) else {
                panic!("{bad:?} was taken");
            };
            assert_eq!(exit, Exit::Usage);
            assert!(message.contains(told), "{message}");
            assert!(!message.contains("hunter2"), "{message}");
        }
    }
}
