//! Buyer flows: what stands between `authorize()` in the browser and its answer.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Moment, State,
    callbacks::Delivery,
    sessions::{Authorized, Outcome},
};
use crate::{
    rules::{
        contact, person,
        plan::{self, Plan},
        purchase::Purchase,
        read::Members,
        refusal::Refusal,
        test_persons,
        weight::Weigh,
    },
    write::sdk,
};

/// The code that fails (Klarna documentation: any other six digits pass).
const FAILING_CODE: &str = "999999";
const CODE_DIGITS: usize = 6;

/// How much of what a buyer types is kept.
const TYPED_CHARACTERS_MAX: usize = 255;

/// What the browser SDK asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Operation {
    #[default]
    Authorize,
    Reauthorize,
    Finalize,
}

/// How the browser SDK opens a flow.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct OpenFlow {
    operation: Operation,
    data: Members,
    #[serde(flatten)]
    asked: plan::Asked,
    auto_finalize: Option<bool>,
    /// The merchant page's origin, to which the answer is told.
    origin: Option<String>,
}

/// Where the buyer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Phone,
    Otp,
    SignUp,
    /// One further check, by its place among those that the person has to pass.
    Check(usize),
    Plan,
    Review,
    /// Refused; the buyer has to read it before the window goes.
    Denied,
    /// The session ended meanwhile.
    Expired,
    Done,
}

/// A member of the new-customer form.
pub(crate) struct Asked {
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
    pub(crate) autocomplete: &'static str,
    required: bool,
}

impl Asked {
    /// The keyboard that a phone shows for it.
    pub(crate) fn keyboard(&self) -> &'static str {
        if self.name == "email" { "email" } else { "text" }
    }
}

const fn asked(
    name: &'static str,
    label: &'static str,
    autocomplete: &'static str,
    required: bool,
) -> Asked {
    Asked { name, label, autocomplete, required }
}

const DATE_OF_BIRTH: &str = "date_of_birth";
const REGION: Asked = asked("region", "State or region", "address-level1", true);

/// What a new customer has to fill in.
pub(crate) fn sign_up_form(country: &str) -> Vec<Asked> {
    let mut form = vec![
        asked("given_name", "First name", "given-name", true),
        asked("family_name", "Last name", "family-name", true),
        asked("email", "E-mail", "email", true),
        asked("street_address", "Street", "address-line1", true),
        asked("postal_code", "Postal code", "postal-code", true),
        asked("city", "City", "address-level2", true),
        asked(DATE_OF_BIRTH, "Born (YYYY-MM-DD, optional)", "bday", false),
    ];
    if matches!(country, "US" | "AU" | "CA") {
        form.insert(6, REGION);
    }
    form
}

/// The inputs that the pages have.
const TYPED: [&str; 11] = [
    "phone",
    "otp",
    "plan",
    "given_name",
    "family_name",
    "email",
    "street_address",
    "postal_code",
    "city",
    "region",
    DATE_OF_BIRTH,
];

/// What is kept of a form's field; nothing of one that no page has.
fn typed((name, text): (String, String)) -> Option<(String, String)> {
    let is_known = TYPED.contains(&name.as_str());
    is_known.then(|| (name, text.chars().take(TYPED_CHARACTERS_MAX).collect()))
}

/// One buyer on the way.
pub(crate) struct Flow {
    pub(crate) flow_id: String,
    pub(crate) session_id: String,
    pub(crate) origin: Option<String>,
    operation: Operation,
    auto_finalize: bool,
    /// What the merchant's page sent with the call.
    data: Members,
    /// The session's purchase with it.
    pub(crate) purchase: Purchase,
    pub(crate) plans: Vec<Plan>,
    pub(crate) chosen: Option<Plan>,
    checks: Vec<String>,
    pub(crate) step: Step,
    /// The buyer wants to leave and is asked whether they are sure.
    pub(crate) asks_to_close: bool,
    /// What the buyer typed, by the input's name.
    pub(crate) typed: HashMap<String, String>,
    /// What is wrong with it, by the input's name.
    pub(crate) problems: Vec<(&'static str, String)>,
    /// The answer to the merchant's page, once there is one.
    pub(crate) result: Option<Value>,
    /// How much memory it takes.
    pub(crate) memory: usize,
}

impl Weigh for Flow {
    /// With all that a buyer may type.
    fn weight(&self) -> usize {
        let typed = TYPED.len() * (TYPED_CHARACTERS_MAX + 100);
        size_of::<Self>() + self.data.weight() + self.purchase.weight() + typed
    }
}

impl Flow {
    /// A text that the buyer typed, without blanks around it.
    pub(crate) fn typed(&self, name: &str) -> &str {
        self.typed.get(name).map_or("", |text| text.trim())
    }

