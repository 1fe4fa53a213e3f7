//! What operators watch: requests are counted as they pass, and `/metrics` writes what is counted here and in the domain, for
//! whoever has the token. A request is counted under the template of its route, never under its path.

use super::App;
use super::errors::plain;
use crate::traces;
use atrium_domain::Atrium;
use atrium_domain::metrics::Histograms;
use atrium_domain::seal::same_secret;
use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures::StreamExt as _;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use secrecy::ExposeSecret as _;
use std::time::{Duration, Instant};

/// OpenMetrics, which Prometheus and those who read like it understand.
const FORMAT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// What asks the database is left out when that takes longer: the rest is wanted most when it is away.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is counted of requests. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Watch {
    requests: Family<RequestLabels, Counter>,
    durations: Histograms<RouteLabels>,
    streams: Gauge,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    route: String,
    status: &'static str,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RouteLabels {
    method: &'static str,
    route: String,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct JobLabels {
    kind: &'static str,
    state: &'static str,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct PoolLabels {
    pool: &'static str,
    state: &'static str,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct KindLabels {
    kind: &'static str,
}

impl Default for Watch {
    fn default() -> Self {
        let seconds = || Histogram::new([0.005, 0.025, 0.1, 0.5, 2.5, 10.0]);
        Self {
            requests: Family::default(),
            durations: Family::new_with_constructor(seconds),
            streams: Gauge::default(),
        }
    }
}

/// A stream of events that somebody listens to.
struct Listening(Gauge);

impl Drop for Listening {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Counts a request when its reply begins, and a stream of events for as long as it lasts.
pub async fn watch(State(watch): State<Watch>, request: Request, next: Next) -> Response {
    let matched = request.extensions().get::<MatchedPath>();
    let route = matched.map_or_else(|| "unmatched".to_owned(), |it| it.as_str().to_owned());
    let method = method(request.method());
    let begun = Instant::now();
    let response = next.run(request).await;
    let status = class(response.status());
    watch.requests.get_or_create(&RequestLabels { method, route: route.clone(), status }).inc();
    watch.durations.get_or_create(&RouteLabels { method, route }).observe(begun.elapsed().as_secs_f64());
    traces::answered(response.status());
    if !is_stream(&response) {
        return response;
    }
    watch.streams.inc();
    let listening = Listening(watch.streams.clone());
    response.map(|body| {
        Body::from_stream(body.into_data_stream().map(move |piece| {
            let _held = &listening;
            piece
        }))
    })
}

/// What is in nobody's standard is one value, whatever clients think up.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

fn class(status: StatusCode) -> &'static str {
    match status.as_u16() {
        100..200 => "1xx",
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        _ => "5xx",
    }
}

fn is_stream(response: &Response) -> bool {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|it| it.to_str().ok());
    kind.is_some_and(|it| it.starts_with("text/event-stream"))
}

/// `GET /metrics`; the route is there only where a token is set.
pub async fn serve(State(app): State<App>, headers: HeaderMap) -> Response {
    let token = app.atrium.settings.secret("metrics_token");
    let said = headers.get(AUTHORIZATION).and_then(|it| it.to_str().ok()).and_then(|it| it.split_once(' '));
    let said = said.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map_or("", |it| it.1.trim());
    if !token.is_some_and(|it| same_secret(it.expose_secret(), said)) {
        let mut response = plain(StatusCode::UNAUTHORIZED, "Metrics are for whoever has ATRIUM_METRICS_TOKEN.");
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        return response;
    }
    let mut text = String::new();
    match encode(&mut text, &registry(&app).await) {
        Ok(()) => ([(CONTENT_TYPE, FORMAT), (CACHE_CONTROL, "no-store")], text).into_response(),
        Err(error) => {
            tracing::error!("metrics could not be written: {error}");
            plain(StatusCode::INTERNAL_SERVER_ERROR, "Metrics could not be written.")
        }
    }
}

/// All that is known at this moment.
async fn registry(app: &App) -> Registry {
    let mut all = Registry::default();
    if let Some(bytes) = resident_memory() {
        let gauge: Gauge = Gauge::default();
        gauge.set(bytes);
        all.register_with_unit("process_resident_memory", "Memory of this process", Unit::Bytes, gauge);
    }
    let ours = all.sub_registry_with_prefix("atrium");
    ours.register("build", "What runs", Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]));
    ours.register("http_requests", "Requests that were answered", app.watch.requests.clone());
    let help = "From a request to the beginning of its reply";
    ours.register_with_unit("http_request_duration", help, Unit::Seconds, app.watch.durations.clone());
    let streams = Family::<KindLabels, Gauge>::default();
    streams.get_or_create(&KindLabels { kind: "events" }).set(app.watch.streams.get());
    streams.get_or_create(&KindLabels { kind: "websocket" }).set(gauged(app.sockets.open.len()));
    ours.register("streams_open", "Streams of events and WebSockets that somebody listens to", streams);
    app.atrium.ports.metrics().register(ours);
    now(&app.atrium, ours);
    match tokio::time::timeout(PATIENCE, app.atrium.knowledge.jobs().count()).await {
        Ok(Ok(counts)) => {
            let jobs = Family::<JobLabels, Gauge>::default();
            for (kind, state, count) in counts {
                jobs.get_or_create(&JobLabels { kind: kind.as_str(), state }).set(count);
            }
            ours.register("jobs", "Background jobs by kind and state, on all servers of this database", jobs);
        }
        Ok(Err(error)) => tracing::warn!(cause = error.cause(), "jobs could not be counted: {error}"),
        Err(_) => tracing::warn!("jobs could not be counted in time"),
    }
    all
}

/// What stands somewhere already.
fn now(atrium: &Atrium, registry: &mut Registry) {
    let runs: Gauge = Gauge::default();
    runs.set(gauged(atrium.chat.writing()));
    registry.register("runs_active", "Answers that this server is writing", runs);
    let connections = Family::<PoolLabels, Gauge>::default();
    for pool in atrium.store.pools() {
        for (state, count) in [("busy", pool.busy), ("idle", pool.idle)] {
            connections.get_or_create(&PoolLabels { pool: pool.name, state }).set(count.into());
        }
    }
    registry.register("database_connections", "Connections to the database", connections);
    let help = "How long a connection to the database was waited for";
    registry.register_with_unit("database_wait", help, Unit::Seconds, atrium.store.waits());
    let (is_loaded, asked) = atrium.connections.local_model();
    let (loaded, queue): (Gauge, Gauge) = Default::default();
    loaded.set(is_loaded.into());
    queue.set(gauged(asked));
    registry.register("local_model_loaded", "Whether the local model is in memory", loaded);
    registry.register("local_model_questions", "Questions to the local model, waiting or being answered", queue);
}

fn gauged(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Bytes, as Linux tells them.
fn resident_memory() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|it| it.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<i64>().ok().map(|it| it * 1024)
}
