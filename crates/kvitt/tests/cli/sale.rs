//! A sale from its cart to its refund, by commands alone but for the shopper's own step.

use serde_json::{Value, json};

use crate::support::{Place, Serving, buy, post};

/// A shop with a server and a sandbox of its own.
struct Shop {
    place: Place,
    key: String,
    server: Serving,
    sandbox: Serving,
}

impl Shop {
    fn open() -> Self {
        let mut place = Place::new();
        let sandbox = place.start(&["sandbox", "--listen", "127.0.0.1:0"]);
        place.set("KVITT_KLARNA_URL", &sandbox.url);
        let server = place.start(&["serve", "--listen", "127.0.0.1:0"]);
        let key = place.good(&["key", "create", "--name", "shop"]).trim().to_owned();
        place.set("KVITT_API_KEY", &key).set("KVITT_SERVER", &server.url);
        Self { place, key, server, sandbox }
    }

    /// The shopper's step, and the order that follows from it.
    fn buy(&self, checkout: &Value) -> String {
        buy(checkout, &self.sandbox, &self.server, &self.key)
    }

    fn order(&self, line: &str) -> String {
        let args = ["checkout", "create", "--country", "SE", "--line", line];
        self.buy(&self.place.json(&args))
    }

    fn sums(&self, order: &str) -> Value {
        let order = self.place.json(&["order", "show", order]);
        json!([
            order["status"],
            order["order_amount"],
            order["captured_amount"],
            order["refunded_amount"],
            order["remaining_authorized_amount"]
        ])
    }
}

#[test]
fn a_sale_goes_from_its_cart_to_its_refund() {
    let shop = Shop::open();
    let place = &shop.place;
    let args = ["--locale", "sv-SE", "--line", "Shirt, blue,2,24900,2500", "--reference1", "1001"];
    let create = ["checkout", "create", "--country", "SE", "--idempotency-key", "cart-1"];
    let checkout = place.json(&[&create[..], &args].concat());
    // Two at 249.00; a fifth of it is tax at 25 %.
    assert_eq!(checkout["order_amount"], 49_800);
    assert_eq!(checkout["order_tax_amount"], 9_960);
    let again = place.json(&[&create[..], &args].concat());
    assert_eq!(again["id"], checkout["id"], "the same key opens no second checkout");
    let id = checkout["id"].as_str().unwrap();
    let shown = place.good(&["checkout", "show", id]);
    for text in [id, "open", "498.00 SEK", "99.60 SEK", "Shirt, blue", "25 %", "1001"] {
        assert!(shown.contains(text), "{text}: {shown}");
    }

    let order = shop.buy(&checkout);
    assert_eq!(shop.sums(&order), json!(["AUTHORIZED", 49_800, 0, 0, 49_800]));
    let listed = place.good(&["order", "list", "--status", "authorized", "--search", "1001"]);
    assert!(listed.contains(&order) && listed.contains("498.00 SEK"), "{listed}");
    assert_eq!(place.json(&["order", "list", "--status", "CAPTURED"])["items"], json!([]));

    let capture = ["order", "capture", &order, "--line", "l1:1"];
    let preview = place.good(&[&capture[..], &["--preview"]].concat());
    for text in ["capture of 249.00 SEK", "nothing was changed", "PART_CAPTURED"] {
        assert!(preview.contains(text), "{text}: {preview}");
    }
    let preview = place.json(&[&capture[..], &["--preview"]].concat());
    assert_eq!((&preview["preview"], &preview["amount"]), (&json!(true), &json!(24_900)));
    assert_eq!(shop.sums(&order), json!(["AUTHORIZED", 49_800, 0, 0, 49_800]));

    let tracked = ["--tracking", "PostNord:XYZ123", "--reference", "parcel-1"];
    let done = place.good(&[&capture[..], &tracked].concat());
    assert!(done.contains("capture of 249.00 SEK") && done.contains("done"), "{done}");
    assert_eq!(shop.sums(&order), json!(["PART_CAPTURED", 49_800, 24_900, 0, 24_900]));
    let json = place.json(&["order", "show", &order]);
    assert_eq!(json["captures"][0]["shipping_info"][0]["tracking_number"], "XYZ123");

    // Nobody is asked where nobody sits.
    let refund = ["order", "refund", &order, "--amount", "4900", "--amount-only"];
    assert!(place.good(&refund).contains("refund of 49.00 SEK"));
    let key = ["order", "capture", &order, "--idempotency-key", "rest"];
    let first = place.json(&key);
    assert_eq!(first["capture"]["captured_amount"], 24_900);
    assert_eq!(place.json(&key)["capture"], first["capture"], "the same key captures once");
    assert_eq!(shop.sums(&order), json!(["CAPTURED", 49_800, 49_800, 4_900, 0]));

    place.good(&["order", "update", &order, "--reference1", "1001-B"]);
    let shown = place.good(&["order", "show", &order]);
    for text in ["CAPTURED", "498.00 of 498.00 SEK", "49.00 of 498.00 SEK", "1001-B", "may ship"] {
        assert!(shown.contains(text), "{text}: {shown}");
    }

    let events = place.good(&["events", &order]);
    for text in ["checkout.created", "place.done", "capture.done", "refund.done"] {
        assert!(events.contains(text), "{text}: {events}");
    }
    assert_eq!(place.good(&["events", id]), events, "by either of its ids");
    let feed = place.json(&["events", "--limit", "3"]);
    assert_eq!(feed["items"].as_array().unwrap().len(), 3);
    let after = feed["next_after"].to_string();
    let next = place.json(&["events", "--after", &after, "--limit", "1"]);
    assert!(next["items"][0]["position"].as_u64() > feed["items"][2]["position"].as_u64());
    assert!(place.good(&["events"]).contains("more: --after "));
}

