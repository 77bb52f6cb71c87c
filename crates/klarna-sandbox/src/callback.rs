//! Delivery of callbacks to the merchant.

use std::{sync::Arc, time::Duration};

use tokio::task::JoinSet;

use crate::{
    sandbox::Shared,
    state::callbacks::{Attempt, Delivery, Kind, remember},
};

/// Klarna documentation: two seconds to connect, two to answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const READ_TIMEOUT: Duration = Duration::from_secs(2);
/// Klarna documentation: an authorization callback has three attempts, exponentially from 1 s.
const AUTHORIZATION_ATTEMPTS_MAX: u32 = 3;

/// Chooses the TLS implementation of this process, unless someone has: HTTP clients need one, also
/// those of the sandbox's users.
pub(crate) fn install_tls_provider() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// The client that sends callbacks: no proxy and no redirects, since the receiver is the merchant
/// itself.
pub(crate) fn client() -> Option<reqwest::Client> {
    reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .user_agent("klarna-sandbox")
        .build()
        .ok()
}

/// Sends these and waits until each was answered or given up.
pub(crate) async fn send_and_wait(shared: &Arc<Shared>, deliveries: Vec<Delivery>) {
    let mut sending: JoinSet<()> =
        deliveries.into_iter().map(|delivery| send(Arc::clone(shared), delivery)).collect();
    while sending.join_next().await.is_some() {}
}

/// Sends these without waiting.
pub(crate) fn send_in_background(shared: &Arc<Shared>, deliveries: Vec<Delivery>) {
    for delivery in deliveries {
        tokio::spawn(send(Arc::clone(shared), delivery));
    }
}

/// Sends one callback, with its retries, and remembers how it went.
pub(crate) async fn send(shared: Arc<Shared>, delivery: Delivery) {
    let attempts_max = match delivery.kind {
        Kind::Authorization => AUTHORIZATION_ATTEMPTS_MAX,
        Kind::Notification => 1,
    };
    let mut pause = Duration::from_millis(shared.state().settings.callback_pause_milliseconds);
    for attempt in 1..=attempts_max {
        let answer = post(&shared, &delivery).await;
        if note(&shared, &delivery, attempt, answer).0 {
            return;
        }
        if attempt < attempts_max {
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
    }
}

/// Sends one callback a single time, and remembers how it went.
pub(crate) async fn send_once(shared: &Shared, delivery: &Delivery) -> Attempt {
    let answer = post(shared, delivery).await;
    note(shared, delivery, 1, answer).1
}

async fn post(shared: &Shared, delivery: &Delivery) -> Result<u16, &'static str> {
    let client = shared.client().ok_or("TLS could not be set up")?;
    let sent = client.post(&delivery.url).json(&delivery.body).send().await;
    match sent {
        Ok(response) => Ok(response.status().as_u16()),
        Err(error) if error.is_builder() => Err("not a URL that can be called"),
        Err(error) if error.is_timeout() => Err("timed out"),
        Err(error) if error.is_connect() => Err("could not connect"),
        Err(_) => Err("no answer"),
    }
}

/// Remembers an attempt; gives whether the callback has arrived, and the attempt.
fn note(
    shared: &Shared,
    delivery: &Delivery,
    attempt: u32,
    answer: Result<u16, &'static str>,
) -> (bool, Attempt) {
    let arrived = match (delivery.kind, answer) {
        (Kind::Authorization, Ok(status)) => (200..300).contains(&status),
        (Kind::Notification, Ok(status)) => status == 200,
        (_, Err(_)) => false,
    };
    tracing::debug!(kind = ?delivery.kind, attempt, arrived, "callback");
    let mut state = shared.state();
    let at = shared.now(&state);
    if arrived && delivery.kind == Kind::Notification {
        let id = &delivery.callback_id;
        for it in state.notifications.iter_mut().filter(|it| it.delivery.callback_id == *id) {
            it.answered = true;
        }
    }
    let Delivery { callback_id, kind, url, body } = delivery.clone();
    let (status, error) = (answer.ok(), answer.err());
    let noted = Attempt { callback_id, kind, url, body, attempt, at, status, error };
    remember(&mut state.attempts, noted.clone());
    (arrived, noted)
}
