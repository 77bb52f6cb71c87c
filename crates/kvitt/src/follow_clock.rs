//! A clock that follows a sandbox's, so that advancing the one moves the other.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use kvitt_engine::{Clock, SystemClock};
use serde::Deserialize;
use url::Url;

/// Longest wait for the sandbox, which is next door.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// Tells the time that a sandbox tells. Where the sandbox does not answer, it goes on from the
/// last time known, at the machine's own pace.
#[derive(Debug)]
pub(crate) struct FollowClock {
    client: reqwest::Client,
    clock: Url,
    /// How far the sandbox's time was ahead of the machine's when it last told.
    ahead: Mutex<SignedDuration>,
}

#[derive(Deserialize)]
struct Told {
    now: Timestamp,
}

impl FollowClock {
    /// A clock that follows the sandbox at this address. Fails where it does not tell the time
    /// now.
    pub(crate) async fn of_sandbox(sandbox: &Url) -> anyhow::Result<Self> {
        // Proxies are for what is far away, and the callbacks' TLS is none of this.
        let client = reqwest::Client::builder().timeout(ANSWER_WITHIN).no_proxy().build()?;
        let mut clock = sandbox.clone();
        clock
            .path_segments_mut()
            .map_err(|()| anyhow::anyhow!("the address cannot have a path"))?
            .pop_if_empty()
            .extend(["sandbox", "v1", "clock"]);
        let following = Self { client, clock, ahead: Mutex::default() };
        following.follow().await?;
        Ok(following)
    }

    async fn follow(&self) -> anyhow::Result<()> {
        let answer = self.client.get(self.clock.clone()).send().await?.error_for_status()?;
        let told: Told = answer.json().await?;
        let ahead = told.now.duration_since(SystemClock.now().await);
        *self.ahead.lock().unwrap_or_else(PoisonError::into_inner) = ahead;
        Ok(())
    }
}

#[async_trait]
impl Clock for FollowClock {
    async fn now(&self) -> Timestamp {
        if let Err(error) = self.follow().await {
            tracing::warn!(error = %error.root_cause(), "the sandbox does not tell its time");
        }
        let ahead = *self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        let now = SystemClock.now().await;
        now.checked_add(ahead).unwrap_or(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn advance(sandbox: &str, by: &str) {
        let advanced = reqwest::Client::builder()
            .build()
            .unwrap()
            .post(format!("{sandbox}/sandbox/v1/clock/advance"))
            .body(format!(r#"{{"by":"{by}"}}"#))
            .send()
            .await
            .unwrap();
        assert!(advanced.status().is_success());
    }

    #[tokio::test]
    async fn it_follows_and_goes_on_alone() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let config = klarna_sandbox::Config::default();
        let sandbox = klarna_sandbox::Sandbox::start(config).await.unwrap();
        let address = sandbox.url();
        let clock = FollowClock::of_sandbox(&address.parse().unwrap()).await.unwrap();
        let before = clock.now().await;
        advance(&address, "P28D").await;
        let days = |later: Timestamp| later.duration_since(before).as_secs() / 86_400;
        assert_eq!(days(clock.now().await), 28);
        drop(sandbox);
        assert_eq!(days(clock.now().await), 28, "without the sandbox it goes on from there");
    }

    #[tokio::test]
    async fn an_address_that_tells_no_time_is_refused_at_once() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", nobody.local_addr().unwrap());
        drop(nobody);
        assert!(FollowClock::of_sandbox(&address.parse().unwrap()).await.is_err());
    }
}