#[test]
fn every_way_back_has_its_command() {
    let shop = Shop::open();
    let place = &shop.place;
    let cancelled = shop.order("Mug,1,10000,2500");
    assert!(place.good(&["order", "cancel", &cancelled, "--yes"]).contains("cancel: done"));
    let sums = shop.sums(&cancelled);
    assert_eq!(sums[0], "CANCELLED", "{sums}");

    let released = shop.order("Mug,2,10000,2500");
    place.good(&["order", "capture", &released, "--line", "l1:1"]);
    assert!(place.good(&["order", "release", &released]).contains("release: done"));
    assert_eq!(shop.sums(&released), json!(["CAPTURED", 20_000, 10_000, 0, 0]));

    let shown = place.json(&["order", "show", &released]);
    let capture_id = shown["captures"][0]["capture_id"].as_str().unwrap();
    let again = ["order", "trigger-send-out", &released, "--capture", capture_id];
    let preview = place.good(&[&again[..], &["--preview"]].concat());
    for text in ["trigger send out: a preview", "Klarna sends the customer", "nothing was changed"]
    {
        assert!(preview.contains(text), "{text}: {preview}");
    }
    assert!(place.good(&again).contains("trigger send out: done"));
    let unknown = place.run(&["order", "trigger-send-out", &released, "--capture", "c-1"]);
    assert_eq!((unknown.code, unknown.stdout.as_str()), (Some(3), ""), "{unknown:?}");
    assert!(unknown.stderr.contains("capture c-1 is not one of this order"), "{unknown:?}");

    let extended = shop.order("Mug,1,10000,2500");
    assert!(place.good(&["order", "extend", &extended]).contains("extend: done"));

    let last = shop.order("Mug,2,10000,2500");
    let shown = place.good(&["order", "show", &last]);
    assert!(shown.contains("not by itself: extending is not asked for"), "{shown}");
    place.good(&["order", "capture", &last, "--line", "l1:1", "--final"]);
    assert_eq!(shop.sums(&last), json!(["CAPTURED", 20_000, 10_000, 0, 0]));

    let undone = shop.order("Mug,2,10000,2500");
    place.good(&["order", "capture", &undone, "--line", "l1:1"]);
    let undo = ["order", "undo", &undone, "--description", "Sold out"];
    let preview = place.good(&[&undo[..], &["--preview"]].concat());
    for text in
        ["undo of 100.00 SEK", "1  release", "2  refund   100.00 SEK", "nothing was changed"]
    {
        assert!(preview.contains(text), "{text}: {preview}");
    }
    assert_eq!(shop.sums(&undone), json!(["PART_CAPTURED", 20_000, 10_000, 0, 10_000]));
    assert!(place.good(&undo).contains("undo"));
    assert_eq!(shop.sums(&undone), json!(["CAPTURED", 20_000, 10_000, 10_000, 0]));
    let refund = &place.json(&["order", "show", &undone])["refunds"][0];
    assert_eq!(refund["description"], "Sold out");
    assert_eq!(place.run(&undo).code, Some(3), "nothing is left to undo");

    // One instead of two, by a file and by stdin.
    let change = json!({
        "order_amount": 10_000,
        "order_lines": [{
            "line_id": "l1", "name": "Mug", "quantity": 1, "unit_price": 10_000, "tax_rate": 2500,
            "total_amount": 10_000
        }]
    });
    let changed = shop.order("Mug,2,10000,2500");
    let update = ["order", "update", &changed, "--file", "-"];
    let preview = [&update[..], &["--preview"]].concat();
    let shown = place.run_with(&preview, &change.to_string());
    assert_eq!(shown.code, Some(0), "{shown:?}");
    assert!(shown.stdout.contains("update authorization of 100.00 SEK"), "{}", shown.stdout);
    assert_eq!(shop.sums(&changed), json!(["AUTHORIZED", 20_000, 0, 0, 20_000]));
    assert_eq!(place.run_with(&update, &change.to_string()).code, Some(0));
    assert_eq!(shop.sums(&changed), json!(["AUTHORIZED", 10_000, 0, 0, 10_000]));
}

