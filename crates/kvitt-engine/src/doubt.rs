//! Acts in doubt: nobody saw what came of a call, or the answer says less than it should. What
//! Klarna has then tells what became of it, or a person does.

use klarna::{Operation, OrderId as KlarnaOrderId, SessionId};
use kvitt_core::{Act, CLOCK_SKEW, Evidence, Intent, Outcome, Recognised, Refused, Sale};
use kvitt_ledger::SaleQuery;

use crate::addresses::is_address;
use crate::calls::Verdict;
use crate::engine::Engine;
use crate::evidence::{evidence, refused, unavailable};
use crate::order::{at_klarna, fraud_status};
use crate::rate::Class;
use crate::{EngineError, names};

impl Engine {
    /// Reads the order, and says what that tells of an act on it; nothing where it did not take
    /// effect.
    pub(crate) async fn recognised(&self, sale: &Sale, intent: &Intent) -> Option<Verdict> {
        self.recognise(sale, intent).await.unwrap_or_else(|error| Some(still_unknown(&error)))
    }

    async fn recognise(
        &self,
        sale: &Sale,
        intent: &Intent,
    ) -> Result<Option<Verdict>, EngineError> {
        let asked = self.ask_klarna(sale, Class::Act).await?;
        let (order, evidence) = asked.map_err(|error| unavailable(sale.id, &error))?;
        if intent.act == Act::UpdateShippingAddress {
            let private = self.parts.ledger.private(sale.id).await?;
            let wanted = private.personal(&names::staged_shipping_address(intent.id));
            let is_done = match (wanted, &order.shipping_address) {
                (Some(wanted), Some(found)) => is_address(wanted, found),
                _ => false,
            };
            return Ok(is_done.then_some(Verdict::Done { outcome: Outcome::Changed, evidence }));
        }
        Ok(match sale.recognise(intent, &at_klarna(&order)) {
            Recognised::Done(outcome) => Some(Verdict::Done { outcome, evidence }),
            Recognised::NotDone => None,
            Recognised::Ambiguous(reason) => Some(Verdict::NeedsHuman { reason, evidence }),
        })
    }

    /// Klarna refused to place an order that may exist. Its session tells whether one does.
    pub(crate) async fn placed_by_session(
        &self,
        sale: &Sale,
        intent: &Intent,
        refusal: Refused,
        says_so: bool,
    ) -> Result<Verdict, EngineError> {
        let Some(session_id) = session_of(sale, intent) else {
            return Ok(Verdict::OrderMayExist { refused: refusal, says_so });
        };
        let client = self.klarna(sale, Class::Shopper)?;
        let answer = match client.payments().read_session(&session_id).await {
            Ok(answer) => answer,
            // Over, or never there: it tells nothing.
            Err(error) if error.status() == Some(404) => {
                return Ok(Verdict::OrderMayExist { refused: refusal, says_so });
            }
            Err(error) => {
                return Ok(Verdict::Unknown {
                    problem: error.to_string(),
                    evidence: refused(Operation::ReadSession, &error).evidence,
                    may_have_taken_effect: true,
                });
            }
        };
        let evidence =
            evidence(Operation::ReadSession, answer.status, answer.correlation_id.as_ref());
        if answer.value.status != Some(klarna::payments::SessionStatus::Incomplete) {
            return Ok(Verdict::NeedsHuman {
                reason: format!(
                    "Klarna answered {} to placing the order, and its session is complete: an \
                     order exists. This goes on by itself once Klarna's push or the shopper's \
                     browser tells its id; else look it up at Klarna, and settle this with it",
                    refusal.error_code
                ),
                evidence,
            });
        }
        if says_so {
            return Ok(Verdict::OrderMayExist { refused: refusal, says_so });
        }
        // A call that nobody saw the end of may still be under way at Klarna.
        let since_last_try = self.now().await.duration_since(intent.last_tried_at);
        if intent.attempts() > 0 && since_last_try.unsigned_abs() < self.settings().lease {
            return Ok(Verdict::Unknown {
                problem: "no order exists yet, but the last try may still be under way".to_owned(),
                evidence,
                may_have_taken_effect: true,
            });
        }
        Ok(Verdict::Refused(refusal))
    }

