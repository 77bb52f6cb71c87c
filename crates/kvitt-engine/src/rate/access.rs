//! The one way to Klarna: an account's client behind its budget. Each class of calls has a client
//! of its own, so that also what the client repeats by itself has to wait for its turn.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use klarna::retry::Jitter;
use klarna::{Client, Exchange, Failure, RateCategory, RateLimit, Request, Transport};
use tokio::time::Instant;

use super::budget::{Heard, Share};
use super::line::Line;
use super::{Class, RateReport, Waits};
use crate::{Accounts, EngineError, IdSource};

/// The lines of one account, by category.
type Lines = BTreeMap<RateCategory, Arc<Line>>;

/// Every account's clients, each behind its account's budget.
pub(crate) struct Access {
    by_account: BTreeMap<String, (Arc<Lines>, [Client; 3])>,
}

impl Access {
    pub(crate) fn new(accounts: &Accounts, waits: &Waits, ids: &Arc<dyn IdSource>) -> Self {
        let mut by_account = BTreeMap::new();
        for account in accounts.iter() {
            let line = |category| (category, Line::new(account.rate.limit(category)));
            let lines: Arc<Lines> = Arc::new(RateCategory::ALL.into_iter().map(line).collect());
            let clients = Class::ALL.map(|class| {
                account.behind(|transport| InLine {
                    transport,
                    lines: Arc::clone(&lines),
                    class,
                    wait: waits.of(class),
                    ids: Arc::clone(ids),
                })
            });
            by_account.insert(account.name.clone(), (lines, clients));
        }
        Self { by_account }
    }

    /// The client through which such calls of this account go.
    pub(crate) fn client(&self, account: &str, class: Class) -> Result<&Client, EngineError> {
        let missing = || EngineError::AccountMissing { name: account.to_owned() };
        let (_, clients) = self.by_account.get(account).ok_or_else(missing)?;
        Ok(&clients[class as usize])
    }

    pub(super) fn set_share(&self, share: Share) {
        for (lines, _) in self.by_account.values() {
            lines.values().for_each(|line| line.set_share(share));
        }
    }

    pub(crate) fn reports(&self) -> Vec<RateReport> {
        let mut reports = Vec::new();
        for (account, (lines, _)) in &self.by_account {
            for (category, line) in lines.iter() {
                let line = line.report();
                reports.push(RateReport {
                    account: account.clone(),
                    category: *category,
                    share: line.share,
                    refused: line.refused,
                    classes: line.classes,
                });
            }
        }
        reports
    }
}

/// A transport that waits for its turn.
struct InLine {
    transport: Arc<dyn Transport>,
    lines: Arc<Lines>,
    class: Class,
    wait: Duration,
    ids: Arc<dyn IdSource>,
}

#[async_trait]
impl Transport for InLine {
    async fn exchange(&self, request: &Request) -> Exchange {
        let came = Instant::now();
        // Every category has its line.
        let Some(line) = self.lines.get(&request.operation().rate_category()) else {
            return self.transport.exchange(request).await;
        };
        let turn = match line.turn(self.class, self.wait).await {
            Ok(turn) => turn,
            Err(retry_after) => {
                let answer = Err(Failure::HeldBack { retry_after });
                return Exchange { answer, duration: came.elapsed() };
            }
        };
        let exchange = self.transport.exchange(request).await;
        let heard = exchange.answer.as_ref().map_or_else(
            |_| Heard::default(),
            |answer| Heard {
                refused: answer.status == 429,
                rate_limit: RateLimit::from_headers(&answer.headers),
            },
        );
        turn.ended(&heard, self.chance());
        exchange
    }
}

impl InLine {
    /// The last bits of an id are random.
    fn chance(&self) -> Jitter {
        let random = self.ids.id(Timestamp::UNIX_EPOCH).as_u128() % 1001;
        Jitter(u16::try_from(random).unwrap_or_default())
    }
}
