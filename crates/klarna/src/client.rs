//! The client.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::http::{Http, RealPacing, Timeouts};
use crate::operation::Repeat;
use crate::retry::{self, Policy, Retry};
use crate::{
    Answer, BaseUrl, CorrelationId, Credentials, Error, FromAnswer, Outcome, Pacing, Request,
    Transport, customer_tokens, hpp, orders, payments,
};

/// Calls Klarna with one account's credentials. Cheap to clone; clones share their connections.
///
/// ```
/// use klarna::{BaseUrl, Client, Credentials};
///
/// let client = Client::builder()
///     .base_url(BaseUrl::custom("http://127.0.0.1:4010")?)
///     .credentials(Credentials::username_password("PK00000_sandbox", "sandbox"))
///     .user_agent("my-shop/1.2")
///     .build()?;
/// # Ok::<(), klarna::Error>(())
/// ```
#[derive(Clone)]
pub struct Client {
    base_url: Option<BaseUrl>,
    transport: Arc<dyn Transport>,
    pacing: Arc<dyn Pacing>,
    policy: Policy,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("policy", &self.policy).finish_non_exhaustive()
    }
}

/// Sets up a [`Client`].
#[derive(Default)]
pub struct ClientBuilder {
    base_url: Option<BaseUrl>,
    credentials: Option<Credentials>,
    timeouts: Timeouts,
    user_agent: Option<String>,
    policy: Policy,
    transport: Option<Arc<dyn Transport>>,
    pacing: Option<Arc<dyn Pacing>>,
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("base_url", &self.base_url)
            .field("credentials", &self.credentials)
            .field("timeouts", &self.timeouts)
            .field("user_agent", &self.user_agent)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

impl ClientBuilder {
    /// Where Klarna is reached. Needed.
    #[must_use]
    pub fn base_url(mut self, base_url: BaseUrl) -> Self {
        self.base_url = Some(base_url);
        self
    }

    /// The account's credentials. Needed.
    #[must_use]
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Longest wait for a connection; 5 s unless told.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.timeouts.connect = timeout;
        self
    }

    /// Longest wait for an answer; 65 s unless told.
    #[must_use]
    pub fn answer_timeout(mut self, timeout: Duration) -> Self {
        self.timeouts.answer = timeout;
        self
    }

    /// Product and version of the program that calls, added to this crate's own.
    #[must_use]
    pub fn user_agent(mut self, product: impl Into<String>) -> Self {
        self.user_agent = Some(product.into());
        self
    }

    /// How often and how patiently to repeat; [`Policy::OFF`] never does.
    #[must_use]
    pub fn retry(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// Another transport than HTTP. Base URL, credentials and time-outs are then its own matter,
    /// but for a base URL that [`hpp::HostedPaymentPages::create_session`] writes into its request.
    #[must_use]
    pub fn transport(mut self, transport: impl Transport + 'static) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    /// Another source of time and chance than the real ones.
    #[must_use]
    pub fn pacing(mut self, pacing: impl Pacing + 'static) -> Self {
        self.pacing = Some(Arc::new(pacing));
        self
    }

    /// The client. Refused with [`Error::Configuration`] where a setting is missing or cannot
    /// work.
    pub fn build(self) -> Result<Client, Error> {
        let missing = |setting| Error::Configuration {
            setting,
            problem: "it is missing, and there is no default".to_owned(),
        };
        let known = self.base_url.clone();
        let transport: Arc<dyn Transport> = if let Some(transport) = self.transport {
            transport
        } else {
            let base_url = self.base_url.ok_or_else(|| missing("base_url"))?;
            let credentials = self.credentials.ok_or_else(|| missing("credentials"))?;
            let user_agent = self.user_agent.as_deref();
            Arc::new(Http::new(base_url, &credentials, self.timeouts, user_agent)?)
        };
        let pacing = self.pacing.unwrap_or_else(|| Arc::new(RealPacing));
        Ok(Client { base_url: known, transport, pacing, policy: self.policy })
    }
}

impl Client {
    /// Begins to set up a client.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// The address that it calls; none where only a transport was given.
    pub fn base_url(&self) -> Option<&BaseUrl> {
        self.base_url.as_ref()
    }

    /// The same client with something between it and its transport, such as a budget of calls.
    /// Every attempt passes it, also those that repeat a request.
    #[must_use]
    pub fn through<T: Transport + 'static>(
        &self,
        wrap: impl FnOnce(Arc<dyn Transport>) -> T,
    ) -> Self {
        Self { transport: Arc::new(wrap(Arc::clone(&self.transport))), ..self.clone() }
    }

    /// Klarna Payments: sessions, authorizations, placing orders.
    pub fn payments(&self) -> payments::Payments<'_> {
        payments::Payments::new(self)
    }

