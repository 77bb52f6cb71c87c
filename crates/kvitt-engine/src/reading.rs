//! The session as Klarna has it. Callback and browser are both lost at times: then the session shows
//! what came of it (Klarna documentation: authorization callback).

use std::time::Duration;

use klarna::payments::{Session, SessionStatus};
use klarna::{ErrorCode, Operation, OrderId as KlarnaOrderId, SessionId};
use kvitt_core::{
    AUTHORIZATION_LIFETIME, ActKind, CLOCK_SKEW, Cause, Difference, DifferenceKind, Door, Event,
    Evidence, Refusal, Repair, Sale, SaleId, Side, Wish,
};
use kvitt_ledger::PrivateChange;
use secrecy::SecretString;

use crate::authorization::authorization_digest;
use crate::engine::{Caller, Draft, Engine};
use crate::evidence::{evidence, refused, unavailable};
use crate::order::{cart, fraud_status};
use crate::rate::Class;
use crate::session::{is_lost, unsendable};
use crate::work::{self, Claim};
use crate::{EngineError, names};

/// How often a session is read again because something happened to the sale meanwhile.
const READS_MAX: u32 = 4;

/// What a session shows of a checkout that has no order here.
#[derive(Default)]
pub(crate) struct SessionNews {
    /// What is to be recorded.
    pub(crate) events: Vec<Event>,
    /// A token that nobody handed in, by its digest.
    token: Option<(String, SecretString)>,
    /// Placing tells, or makes, the order.
    places: bool,
    /// What differs from what is known here.
    pub(crate) differences: Vec<Difference>,
}

impl SessionNews {
    /// All that follows from it, as one write.
    pub(crate) fn draft(&self, sale: SaleId, engine: &Engine) -> Draft {
        let mut draft = Draft::of(self.events.clone());
        if let Some((digest, token)) = &self.token {
            draft.private.push(PrivateChange::SetSecret {
                name: names::authorization_token(digest),
                value: token.clone(),
            });
            work::schedule_release(sale, engine, &mut draft);
        }
        if self.places {
            work::schedule_place(sale, engine.settings().retry_after, &mut draft);
        }
        if self.has_order() {
            work::schedule_news(sale, Duration::ZERO, &mut draft);
            work::schedule_release(sale, engine, &mut draft);
        }
        draft
    }

    /// Whether it is known now which order there is.
    pub(crate) fn has_order(&self) -> bool {
        self.events.iter().any(|event| matches!(event, Event::ExternalOrder { .. }))
    }

    fn differs(&mut self, kind: DifferenceKind, ours: Side, klarna: Side, repair: Repair) {
        self.differences.push(Difference::new(kind, ours, klarna, repair));
    }
}

/// What Klarna answered to reading a session.
enum Answer {
    /// The session.
    Session(Box<Session>, Evidence),
    /// An order exists; nothing else is told.
    Completed(Evidence),
    /// It is not known any more.
    Lost(Evidence),
}

impl Engine {
    /// Reads a checkout's session and records what it shows, where neither callback nor browser
    /// told.
    pub(crate) async fn read_session(
        &self,
        id: SaleId,
        claim: Option<Claim>,
    ) -> Result<Sale, EngineError> {
        for _ in 0..READS_MAX {
            let sale = self.sale(id).await?;
            let news = self.session_news(&sale, Class::Bulk).await?;
            let written = self
                .write(id, &Cause::Kvitt, |seen| {
                    if seen.sale.version != sale.version {
                        return Err(EngineError::Conflict);
                    }
                    let mut draft = news.draft(id, self);
                    draft.fence = claim.map(Claim::fence);
                    if let Some(claim) = claim {
                        work::finish_claimed(claim, &mut draft);
                    }
                    Ok(draft)
                })
                .await;
            match written {
                Err(EngineError::Conflict) => {}
                other => {
                    // What was authorized of another cart is given back at once.
                    let sale = Box::pin(self.follow_up(other?)).await?;
                    self.wake.notify_one();
                    return Ok(sale);
                }
            }
        }
        Err(EngineError::Conflict)
    }

    /// What the session shows of a checkout, where there is anything to learn from it.
    pub(crate) async fn session_news(
        &self,
        sale: &Sale,
        class: Class,
    ) -> Result<SessionNews, EngineError> {
        let mut news = SessionNews::default();
        let is_placing = sale.open_intent(|act| act.kind() == ActKind::Place).is_some();
        if sale.order.is_some() || is_placing || sale.abandoned {
            return Ok(news);
        }
        let at = self.now().await;
        // Klarna forgets it when it is over.
        let session = sale.session.as_ref().filter(|session| at < session.expires_at);
        if let Some(session) = session.filter(|_| !sale.has_unknown_order()) {
            let answer = self.ask_session(sale, &session.session_id, class).await?;
            self.learn(sale, session, answer, &mut news).await;
        }
        let completes =
            news.events.iter().any(|event| matches!(event, Event::SessionCompleted { .. }));
        let has_unknown_order = sale.has_unknown_order() || completes;
        if has_unknown_order || session.is_none() {
            match self.order_heard_of(sale, class).await? {
                Some(order) => news.take(order),
                None if has_unknown_order => news.differs(
                    DifferenceKind::OrderUnknown,
                    Side::Nothing,
                    "complete".into(),
                    Repair::Person(find_order(sale)),
                ),
                None => {}
            }
        }
        Ok(news)
    }

