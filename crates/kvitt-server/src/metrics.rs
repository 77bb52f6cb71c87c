//! Metrics in the text format of Prometheus. Each server has a recorder of its own, so that
//! several of them in one process do not mix.

use std::time::Duration;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use kvitt_engine::{Alarm, AlarmKind, Engine};
use kvitt_ledger::{InboxDoor, SaleQuery};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

use crate::app::App;
use crate::problem::Problem;

/// Bounds of the latency histogram, in seconds.
const LATENCIES: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0];

/// A server's own counters.
pub(crate) struct Metrics {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let builder = PrometheusBuilder::new();
        // Fails only for an empty list.
        let builder = builder.set_buckets(&LATENCIES).unwrap_or_else(|_| PrometheusBuilder::new());
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        metrics::with_local_recorder(&recorder, || {
            metrics::describe_counter!("kvitt_http_requests_total", "Requests by route and status");
            metrics::describe_histogram!(
                "kvitt_http_request_duration_seconds",
                "How long answers took, by route"
            );
            metrics::describe_counter!("kvitt_acts_total", "Acts on orders by kind and outcome");
            metrics::describe_counter!(
                "kvitt_callbacks_total",
                "Messages from Klarna by door and outcome: kept, stranger (a wrong address), failed"
            );
            metrics::describe_gauge!(
                "kvitt_sales_needing_attention",
                "Sales that a person must look at, unknown outcomes among them; counted up to 500"
            );
            metrics::describe_gauge!(
                "kvitt_alarm",
                "1 while something is wrong with the whole, by kind; GET /v1/attention says what to do"
            );
            describe_rates();
            metrics::describe_gauge!(
                "kvitt_webhook_endpoints_disabled",
                "Webhook endpoints to which nothing is sent"
            );
        });
        Self { recorder, handle }
    }

    /// Counts a request.
    pub(crate) fn request(&self, method: &'static str, route: &str, status: u16, took: Duration) {
        let route = route.to_owned();
        metrics::with_local_recorder(&self.recorder, || {
            metrics::counter!("kvitt_http_requests_total", "method" => method,
                "route" => route.clone(), "status" => status.to_string())
            .increment(1);
            metrics::histogram!("kvitt_http_request_duration_seconds", "method" => method,
                "route" => route)
            .record(took.as_secs_f64());
        });
    }

    /// Counts an act.
    pub(crate) fn act(&self, kind: &'static str, outcome: &'static str) {
        metrics::with_local_recorder(&self.recorder, || {
            metrics::counter!("kvitt_acts_total", "kind" => kind, "outcome" => outcome)
                .increment(1);
        });
    }

    /// Counts a message from Klarna, or from somebody who pretends to be Klarna.
    pub(crate) fn callback(&self, door: InboxDoor, outcome: &'static str) {
        metrics::with_local_recorder(&self.recorder, || {
            metrics::counter!("kvitt_callbacks_total", "door" => door.as_str(),
                "outcome" => outcome)
            .increment(1);
        });
    }

    fn text(&self, attention: usize, alarms: &[Alarm], disabled: usize, engine: &Engine) -> String {
        metrics::with_local_recorder(&self.recorder, || {
            for kind in AlarmKind::ALL {
                let is_raised = alarms.iter().any(|alarm| alarm.kind == kind);
                metrics::gauge!("kvitt_alarm", "kind" => kind.as_str())
                    .set(f64::from(u8::from(is_raised)));
            }
            metrics::gauge!("kvitt_sales_needing_attention").set(number(attention));
            metrics::gauge!("kvitt_webhook_endpoints_disabled").set(number(disabled));
            rates(engine);
        });
        self.handle.render()
    }
}

fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

fn describe_rates() {
    metrics::describe_gauge!(
        "kvitt_klarna_calls_waiting",
        "Calls to Klarna that wait for their turn, by account, category and class"
    );
    metrics::describe_counter!(
        "kvitt_klarna_calls_total",
        "Calls to Klarna that had their turn, by account, category and class"
    );
    metrics::describe_counter!(
        "kvitt_klarna_calls_held_back_total",
        "Calls to Klarna that had no turn in time and were not sent, by account, category and class"
    );
    metrics::describe_counter!(
        "kvitt_klarna_rate_limited_total",
        "Calls that Klarna answered with 429, by account and category"
    );
    metrics::describe_gauge!(
        "kvitt_klarna_calls_per_second_max",
        "Calls a second that this server may make, by account and category, where that is known"
    );
    metrics::describe_gauge!(
        "kvitt_replicas",
        "Servers that share the calls to Klarna, as far as this one knows"
    );
}

/// Notes how the budgets of calls stand. Categories that nobody uses are left out.
fn rates(engine: &Engine) {
    metrics::gauge!("kvitt_replicas").set(f64::from(engine.live_replicas()));
    for report in engine.rates() {
        if report.classes.iter().all(|class| class.called + class.held_back == 0) {
            continue;
        }
        let (account, category) = (report.account, report.category.as_str());
        if let Some(share) = report.share {
            metrics::gauge!("kvitt_klarna_calls_per_second_max", "account" => account.clone(),
                "category" => category)
            .set(f64::from(share));
        }
        metrics::counter!("kvitt_klarna_rate_limited_total", "account" => account.clone(),
            "category" => category)
        .absolute(report.refused);
        for of_class in report.classes {
            let labels = [
                ("account", account.clone()),
                ("category", category.to_owned()),
                ("class", of_class.class.as_str().to_owned()),
            ];
            metrics::gauge!("kvitt_klarna_calls_waiting", &labels).set(number(of_class.waiting));
            metrics::counter!("kvitt_klarna_calls_total", &labels).absolute(of_class.called);
            metrics::counter!("kvitt_klarna_calls_held_back_total", &labels)
                .absolute(of_class.held_back);
        }
    }
}

/// Read the metrics
///
/// Counters and latencies in the text format of Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "Service", operation_id = "metrics",
    responses((status = 200, description = "The metrics", body = String,
        content_type = "text/plain")))]
pub(crate) async fn metrics(State(app): State<App>) -> Result<Response, Problem> {
    let engine = app.engine();
    let query = SaleQuery {
        attention_only: true,
        limit: SaleQuery::LIMIT_MAX,
        ..SaleQuery::all(engine.now().await)
    };
    let attention = engine.ledger().summaries(&query).await?.items.len();
    let alarms = engine.alarms().await?;
    let endpoints = engine.ledger().webhooks().webhook_endpoints().await?;
    let disabled = endpoints.iter().filter(|endpoint| endpoint.disabled.is_some()).count();
    let content_type = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    Ok((content_type, app.metrics().text(attention, &alarms, disabled, engine)).into_response())
}
