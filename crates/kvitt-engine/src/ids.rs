//! Ids and secrets, as arguments.

use jiff::Timestamp;
use secrecy::SecretString;
use uuid::Uuid;

/// Makes ids and secrets.
pub trait IdSource: Send + Sync + 'static {
    /// A new id that sorts by the time given.
    fn id(&self, at: Timestamp) -> Uuid;

    /// A new secret of 256 random bits, as 64 hexadecimal digits.
    fn secret(&self) -> SecretString;
}

/// Secrets from the machine's random source, and ids from a generator that it feeds.
#[derive(Debug, Clone, Copy, Default)]
pub struct RandomIds;

impl IdSource for RandomIds {
    fn id(&self, at: Timestamp) -> Uuid {
        let milliseconds = u64::try_from(at.as_millisecond()).unwrap_or_default();
        // Some are needed for each request, and a system call for each of them is seen.
        let random: [u8; 10] = rand::random();
        uuid::Builder::from_unix_timestamp_millis(milliseconds, &random).into_uuid()
    }

    fn secret(&self) -> SecretString {
        use std::fmt::Write as _;
        let mut text = String::with_capacity(64);
        for byte in fresh() {
            // Writing into a string cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        SecretString::from(text)
    }
}

fn fresh() -> [u8; 32] {
    let mut bytes = [0; 32];
    #[expect(clippy::disallowed_methods, reason = "the edge at which randomness enters")]
    let filled = getrandom::fill(&mut bytes);
    #[expect(clippy::expect_used, reason = "without randomness no secret can be made at all")]
    filled.expect("the operating system has a random source");
    bytes
}
