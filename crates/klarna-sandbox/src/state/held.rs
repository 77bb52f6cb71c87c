//! A purchase as a session holds it.

use std::borrow::Cow;

use axum::body::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::rules::{purchase::Purchase, read::Members, weight::Weigh};

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
                let members: Members = serde_json::from_slice(body).unwrap_or_default();
                Cow::Owned(Purchase::read(&members).0)
            }
            Self::Read(purchase) => Cow::Borrowed(purchase),
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

impl Serialize for HeldPurchase {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.get().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for HeldPurchase {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Purchase::deserialize(deserializer).map(|purchase| Self::Read(Box::new(purchase)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_is_what_is_read() {
        let text = r#"{"purchase_country":"SE","order_amount":100,"unknown":[1],
            "order_lines":[{"name":"A","quantity":1,"unit_price":"100","total_amount":100}],
            "billing_address":{"city":"Lund"}}"#;
        let sent = HeldPurchase::Sent(Bytes::from_static(text.as_bytes()));
        let saved = serde_json::to_string(&sent).unwrap();
        let restored: HeldPurchase = serde_json::from_str(&saved).unwrap();
        assert!(sent.get() == restored.get());
        assert_eq!(restored.get().lines()[0].unit_price, 100);
        assert_eq!(restored.get().country(), "SE");
    }
}
