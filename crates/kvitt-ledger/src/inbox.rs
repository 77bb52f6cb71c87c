//! The inbox: what Klarna sent, as it came.

use std::fmt;

use jiff::Timestamp;
use secrecy::SecretString;
use sha2::{Digest as _, Sha256};

/// Most different messages that a sale keeps. Klarna sends a handful; whoever sends more has the
/// secret of the address and no news.
pub const MESSAGES_MAX: u32 = 100;

/// Through which door a message came: the end of the address that Klarna was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum InboxDoor {
    /// The authorization callback.
    Authorization,
    /// The fraud notification.
    Notification,
    /// The push: an order was completed.
    Push,
    /// The shopper's browser, sent to the confirmation page by Klarna.
    Confirmation,
}

impl InboxDoor {
    const ALL: [Self; 4] =
        [Self::Authorization, Self::Notification, Self::Push, Self::Confirmation];

    /// The name in the database and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Authorization => "authorization",
            Self::Notification => "notification",
            Self::Push => "push",
            Self::Confirmation => "confirmation",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|door| door.as_str() == name)
    }
}

/// A message as it came. It is a reason to look, never a fact.
#[derive(Clone)]
pub struct NewMessage {
    /// Where it came in.
    pub door: InboxDoor,
    /// The body as it came; of push and confirmation the address's query, and the body, if any, on
    /// the lines after it. It may hold a token or personal data, so it does not print.
    pub content: SecretString,
    /// When it came.
    pub at: Timestamp,
}

impl NewMessage {
    /// By which the same message is known when it comes again.
    pub(crate) fn digest(&self) -> [u8; 32] {
        use secrecy::ExposeSecret as _;
        let mut hash = Sha256::new();
        hash.update(self.door.as_str());
        hash.update([0]);
        hash.update(self.content.expose_secret());
        hash.finalize().into()
    }
}

impl fmt::Debug for NewMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewMessage").field("door", &self.door).finish_non_exhaustive()
    }
}

/// A message as it is kept: once, however often it came.
#[derive(Debug, Clone)]
pub struct Message {
    /// Where it came in.
    pub door: InboxDoor,
    /// See [`NewMessage::content`]; empty once the sale's personal data is erased.
    pub content: SecretString,
    /// How often it came.
    pub times: u32,
    /// When it came first.
    pub first_at: Timestamp,
    /// When it came last.
    pub last_at: Timestamp,
}
