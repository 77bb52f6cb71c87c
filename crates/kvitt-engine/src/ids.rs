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

/// Ids and secrets from the machine's random source.
#[derive(Debug, Clone, Copy, Default)]
pub struct RandomIds;

impl IdSource for RandomIds {
    fn id(&self, at: Timestamp) -> Uuid {
        let milliseconds = u64::try_from(at.as_millisecond()).unwrap_or_default();
        let random: [u8; 10] = random();
        uuid::Builder::from_unix_timestamp_millis(milliseconds, &random).into_uuid()
    }

    fn secret(&self) -> SecretString {
        use std::fmt::Write as _;
        let mut text = String::with_capacity(64);
        for byte in random::<32>() {
            // Writing into a string cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        SecretString::from(text)
    }
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    #[expect(clippy::disallowed_methods, reason = "the edge at which randomness enters")]
    let filled = getrandom::fill(&mut bytes);
    #[expect(clippy::expect_used, reason = "without randomness no secret can be made at all")]
    filled.expect("the operating system has a random source");
    bytes
}
