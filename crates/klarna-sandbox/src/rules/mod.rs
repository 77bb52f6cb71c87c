//! The rules, pure: what Klarna accepts, what it answers, how an order lives. Time and ids are
//! arguments; nothing here knows HTTP or the store.

pub(crate) mod aging;
pub(crate) mod amounts;
pub(crate) mod authorization;
pub(crate) mod capture;
pub(crate) mod contact;
#[cfg(test)]
mod laws;
pub(crate) mod lifetime;
pub(crate) mod line;
pub(crate) mod market;
pub(crate) mod matching;
pub(crate) mod method;
pub(crate) mod order;
pub(crate) mod person;
pub(crate) mod plan;
pub(crate) mod purchase;
pub(crate) mod read;
pub(crate) mod refund;
pub(crate) mod refusal;
pub(crate) mod shipping;
pub(crate) mod span;
pub(crate) mod test_persons;
pub(crate) mod texts;
pub(crate) mod weight;
