//! One checkout, at most one order, through every door; and what becomes of the authorizations
//! that place none.

use jiff::SignedDuration;
use kvitt_core::{
    ActKind, CheckoutStatus, Door, Event, Evidence, FraudStatus, Outcome, SaleCart, Wish,
};
use kvitt_money::{Cart, Country};

use crate::support::{Story, cart, cart_of, line, start, time};

#[track_caller]
fn refuses(story: &Story, code: &str, text: &str) {
    let refusal = story.refusal(Wish::Place);
    assert_eq!((refusal.to_string().as_str(), refusal.code()), (text, code));
    assert!(!refusal.is_bad_request());
    assert_eq!(story.sale().may(ActKind::Place, story.now), Err(refusal));
}

fn losing(story: &Story) -> Vec<String> {
    story.sale().losing_authorizations(story.now).map(|it| it.digest.clone()).collect()
}

const NOT_AUTHORIZED: &str = "the shopper has not authorized this cart: authorize it first";
const PLACED: &str = "the checkout already has its order: a checkout places at most one";

fn changed_cart() -> Event {
    Event::CartChanged { cart: cart_of(vec![line("Shirt", 24_900, 1)]) }
}

#[test]
fn an_order_is_placed_with_what_was_authorized() {
    let story = Story::authorized(cart());
    let act = story.sale().decide(Wish::Place, story.now).unwrap();
    assert_eq!(act, kvitt_core::Act::Place { authorization: "digest-1".to_owned(), cart: cart() });
}

#[test]
fn without_an_authorization() {
    refuses(&Story::created(cart()), "not_authorized", NOT_AUTHORIZED);
}

#[test]
fn with_an_authorization_of_another_cart() {
    let mut story = Story::authorized(cart());
    story.push(changed_cart());
    refuses(&story, "not_authorized", NOT_AUTHORIZED);
    assert_eq!(losing(&story), ["digest-1"]);
    story.authorize("digest-2", 2);
    assert!(story.sale().decide(Wish::Place, story.now).is_ok());
    assert_eq!(losing(&story), ["digest-1"]);
    // One that comes late, for the old cart, neither helps nor stands in the way.
    story.authorize("digest-3", 1);
    assert!(story.sale().decide(Wish::Place, story.now).is_ok());
    assert_eq!(losing(&story), ["digest-1", "digest-3"]);
    // A newer one for this cart takes its place, and is not followed by an older one.
    story.authorize("digest-4", 2);
    assert_eq!(losing(&story), ["digest-1", "digest-2", "digest-3"]);
    let intent = story.request(Wish::Place);
    story.refuse(intent);
    refuses(&story, "not_authorized", NOT_AUTHORIZED);
    assert_eq!(losing(&story), ["digest-1", "digest-2", "digest-3", "digest-4"]);
}

#[test]
fn with_an_authorization_that_is_too_old() {
    let story = Story::authorized(cart());
    let expires_at = time("2026-01-01T13:00:00Z");
    let refusal = story.sale().decide(Wish::Place, expires_at).unwrap_err();
    assert_eq!(
        (refusal.to_string().as_str(), refusal.code()),
        (
            "the authorization expired at 2026-01-01T13:00:00Z: the shopper has to authorize again",
            "authorization_expired"
        )
    );
    let just_before = expires_at - SignedDuration::from_nanos(1);
    assert!(story.sale().decide(Wish::Place, just_before).is_ok());
    assert_eq!(kvitt_core::AUTHORIZATION_LIFETIME, expires_at.duration_since(start()));
}

#[test]
fn a_failure_sticks_to_the_token() {
    let mut story = Story::authorized(cart());
    let intent = story.request(Wish::Place);
    story.refuse(intent);
    assert!(story.sale().was_used("digest-1"));
    assert!(!story.sale().was_used("digest-2"));
    assert_eq!(story.sale().checkout_status(), CheckoutStatus::Open);
    refuses(&story, "not_authorized", NOT_AUTHORIZED);
    assert_eq!(losing(&story), ["digest-1"]);
    story.authorize("digest-2", 1);
    assert_eq!(story.sale().checkout_status(), CheckoutStatus::Authorized);
    story.act(Wish::Place);
    assert_eq!(losing(&story), ["digest-1"]);
}