    /// Order Management: captures, refunds and everything else that happens to an order.
    pub fn orders(&self) -> orders::Orders<'_> {
        orders::Orders::new(self)
    }

    /// Hosted Payment Page: a purchase paid by link.
    pub fn hosted_payment_pages(&self) -> hpp::HostedPaymentPages<'_> {
        hpp::HostedPaymentPages::new(self)
    }

    /// Customer Token: later charges of a customer who agreed to them.
    pub fn customer_tokens(&self) -> customer_tokens::CustomerTokens<'_> {
        customer_tokens::CustomerTokens::new(self)
    }

    /// Sends a request, built just now or stored long ago, and reads its answer as `T`. Repeats
    /// it by the client's policy, each time byte for byte the same. Where an attempt's outcome
    /// stayed unknown, a later attempt that was not answered does not settle it, and nor does one
    /// of a write that was refused, which may be so because the earlier one took effect: the error
    /// is the earlier attempt's then. Dropping the future before it ends leaves the outcome unknown
    /// too.
    ///
    /// ```no_run
    /// # async fn list(client: klarna::Client) -> Result<(), klarna::Error> {
    /// use klarna::{Method, Request};
    ///
    /// let request = Request::raw(Method::Get, "/settlements/v1/payouts?size=1", None, None)?;
    /// let payouts = client.send::<serde_json::Value>(&request).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn send<T: FromAnswer>(&self, request: &Request) -> Result<Answer<T>, Error> {
        let operation = request.operation();
        let mut attempt = 1;
        // What an attempt left open stays open if a later one was not even sent, or refused: only
        // a success under the same key says what became of it.
        let mut unsettled = None;
        loop {
            let exchange = self.transport.exchange(request).await;
            let jitter = self.pacing.jitter();
            let decision =
                retry::decide(request, &exchange.ending(), attempt, &self.policy, jitter);
            let duration_ms = u64::try_from(exchange.duration.as_millis()).unwrap_or(u64::MAX);
            let (status, correlation_id, failure) = match &exchange.answer {
                Ok(answer) => (Some(answer.status), answer.correlation_id(), None),
                Err(failure) => (None, None, Some(failure.as_str())),
            };
            tracing::debug!(
                operation = operation.as_str(),
                attempt,
                status,
                failure,
                duration_ms,
                correlation_id = correlation_id.as_ref().map(CorrelationId::as_str),
                "called Klarna"
            );
            let read = match exchange.answer {
                Ok(answer) => answer.read(operation),
                Err(failure) => Err(failure.into_error(operation)),
            };
            match (decision, read) {
                (_, Ok(answer)) => return Ok(answer),
                (Retry::No, Err(error)) => {
                    let settles = match error.outcome() {
                        Outcome::NotSent => false,
                        Outcome::Refused => operation.repeat() == Repeat::Freely,
                        Outcome::Unknown => true,
                    };
                    return Err(unsettled.filter(|_| !settles).unwrap_or(error));
                }
                (Retry::After(wait), Err(error)) => {
                    if error.outcome() == Outcome::Unknown {
                        unsettled = Some(error);
                    }
                    self.pacing.pause(wait).await;
                }
            }
            attempt += 1;
        }
    }
}
