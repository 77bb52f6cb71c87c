//! The whole route without a browser: session, authorization, order, two captures, and every way
//! back. Each sum is compared between the merchant API, Klarna's side, and a number written by
//! hand.

use std::io::Write;

use anyhow::{Context, Result};
use kvitt_money::{Currency, Money};
use serde_json::{Value, json};

use super::api::{Api, text};
use super::cart::{self, ORDER_AMOUNT};
use super::checks::{Checks, Sums};

/// Walks the route, prints a line a step, or one JSON document in the end, and says whether every
/// check held.
pub(super) async fn walk(api: &Api, out: &mut dyn Write, json: bool) -> Result<bool> {
    let mut walk = Walk { api, out, checks: Checks::default(), steps: json.then(Vec::new) };
    let order = walk.sale().await?;
    walk.ways_back().await?;
    let events = walk.events(&order).await?;
    let (held, broken) = (walk.checks.held(), walk.checks.broken().to_vec());
    if let Some(steps) = &walk.steps {
        let document = json!({
            "held": broken.is_empty(),
            "checks_held": held,
            "broken": broken,
            "steps": steps,
            "timeline": { "order_id": order, "items": events },
        });
        writeln!(walk.out, "{document}")?;
        return Ok(broken.is_empty());
    }
    walk.timeline(&order, &events)?;
    for problem in &broken {
        writeln!(walk.out, "BROKEN  {problem}")?;
    }
    let verdict = if broken.is_empty() { "all held" } else { "NOT ALL HELD" };
    writeln!(walk.out, "{held} checks held, {} did not: {verdict}", broken.len())?;
    Ok(broken.is_empty())
}

struct Walk<'a> {
    api: &'a Api,
    out: &'a mut dyn Write,
    checks: Checks,
    /// Where the steps are gathered for a program instead of being printed.
    steps: Option<Vec<Value>>,
}

/// An order by both its ids.
struct Placed {
    order_id: String,
    klarna_order_id: String,
}

