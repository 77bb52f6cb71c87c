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
/// Klarna documentation: a status update is sent four times at most.
const STATUS_UPDATE_ATTEMPTS_MAX: u32 = 4;
/// Klarna documentation: an authorization callback has three attempts, exponentially from 1 s.
const AUTHORIZATION_ATTEMPTS_MAX: u32 = 3;

/// Chooses the TLS implementation of this process, unless someone has: HTTP clients need one, also
/// those of the sandbox's users.
pub(crate) fn install_tls_provider() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// The client that sends callbacks: no proxy and no redirects, since the receiver is the merchant
/// itself. A status update brings a time limit of its own.
pub(crate) fn client(kind: Kind) -> Option<reqwest::Client> {
    let builder = match kind {
        Kind::Authorization | Kind::Notification => {
            reqwest::Client::builder().connect_timeout(CONNECT_TIMEOUT).read_timeout(READ_TIMEOUT)
        }
        Kind::StatusUpdate => reqwest::Client::builder(),
    };
    builder
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
    let settings = Arc::clone(&shared.state().settings);
    let (attempts_max, pause, pause_grows_by) = match delivery.kind {
        Kind::Authorization => {
            (AUTHORIZATION_ATTEMPTS_MAX, settings.callback_pause_milliseconds, 2)
        }
        Kind::Notification => (1, 0, 1),
        Kind::StatusUpdate => {
            (STATUS_UPDATE_ATTEMPTS_MAX, settings.hpp_callback_pause_milliseconds, 1)
        }
    };
    let mut pause = Duration::from_millis(pause);
    for attempt in 1..=attempts_max {
        let answer = post(&shared, &delivery).await;
        if note(&shared, &delivery, attempt, answer) {
            return;
        }
        if attempt < attempts_max {
            tokio::time::sleep(pause).await;
            pause *= pause_grows_by;
        }
    }
}

async fn post(shared: &Shared, delivery: &Delivery) -> Result<u16, &'static str> {
    let client = shared.client(delivery.kind).ok_or("TLS could not be set up")?;
    let mut request = client.post(&delivery.url).json(&delivery.body);
    if delivery.kind == Kind::StatusUpdate {
        let limit = shared.state().settings.hpp_callback_timeout_milliseconds;
        request = request.timeout(Duration::from_millis(limit));
    }
    match request.send().await {
        Ok(response) => Ok(response.status().as_u16()),
        Err(error) if error.is_builder() => Err("not a URL that can be called"),
        Err(error) if error.is_timeout() => Err("timed out"),
        Err(error) if error.is_connect() => Err("could not connect"),
        Err(_) => Err("no answer"),
    }
}

/// Remembers an attempt; gives whether the callback has arrived.
fn note(
    shared: &Shared,
    delivery: &Delivery,
    attempt: u32,
    answer: Result<u16, &'static str>,
) -> bool {
    let arrived = match (delivery.kind, answer) {
        (Kind::Authorization | Kind::StatusUpdate, Ok(status)) => (200..300).contains(&status),
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
    remember(&mut state.attempts, noted);
    arrived
}
