//! An operator in front of the dashboard. Amounts are compared on the page, in the merchant API
//! (which reads the ledger) and at Klarna, with numbers written by hand.

use serde_json::{Value, json};

use crate::driver::Browser;
use crate::world::{Placed, World};

impl Browser {
    pub(crate) async fn sign_in(&self, world: &World) {
        self.goto(&format!("{}/orders", world.dashboard)).await;
        self.fill("#name", &world.user).await;
        self.fill("#password", &world.password).await;
        self.click("main form button").await;
        self.find("[data-orders]").await;
    }

    /// Looks an order up by its reference, and opens it.
    pub(crate) async fn look_up(&self, reference: &str) {
        self.fill("#search", reference).await;
        self.click(".filters button").await;
        self.until("one order is found", async || {
            (self.count(".orders tbody tr").await == 1).then_some(())
        })
        .await;
        self.click(".orders tbody a").await;
        self.find("[data-order=amount]").await;
    }

    async fn open_order(&self, world: &World, placed: &Placed) {
        self.goto(&format!("{}/orders/{}", world.dashboard, placed.id)).await;
        self.find("[data-order=amount]").await;
    }

    async fn open_act(&self, kind: &str) {
        self.click(&format!(r#".acts a[href$="/acts/{kind}"]"#)).await;
        self.find("[data-act]").await;
    }

    /// Says how many of each line, and goes on to the preview.
    async fn pick(&self, pieces: &[(&str, &str)]) {
        for (line, quantity) in pieces {
            self.fill(&format!(r#"[name="quantity.{line}"]"#), quantity).await;
        }
        self.click("[value=preview]").await;
        self.find("[data-act=preview]").await;
    }

    async fn confirm(&self) {
        self.click("[data-act=confirm]").await;
        self.find("[data-order=result]").await;
    }

    /// A bar's amount; nothing where it is not drawn.
    async fn bar(&self, kind: &str) -> i64 {
        let bar = format!(r#"[data-bar="{kind}"]"#);
        if self.count(&bar).await == 0 {
            return 0;
        }
        self.attribute(&bar, "data-minor").await.unwrap().parse().unwrap()
    }

    async fn ships(&self) -> bool {
        self.attribute("[data-order=may-ship]", "data-allowed").await.unwrap() == "true"
    }
}

/// Order, captured, refunded, left: on the page, in the merchant API, at Klarna.
async fn expect_sums(world: &World, browser: &Browser, placed: &Placed, sums: [i64; 4]) {
    let mut page = [0; 4];
    for (sum, kind) in page.iter_mut().zip(["authorized", "captured", "refunded", "left"]) {
        *sum = browser.bar(kind).await;
    }
    assert_eq!(page, sums, "on the page");
    world.expect_sums(placed, sums).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn half_is_shipped_then_the_rest_and_the_lamp_comes_back() {
    let world = World::start();
    let browser = Browser::open().await;
    browser.fill_cart(&world, "SE", &["coffee", "coffee", "book", "lamp"]).await;
    browser.click(r#"[data-shop="pay-hosted"]"#).await;
    browser.wait_for_state("ready").await;
    browser.pay().await;
    browser.find(r#"[data-shop="thanks"][data-standing="paid"]"#).await;
    let placed = world.only_order().await;
    let order = world.get(&format!("/v1/orders/{}", placed.id)).await;

    browser.sign_in(&world).await;
    browser.look_up(order["merchant_reference1"].as_str().unwrap()).await;
    assert_eq!(browser.text("[data-order=amount]").await, "907.00 SEK");
    assert_eq!(browser.text("[data-order=status]").await, "Authorized");
    assert!(browser.ships().await);
    expect_sums(&world, &browser, &placed, [90_700, 0, 0, 90_700]).await;

    // A coffee for 80.00 and the shipping for 49.00.
    browser.open_act("capture").await;
    let some = [("coffee", "1"), ("book", "0"), ("lamp", "0"), ("shipping", "1")];
    browser.pick(&some).await;
    assert_eq!(browser.text("[data-act=confirm]").await, "Capture 129.00 SEK");
    world.expect_sums(&placed, [90_700, 0, 0, 90_700]).await;
    browser.confirm().await;
    assert_eq!(browser.text("[data-order=result] strong").await, "Done: capture 129.00 SEK");
    assert_eq!(browser.text("[data-order=status]").await, "Part captured");
    expect_sums(&world, &browser, &placed, [90_700, 12_900, 0, 77_800]).await;

    // What the form holds by itself: all that is left.
    browser.open_act("capture").await;
    browser.pick(&[]).await;
    assert_eq!(browser.text("[data-act=confirm]").await, "Capture 778.00 SEK");
    browser.confirm().await;
    assert_eq!(browser.text("[data-order=status]").await, "Captured");
    expect_sums(&world, &browser, &placed, [90_700, 90_700, 0, 0]).await;

    browser.open_act("refund").await;
    browser.pick(&[("lamp", "1")]).await;
    assert_eq!(browser.text("[data-act=confirm]").await, "Refund 499.00 SEK");
    browser.confirm().await;
    expect_sums(&world, &browser, &placed, [90_700, 90_700, 49_900, 0]).await;
    assert_eq!(browser.count("[data-movement=Capture]").await, 2);
    assert_eq!(browser.count("[data-movement=Refund]").await, 1);

    // Who did it, and what shows it.
    let wanted = browser.text(r#"[data-event="refund.requested"]"#).await;
    assert!(wanted.contains("by demo"), "{wanted}");
    let done = browser.text(r#"[data-event="refund.done"]"#).await;
    assert!(done.contains("refund answered 201") && done.contains("correlation id"), "{done}");
    assert_eq!(browser.console_errors().await, [""; 0]);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_amount_is_told_at_its_input_and_changes_nothing() {
    let world = World::start();
    let browser = Browser::open().await;
    let placed = world.placed_order().await;
    browser.sign_in(&world).await;
    browser.open_order(&world, &placed).await;
    browser.open_act("capture").await;
    browser.click("#by-amount").await;
    browser.fill("#amount", "50,00").await;
    browser.click("[value=preview]").await;
    browser.wait_for_text("#amount-problem", "write it like 149.90").await;
    browser.look("dashboard-act-problem").await;
    assert_eq!(browser.attribute("#amount", "aria-invalid").await.unwrap(), "true");
    browser.fill("#amount", "200.00").await;
    browser.click("[value=preview]").await;
    browser.wait_for_text("[data-act=problem]", "19900 SEK is left to capture").await;
    world.expect_sums(&placed, [19_900, 0, 0, 19_900]).await;
    // More pieces than there are.
    browser.click("#by-lines").await;
    browser.fill(r#"[name="quantity.book"]"#, "2").await;
    browser.click("[value=preview]").await;
    browser.wait_for_text("[data-act=problem]", "quantity is 2").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_lost_is_not_guessed() {
    let world = World::start();
    let browser = Browser::open().await;
    let placed = world.placed_order().await;
    // Klarna does it, and nobody hears of it.
    let fault = json!({"match": {"method": "POST", "path_contains": "/captures"},
        "effect": {"kind": "reset_after"}});
    world.control("POST", "/faults", &fault).await;
    browser.sign_in(&world).await;
    browser.open_order(&world, &placed).await;
    browser.open_act("capture").await;
    browser.pick(&[]).await;
    browser.confirm().await;
    assert_eq!(browser.attribute("[data-order=result]", "data-tone").await.unwrap(), "wait");
    browser.wait_for_text("[data-order=result]", "Not known yet: capture 199.00 SEK").await;
    assert!(!browser.ships().await, "in doubt nothing ships");
    assert_eq!(browser.count(r#".acts a[href$="/acts/capture"]"#).await, 0);
    browser.look("dashboard-order-unknown").await;
    world.control("DELETE", "/faults", &Value::Null).await;
    browser
        .until("kvitt has asked again", async || {
            browser.client.refresh().await.ok()?;
            (browser.bar("captured").await == 19_900).then_some(())
        })
        .await;
    expect_sums(&world, &browser, &placed, [19_900, 19_900, 0, 0]).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_klarna_refuses_is_shown_in_its_words() {
    let world = World::start();
    let browser = Browser::open().await;
    let placed = world.placed_order().await;
    browser.sign_in(&world).await;
    browser.open_order(&world, &placed).await;
    browser.open_act("capture").await;
    browser.pick(&[]).await;
    // Somebody cancels the order in Klarna's own portal meanwhile.
    world.cancel_at_klarna(&placed).await;
    browser.confirm().await;
    assert_eq!(browser.attribute("[data-order=result]", "data-tone").await.unwrap(), "bad");
    browser.wait_for_text("[data-order=result]", "Klarna refused to capture 199.00 SEK").await;
    // And the order is read at once, so that nobody ships what is cancelled.
    assert_eq!(browser.text("[data-order=status]").await, "Cancelled");
    assert!(!browser.ships().await);
    browser.look("dashboard-order-refused").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_come_in() {
    let world = World::start();
    let browser = Browser::open().await;
    let placed = world.placed_order().await;
    // A page deep inside leads to the door, and the door back to the page.
    let deep = format!("{}/orders/{}", world.dashboard, placed.id);
    browser.goto(&deep).await;
    browser.find("#password").await;
    browser.look("dashboard-sign-in").await;
    browser.fill("#name", &world.user).await;
    browser.fill("#password", "not the password").await;
    browser.click("main form button").await;
    browser.find("[role=alert]").await;
    assert_eq!(browser.attribute("#name", "value").await.unwrap(), world.user, "kept");
    browser.look("dashboard-sign-in-wrong").await;
    browser.fill("#password", &world.password).await;
    browser.click("main form button").await;
    browser.find("[data-order=amount]").await;
    assert_eq!(browser.client.current_url().await.unwrap().as_str(), deep);
    browser.click(".account button").await;
    browser.find("#password").await;
    browser.goto(&deep).await;
    browser.find("#password").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_are_looked_at() {
    let world = World::start();
    let browser = Browser::open().await;
    browser.sign_in(&world).await;
    browser.look("dashboard-orders-none").await;
    let first = world.placed_order().await;
    let second = world.placed_order().await;
    world.pending_order().await;
    let captures = format!("/v1/orders/{}/captures", first.id);
    let parcel = json!({"captured_amount": 8_000, "amount_only": true, "reference": "parcel 1",
        "shipping_info": [{"shipping_company": "PostNord", "tracking_number": "XYZ123"}]});
    world.api("POST", &captures, &parcel).await;
    let refund = json!({"refunded_amount": 3_000, "amount_only": true});
    world.api("POST", &format!("/v1/orders/{}/refunds", first.id), &refund).await;
    world.api("POST", &format!("/v1/orders/{}/release", first.id), &Value::Null).await;

    browser.goto(&format!("{}/orders", world.dashboard)).await;
    assert_eq!(browser.count(".orders tbody tr").await, 3);
    browser.look("dashboard-orders").await;
    browser.goto(&format!("{}/orders?search=nothing", world.dashboard)).await;
    browser.wait_for_text("[data-orders=none]", "No order is like that").await;
    browser.look("dashboard-orders-not-found").await;
    browser.goto(&format!("{}/orders?status=CAPTURED", world.dashboard)).await;
    assert_eq!(browser.count(".orders tbody tr").await, 1, "the released one");

    browser.open_order(&world, &first).await;
    // 80.00 captured, 30.00 of it given back, and the other 119.00 freed.
    assert_eq!(browser.bar("freed").await, 11_900);
    expect_sums(&world, &browser, &first, [19_900, 8_000, 3_000, 0]).await;
    browser.look("dashboard-order-captured").await;
    browser.open_order(&world, &second).await;
    browser.look("dashboard-order-authorized").await;
    browser.goto(&format!("{}/orders?search=pending", world.dashboard)).await;
    browser.click(".orders tbody a").await;
    browser.find("[data-order=may-ship]").await;
    assert!(!browser.ships().await);
    browser.look("dashboard-order-pending").await;
    browser.goto(&format!("{}/orders/ord_0192f0c8111172228333444455556666", world.dashboard)).await;
    browser.wait_for_text("main", "is not known: check the id").await;
    browser.look("dashboard-no-such-order").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_act_is_looked_at() {
    let world = World::start();
    let browser = Browser::open().await;
    let placed = world.placed_order().await;
    browser.sign_in(&world).await;
    for kind in [
        "capture",
        "cancel",
        "extend",
        "update_authorization",
        "update_references",
        "update_shipping_address",
        "add_shipping_info",
    ] {
        browser.open_order(&world, &placed).await;
        browser.open_act(kind).await;
        browser.look(&format!("dashboard-act-{}", kind.replace('_', "-"))).await;
    }
    browser.open_order(&world, &placed).await;
    browser.open_act("capture").await;
    browser.pick(&[]).await;
    browser.look("dashboard-preview-capture").await;
    browser.confirm().await;
    browser.look("dashboard-order-done").await;
    browser.open_act("refund").await;
    browser.look("dashboard-act-refund").await;
    browser.open_order(&world, &placed).await;
    browser.open_act("trigger_send_out").await;
    browser.look("dashboard-act-trigger-send-out").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_needs_a_person_is_looked_at() {
    let world = World::start();
    let browser = Browser::open().await;
    let fault = json!({"match": {"method": "POST", "path_contains": "/authorizations/"},
        "effect": {"kind": "reset_after"}});
    world.control("POST", "/faults", &fault).await;
    world.authorized_checkout("1002").await;
    browser.sign_in(&world).await;
    browser.click("#attention").await;
    browser.click(".filters button").await;
    browser.wait_for_text(".orders", "Needs a person").await;
    browser.look("dashboard-orders-attention").await;
    browser.click(".orders tbody a").await;
    browser.wait_for_text("[data-order=no-order]", "There is no order at Klarna yet").await;
    browser.look("dashboard-checkout-in-doubt").await;
    browser.close().await;
}

const ATTENTION: &str = r#"nav a[href="/dashboard/attention"]"#;

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_is_worked_off_by_its_buttons() {
    let world = World::start();
    let browser = Browser::open().await;
    browser.sign_in(&world).await;
    browser.click(ATTENTION).await;
    browser.find("[data-attention=none]").await;
    browser.look("dashboard-attention-none").await;

    // A capture of which nobody can tell whether it is ours.
    let unreadable = json!({"capture_references_are_readable": false});
    world.control("PATCH", "/settings", &unreadable).await;
    let doubted = world.placed_order().await;
    world.capture_at_klarna(&doubted, 9_900).await;
    for (effect, times) in [("reset_after", json!(1)), ("reset_before", Value::Null)] {
        let fault = json!({"match": {"operation": "captureOrder"}, "times": times,
            "effect": {"kind": effect}});
        world.control("POST", "/faults", &fault).await;
    }
    let captures = format!("/v1/orders/{}/captures", doubted.id);
    let body = json!({"captured_amount": 9_900, "amount_only": true});
    world.api("POST", &captures, &body).await;
    world.control("POST", "/clock/advance", &json!({"by": "PT25H"})).await;
    let stopped = world.placed_order().await;
    world.pending_order().await;
    let decision = json!({"decision": "STOPPED"});
    let fraud = format!("/orders/{}/fraud", stopped.klarna_id);
    world.control("POST", &fraud, &decision).await;
    browser
        .until("both need a person", async || {
            browser.click(ATTENTION).await;
            let both = r"[data-concern=needs_human], [data-concern=shipment_stopped]";
            (browser.count(both).await == 2).then_some(())
        })
        .await;
    browser.look("dashboard-attention").await;

    browser.click("[data-concern=needs_human] .button").await;
    browser.find("[data-act=settle]").await;
    browser.click("[data-act=settle-it]").await;
    browser.wait_for_text("[data-act=problem]", "Say whether it took effect.").await;
    browser.look("dashboard-settle").await;
    let id = world.at_klarna(&doubted).await["captures"][0]["capture_id"].clone();
    browser.click("#done").await;
    browser.fill("#id", id.as_str().unwrap()).await;
    browser.click("[data-act=settle-it]").await;
    browser.wait_for_text("[data-order=result]", "Done: capture 99.00 SEK").await;
    browser.click(ATTENTION).await;
    assert_eq!(browser.count("[data-concern]").await, 1);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_held_beside_klarna_and_one_that_was_placed_elsewhere_is_named() {
    let world = World::start();
    let browser = Browser::open().await;
    browser.sign_in(&world).await;
    world.control("PATCH", "/settings", &json!({"push_callback": false})).await;
    let klarna_id = world.placed_elsewhere("1003").await;
    world.control("POST", "/clock/advance", &json!({"by": "PT61M"})).await;
    browser
        .until("kvitt has heard of it", async || {
            browser.click(ATTENTION).await;
            (browser.count("[data-concern=needs_human]").await == 1).then_some(())
        })
        .await;
    browser.click("[data-concern=needs_human] .button").await;
    browser.find("[data-act=adopt]").await;
    browser.fill("#klarna_order_id", "another").await;
    browser.click("[data-act=adopt] button").await;
    browser.wait_for_text("[data-act=problem]", "no such order").await;
    browser.look("dashboard-adopt").await;
    browser.fill("#klarna_order_id", &klarna_id).await;
    browser.click("[data-act=adopt] button").await;
    browser.find("[data-order=amount]").await;
    browser.click(ATTENTION).await;
    browser.find("[data-attention=none]").await;

    let lost = json!({"match": {"operation": "captureOrder"},
        "effect": {"kind": "reset_after"}});
    world.control("POST", "/faults", &lost).await;
    let other = world.placed_order().await;
    world.api("POST", &format!("/v1/orders/{}/captures", other.id), &json!({})).await;
    browser.click(ATTENTION).await;
    browser.click("[data-concern=outcome_unknown] button").await;
    browser.find("[data-reconciled=differs]").await;
    browser.look("dashboard-reconciled").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alarm_leads_to_what_is_to_be_done() {
    let world = World::start();
    let browser = Browser::open().await;
    world.control("PATCH", "/settings", &json!({"push_callback": false})).await;
    for _ in 0..5 {
        world.placed_order().await;
    }
    browser.sign_in(&world).await;
    assert_eq!(browser.count("[data-alarms]").await, 0);
    world.control("POST", "/clock/advance", &json!({"by": "PT6H"})).await;
    browser
        .until("kvitt has followed the clock", async || {
            browser.client.refresh().await.ok()?;
            (browser.count("[data-alarms]").await == 1).then_some(())
        })
        .await;
    browser.look("dashboard-orders-alarm-hint").await;
    browser.click("[data-alarms] a").await;
    browser.wait_for_text("[data-alarm=no_callbacks]", "while 5 orders were placed").await;
    browser.look("dashboard-orders-alarm").await;
    assert_eq!(browser.console_errors().await, [""; 0]);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_not_let_in_is_told_why() {
    let world = World::start();
    let browser = Browser::open().await;
    let placed = world.placed_order().await;
    browser.sign_in(&world).await;
    browser.open_order(&world, &placed).await;
    browser.open_act("cancel").await;
    // Signed out in another tab, the form of this one does nothing any more.
    browser.client.delete_all_cookies().await.unwrap();
    browser.click("[data-act=confirm]").await;
    browser.wait_for_text("main", "You are signed out").await;
    browser.look("dashboard-signed-out").await;
    world.expect_sums(&placed, [19_900, 0, 0, 19_900]).await;
    browser.goto(&world.dashboard).await;
    for _ in 0..6 {
        browser.fill("#name", &world.user).await;
        browser.fill("#password", "not the password").await;
        // The page before says the same, so the answer is told by being another page.
        browser.script("window.isBefore = true").await;
        browser.click("main form button").await;
        browser
            .until("the answer is there", async || {
                let script = "return window.isBefore === undefined && \
                    document.querySelector('[role=alert]') !== null";
                let told = browser.client.execute(script, Vec::new()).await.ok()?;
                (told == true).then_some(())
            })
            .await;
    }
    browser.wait_for_text("[role=alert]", "Wait 15 minutes").await;
    browser.look("dashboard-sign-in-wait").await;
    browser.close().await;
}