impl Walk<'_> {
    /// Steps one to six of the route, on one sale. Returns the order's id.
    async fn sale(&mut self) -> Result<String> {
        let checkout = self.open("demo-1").await?;
        let id = text(&checkout, "/id")?.to_owned();
        let session_id = text(&checkout, "/session/session_id")?.to_owned();
        self.checks.equal("order_amount", &checkout["order_amount"], &json!(92_500));
        self.checks.equal("order_tax_amount", &checkout["order_tax_amount"], &json!(13_993));
        self.step(1, "session", &format!("{id} opened session {session_id} for {}", sek(92_500)))?;

        let client_token = text(&checkout, "/session/client_token")?;
        self.checks.equal("client_token has three parts", &client_token.split('.').count(), &3);
        let categories = checkout["session"]["payment_method_categories"].as_array();
        let categories = categories.context("the session offers no payment methods")?;
        self.step(
            2,
            "widget",
            &format!(
                "a client_token of {} characters, {} payment method categories",
                client_token.len(),
                categories.len()
            ),
        )?;

        let placed = self.buy(&checkout).await?;
        self.compare(&placed, "AUTHORIZED", sums(92_500, 0, 0, 92_500)).await?;
        self.step(
            4,
            "order",
            &format!(
                "{} is Klarna's {} over {}",
                placed.order_id,
                placed.klarna_order_id,
                sek(92_500)
            ),
        )?;

        let captures = format!("/v1/orders/{}/captures", placed.order_id);
        let lines = json!([{"line_id": "coffee", "quantity": 1}, {"line_id": "book"}]);
        self.api.post(&captures, json!({"order_lines": lines, "captured_amount": 28_800})).await?;
        self.compare(&placed, "PART_CAPTURED", sums(92_500, 28_800, 0, 63_700)).await?;
        self.step(
            5,
            "capture",
            &format!("coffee and book: {}, {} left", sek(28_800), sek(63_700)),
        )?;
        self.api.post(&captures, json!({})).await?;
        self.compare(&placed, "CAPTURED", sums(92_500, 92_500, 0, 0)).await?;
        self.step(5, "capture", &format!("all the rest: {}, nothing left", sek(63_700)))?;

        let refund = json!({"order_lines": [{"line_id": "book"}], "description": "Returned"});
        self.api.post(&format!("/v1/orders/{}/refunds", placed.order_id), refund).await?;
        self.compare(&placed, "CAPTURED", sums(92_500, 92_500, 19_900, 0)).await?;
        self.step(6, "refund", &format!("the book: {} of {}", sek(19_900), sek(92_500)))?;
        Ok(placed.order_id)
    }

    /// The rest of step six, each on an order of its own.
    async fn ways_back(&mut self) -> Result<()> {
        let checkout = self.open("demo-2").await?;
        let cancelled = self.buy(&checkout).await?;
        self.act(&cancelled, "cancel").await?;
        // Klarna leaves the remaining amount of a cancelled order as it was.
        self.expect_status(&cancelled, "CANCELLED").await?;
        self.step(6, "cancel", &format!("{} before anything shipped", cancelled.order_id))?;

        let checkout = self.open("demo-3").await?;
        let released = self.buy(&checkout).await?;
        let captures = format!("/v1/orders/{}/captures", released.order_id);
        self.api.post(&captures, json!({"order_lines": [{"line_id": "lamp"}]})).await?;
        self.act(&released, "release").await?;
        self.compare(&released, "CAPTURED", sums(92_500, 49_900, 0, 0)).await?;
        self.step(
            6,
            "release",
            &format!(
                "{} shipped the lamp for {} and let {} go",
                released.order_id,
                sek(49_900),
                sek(42_600)
            ),
        )?;

        let checkout = self.open("demo-4").await?;
        let extended = self.buy(&checkout).await?;
        let before = self.order(&extended).await?;
        let before = text(&before, "/expires_at")?.to_owned();
        self.api.control("/sandbox/v1/clock/advance", json!({"by": "P10D"})).await?;
        self.act(&extended, "extend").await?;
        let order = self.order(&extended).await?;
        let after = text(&order, "/expires_at")?.to_owned();
        self.checks.equal("ten days later, extended by ten days", &days(&before, &after)?, &10);
        self.step(6, "extend", &format!("{} from {before} to {after}", extended.order_id))?;

        self.api.control("/sandbox/v1/clock/advance", json!({"by": "P28D"})).await?;
        self.expect_status(&extended, "EXPIRED").await?;
        let order = self.order(&extended).await?;
        self.checks.equal(
            "an expired order may ship",
            &order["may_ship"]["allowed"],
            &json!(false),
        );
        self.step(
            6,
            "expiry",
            &format!("{} expired uncaptured, and may not ship", extended.order_id),
        )
    }

    async fn events(&self, order_id: &str) -> Result<Vec<Value>> {
        let events = self.api.get(&format!("/v1/orders/{order_id}/events")).await?;
        Ok(events["items"].as_array().context("the order has no events")?.clone())
    }

    fn timeline(&mut self, order_id: &str, events: &[Value]) -> Result<()> {
        writeln!(self.out, "\nTimeline of {order_id}")?;
        for event in events {
            let name = text(event, "/type")?;
            let data = &event["data"];
            let amount = ["captured_amount", "refunded_amount"]
                .iter()
                .find_map(|member| data["act"][member].as_i64())
                .map(|amount| format!("  {}", sek(amount)))
                .unwrap_or_default();
            let evidence = data["evidence"]["operation"]
                .as_str()
                .map(|operation| format!("  {operation} {}", data["evidence"]["status"]))
                .unwrap_or_default();
            let at: jiff::Timestamp = text(event, "/at")?.parse()?;
            let seq = event["seq"].as_u64().context("an event has no seq")?;
            let line = format!("{seq:>4}  {at:.3}  {name:<24}{amount}{evidence}");
            writeln!(self.out, "{}", line.trim_end())?;
        }
        writeln!(self.out)?;
        Ok(())
    }

    async fn open(&self, reference: &str) -> Result<Value> {
        self.api.post("/v1/checkouts", cart::checkout(reference)).await
    }

    /// Step three: the shopper authorizes; and four: the order is placed by whichever of browser
    /// and callback comes first.
    async fn buy(&mut self, checkout: &Value) -> Result<Placed> {
        let id = text(checkout, "/id")?;
        let session_id = text(checkout, "/session/session_id")?;
        let authorized = self
            .api
            .control(
                &format!("/sandbox/v1/sessions/{session_id}/authorize"),
                json!({"outcome": "approved", "callback": "before"}),
            )
            .await?;
        self.checks.equal("approved", &authorized["approved"], &json!(true));
        let token = text(&authorized, "/authorization_token")?;
        if text(checkout, "/merchant_reference1")? == "demo-1" {
            self.step(
                3,
                "authorize",
                &format!("approved over {}, token given", sek(ORDER_AMOUNT)),
            )?;
        }
        let handed_in = self
            .api
            .post(
                &format!("/v1/checkouts/{id}/authorization"),
                json!({"authorization_token": token}),
            )
            .await?;
        let order_id = text(&handed_in, "/order_id")?.to_owned();
        let order = self.api.get(&format!("/v1/orders/{order_id}")).await?;
        let klarna_order_id = text(&order, "/klarna_order_id")?.to_owned();
        Ok(Placed { order_id, klarna_order_id })
    }

    async fn act(&self, placed: &Placed, act: &str) -> Result<Value> {
        self.api.post(&format!("/v1/orders/{}/{act}", placed.order_id), json!({})).await
    }

    async fn order(&self, placed: &Placed) -> Result<Value> {
        self.api.get(&format!("/v1/orders/{}", placed.order_id)).await
    }

    /// Both sides say this status and these sums.
    async fn compare(&mut self, placed: &Placed, status: &str, expected: Sums) -> Result<()> {
        let ours = self.order(placed).await?;
        let theirs = self.api.at_klarna(&placed.klarna_order_id).await?;
        for (side, order) in [("kvitt", &ours), ("Klarna", &theirs)] {
            let what = format!("{status} at {side}");
            self.checks.equal(&what, &order["status"], &json!(status));
            self.checks.equal(&what, &Sums::of(order), &Some(expected));
        }
        Ok(())
    }

    async fn expect_status(&mut self, placed: &Placed, status: &str) -> Result<()> {
        let ours = self.order(placed).await?;
        let theirs = self.api.at_klarna(&placed.klarna_order_id).await?;
        self.checks.equal("status at kvitt", &ours["status"], &json!(status));
        self.checks.equal("status at Klarna", &theirs["status"], &json!(status));
        Ok(())
    }

    fn step(&mut self, number: u32, name: &str, what: &str) -> Result<()> {
        if let Some(steps) = &mut self.steps {
            steps.push(json!({ "step": number, "name": name, "detail": what }));
            return Ok(());
        }
        writeln!(self.out, "{number}  {name:<10} {what}")?;
        Ok(())
    }
}

fn sums(order: i64, captured: i64, refunded: i64, remaining: i64) -> Sums {
    Sums {
        order_amount: order,
        captured_amount: captured,
        refunded_amount: refunded,
        remaining_authorized_amount: remaining,
    }
}

fn sek(minor: i64) -> Money {
    Money::new(minor, Currency::SEK)
}

/// Whole days between two moments.
fn days(before: &str, after: &str) -> Result<i64> {
    let before: jiff::Timestamp = before.parse()?;
    let after: jiff::Timestamp = after.parse()?;
    Ok(after.duration_since(before).as_hours() / 24)
}
