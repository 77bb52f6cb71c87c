//! What can go wrong between a wish and its outcome.

use std::time::Duration;

use kvitt_core::{LineIdError, Refusal, Refused, SaleId};
use kvitt_ledger::LedgerError;

/// Every way in which the engine says no. Nothing was stored or sent unless the variant says so.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// There is no such thing.
    #[error("{what} {id} is not known: check the id")]
    NotFound {
        /// Kind of thing.
        what: &'static str,
        /// The id as given.
        id: String,
    },
    /// kvitt's own rules say no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// An amount, a line or a market is wrong.
    #[error(transparent)]
    Amount(#[from] kvitt_money::Error),
    /// Lines and their ids do not fit.
    #[error(transparent)]
    LineIds(#[from] LineIdError),
    /// A text or an address breaks a limit of Klarna's.
    #[error("{0}")]
    Unsendable(String),
    /// No Klarna account sells in the country.
    #[error(
        "no Klarna account is configured for {country}: add one to [[account]], or correct purchase_country"
    )]
    NoAccount {
        /// The country.
        country: &'static str,
    },
    /// The sale's account is not configured any more.
    #[error("Klarna account {name:?} of this sale is not configured: put it back")]
    AccountMissing {
        /// The account's name.
        name: String,
    },
    /// The key was used for another request.
    #[error("this Idempotency-Key was used for another request: use a new key for a new request")]
    IdempotencyKeyReused,
    /// Klarna refused to open or change the session. The refusal is stored with the checkout.
    ///
    /// Its text leaves Klarna's messages out: they may repeat a value of the request.
    #[error("Klarna refused it with {}: see the refusal's error_messages", .refused.error_code)]
    KlarnaRefused {
        /// The checkout.
        sale: SaleId,
        /// What Klarna said.
        refused: Box<Refused>,
    },
    /// Klarna could not be reached or did not answer; nothing that moves money was under way.
    #[error("{problem}: try again with the same Idempotency-Key")]
    KlarnaUnavailable {
        /// The sale.
        sale: SaleId,
        /// What went wrong.
        problem: String,
        /// Klarna's correlation id, if it answered at all.
        correlation_id: Option<String>,
    },
    /// The checkout has had so many authorizations that no further one is taken in.
    #[error("this checkout has had {max} authorizations and takes no more: open another one")]
    TooManyAuthorizations {
        /// The most that it takes.
        max: usize,
    },
    /// So many calls to Klarna are under way or wait that this one had no turn; nothing was sent.
    #[error(
        "there are as many calls to Klarna as it allows: try again in {} s, with the same \
         Idempotency-Key",
        retry_after.as_secs().max(1)
    )]
    Busy {
        /// The sale.
        sale: SaleId,
        /// When it is worth trying again.
        retry_after: Duration,
    },
    /// The secret in a callback's or shopper's address is not the checkout's.
    #[error("the address is not known")]
    WrongSecret,
    /// What a shop says of a webhook endpoint breaks a rule.
    #[error(transparent)]
    BadWebhook(#[from] crate::webhooks::BadWebhook),
    /// Others changed the sale each time; none of it was stored.
    #[error("the sale changed meanwhile, several times over: try again")]
    Conflict,
    /// The ledger's events do not make sense.
    #[error("the ledger is damaged: {0}")]
    Inconsistent(#[from] kvitt_core::Inconsistent),
    /// The ledger cannot do it.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// kvitt itself is at fault.
    #[error("internal error: {0}")]
    Internal(String),
}
