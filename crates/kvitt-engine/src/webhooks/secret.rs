//! Secrets, and signing with them.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

use crate::IdSource;

/// What every secret begins with (Standard Webhooks: symmetric signatures).
const PREFIX: &str = "whsec_";
/// How many bytes a key may have (Standard Webhooks: symmetric signatures).
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// A text that is no secret. It is not repeated, since it may be another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a secret for webhooks: expected whsec_ and 24 to 64 bytes in base64")]
pub struct BadSecret;

/// A key that messages are signed with. It prints nothing.
#[derive(Clone)]
pub struct WebhookSecret(Hmac<Sha256>);

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(…)")
    }
}

impl WebhookSecret {
    /// Reads a secret as it is written, `whsec_…`.
    pub fn parse(text: &SecretString) -> Result<Self, BadSecret> {
        let digits = text.expose_secret().strip_prefix(PREFIX).ok_or(BadSecret)?;
        let key = STANDARD.decode(digits).map_err(|_| BadSecret)?;
        if !KEY_BYTES.contains(&key.len()) {
            return Err(BadSecret);
        }
        Hmac::new_from_slice(&key).map(Self).map_err(|_| BadSecret)
    }

    /// A new secret of 256 random bits, as it is written.
    pub fn generate(ids: &dyn IdSource) -> SecretString {
        let random = ids.secret();
        let mut key = Vec::with_capacity(32);
        for pair in random.expose_secret().as_bytes().chunks(2) {
            let digits = std::str::from_utf8(pair).unwrap_or_default();
            key.push(u8::from_str_radix(digits, 16).unwrap_or_default());
        }
        SecretString::from(format!("{PREFIX}{}", STANDARD.encode(key)))
    }

    /// The signature of a message, `v1,…`. `timestamp` is in seconds since 1970.
    pub fn sign(&self, id: &str, timestamp: i64, body: &str) -> String {
        let mut mac = self.0.clone();
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body.as_bytes());
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

/// The headers that go with a message: its id, the time of the attempt in seconds since 1970, and
/// a signature with each secret.
pub fn signed_headers(
    secrets: &[WebhookSecret],
    id: &str,
    timestamp: i64,
    body: &str,
) -> [(&'static str, String); 3] {
    let signatures: Vec<String> =
        secrets.iter().map(|secret| secret.sign(id, timestamp, body)).collect();
    [
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", timestamp.to_string()),
        ("webhook-signature", signatures.join(" ")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RandomIds;

    const PUBLISHED: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn secret(text: &str) -> Result<WebhookSecret, BadSecret> {
        WebhookSecret::parse(&SecretString::from(text))
    }

    /// The vector that the libraries of Standard Webhooks are tested with.
    #[test]
    fn the_published_vector_is_signed_as_published() {
        let signature = secret(PUBLISHED).unwrap().sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            r#"{"test": 2432232314}"#,
        );
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn each_secret_signs_beside_the_others() {
        let other = WebhookSecret::generate(&RandomIds);
        let secrets = [secret(PUBLISHED).unwrap(), WebhookSecret::parse(&other).unwrap()];
        let [id, timestamp, signature] = signed_headers(&secrets, "evt_1", 7, "{}");
        assert_eq!(id, ("webhook-id", "evt_1".to_owned()));
        assert_eq!(timestamp, ("webhook-timestamp", "7".to_owned()));
        let each: Vec<&str> = signature.1.split(' ').collect();
        assert_eq!(each, [secrets[0].sign("evt_1", 7, "{}"), secrets[1].sign("evt_1", 7, "{}")]);
        assert_ne!(each[0], each[1]);
    }

    #[test]
    fn the_signature_sees_id_time_and_body() {
        let secret = secret(PUBLISHED).unwrap();
        let signature = secret.sign("evt_1", 7, "{}");
        for other in [
            secret.sign("evt_2", 7, "{}"),
            secret.sign("evt_1", 8, "{}"),
            secret.sign("evt_1", 7, "[]"),
        ] {
            assert_ne!(signature, other);
        }
    }

    #[test]
    fn a_new_secret_has_32_bytes_and_is_another_each_time() {
        let (one, two) = (WebhookSecret::generate(&RandomIds), WebhookSecret::generate(&RandomIds));
        assert_ne!(one.expose_secret(), two.expose_secret());
        let key = STANDARD.decode(one.expose_secret().strip_prefix("whsec_").unwrap()).unwrap();
        assert_eq!(key.len(), 32);
        assert!(key.iter().any(|byte| *byte > 15), "{key:?}");
        assert!(WebhookSecret::parse(&one).is_ok());
    }

    #[test]
    fn other_texts_are_no_secrets_and_are_not_repeated() {
        let of = |bytes: usize| format!("whsec_{}", STANDARD.encode(vec![1; bytes]));
        for bad in ["", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_ä", &of(23), &of(65)]
        {
            assert_eq!(secret(bad).unwrap_err(), BadSecret, "{bad}");
        }
        assert!(secret(&of(24)).is_ok() && secret(&of(64)).is_ok());
        assert_eq!(format!("{:?}", secret(PUBLISHED).unwrap()), "WebhookSecret(…)");
    }
}
