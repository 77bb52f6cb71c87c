//! The buyer's pages: what a step looks like. What follows on what is decided by the store.

use askama::Template;

use crate::{
    answer::Answer,
    rules::{
        hpp::{Options, Status},
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

/// The same for the hosted page, but that its forms may be answered with a redirect to the shop,
/// wherever that leads on to, and that it shows its QR code.
const HOSTED_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; base-uri 'none'; frame-ancestors *";

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
    /// The button that leads out: what it does and says.
    way_out: Option<(&'static str, &'static str)>,
    can_go_back: bool,
    frame: &'a Frame<'a>,
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

/// What differs where the buyer came by a link instead of from a shop's page.
struct Frame<'a> {
    /// What the merchant calls the page.
    page_title: Option<&'a str>,
    way_out: (&'static str, &'static str),
    /// What the last button says before the amount.
    pay_words: &'static str,
    hides_lines: bool,
    may_try_again: bool,
}

const WIDGET: Frame<'static> = Frame {
    page_title: None,
    way_out: ("close", "Close"),
    pay_words: "Pay",
    hides_lines: false,
    may_try_again: false,
};

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

/// The page on which the buyer stands, who came from a shop's page.
pub(crate) fn page(flow: &Flow) -> Answer {
    html(200, render(flow, &WIDGET), POLICY)
}

/// The page on which the buyer stands, who came by a link. `on_leaving` is how the session stands
/// when they leave: back they go at once, cancelling they are asked whether they mean it (Klarna
/// documentation).
pub(crate) fn hosted_page(flow: &Flow, options: &Options, on_leaving: Status) -> Answer {
    let goes_back = on_leaving == Status::Back;
    let frame = Frame {
        page_title: options.page_title.as_deref(),
        way_out: if goes_back { ("abort", "To the shop") } else { ("close", "Cancel") },
        pay_words: options.pay_words(),
        hides_lines: options.hides_subtotals,
        may_try_again: true,
    };
    hosted(200, render(flow, &frame))
}

/// A page of the hosted payment page.
pub(crate) fn hosted(status: u16, page: String) -> Answer {
    html(status, page, HOSTED_POLICY)
}

fn render(flow: &Flow, frame: &Frame<'_>) -> String {
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
        way_out: Some(frame.way_out).filter(|_| flow.result.is_none() && !flow.asks_to_close),
        can_go_back: flow.can_go_back(),
        frame,
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
    page.render().unwrap_or_default()
}

/// The address leads nowhere.
pub(crate) fn no_such_page() -> Answer {
    html(404, include_str!("../../templates/no_such_purchase.html").to_owned(), POLICY)
}

fn html(status: u16, page: String, policy: &'static str) -> Answer {
    Answer::document(status, HTML, page)
        .with("content-security-policy", policy)
        .with("referrer-policy", "no-referrer")
        .with("cache-control", "no-store")
        .with("x-content-type-options", "nosniff")
}
