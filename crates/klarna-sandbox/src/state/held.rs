//! A purchase as a session holds it.

use std::borrow::Cow;

use axum::body::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::Error as _};
use serde_json::value::RawValue;

use crate::rules::{purchase::Purchase, read::Body, weight::Weigh};

/// Most sessions are never looked at again: their purchase stays the text that was sent, a third
/// of the size of what is read from it, until somebody asks.
pub(crate) enum HeldPurchase {
    /// The body of a request that was found good.
    Sent(Bytes),
    Read(Box<Purchase>),
}

impl HeldPurchase {
    pub(crate) fn get(&self) -> Cow<'_, Purchase> {
        match self {
            Self::Sent(body) => {
                let body = Body::parse(body).unwrap_or_default();
                Cow::Owned(Purchase::read(&body).0)
            }
            Self::Read(purchase) => Cow::Borrowed(purchase),
        }
    }

    /// Whether a member may be this text: a quick look that finds too much, but misses nothing.
    pub(crate) fn may_hold(&self, text: &str) -> bool {
        match self {
            Self::Sent(body) => {
                str::from_utf8(body).is_ok_and(|body| body.contains(text) || body.contains('\\'))
            }
            Self::Read(_) => true,
        }
    }

    pub(crate) fn set(&mut self, purchase: Purchase) {
        *self = Self::Read(Box::new(purchase));
    }
}

impl Weigh for HeldPurchase {
    fn weight(&self) -> usize {
        match self {
            Self::Sent(body) => body.len(),
            Self::Read(purchase) => size_of::<Purchase>() + purchase.weight(),
        }
    }
}

/// Kept as it is held: what was sent stays small, also after a restart.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kept<Sent, Read> {
    Sent(Sent),
    Read(Read),
}

impl Serialize for HeldPurchase {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let sent = match self {
            Self::Read(purchase) => return Kept::<(), _>::Read(purchase).serialize(serializer),
            Self::Sent(body) => String::from_utf8_lossy(body),
        };
        // In JSON, line ends stand between tokens only; a row is kept in one line.
        let sent = RawValue::from_string(sent.replace(['\n', '\r'], " "));
        Kept::<_, ()>::Sent(sent.map_err(S::Error::custom)?).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for HeldPurchase {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let sent: Box<RawValue> = match Kept::deserialize(deserializer)? {
            Kept::Read(purchase) => return Ok(Self::Read(purchase)),
            Kept::Sent(sent) => sent,
        };
        let members = Body::parse(sent.get().as_bytes());
        let members = members.ok_or_else(|| D::Error::custom("sent: it is no object"))?;
        let (purchase, problems) = Purchase::read(&members);
        let good = purchase.check(&problems);
        good.map_err(|refusal| D::Error::custom(refusal.messages.join(" ")))?;
        Ok(Self::Sent(Bytes::from(String::from(Box::<str>::from(sent)))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENT: &str = r#"{"purchase_country":"SE","purchase_currency":"SEK","unknown":[1],
        "order_amount":100,"order_lines":[{"name":"A\n","quantity":1,"unit_price":"100",
        "total_amount":100}],"billing_address":{"city":"Lund"}}"#;

    #[test]
    fn what_was_sent_is_what_is_read() {
        let sent = HeldPurchase::Sent(Bytes::from_static(SENT.as_bytes()));
        let saved = serde_json::to_string(&sent).unwrap();
        assert!(!saved.contains('\n'), "in one line: {saved}");
        let restored: HeldPurchase = serde_json::from_str(&saved).unwrap();
        assert!(sent.get() == restored.get());
        assert!(matches!(&restored, HeldPurchase::Sent(body) if body.len() == SENT.len()));
        assert_eq!(restored.get().lines()[0].unit_price, 100);
        assert_eq!(restored.get().lines()[0].name, "A\n");
        assert_eq!(serde_json::to_string(&restored).unwrap(), saved);

        for (text, may_hold) in [("Lund", true), ("A\n", true), ("Lundx", true)] {
            assert_eq!(restored.may_hold(text), may_hold, "there is an escape in it: {text}");
        }
        let plain = HeldPurchase::Sent(Bytes::from_static(b"{\"merchant_reference1\":\"a 1\"}"));
        assert!(plain.may_hold("a 1") && !plain.may_hold("a 2"));

        let mut changed = restored;
        let mut purchase = changed.get().into_owned();
        purchase.merchant_reference1 = Some("r".into());
        changed.set(purchase);
        let saved = serde_json::to_string(&changed).unwrap();
        let restored: HeldPurchase = serde_json::from_str(&saved).unwrap();
        assert!(matches!(restored, HeldPurchase::Read(_)) && restored.get() == changed.get());
    }

    #[test]
    fn what_would_not_have_been_taken_is_not_restored() {
        for (text, problem) in [
            (r#"{"sent":[]}"#, "no object"),
            (r#"{"sent":{"purchase_country":"SE"}}"#, "Bad value: purchase_currency"),
            (r#"{"bought":{}}"#, "unknown variant `bought`"),
        ] {
            let error = serde_json::from_str::<HeldPurchase>(text).err().unwrap().to_string();
            assert!(error.contains(problem), "{error}");
        }
    }
}
