//! After the storm: everything may come to its end, and then it is compared.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use reqwest::Method;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::book::{Answer, Book};
use crate::chaos::{Chaos, NEXT_TURNS};
use crate::compare::{Case, compare};
use crate::doors::Request;
use crate::plan::Act;
use crate::report::{Events, Finding, Report};
use crate::shop::text;
use crate::{Error, Storm, items};

/// How often time passes for what is still due.
const WAITS_MAX: u32 = 8;
/// How long work that is due now may take.
const WORK_WITHIN: Duration = Duration::from_mins(2);
/// How often the ledger is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(300);
/// How often a question is asked that is not answered.
const ASKED_MAX: u32 = 20;

impl Chaos<'_> {
    /// Ends the faults, waits until all has come to its end, and compares the three books.
    pub(crate) async fn settle(
        &mut self,
        storm: &Storm,
        mut books: Vec<Book>,
    ) -> Result<Report, Error> {
        self.end_faults().await?;
        let begin = Instant::now();
        let mut is_quiet = self.is_worked_off_in_time().await?;
        // What waits to hear of its order hears of it now.
        self.advance(NEXT_TURNS).await?;
        is_quiet &= self.is_worked_off_in_time().await?;
        self.counts.say("comparing");
        let mut report = Report::new(storm, self.tally, self.struck.clone().unwrap_or_default());
        report.settle_took = begin.elapsed();
        if !self.fleet.sandbox_serves() {
            self.oddities.push("the sandbox ended by itself: see its log".to_owned());
        }
        for oddity in &self.oddities {
            report.findings.push(Finding::general(oddity.clone()));
        }
        if !is_quiet {
            let left = self.fleet.sql("SELECT kind, count(*) FROM work GROUP BY kind");
            report.findings.push(Finding::general(format!("STUCK: work is left over: {left}")));
        }
        report.events = self.count_events();
        self.compare(&mut books, &mut report).await?;
        report.acts(&books);
        Ok(report)
    }

    /// Lets time pass until no work is left.
    async fn is_worked_off_in_time(&mut self) -> Result<bool, Error> {
        for _ in 0..WAITS_MAX {
            // What is under way now loses its process, too.
            self.pause().await?;
            if self.is_worked_off().await {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Waits until no work is left, or none that is due soon.
    async fn is_worked_off(&self) -> bool {
        let begin = Instant::now();
        let mut looks_without_due = 0;
        while begin.elapsed() < WORK_WITHIN {
            sleep(LOOK_EVERY).await;
            let counted = self.fleet.sql(
                "SELECT count(*), count(*) FILTER (WHERE due_at_us <= \
                 (extract(epoch FROM clock_timestamp()) * 1000000)::bigint + 1000000) FROM work",
            );
            match counted.split_once('|') {
                Some(("0", _)) => return true,
                Some((_, "0")) => looks_without_due += 1,
                _ => looks_without_due = 0,
            }
            if looks_without_due > 3 {
                return false;
            }
        }
        false
    }

    /// Asks kvitt, which has to answer now.
    async fn ask(&self, path: &str) -> Result<Value, Error> {
        let request = Request::get(path);
        let mut last = (0, Value::Null);
        for asked in 0..ASKED_MAX {
            match self.doors.shop(asked as usize, &request).await {
                Ok((200, body)) => return Ok(body),
                Ok((404, _)) => return Ok(Value::Null),
                Ok(other) => last = other,
                Err(why) => last = (0, Value::String(why)),
            }
            sleep(LOOK_EVERY).await;
        }
        let (status, body) = last;
        Err(Error::Refused { what: format!("GET {path}"), status, text: body.to_string() })
    }

    /// Every reason to look at a sale, by its checkout.
    async fn attention(&self) -> Result<BTreeMap<String, Vec<Value>>, Error> {
        let mut concerns = BTreeMap::<_, Vec<_>>::new();
        let mut cursor = String::new();
        loop {
            let page = self.ask(&format!("/v1/attention?limit=100{cursor}")).await?;
            for item in items(&page["items"]) {
                let checkout = text(item, "/checkout_id").unwrap_or_default();
                concerns.entry(checkout).or_default().push(item.clone());
            }
            match text(&page, "/next_cursor") {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(concerns),
            }
        }
    }

    async fn compare(&self, books: &mut [Book], report: &mut Report) -> Result<(), Error> {
        let concerns = self.attention().await?;
        let snapshot = self.doors.control(Method::GET, "/sandbox/v1/snapshot", None).await?;
        let mut at_klarna = BTreeMap::<String, Vec<&Value>>::new();
        for order in rows(&snapshot, "orders") {
            let reference = text(order, "/merchant_data").unwrap_or_default();
            at_klarna.entry(reference).or_default().push(order);
            report.orders_at_klarna += 1;
        }
        let is_about = |repeat: &Value| text(repeat, "/delivery/order_id");
        let told_of: BTreeSet<_> = rows(&snapshot, "repeats").filter_map(is_about).collect();
        let known: BTreeSet<_> = books.iter().map(|book| book.plan.reference.clone()).collect();
        for (reference, orders) in at_klarna.iter().filter(|(it, _)| !known.contains(*it)) {
            let text = format!("Klarna has {} orders {reference:?} of nobody", orders.len());
            report.findings.push(Finding::general(text));
        }
        for book in books {
            self.refresh(book).await?;
            let checkout_id = book.checkout_id.clone().unwrap_or_default();
            let concerns: Vec<_> = concerns.get(&checkout_id).into_iter().flatten().collect();
            let shown = match &book.order_id {
                Some(order_id) => Some(self.ask(&format!("/v1/orders/{order_id}")).await?),
                None => None,
            };
            let path = format!("/v1/checkouts/{checkout_id}/events");
            let history =
                if checkout_id.is_empty() { Value::Null } else { self.ask(&path).await? };
            let events: Vec<_> =
                items(&history["items"]).filter_map(|event| text(event, "/type")).collect();
            let at_klarna = at_klarna.get(&book.plan.reference).map_or(&[][..], Vec::as_slice);
            let is_told_of = |order: &&Value| {
                text(order, "/order_id").is_some_and(|order_id| told_of.contains(&order_id))
            };
            let case = Case {
                book,
                shown: shown.as_ref().filter(|it| !it.is_null()),
                is_told_of: at_klarna.iter().any(is_told_of),
                at_klarna,
                concerns: &concerns,
                events: &events,
                has_session: has_session(&snapshot, book),
            };
            for concern in concerns.iter().filter(|concern| case.is_ambiguous(concern)) {
                report.human(&text(concern, "/reason").unwrap_or_default());
            }
            for wrong in compare(&case) {
                report.findings.push(Finding::of(book, wrong, &history));
            }
        }
        Ok(())
    }

    /// What kvitt says now of what was not simply done.
    async fn refresh(&self, book: &mut Book) -> Result<(), Error> {
        if let (None, Some(checkout_id)) = (&book.order_id, &book.checkout_id) {
            let checkout = self.ask(&format!("/v1/checkouts/{checkout_id}")).await?;
            book.order_id = text(&checkout, "/order_id");
        }
        for record in &mut book.records {
            let is_simple = record.answer == Answer::Done && record.wish.act != Act::Undo;
            let Some(intent) = record.intent.as_ref().filter(|_| !is_simple) else { continue };
            let shown = self.ask(&format!("/v1/intents/{intent}")).await?;
            match (text(&shown, "/state").as_deref(), &record.answer) {
                (Some("done"), Answer::Open) => record.answer = Answer::Done,
                (Some("refused"), Answer::Open) => {
                    record.answer = Answer::Refused("klarna_refused".to_owned());
                }
                (Some("done"), Answer::Refused(code)) => {
                    let number = record.wish.number;
                    let text = format!("wish {number} was refused ({code}), and is done now");
                    book.oddities.push(text);
                }
                (Some("refused"), Answer::Done) => {
                    let number = record.wish.number;
                    book.oddities.push(format!("wish {number} was done, and is refused now"));
                }
                _ => {}
            }
            record.shown = Some(shown);
        }
        Ok(())
    }

    /// What the ledger tells of doubts: how many there were, and how each ended.
    fn count_events(&self) -> Events {
        let counted = self.fleet.sql(
            "WITH doubted AS (
                 SELECT sale, intent, min(seq) AS since FROM event
                 WHERE name LIKE '%.unknown' GROUP BY sale, intent
             ), ended AS (
                 SELECT doubted.sale, doubted.intent,
                     bool_or(event.name LIKE '%.done'
                         AND event.event->'evidence'->>'operation' = 'get_order') AS recognised,
                     bool_or(event.name LIKE '%.done') AS done,
                     bool_or(event.name LIKE '%.refused') AS refused
                 FROM doubted JOIN event USING (sale, intent) WHERE event.seq > doubted.since
                 GROUP BY doubted.sale, doubted.intent
             )
             SELECT (SELECT count(*) FROM doubted),
                 count(*) FILTER (WHERE done AND NOT recognised),
                 count(*) FILTER (WHERE recognised), count(*) FILTER (WHERE refused),
                 (SELECT count(*) FROM event WHERE name LIKE '%.needs_human'),
                 (SELECT count(*) FROM event)
             FROM ended",
        );
        let mut numbers = counted.split('|').map(|it| it.trim().parse().unwrap_or_default());
        let mut next = || numbers.next().unwrap_or_default();
        Events {
            doubts: next(),
            repeated: next(),
            recognised: next(),
            refused: next(),
            needs_human: next(),
            all: next(),
        }
    }
}

/// The rows of a table in a snapshot.
fn rows<'a>(snapshot: &'a Value, table: &str) -> impl Iterator<Item = &'a Value> {
    snapshot["state"][table].as_object().into_iter().flat_map(|it| it.values())
}

/// Whether Klarna can still tell of a sale's session.
fn has_session(snapshot: &Value, book: &Book) -> bool {
    let moment = |value: &Value| value.as_str()?.parse::<Timestamp>().ok();
    let Some(session_id) = &book.session_id else { return false };
    let ends = moment(&snapshot["state"]["sessions"][session_id]["expires_at"]);
    ends.is_some() && ends > moment(&snapshot["now"])
}
