//! Delivery of callbacks to the merchant.

mod lanes;

use std::{
    error::Error,
    io,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use axum::http::header;
use tokio::task::JoinSet;

use self::lanes::Lanes;
use crate::{
    sandbox::Shared,
    settings::Settings,
    state::callbacks::{Attempt, Delivery, Kind, Outcome, Sending},
    took::milliseconds,
};

/// Klarna documentation, of the authorization callback: two seconds to connect, two to answer. For
/// notifications and pushes a guess.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const READ_TIMEOUT: Duration = Duration::from_secs(2);

/// How often Klarna tries, and how long it waits.
struct Policy {
    attempts_max: u32,
    /// Before the second attempt.
    pause: Duration,
    pause_grows_by: u32,
    timeout: Duration,
}

impl Policy {
    /// Klarna documentation: three attempts of an authorization callback, exponentially from 1 s;
    /// four of a hosted payment page's. The others come again by the sandbox's clock.
    fn of(kind: Kind, settings: &Settings) -> Self {
        let once = Self {
            attempts_max: 1,
            pause: Duration::ZERO,
            pause_grows_by: 1,
            timeout: READ_TIMEOUT,
        };
        match kind {
            Kind::Authorization => Self {
                attempts_max: 3,
                pause: Duration::from_millis(settings.callback_pause_milliseconds),
                pause_grows_by: 2,
                ..once
            },
            Kind::Notification | Kind::Push => once,
            Kind::StatusUpdate => Self {
                attempts_max: 4,
                pause: Duration::from_millis(settings.hpp_callback_pause_milliseconds),
                timeout: Duration::from_millis(settings.hpp_callback_timeout_milliseconds),
                ..once
            },
        }
    }
}

/// Whether an answer is the one that is waited for (Klarna documentation; a push ends with the
/// acknowledgement, so that any success will do).
fn has_arrived(kind: Kind, status: u16) -> bool {
    match kind {
        Kind::Notification => status == 200,
        Kind::Authorization | Kind::Push | Kind::StatusUpdate => (200..300).contains(&status),
    }
}

/// Chooses the TLS implementation of this process, unless someone has: HTTP clients need one, also
/// those of the sandbox's users.
pub(crate) fn install_tls_provider() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// What sends callbacks. The clients are made when the first callback needs them, since reading the
/// machine's root certificates takes a moment; `None`: TLS could not be set up.
#[derive(Default)]
pub(crate) struct Sender {
    checking: OnceLock<Option<reqwest::Client>>,
    trusting: OnceLock<Option<reqwest::Client>>,
    lanes: Lanes,
}

impl Sender {
    fn client(&self, settings: &Settings) -> Option<&reqwest::Client> {
        if settings.callback_certificates_are_checked {
            self.checking.get_or_init(|| client(false)).as_ref()
        } else {
            self.trusting.get_or_init(|| client(true)).as_ref()
        }
    }
}

/// No proxy and no redirects, since the receiver is the merchant itself, and each request on a
/// connection of its own, so that a merchant who was restarted meanwhile is reached.
fn client(trusts_everyone: bool) -> Option<reqwest::Client> {
    reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .pool_max_idle_per_host(0)
        .tls_danger_accept_invalid_certs(trusts_everyone)
        .build()
        .ok()
}

/// Sends these and waits until each was answered or given up.
pub(crate) async fn send_and_wait(shared: &Arc<Shared>, sendings: Vec<Sending>) {
    let mut sending: JoinSet<()> =
        sendings.into_iter().map(|sending| run(Arc::clone(shared), sending)).collect();
    while sending.join_next().await.is_some() {}
}

/// Sends these without waiting.
pub(crate) fn send_in_background(shared: &Arc<Shared>, sendings: Vec<Sending>) {
    for sending in sendings {
        tokio::spawn(run(Arc::clone(shared), sending));
    }
}

/// Sends one callback, unless a fault keeps it, and waits until it was answered or given up.
pub(crate) async fn send(shared: Arc<Shared>, delivery: Delivery) {
    let sending = {
        let mut state = shared.state();
        let now = shared.now(&state);
        state.plan(delivery, now)
    };
    if let Some(sending) = sending {
        run(shared, sending).await;
    }
}

/// Sends what is planned.
async fn run(shared: Arc<Shared>, sending: Sending) {
    let Sending { deliveries, after, copies } = sending;
    let Some(_place) = shared.sender.lanes.place() else {
        let mut state = shared.state();
        let now = shared.now(&state);
        for delivery in &deliveries {
            let error = Some("too many callbacks are waiting to be sent");
            state.attempts.remember(Attempt { error, ..Attempt::of(delivery, now) });
        }
        return;
    };
    if !after.is_zero() {
        tokio::time::sleep(after).await;
    }
    for delivery in deliveries {
        let delivery = Arc::new(delivery);
        let copy = |_| deliver(Arc::clone(&shared), Arc::clone(&delivery));
        let mut sending: JoinSet<()> = (1..copies).map(copy).collect();
        deliver(Arc::clone(&shared), Arc::clone(&delivery)).await;
        while sending.join_next().await.is_some() {}
    }
}

/// Sends one callback, with its retries, and remembers how it went.
async fn deliver(shared: Arc<Shared>, delivery: Arc<Delivery>) {
    let policy = Policy::of(delivery.kind, &shared.state().settings);
    let mut pause = policy.pause;
    for attempt in 1..=policy.attempts_max {
        if send_once(&shared, &delivery, attempt).await.outcome == Outcome::Arrived {
            return;
        }
        if attempt < policy.attempts_max {
            tokio::time::sleep(pause).await;
            pause = pause.saturating_mul(policy.pause_grows_by);
        }
    }
}

/// Sends one callback a single time, and remembers how it went.
pub(crate) async fn send_once(shared: &Shared, delivery: &Delivery, attempt: u32) -> Attempt {
    let started = Instant::now();
    let answer = post(shared, delivery).await;
    let outcome = match answer {
        Ok(status) if has_arrived(delivery.kind, status) => Outcome::Arrived,
        Ok(_) => Outcome::Refused,
        Err(_) => Outcome::Failed,
    };
    tracing::debug!(kind = ?delivery.kind, attempt, ?outcome, "callback");
    let mut state = shared.state();
    let at = shared.now(&state);
    if outcome == Outcome::Arrived && delivery.kind == Kind::Notification {
        state.repeats.end(&delivery.callback_id);
    }
    state.attempts.remember(Attempt {
        attempt: Some(attempt),
        duration_milliseconds: milliseconds(started.elapsed()),
        outcome,
        status: answer.ok(),
        error: answer.err(),
        ..Attempt::of(delivery, at)
    })
}

/// The answer's status, or why there is none.
async fn post(shared: &Shared, delivery: &Delivery) -> Result<u16, &'static str> {
    const NO_URL: &str = "not a URL that can be called";
    let settings = Arc::clone(&shared.state().settings);
    let client = shared.sender.client(&settings).ok_or("TLS could not be set up")?;
    let url: url::Url = delivery.url.parse().map_err(|_| NO_URL)?;
    let receiver = url.origin().ascii_serialization();
    let _turn = shared.sender.lanes.turn(&receiver).await;
    let user_agent = settings.callback_user_agent.as_str();
    let mut request = client
        .post(url)
        .header(header::USER_AGENT, user_agent)
        .timeout(Policy::of(delivery.kind, &settings).timeout);
    if delivery.body.is_empty() {
        request = request.header(header::CONTENT_LENGTH, "0");
    } else {
        let content_type = settings.callback_content_type.as_str();
        request = request.header(header::CONTENT_TYPE, content_type).body(delivery.body.clone());
    }
    match request.send().await {
        Ok(response) => Ok(response.status().as_u16()),
        Err(error) if error.is_builder() => Err(NO_URL),
        Err(error) if error.is_timeout() => Err("timed out"),
        Err(error) if is_tls(&error) => Err("the receiver's certificate was not accepted"),
        Err(error) if error.is_connect() => Err("could not connect"),
        Err(_) => Err("no answer"),
    }
}

/// Whether TLS refused the receiver.
fn is_tls(error: &reqwest::Error) -> bool {
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    while let Some(error) = cause {
        if error.is::<rustls::Error>() {
            return true;
        }
        // An error of I/O does not name the one that it wraps as its source.
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        cause = match wrapped {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_pauses_and_time_limits_are_klarnas() {
        let policy = |kind| {
            let Policy { attempts_max, pause, pause_grows_by, timeout } =
                Policy::of(kind, &Settings::default());
            (attempts_max, pause.as_secs(), pause_grows_by, timeout.as_secs())
        };
        assert_eq!(policy(Kind::Authorization), (3, 1, 2, 2));
        assert_eq!(policy(Kind::Notification).0, 1);
        assert_eq!(policy(Kind::Push).0, 1);
        assert_eq!(policy(Kind::StatusUpdate), (4, 3, 1, 3));
    }
}