#[test]
fn an_authorization_that_was_given_back_places_nothing() {
    let mut story = Story::authorized(cart());
    story.push(Event::AuthorizationReleased {
        authorization: "digest-1".to_owned(),
        evidence: Evidence::default(),
    });
    refuses(&story, "not_authorized", NOT_AUTHORIZED);
    assert_eq!(losing(&story), [""; 0]);
    // Coming through the second door afterwards does not bring it back.
    story.authorize("digest-1", 1);
    refuses(&story, "not_authorized", NOT_AUTHORIZED);
    assert_eq!(losing(&story), [""; 0]);
}

#[test]
fn an_abandoned_checkout() {
    let mut story = Story::authorized(cart());
    story.push(Event::CheckoutAbandoned);
    refuses(&story, "checkout_abandoned", "the checkout was abandoned: open a new one");
    assert_eq!(story.sale().checkout_status(), CheckoutStatus::Abandoned);
    assert_eq!(losing(&story), ["digest-1"]);
    story.authorize("digest-2", 1);
    assert_eq!(losing(&story), ["digest-1", "digest-2"]);
}

#[test]
fn a_checkout_that_is_being_placed() {
    let mut story = Story::authorized(cart());
    let intent = story.request(Wish::Place);
    refuses(
        &story,
        "act_in_progress",
        &format!("place {intent} is under way: wait for its outcome"),
    );
    assert_eq!(losing(&story), [""; 0]);
    // A second token while the first is on its way: it has lost unless the first is refused.
    story.authorize("digest-2", 1);
    assert_eq!(story.refusal(Wish::Place).code(), "act_in_progress");
    assert_eq!(losing(&story), [""; 0]);
    for step in [Story::lose_sight_of_all as fn(&mut Story), Story::need_human_for_all] {
        let mut story = story.clone();
        step(&mut story);
        refuses(
            &story,
            "outcome_unknown",
            &format!("the outcome of place {intent} is not known yet: no money moves until it is"),
        );
        assert_eq!(story.sale().checkout_status(), CheckoutStatus::Placing);
        assert_eq!(losing(&story), [""; 0]);
        story.finish(intent);
        refuses(&story, "already_placed", PLACED);
        assert_eq!(losing(&story), ["digest-2"]);
    }
    story.refuse(intent);
    assert_eq!(losing(&story), ["digest-1"]);
    assert!(story.sale().decide(Wish::Place, story.now).is_ok());
}

#[test]
fn a_checkout_that_has_its_order() {
    let mut story = Story::placed(cart());
    refuses(&story, "already_placed", PLACED);
    assert_eq!(losing(&story), [""; 0]);
    // A token of a second tab.
    story.authorize("digest-2", 1);
    refuses(&story, "already_placed", PLACED);
    assert_eq!(losing(&story), ["digest-2"]);
    story.push(Event::AuthorizationReleased {
        authorization: "digest-2".to_owned(),
        evidence: Evidence::default(),
    });
    assert_eq!(losing(&story), [""; 0]);
    assert_eq!(story.sale().checkout_status(), CheckoutStatus::Completed);
}

#[test]
fn the_same_token_through_both_doors_is_one() {
    let mut story = Story::authorized(cart());
    story.authorize("digest-2", 1);
    let before = story.sale();
    for digest in ["digest-1", "digest-2"] {
        story.push(Event::AuthorizationReceived {
            authorization: digest.to_owned(),
            session_id: "session-1".to_owned(),
            cart_version: 1,
            door: Door::Callback,
            expires_at: time("2026-01-01T13:30:00Z"),
        });
    }
    let sale = story.sale();
    assert_eq!(sale.authorizations, before.authorizations);
    // The newest is the one that came first the latest.
    assert_eq!(sale.usable_authorization().map(|it| it.digest.as_str()), Some("digest-2"));
    assert_eq!(losing(&story), ["digest-1"]);
}

