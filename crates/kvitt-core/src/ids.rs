//! Names of things: a prefix and a time-ordered id. None of them is a credential.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A text that should be an id is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{given:?} is not an id of this kind: expected {prefix} and 32 hexadecimal digits")]
pub struct NotAnId {
    given: String,
    prefix: &'static str,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident $prefix:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0.as_simple())
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(given: &str) -> Result<Self, NotAnId> {
                given
                    .strip_prefix($prefix)
                    .filter(|digits| digits.len() == 32)
                    .and_then(|digits| Uuid::try_parse(digits).ok())
                    .map(Self)
                    .ok_or_else(|| NotAnId { given: given.to_owned(), prefix: $prefix })
            }
        }

        impl TryFrom<String> for $name {
            type Error = NotAnId;

            fn try_from(given: String) -> Result<Self, NotAnId> {
                given.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }
    };
}

id! {
    /// A sale, seen as the checkout that it begins as.
    CheckoutId "chk_"
}
id! {
    /// A sale, seen as the order that it becomes.
    OrderId "ord_"
}
id! {
    /// One wanted act.
    IntentId "int_"
}
id! {
    /// One fact.
    EventId "evt_"
}
id! {
    /// A key to the merchant API. The key's name, not the key.
    ApiKeyId "key_"
}
id! {
    /// Somebody who works in the dashboard. An id, so that a name can change.
    UserId "usr_"
}
id! {
    /// An address of the shop's that is told what happens.
    WebhookEndpointId "whk_"
}

/// Who sends requests under `Idempotency-Key`s. Two of them may use the same key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Requester {
    /// A shop, by its API key.
    ApiKey(ApiKeyId),
    /// Somebody in the dashboard.
    User(UserId),
}

impl Requester {
    fn uuid(&self) -> &Uuid {
        match self {
            Self::ApiKey(ApiKeyId(uuid)) | Self::User(UserId(uuid)) => uuid,
        }
    }
}

impl fmt::Display for Requester {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ApiKey(id) => id.fmt(f),
            Self::User(id) => id.fmt(f),
        }
    }
}

/// A sale: a checkout and the order it may become, one stream of events. The checkout's and the
/// order's ids are two faces of it, so either leads straight to the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SaleId(pub Uuid);

impl SaleId {
    /// The sale that is created under this `Idempotency-Key`: the same every time, so that
    /// creating a checkout twice meets itself, on every machine, without a second table.
    pub fn derived(requester: Requester, idempotency_key: &str) -> Self {
        Self(Uuid::new_v5(requester.uuid(), idempotency_key.as_bytes()))
    }

    /// The sale's checkout face.
    pub fn checkout_id(self) -> CheckoutId {
        CheckoutId(self.0)
    }

    /// The sale's order face.
    pub fn order_id(self) -> OrderId {
        OrderId(self.0)
    }
}

impl fmt::Display for SaleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.checkout_id().fmt(f)
    }
}

impl From<CheckoutId> for SaleId {
    fn from(id: CheckoutId) -> Self {
        Self(id.0)
    }
}

impl From<OrderId> for SaleId {
    fn from(id: OrderId) -> Self {
        Self(id.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_back_as_it_is_written() {
        let id = OrderId(Uuid::from_u128(0x0192_f0c8_1111_7222_8333_4444_5555_6666));
        assert_eq!(id.to_string(), "ord_0192f0c8111172228333444455556666");
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn another_kinds_prefix_and_other_texts_are_refused() {
        for bad in ["chk_0192f0c8111172228333444455556666", "ord_", "ord_1", "", "ord_zz"] {
            assert!(bad.parse::<OrderId>().is_err(), "{bad:?} was accepted");
        }
        let hyphens = "ord_0192f0c8-1111-7222-8333-444455556666";
        assert!(hyphens.parse::<OrderId>().is_err());
    }

    #[test]
    fn creating_twice_under_one_key_meets_the_same_sale() {
        let key = Requester::ApiKey(ApiKeyId(Uuid::from_u128(7)));
        assert_eq!(SaleId::derived(key, "cart-1"), SaleId::derived(key, "cart-1"));
        assert_ne!(SaleId::derived(key, "cart-1"), SaleId::derived(key, "cart-2"));
        assert_ne!(
            SaleId::derived(key, "cart-1"),
            SaleId::derived(Requester::ApiKey(ApiKeyId(Uuid::from_u128(8))), "cart-1")
        );
    }
}