    /// What is known under a name: typed, else sent by the merchant.
    pub(crate) fn known(&self, name: &str) -> &str {
        let typed = self.typed(name);
        if !typed.is_empty() {
            return typed;
        }
        let addresses = [&self.purchase.billing_address, &self.purchase.shipping_address];
        let sent = addresses.into_iter().find_map(|address| address.as_ref()?.get(name));
        let customer = || self.purchase.customer.as_ref()?.get(name);
        sent.or_else(customer).unwrap_or_default()
    }

    /// The check that the buyer stands at, such as `bank login`.
    pub(crate) fn check(&self) -> String {
        let Step::Check(place) = self.step else { return String::new() };
        let name = self.checks.get(place).map_or("", String::as_str);
        name.trim_start_matches("auth_").replace('_', " ")
    }

    fn email(&self) -> Option<&str> {
        Some(self.known("email")).filter(|email| !email.is_empty())
    }

    /// Whether the buyer has to say who they are: a new customer, or one of whom nothing was sent.
    fn must_sign_up(&self) -> bool {
        person::is_new(self.email())
            || self.known("given_name").is_empty()
            || self.known("street_address").is_empty()
    }

    fn after_otp(&self) -> Step {
        if self.must_sign_up() { Step::SignUp } else { self.after_sign_up() }
    }

    fn after_sign_up(&self) -> Step {
        if self.checks.is_empty() { Step::Plan } else { Step::Check(0) }
    }

    /// Whether the page offers a step back: without the buyer's own choice there is none.
    pub(crate) fn can_go_back(&self) -> bool {
        self.operation == Operation::Authorize
    }

    fn back(&mut self) {
        self.step = match self.step {
            Step::Plan | Step::Check(_) if self.must_sign_up() => Step::SignUp,
            Step::Otp | Step::SignUp | Step::Check(_) | Step::Plan => Step::Phone,
            Step::Review if self.can_go_back() => Step::Plan,
            other => other,
        };
    }

    /// The buyer's `continue` on a page that only collects.
    fn go_on(&mut self) {
        self.problems = match self.step {
            Step::Phone => self.phone_problems(),
            Step::Otp => self.otp_problems(),
            Step::SignUp => self.sign_up_problems(),
            Step::Plan => self.choose_plan(),
            _ => Vec::new(),
        };
        if !self.problems.is_empty() {
            return;
        }
        self.step = match self.step {
            Step::Phone => Step::Otp,
            Step::Otp => self.after_otp(),
            Step::SignUp => {
                self.checks = person::checks(self.email());
                self.after_sign_up()
            }
            Step::Check(place) if place + 1 < self.checks.len() => Step::Check(place + 1),
            Step::Check(_) => Step::Plan,
            Step::Plan => Step::Review,
            other => other,
        };
    }

    fn phone_problems(&self) -> Vec<(&'static str, String)> {
        if contact::is_phone(self.typed("phone")) {
            return Vec::new();
        }
        let text = "Enter a phone number with its country code, like the one of the test person.";
        vec![("phone", text.to_owned())]
    }

    fn otp_problems(&self) -> Vec<(&'static str, String)> {
        let code: String = self.typed("otp").chars().filter(|it| !it.is_whitespace()).collect();
        let is_code = code.len() == CODE_DIGITS && code.bytes().all(|it| it.is_ascii_digit());
        let text = match code.as_str() {
            FAILING_CODE => "This code is wrong. Try another one: any other six digits pass.",
            _ if !is_code => "Enter six digits.",
            _ => return Vec::new(),
        };
        vec![("otp", text.to_owned())]
    }