#[test]
fn klarnas_first_word_on_fraud_is_taken() {
    let mut story = Story::authorized(cart());
    let intent = story.request(Wish::Place);
    story.push(Event::Done {
        intent,
        outcome: Outcome::Placed {
            klarna_order_id: "klarna-9".to_owned(),
            fraud_status: FraudStatus::Pending,
            redirect_url: Some("https://pay.example/r".to_owned()),
            payment_method: Some("invoice".to_owned()),
        },
        evidence: Evidence::default(),
    });
    let order = story.sale().order.unwrap();
    assert_eq!(order.fraud_status, FraudStatus::Pending);
    assert_eq!(order.klarna_order_id, "klarna-9");
    assert_eq!(order.redirect_url.as_deref(), Some("https://pay.example/r"));
    assert_eq!(order.payment_method.as_deref(), Some("invoice"));
    assert_eq!(order.cart, cart());
}

#[test]
fn a_purchase_that_costs_nothing_is_not_placed() {
    let free = || cart_of(vec![line("Sticker", 0, 1)]);
    let story = Story::authorized(free());
    let refusal = story.refusal(Wish::Place);
    assert_eq!(refusal.to_string(), "order_amount is 0: it must be 1 or more");
    assert_eq!(Story::created(cart()).sale().decide_cart(free()), Err(refusal));
}

#[test]
fn the_cart_changes_until_the_order_is_being_placed() {
    let other = || cart_of(vec![line("Hat", 9_900, 1)]);
    let mut story = Story::authorized(cart());
    assert_eq!(story.sale().decide_cart(other()), Ok(Event::CartChanged { cart: other() }));
    let finnish = SaleCart::numbered(Cart::sum(Country::FI, vec![line("Hat", 990, 1)]).unwrap());
    let refusal = story.sale().decide_cart(finnish).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "the cart is for FI, and is sold in SE: give purchase_country with it while there is no \
         order; an order stays in its country"
    );
    let intent = story.request(Wish::Place);
    let frozen = |story: &Story| {
        let refusal = story.sale().decide_cart(other()).unwrap_err();
        assert_eq!(refusal.code(), "cart_frozen");
        assert_eq!(
            refusal.to_string(),
            "the order is being placed: its cart cannot change any more"
        );
    };
    frozen(&story);
    story.lose_sight(intent, true);
    frozen(&story);
    story.finish(intent);
    assert_eq!(story.sale().decide_cart(other()).unwrap_err().code(), "already_placed");
    let mut story = Story::created(cart());
    story.push(Event::CheckoutAbandoned);
    assert_eq!(story.sale().decide_cart(other()).unwrap_err().code(), "checkout_abandoned");
}

#[test]
fn a_checkout_is_abandoned_once_and_not_while_it_is_placed() {
    let mut story = Story::authorized(cart());
    assert_eq!(story.sale().decide_abandon(), Ok(Some(Event::CheckoutAbandoned)));
    let intent = story.request(Wish::Place);
    assert_eq!(story.sale().decide_abandon().unwrap_err().code(), "act_in_progress");
    story.lose_sight(intent, false);
    assert_eq!(story.sale().decide_abandon().unwrap_err().code(), "outcome_unknown");
    story.finish(intent);
    assert_eq!(story.sale().decide_abandon().unwrap_err().code(), "already_placed");
    let mut story = Story::created(cart());
    story.push(Event::CheckoutAbandoned);
    assert_eq!(story.sale().decide_abandon(), Ok(None));
}

impl Story {
    fn open_intents(&self) -> Vec<kvitt_core::IntentId> {
        let open = |it: &kvitt_core::Intent| !it.state.is_settled();
        self.sale().intents.into_values().filter(open).map(|it| it.id).collect()
    }

    fn lose_sight_of_all(&mut self) {
        self.open_intents().into_iter().for_each(|intent| self.lose_sight(intent, true));
    }

    fn need_human_for_all(&mut self) {
        self.open_intents().into_iter().for_each(|intent| self.need_human(intent));
    }
}