    /// The order that Klarna's push or the shopper's browser told of, if it is this one. Either
    /// may lie: what counts is what Klarna has under that id.
    pub(crate) async fn placed_as_heard(
        &self,
        sale: &Sale,
        intent: &Intent,
    ) -> Result<Option<Verdict>, EngineError> {
        for id in self.order_ids_heard(sale.id).await? {
            let Ok(klarna_id) = KlarnaOrderId::new(id) else { continue };
            match self.placed_as(sale, intent, &klarna_id, Class::Shopper).await {
                Ok(Some(verdict)) => return Ok(Some(verdict)),
                Ok(None) => {
                    tracing::warn!(sale = %sale.id, "an order was told of that is not this one");
                }
                Err(error @ (EngineError::KlarnaUnavailable { .. } | EngineError::Busy { .. })) => {
                    return Ok(Some(still_unknown(&error)));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// An order of Klarna's as what came of placing, if it can be.
    pub(crate) async fn placed(
        &self,
        sale: &Sale,
        intent: &Intent,
        answer: &klarna::Answer<klarna::orders::Order>,
    ) -> Result<Option<Verdict>, EngineError> {
        let order = &answer.value;
        if !is_placed_by(sale, intent, order) || self.is_of_another(sale, order).await? {
            return Ok(None);
        }
        Ok(Some(Verdict::Done {
            outcome: Outcome::Placed {
                klarna_order_id: order.order_id.to_string(),
                fraud_status: fraud_status(order),
                redirect_url: None,
                payment_method: order
                    .initial_payment_method
                    .as_ref()
                    .and_then(|method| method.r#type.as_ref())
                    .map(ToString::to_string),
            },
            evidence: evidence(Operation::GetOrder, answer.status, answer.correlation_id.as_ref()),
        }))
    }

    /// Whether the order is known as another sale's.
    pub(crate) async fn is_of_another(
        &self,
        sale: &Sale,
        order: &klarna::orders::Order,
    ) -> Result<bool, EngineError> {
        let id = order.order_id.to_string();
        let mut query = SaleQuery::all(self.now().await);
        query.search = Some(id.clone());
        let page = self.parts.ledger.summaries(&query).await?;
        let is_it = |known: &Option<String>| {
            known.as_ref().is_some_and(|known| known.eq_ignore_ascii_case(&id))
        };
        Ok(page.items.iter().any(|it| it.sale != sale.id && is_it(&it.klarna_order_id)))
    }
}

/// What to tell the person who has to find out.
pub(crate) fn may_exist(refusal: &Refused) -> String {
    format!(
        "Klarna answered {} to placing the order, but an order may exist: look for the purchase at \
         Klarna before the shopper tries again, and settle this with its id, or as not placed",
        refusal.error_code
    )
}

fn still_unknown(error: &EngineError) -> Verdict {
    Verdict::Unknown {
        problem: format!("Klarna could not be asked what it has: {error}"),
        evidence: Evidence::default(),
        may_have_taken_effect: true,
    }
}

/// The session that an order was being placed for.
fn session_of(sale: &Sale, intent: &Intent) -> Option<SessionId> {
    let Act::Place { authorization, .. } = &intent.act else { return None };
    let known = sale.authorizations.iter().find(|it| it.digest == *authorization)?;
    SessionId::new(known.session_id.clone()).ok()
}

/// Whether an order can be the one that an intent placed: same market, same sums, same reference,
/// and not older.
fn is_placed_by(sale: &Sale, intent: &Intent, order: &klarna::orders::Order) -> bool {
    let Act::Place { cart, .. } = &intent.act else { return false };
    let market = &sale.terms.market;
    let created_at = order.created_at.as_ref().and_then(klarna::DateTime::timestamp);
    order.country() == Some(market.purchase_country())
        && order.currency() == Some(market.purchase_currency())
        && order.original_order_amount.unwrap_or(order.order_amount)
            == cart.cart().totals().order_amount
        && order.merchant_reference1 == sale.terms.merchant_reference1
        && created_at.is_none_or(|at| at >= intent.requested_at - CLOCK_SKEW)
}