    fn sign_up_problems(&self) -> Vec<(&'static str, String)> {
        let country = self.purchase.country();
        let problem = |asked: &Asked| {
            let text = self.typed(asked.name);
            let problem = match asked.name {
                _ if text.is_empty() && asked.required => "Fill this in.",
                _ if text.is_empty() => return None,
                "given_name" | "family_name" if !contact::is_name(text) => "Enter a name.",
                "email" if !contact::is_email(text) => "Enter an e-mail address.",
                "postal_code" if !contact::is_postal_code(&country, text) => {
                    "Enter a postal code of the country."
                }
                DATE_OF_BIRTH if text.parse::<jiff::civil::Date>().is_err() => {
                    "Enter a date like 1970-07-10."
                }
                _ => return None,
            };
            Some((asked.name, problem.to_owned()))
        };
        sign_up_form(&country).iter().filter_map(problem).collect()
    }

    fn choose_plan(&mut self) -> Vec<(&'static str, String)> {
        let chosen = self.plans.iter().find(|plan| plan.name == self.typed("plan")).copied();
        self.chosen = chosen;
        if chosen.is_some() {
            return Vec::new();
        }
        vec![("plan", "Choose how to pay.".to_owned())]
    }

    /// What the authorization brings: what the merchant sent, and where they sent no billing
    /// address, what the buyer typed. What a buyer types over a merchant's address stays with
    /// Klarna and takes no part in the match (guess; real playgrounds make it up).
    fn authorization_data(&self) -> Members {
        let mut data = self.data.clone();
        if self.purchase.billing_address.is_none() && !self.typed("given_name").is_empty() {
            let country = self.purchase.country();
            let mut address = Members::new();
            let form = sign_up_form(&country);
            let names = form.iter().map(|asked| asked.name).filter(|it| *it != DATE_OF_BIRTH);
            for name in names.chain(["phone"]) {
                let text = self.typed(name);
                if !text.is_empty() {
                    address.insert(name.to_owned(), json!(text));
                }
            }
            address.insert("country".to_owned(), json!(country));
            data.insert("billing_address".to_owned(), Value::Object(address));
        }
        data
    }

    /// The answer for a buyer who left (Klarna documentation: `finalize` hides the form then).
    fn aborted(&self) -> Value {
        match self.operation {
            Operation::Finalize => sdk::denied(),
            Operation::Authorize | Operation::Reauthorize => sdk::authorized(&Authorized::Aborted),
        }
    }
}

/// A flow that waits for the buyer, or an answer that needed none.
pub(crate) enum Opened {
    Flow(String),
    Result(Value),
}

impl State {
    /// Opens a flow. One that was open for the same session ends as if the buyer had left.
    pub(crate) fn open_flow(
        &mut self,
        session_id: &str,
        request: OpenFlow,
        moment: &Moment<'_>,
    ) -> Result<Opened, Refusal> {
        let session = self.open_session(session_id, moment.now)?;
        let purchase = match session.authorizable(&request.data) {
            Ok(purchase) => purchase,
            Err(fields) => {
                let result = sdk::authorized(&Authorized::InvalidFields(fields));
                return Ok(Opened::Result(result));
            }
        };
        let mut data = request.data;
        let mut plans = request.asked.plans(&purchase.country());
        if request.operation == Operation::Finalize {
            let Some((agreed, method)) = session.to_finalize.clone() else {
                return Ok(Opened::Result(sdk::denied()));
            };
            plans.retain(|plan| plan.method() == method);
            data = agreed.into_iter().chain(data).collect();
        }
        let is_short = request.operation != Operation::Authorize;
        let flow_id = moment.uuid();
        self.end_flows_of(session_id);
        let flow = Flow {
            flow_id: flow_id.clone(),
            session_id: session_id.to_owned(),
            origin: request.origin,
            operation: request.operation,
            auto_finalize: request.auto_finalize.unwrap_or(true),
            data,
            checks: person::checks(purchase.email()),
            purchase,
            chosen: plans.first().copied().filter(|_| is_short),
            plans,
            step: if is_short { Step::Review } else { Step::Phone },
            asks_to_close: false,
            typed: HashMap::new(),
            problems: Vec::new(),
            result: None,
            memory: 0,
        };
        self.flows.insert(&flow_id, flow);
        self.weigh_flow(&flow_id);
        Ok(Opened::Flow(flow_id))
    }