    async fn ask_session(
        &self,
        sale: &Sale,
        session_id: &str,
        class: Class,
    ) -> Result<Answer, EngineError> {
        let client = self.klarna(sale, class)?;
        let id = SessionId::new(session_id.to_owned()).map_err(|error| unsendable(error.into()))?;
        let completed = |error: &klarna::Error| {
            error.error_code().is_some_and(|code| *code == ErrorCode::SessionCompleted)
        };
        match client.payments().read_session(&id).await {
            Ok(answer) => {
                let correlation_id = answer.correlation_id.as_ref();
                let evidence = evidence(Operation::ReadSession, answer.status, correlation_id);
                Ok(Answer::Session(Box::new(answer.value), evidence))
            }
            Err(error) if completed(&error) => {
                Ok(Answer::Completed(refused(Operation::ReadSession, &error).evidence))
            }
            Err(error) if is_lost(&error) => {
                Ok(Answer::Lost(refused(Operation::ReadSession, &error).evidence))
            }
            Err(error) => Err(unavailable(sale.id, &error)),
        }
    }

    async fn learn(
        &self,
        sale: &Sale,
        session: &kvitt_core::Session,
        answer: Answer,
        news: &mut SessionNews,
    ) {
        let session_id = session.session_id.clone();
        let (read, evidence) = match answer {
            Answer::Session(read, evidence) => (read, evidence),
            Answer::Completed(evidence) => {
                return news.events.push(Event::SessionCompleted { session_id, evidence });
            }
            Answer::Lost(evidence) => {
                news.differs(
                    DifferenceKind::SessionLost,
                    Side::Text(session_id.clone()),
                    Side::Nothing,
                    Repair::TakenOver,
                );
                return news.events.push(Event::SessionLost { session_id, evidence });
            }
        };
        let is_complete = read.status == Some(SessionStatus::Complete);
        let ours = sale.cart.cart().totals().order_amount;
        let theirs = read.order_amount.unwrap_or(ours);
        if ours != theirs {
            let again = "what was authorized of it is given back, and the next use of the checkout \
                         gives Klarna the cart as it is here";
            news.differs(
                DifferenceKind::CartAtKlarna,
                Side::Amount(ours),
                Side::Amount(theirs),
                Repair::ByItself(again.to_owned()),
            );
        }
        let at = self.now().await;
        let token = read.authorization_token.as_ref().map(|token| token.expose().to_owned());
        let token = token.map(|token| (authorization_digest(&token), SecretString::from(token)));
        let untold =
            token.filter(|(digest, _)| !sale.authorizations.iter().any(|it| it.digest == *digest));
        // Placing what is placed already answers with the order; without a token that can, only
        // its id tells which one it is.
        let tells =
            if untold.is_some() { ours == theirs } else { sale.decide(Wish::Place, at).is_ok() };
        if let Some((digest, token)) = untold.filter(|_| tells || !is_complete) {
            news.events.push(Event::AuthorizationReceived {
                authorization: digest.clone(),
                session_id: session_id.clone(),
                // Not what is in the checkout now places no order.
                cart_version: if tells { session.cart_version } else { 0 },
                door: Door::Session,
                expires_at: at + AUTHORIZATION_LIFETIME,
            });
            news.token = Some((digest, token));
            news.places = tells && (is_complete || sale.places_automatically());
            let repair = if news.places {
                Repair::ByItself("the order is placed by itself".to_owned())
            } else if tells {
                Repair::Person(format!(
                    "place the order, or leave it: POST /v1/checkouts/{}/place",
                    sale.id.checkout_id()
                ))
            } else {
                Repair::ByItself("it is given back".to_owned())
            };
            let said = if is_complete { "complete" } else { "authorized" };
            let kind = DifferenceKind::AuthorizationUntold;
            news.differs(kind, Side::Nothing, said.into(), repair);
        } else if is_complete && tells {
            news.places = true;
            let again = "placing is repeated with the same token, which answers with the order";
            let repair = Repair::ByItself(again.to_owned());
            let kind = DifferenceKind::OrderUnknown;
            news.differs(kind, Side::Nothing, "complete".into(), repair);
        } else if is_complete {
            news.events.push(Event::SessionCompleted { session_id, evidence });
        } else {
            news.events.push(Event::SessionRead { session_id, evidence });
        }
    }