#[test]
fn refusals_by_kvitt_name_the_way_out_and_change_nothing() {
    let shop = Shop::open();
    let place = &shop.place;
    let order = shop.order("Mug,2,10000,2500");
    for (args, code, word) in [
        (&["order", "refund", &order][..], 3, "possible now: capture"),
        (&["order", "capture", &order, "--line", "l9"], 3, "[unknown_line]"),
        (&["order", "capture", &order, "--line", "l1:3"], 3, "[line_quantity]"),
        (&["order", "capture", &order, "--amount", "20001", "--amount-only"], 3, "[over_capture]"),
        (&["order", "capture", &order, "--amount", "1"], 3, "[lines_missing]"),
        (&["order", "capture", &order, "--amount", "0", "--amount-only"], 3, "[not_positive]"),
        (&["order", "show", "ord_0192f0c8111172228333444455556666"], 4, "[not_found]"),
        (&["checkout", "show", "chk_0192f0c8111172228333444455556666"], 4, "[not_found]"),
        (&["order", "list", "--status", "PAID"], 3, "AUTHORIZED"),
        (&["order", "list", "--key", "kvitt_wrong"], 3, "kvitt key create"),
    ] {
        let ended = place.run(args);
        assert_eq!(ended.code, Some(code), "kvitt {args:?}: {ended:?}");
        assert_eq!(ended.stdout, "");
        assert!(ended.stderr.contains(word), "no {word:?}: {}", ended.stderr);
        assert!(!ended.stderr.contains(&shop.key), "{}", ended.stderr);
    }
    assert_eq!(shop.sums(&order), json!(["AUTHORIZED", 20_000, 0, 0, 20_000]));

    let wrong = json!({
        "purchase_country": "SE", "purchase_currency": "SEK", "locale": "sv-SE",
        "order_amount": 9_999,
        "order_lines": [{
            "name": "Mug", "quantity": 1, "unit_price": 10_000, "tax_rate": 2500,
            "total_amount": 10_000
        }]
    });
    let file = place.write("cart.json", &wrong.to_string());
    let ended = place.run(&["checkout", "create", "--file", &file]);
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(ended.stderr.contains("order_amount") && ended.stderr.contains("10000"), "{ended:?}");
}

#[cfg(unix)]
#[test]
fn orders_outlive_the_server() {
    let Shop { mut place, key, server, sandbox } = Shop::open();
    let shop = Shop { place: Place::new(), key, server, sandbox };
    let checkout =
        place.json(&["checkout", "create", "--country", "DE", "--line", "Mug,1,1000,1900"]);
    let order = shop.buy(&checkout);
    let address = shop.server.address().to_owned();
    assert_eq!(shop.server.stop(), Some(0));
    assert_eq!(place.run(&["order", "show", &order]).code, Some(6));
    let server = place.start(&["serve", "--listen", &address]);
    place.set("KVITT_SERVER", &server.url);
    assert!(place.good(&["order", "show", &order]).contains("10.00 EUR"));
}

#[test]
fn what_needs_a_person_is_listed_and_settled() {
    let shop = Shop::open();
    let place = &shop.place;
    assert_eq!(place.good(&["attention"]).trim(), "nothing needs a person");
    let order = shop.order("Shirt,1,24900,2500");
    let fault = json!({"match": {"path_contains": "/captures"}, "times": 9,
        "effect": {"kind": "reset_after"}});
    post(&format!("{}/sandbox/v1/faults", shop.sandbox.url), &fault, None);
    let ended = place.run(&["order", "capture", &order, "--json"]);
    assert_eq!(ended.code, Some(5), "{ended:?}");
    let answer: Value = serde_json::from_str(&ended.stdout).unwrap();
    let intent = answer["intent"]["id"].as_str().unwrap();

    let listed = place.good(&["attention", "--limit", "3"]);
    assert!(listed.contains(intent) && listed.contains("outcome_unknown"), "{listed}");
    let page = place.json(&["attention"]);
    assert_eq!((&page["items"][0]["order_id"], &page["alarms"]), (&json!(order), &json!([])));

    let settled = place.good(&["attention", "settle", intent, "--not-done"]);
    assert!(settled.contains("refused"), "{settled}");
    for (args, code) in [
        (vec!["attention", "settle", intent], 2),
        (vec!["attention", "settle", intent, "--id", "x", "--not-done"], 2),
        (vec!["attention", "settle", intent, "--done", "--id", "x"], 3),
    ] {
        let ended = place.run(&args);
        assert_eq!(ended.code, Some(code), "{args:?}: {ended:?}");
    }
}
