//! An exchange's request as a command for curl, to be pasted into a POSIX shell (bash where a
//! text holds control characters).

use std::fmt::Write as _;

use crate::exchanges::Exchange;

/// The credentials are hidden; whoever runs it has them in these variables.
const CREDENTIALS: &str = r#""$KLARNA_USERNAME:$KLARNA_PASSWORD""#;

/// What curl says by itself, or what belongs to one connection only.
const NOT_REPEATED: [&str; 8] = [
    "accept-encoding",
    "authorization",
    "connection",
    "content-length",
    "cookie",
    "host",
    "transfer-encoding",
    "user-agent",
];

/// The command.
pub(super) fn command(it: &Exchange) -> String {
    let mut command = format!("curl --request {} {}", it.method, url(it));
    let mut option = |name: &str, value: &str| {
        // Writing into a text cannot fail.
        let _ = write!(command, " \\\n  --{name} {value}");
    };
    if it.request_headers.contains_key("authorization") {
        option("user", CREDENTIALS);
    }
    for (name, value) in &it.request_headers {
        if !NOT_REPEATED.contains(&name.as_str()) {
            // An empty header is written with a semicolon.
            let header = if value.is_empty() {
                format!("{name};").into_bytes()
            } else {
                [name.as_str().as_bytes(), b": ", value.as_bytes()].concat()
            };
            option("header", &quoted(&header));
        }
    }
    match &it.request_body {
        Some(body) if !body.is_empty() => option("data-raw", &quoted(body)),
        Some(_) => {}
        None => option("data-raw", "'(larger than the limit, not kept)'"),
    }
    command
}

fn url(it: &Exchange) -> String {
    quoted(format!("{}{}", it.base_url, it.path).as_bytes())
}

/// A text that a shell takes as it is.
fn quoted(bytes: &[u8]) -> String {
    let plain = std::str::from_utf8(bytes)
        .ok()
        .filter(|text| !text.chars().any(|it| it.is_control() && it != '\n' && it != '\t'));
    if let Some(text) = plain {
        return format!("'{}'", text.replace('\'', r"'\''"));
    }
    let mut out = String::from("$'");
    for byte in bytes {
        match byte {
            b'\'' | b'\\' => out.extend(['\\', char::from(*byte)]),
            b' '..=b'~' => out.push(char::from(*byte)),
            _ => {
                let _ = write!(out, "\\x{byte:02x}");
            }
        }
    }
    out + "'"
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use axum::http::{HeaderMap, HeaderValue, Method};
    use jiff::Timestamp;

    use super::*;

    fn exchange(body: &[u8]) -> Exchange {
        let mut request_headers = HeaderMap::new();
        for (name, value) in [
            ("authorization", "(hidden)"),
            ("host", "127.0.0.1:4010"),
            ("content-type", "application/json"),
            ("content-length", "9"),
            ("klarna-idempotency-key", "it's $HOME `id`"),
            ("x-empty", ""),
        ] {
            request_headers.insert(name, HeaderValue::from_static(value));
        }
        Exchange {
            number: 1,
            at: Timestamp::UNIX_EPOCH,
            duration_milliseconds: 0.0,
            method: Method::PATCH,
            path: "/a?b='c'&d=$e".into(),
            base_url: "http://127.0.0.1:4010".into(),
            request_headers,
            request_body: Some(body.to_vec().into()),
            answer: None,
            fault: None,
        }
    }

    /// What a shell would hand to curl, after its name.
    fn arguments(command: &str) -> Vec<Vec<u8>> {
        let script = format!("curl() {{ printf '%s\\0' \"$@\"; }}; {command}");
        let ran = Command::new("bash")
            .args(["-c", &script])
            .env("KLARNA_USERNAME", "user")
            .env("KLARNA_PASSWORD", "pass word")
            .output()
            .unwrap();
        assert!(ran.status.success() && ran.stderr.is_empty(), "{ran:?}");
        let mut parts: Vec<Vec<u8>> = ran.stdout.split(|it| *it == 0).map(<[u8]>::to_vec).collect();
        assert_eq!(parts.pop(), Some(Vec::new()));
        parts
    }

    #[test]
    fn a_shell_hands_everything_over_as_it_was_sent() {
        for body in [
            "{\"name\": \"O'Hara $HOME `id` \\\\ !x\",\n\t\"ö\": 1}".as_bytes(),
            b"'",
            b"\x01\xff\\' ' 0\r\nend",
            b"-n",
        ] {
            let expected: [&[u8]; 13] = [
                b"--request",
                b"PATCH",
                b"http://127.0.0.1:4010/a?b='c'&d=$e",
                b"--user",
                b"user:pass word",
                b"--header",
                b"content-type: application/json",
                b"--header",
                b"klarna-idempotency-key: it's $HOME `id`",
                b"--header",
                b"x-empty;",
                b"--data-raw",
                body,
            ];
            assert_eq!(arguments(&command(&exchange(body))), expected);
        }
    }

    #[test]
    fn what_would_steer_a_terminal_is_written_out() {
        let command = command(&exchange("a\u{1b}]0;b\r".as_bytes()));
        assert!(command.ends_with(r"--data-raw $'a\x1b]0;b\x0d'"), "{command}");
        assert!(!command.contains('\u{1b}'));
    }

    #[test]
    fn what_was_not_sent_is_not_said() {
        let mut one = exchange(b"");
        one.request_headers = HeaderMap::new();
        assert_eq!(command(&one).lines().count(), 1);
        one.request_body = None;
        assert!(command(&one).contains("not kept"));
    }
}