    /// The order that Klarna's messages told of, if it is this checkout's.
    async fn order_heard_of(
        &self,
        sale: &Sale,
        class: Class,
    ) -> Result<Option<Event>, EngineError> {
        for id in self.order_ids_heard(sale.id).await? {
            let Ok(klarna_id) = KlarnaOrderId::new(id) else { continue };
            if let Some(order) = self.order_of(sale, &klarna_id, false, class).await? {
                return Ok(Some(order));
            }
        }
        Ok(None)
    }

    /// The order of this id, if Klarna has it and it can be the checkout's: same market, same
    /// reference, not older, and no other's. Where nobody but messages told of it, it is worth the
    /// same, too.
    async fn order_of(
        &self,
        sale: &Sale,
        id: &KlarnaOrderId,
        told_by_person: bool,
        class: Class,
    ) -> Result<Option<Event>, EngineError> {
        let client = self.klarna(sale, class)?;
        let answer = match client.orders().get(id).await {
            Ok(answer) => answer,
            Err(error) if error.outcome() == klarna::Outcome::Refused => return Ok(None),
            Err(error) => return Err(unavailable(sale.id, &error)),
        };
        let order = &answer.value;
        let (market, ours) = (&sale.terms.market, sale.cart.cart().totals().order_amount);
        let placed_at = order.created_at.as_ref().and_then(klarna::DateTime::timestamp);
        let fits = order.country() == Some(market.purchase_country())
            && order.currency() == Some(market.purchase_currency())
            && order.merchant_reference1 == sale.terms.merchant_reference1
            && placed_at.is_none_or(|at| at >= sale.created_at - CLOCK_SKEW);
        let is_worth_ours = order.original_order_amount.unwrap_or(order.order_amount) == ours;
        let cart = if is_worth_ours {
            Some(sale.cart.clone())
        } else {
            cart(order).filter(|_| told_by_person).and_then(|cart| sale.cart_as_placed(&cart))
        };
        let Some(cart) = cart.filter(|_| fits) else { return Ok(None) };
        if self.is_of_another(sale, order).await? {
            return Ok(None);
        }
        let method = order.initial_payment_method.as_ref().and_then(|it| it.r#type.as_ref());
        Ok(Some(Event::ExternalOrder {
            klarna_order_id: order.order_id.to_string(),
            fraud_status: fraud_status(order),
            cart,
            placed_at,
            payment_method: method.map(ToString::to_string),
            evidence: evidence(Operation::GetOrder, answer.status, answer.correlation_id.as_ref()),
        }))
    }

    /// Takes an order of Klarna's for a checkout's, by the word of a person and after a look at it.
    pub async fn adopt_order(
        &self,
        id: SaleId,
        klarna_order_id: &str,
        caller: &Caller,
    ) -> Result<Sale, EngineError> {
        let _alone = self.alone_with(id).await;
        if self.replayed(id, caller).await?.is_some() {
            return self.sale(id).await;
        }
        let sale = self.sale(id).await?;
        may_adopt(&sale)?;
        let klarna_id =
            KlarnaOrderId::new(klarna_order_id.to_owned()).map_err(|_| Refusal::NotThisOrder)?;
        let order = self
            .order_of(&sale, &klarna_id, true, Class::Act)
            .await?
            .ok_or(Refusal::NotThisOrder)?;
        let mut news = SessionNews::default();
        news.take(order);
        let sale = self
            .write_once(id, caller, |seen| {
                may_adopt(&seen.sale)?;
                Ok(news.draft(id, self).answering(caller, None, seen.at))
            })
            .await?;
        Box::pin(self.follow_up(sale)).await
    }
}

impl SessionNews {
    fn take(&mut self, order: Event) {
        if let Event::ExternalOrder { klarna_order_id, .. } = &order {
            let kind = DifferenceKind::OrderExternal;
            let difference =
                Difference::new(kind, Side::Nothing, "placed".into(), Repair::TakenOver);
            self.differences.push(difference.with_id(klarna_order_id.as_str()));
        }
        self.events.push(order);
    }
}

/// There is no order here, and none is under way.
fn may_adopt(sale: &Sale) -> Result<(), Refusal> {
    match sale.check_unplaced() {
        Ok(()) | Err(Refusal::OrderUnknown | Refusal::Abandoned) => Ok(()),
        Err(refusal) => Err(refusal),
    }
}

fn find_order(sale: &Sale) -> String {
    let id = sale.id.checkout_id();
    format!(
        "look the order up at Klarna, by reference and amount, and tell its id: `kvitt checkout \
         adopt {id} --order …`, POST /v1/checkouts/{id}/adopt"
    )
}
