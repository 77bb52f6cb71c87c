//! The buyer's pages: what a step looks like. What follows on what is decided by the store.

use askama::Template;

use crate::{
    answer::Answer,
    rules::{
        plan::Plan,
        test_persons::{self, TestPersons},
    },
    state::flows::{Asked, Flow, Step, sign_up_form},
    write::{amount, sdk},
};

const HTML: &str = "text/html;charset=utf-8";

/// Whoever embeds the SDK may show these pages in a frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; form-action 'self'; \
    base-uri 'none'; frame-ancestors *";

#[derive(Template)]
#[template(path = "buyer.html")]
struct BuyerPage<'a> {
    flow: &'a Flow,
    flow_id: &'a str,
    origin: &'a str,
    /// The answer, on the page that ends it all.
    result: Option<String>,
    step: &'static str,
    title: &'static str,
    asks_to_close: bool,
    can_close: bool,
    can_go_back: bool,
    problems: &'a [(&'static str, String)],
    merchant: &'static str,
    total: String,
    total_minor: i64,
    lines: Vec<(String, String)>,
    phone: &'a str,
    form: Vec<Asked>,
    check: String,
    plans: &'a [Plan],
    plan: Option<Plan>,
    chosen: &'a str,
    buyer: String,
    persons: Option<&'static TestPersons>,
    by_email: &'static [(&'static str, &'static str)],
}

/// What a test person's plus part leads to.
const BY_EMAIL: [(&str, &str); 6] = [
    ("Denied", "+denied"),
    ("New customer", "+new_user"),
    ("One more check", "+denied+auth_id_scan"),
    ("Accepted, but decided after two minutes", "+pend-accept-02"),
    ("Rejected after two minutes", "+pend-reject-02"),
    ("Address to be mended in the shop", "+invalid_fields"),
];

impl BuyerPage<'_> {
    fn problem(&self, name: &str) -> &str {
        let mut problems = self.problems.iter();
        problems.find(|(it, _)| *it == name).map_or("", |(_, text)| text)
    }

    /// What an input holds: what was typed, or is known from the shop. A code is never repeated.
    fn value(&self, name: &str) -> &str {
        let typed = self.flow.typed.get(name).map(String::as_str);
        match (name, typed, self.flow.known(name)) {
            ("otp", _, _) => "",
            // Also nothing, where that is what is wrong.
            (_, Some(typed), _) => typed,
            ("phone", None, "") => self.persons.map_or("", |persons| persons.approved_phone),
            (_, None, known) => known,
        }
    }

    /// Whether the page has an input that takes the keyboard; where none has, its heading does.
    fn has_input(&self) -> bool {
        !self.asks_to_close && matches!(self.step, "phone" | "otp" | "sign_up")
    }

    /// The first input, or the first that has to be mended.
    fn has_focus(&self, name: &str) -> bool {
        match self.problems.first() {
            Some((first, _)) => *first == name,
            None => matches!(name, "phone" | "otp" | "given_name"),
        }
    }
}

fn named(step: Step) -> (&'static str, &'static str) {
    match step {
        Step::Phone => ("phone", "Your phone number"),
        Step::Otp => ("otp", "Enter the code"),
        Step::SignUp => ("sign_up", "New customer"),
        Step::Check(_) => ("check", "One more check"),
        Step::Plan => ("plan", "Choose how to pay"),
        Step::Review => ("review", "Check and pay"),
        Step::Denied => ("denied", "This purchase cannot be accepted"),
        Step::Expired => ("expired", "This purchase is over"),
        Step::Done => ("done", "Done"),
    }
}

/// The page on which the buyer stands.
pub(crate) fn page(flow: &Flow) -> Answer {
    let (step, title) = named(flow.step);
    let purchase = &flow.purchase;
    let country = purchase.country();
    let currency = purchase.purchase_currency.as_deref();
    let known = |names: &[&str]| -> String {
        let texts = names.iter().map(|name| flow.known(name)).filter(|text| !text.is_empty());
        texts.collect::<Vec<_>>().join(" ")
    };
    let address = [
        known(&["given_name", "family_name"]),
        known(&["street_address"]),
        known(&["postal_code", "city"]),
    ];
    let page = BuyerPage {
        flow,
        flow_id: &flow.flow_id,
        origin: flow.origin.as_deref().unwrap_or_default(),
        result: flow
            .result
            .as_ref()
            .filter(|_| flow.step == Step::Done)
            .map(|result| sdk::authorized(result).to_string()),
        step,
        title: if flow.asks_to_close { "Cancel the purchase?" } else { title },
        asks_to_close: flow.asks_to_close,
        can_close: flow.result.is_none() && !flow.asks_to_close,
        can_go_back: flow.can_go_back(),
        problems: &flow.problems,
        merchant: "Sandbox shop",
        total: amount(purchase.amount(), currency),
        total_minor: purchase.amount(),
        lines: purchase
            .lines()
            .iter()
            .map(|line| {
                let name = match line.quantity {
                    1 => line.name.clone(),
                    quantity => format!("{quantity} × {}", line.name),
                };
                (name, amount(line.total_amount, currency))
            })
            .collect(),
        phone: flow.known("phone"),
        form: sign_up_form(&country),
        check: flow.check(),
        plans: &flow.plans,
        plan: flow.chosen,
        chosen: flow
            .chosen
            .map_or_else(|| flow.plans.first().map_or("", |plan| plan.name), |plan| plan.name),
        buyer: address.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(", "),
        // Where the buyer says who they are.
        persons: test_persons::of(&country)
            .filter(|_| matches!(flow.step, Step::Phone | Step::Otp | Step::SignUp))
            .filter(|_| flow.result.is_none() && !flow.asks_to_close),
        by_email: &BY_EMAIL,
    };
    // Writing texts into a text cannot fail.
    html(200, page.render().unwrap_or_default())
}

/// The address leads nowhere.
pub(crate) fn no_such_page() -> Answer {
    html(404, include_str!("../../templates/no_such_purchase.html").to_owned())
}

fn html(status: u16, page: String) -> Answer {
    Answer::document(status, HTML, page)
        .with("content-security-policy", POLICY)
        .with("referrer-policy", "no-referrer")
        .with("cache-control", "no-store")
        .with("x-content-type-options", "nosniff")
}