    /// Ends the flow of a session that is open, and forgets those that had ended.
    fn end_flows_of(&mut self, session_id: &str) {
        for id in self.flows.ids_of(|flow| flow.session_id == session_id) {
            match self.flows.get_mut(&id) {
                Some(flow) if flow.result.is_none() => {
                    flow.result = Some(flow.aborted());
                    flow.step = Step::Done;
                }
                _ => self.forget_flow(&id),
            }
        }
    }

    /// A flow as it is now: one without an answer ends with its session.
    pub(crate) fn flow(&mut self, flow_id: &str, moment: &Moment<'_>) -> Option<&mut Flow> {
        let flow = self.flows.get(flow_id)?;
        if flow.result.is_none() {
            let session_id = flow.session_id.clone();
            let ended = self.open_session(&session_id, moment.now).is_err();
            let flow = self.flows.get_mut(flow_id)?;
            if ended {
                flow.result = Some(sdk::denied());
                flow.step = Step::Expired;
            }
        }
        self.flows.get_mut(flow_id)
    }

    /// The buyer's window is gone.
    pub(crate) fn close_flow(&mut self, flow_id: &str, moment: &Moment<'_>) -> Option<Value> {
        let flow = self.flow(flow_id, moment)?;
        let aborted = flow.aborted();
        if flow.result.is_none() {
            flow.step = Step::Done;
        }
        Some(flow.result.get_or_insert(aborted).clone())
    }

    /// The buyer pressed a button. Gives the authorization callback that is to be sent.
    pub(crate) fn press(
        &mut self,
        flow_id: &str,
        form: HashMap<String, String>,
        moment: &Moment<'_>,
    ) -> Option<Delivery> {
        let flow = self.flow(flow_id, moment)?;
        let action = form.get("action").map_or("continue", String::as_str).to_owned();
        let answered = flow.result.is_some();
        if answered {
            if action == "leave" {
                flow.step = Step::Done;
            }
            return None;
        }
        flow.typed.extend(form.into_iter().filter_map(typed));
        flow.problems.clear();
        flow.asks_to_close = action == "close";
        match action.as_str() {
            "abort" => {
                self.close_flow(flow_id, moment);
            }
            "back" => flow.back(),
            "approve" if flow.step == Step::Review => return self.approve(flow_id, moment),
            "continue" => flow.go_on(),
            _ => {}
        }
        None
    }

    /// The buyer agreed to the purchase; now Klarna decides.
    fn approve(&mut self, flow_id: &str, moment: &Moment<'_>) -> Option<Delivery> {
        let flow = self.flows.get(flow_id)?;
        let session_id = flow.session_id.clone();
        let data = flow.authorization_data();
        let plan = flow.chosen?;
        let denied_by_phone = test_persons::is_denied(flow.known("phone"));
        let denied_by_email = person::reaction(flow.email()) == person::Reaction::Denied;
        let denied = denied_by_phone || denied_by_email;
        let waits = plan.moves_money && !flow.auto_finalize && !denied;
        if waits {
            let session = self.open_session(&session_id, moment.now).ok()?;
            session.to_finalize = Some((data, plan.method()));
            self.weigh_session(&session_id);
            self.end(flow_id, sdk::to_finalize(), Step::Done);
            return None;
        }
        let outcome = if denied { Outcome::Denied } else { Outcome::Approved };
        let method = Some(plan.method());
        let authorized = self.authorize(&session_id, Some(outcome), &data, method, moment);
        match authorized {
            Ok(authorized @ Authorized::Approved { .. }) => {
                self.end(flow_id, sdk::authorized(&authorized), Step::Done);
                let Authorized::Approved { authorization_token } = &authorized else { return None };
                if let Ok(session) = self.open_session(&session_id, moment.now) {
                    session.to_finalize = None;
                }
                return self.authorization_callback(&session_id, authorization_token, moment);
            }
            Ok(Authorized::Denied) => self.end(flow_id, sdk::denied(), Step::Denied),
            Ok(other) => self.end(flow_id, sdk::authorized(&other), Step::Done),
            Err(_) => self.end(flow_id, sdk::denied(), Step::Expired),
        }
        None
    }

    fn end(&mut self, flow_id: &str, result: Value, step: Step) {
        if let Some(flow) = self.flows.get_mut(flow_id) {
            flow.result = Some(result);
            flow.step = step;
        }
    }
}
