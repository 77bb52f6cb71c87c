//! Acts on orders, all alike: preview, ask where it cannot be taken back, carry out, show.

use std::process::ExitCode;

use clap::Args;
use reqwest::Method;
use serde::Deserialize;

use crate::Context;
use crate::failure::{Exit, Failure};
use crate::merchant_api::{Change, MerchantApi, fresh_idempotency_key, repeat_with, shown};
use crate::output;
use crate::view::{Acted, Preview};

/// Flags that every act has.
#[derive(Args)]
pub(super) struct ActArgs {
    /// The order's id, ord_…
    id: String,
    /// Say what it would do, and do nothing
    #[arg(long)]
    preview: bool,
    /// Stands for this act: repeating it does it once; a fresh one unless given
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
}

/// An act as the merchant API takes it.
pub(super) struct Wanted {
    method: Method,
    /// The path below the order.
    path: Vec<String>,
    body: Option<String>,
    /// The verb of the question, where one is asked.
    question: Option<&'static str>,
}

impl Wanted {
    /// A `POST` below the order.
    pub(super) fn post(path: &str, body: Option<String>) -> Self {
        Self { method: Method::POST, path: vec![path.to_owned()], body, question: None }
    }

    /// The customer's message of a capture, once more.
    pub(super) fn send_out(capture_id: &str) -> Self {
        let path = ["captures", capture_id, "trigger-send-out"].map(str::to_owned);
        Self { method: Method::POST, path: path.into(), body: None, question: None }
    }

    /// A `PATCH` of the order itself.
    pub(super) fn patch(body: String) -> Self {
        Self { method: Method::PATCH, path: Vec::new(), body: Some(body), question: None }
    }

    /// The same, asked about first.
    pub(super) fn asking(self, ask: bool, verb: &'static str) -> Self {
        Self { question: ask.then_some(verb), ..self }
    }
}

/// Carries an act out, or says what it would do.
pub(super) async fn carry_out(
    api: &MerchantApi,
    wanted: &Wanted,
    args: ActArgs,
    context: &Context,
) -> Result<ExitCode, Failure> {
    let idempotency_key = match args.idempotency_key {
        Some(key) => key,
        None => fresh_idempotency_key().await,
    };
    let below = wanted.path.iter().map(String::as_str);
    let path: Vec<&str> = ["orders", args.id.as_str()].into_iter().chain(below).collect();
    let change = Change {
        method: wanted.method.clone(),
        path: &path,
        body: wanted.body.as_deref(),
        idempotency_key: &idempotency_key,
    };
    if args.preview {
        let answer = api.preview(&change).await?;
        let text = if context.json {
            answer.json().to_owned()
        } else {
            let currency = currency_of(api, &args.id).await?;
            answer.read::<Preview>()?.show(&currency)
        };
        output::print(&text)?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(verb) = wanted.question.filter(|_| output::can_ask()) {
        let preview: Preview = api.preview(&change).await?.read()?;
        output::note(&preview.show(&currency_of(api, &args.id).await?));
        if !output::ask(&format!("\n{verb} {}?", output::plain(&args.id))) {
            return Err(Failure::new(Exit::Refused, "nothing was done, as you said"));
        }
    }
    let answer = api.change(&change).await?;
    output::print(&shown(&answer, context.json, Acted::show)?)?;
    if !answer.is_unknown() || answer.read::<Acted>()?.is_held() {
        return Ok(ExitCode::SUCCESS);
    }
    output::note(&format!(
        "The outcome is not known yet; kvitt keeps asking Klarna. {}",
        repeat_with(&idempotency_key)
    ));
    Ok(Exit::Unknown.into())
}

/// The order's currency, by which a preview's amounts are shown.
async fn currency_of(api: &MerchantApi, id: &str) -> Result<String, Failure> {
    #[derive(Deserialize)]
    struct Currency {
        purchase_currency: String,
    }
    let order: Currency = api.get(&["orders", id], &[]).await?.read()?;
    Ok(order.purchase_currency)
}
