//! Traces for a collector that speaks OpenTelemetry's protocol (OTLP over HTTP), where the operator names one. Unset, nothing
//! of it exists but the question whether it is.
//!
//! What is told are requests, runs, calls to models and jobs: how long they took, ids, routes, numbers; never what people
//! write or models answer. The spans stand where the work is done; this module has what takes them out of the house, by the
//! guarded client.

use async_trait::async_trait;
use atrium_domain::providers::{Client, Limits};
use atrium_domain::settings::Boot;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::{Status, TracerProvider as _};
use opentelemetry_http::{HeaderExtractor, HttpClient, HttpError};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use percent_encoding::percent_decode_str;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::runtime::Handle;
use tracing::level_filters::LevelFilter;
use tracing::{Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

/// How long what is left may take when the server ends.
const FAREWELL: Duration = Duration::from_secs(5);

/// What sends spans away.
pub struct Traces(SdkTracerProvider);

/// Where spans go, if anywhere.
pub fn endpoint(boot: &Boot) -> Option<String> {
    let whole = boot.filled("otel_traces_endpoint").map(str::to_owned);
    whole.or_else(|| Some(format!("{}/v1/traces", boot.filled("otel_endpoint")?.trim_end_matches('/'))))
}

impl Traces {
    /// As the settings say; sampling, batches and attributes of the resource are what `OTEL_…` of the environment says.
    ///
    /// # Errors
    /// With a sentence, when they make no sense.
    pub fn of(boot: &Boot) -> Result<Option<Self>, String> {
        let Some(endpoint) = endpoint(boot) else { return Ok(None) };
        let client = Client::new(Limits::of(boot)).map_err(|error| error.to_string())?;
        let exporter = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(endpoint)
            .with_headers(headers(boot.text("otel_headers"))?)
            .with_http_client(Way { client, runtime: Handle::current(), is_away: AtomicBool::new(false) })
            .build()
            .map_err(|error| format!("OTEL_EXPORTER_OTLP_ENDPOINT: {error}"))?;
        let resource = Resource::builder().with_service_name(boot.text("otel_service_name").to_owned()).build();
        Ok(Some(Self(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build())))
    }

    /// What hears of spans: our own, whatever the log's level is; and of no events, whose words are for the log.
    pub fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let ours = filter_fn(|it| it.is_span() && it.target().starts_with("atrium"));
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer("atrium"))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_filter(ours.with_max_level_hint(LevelFilter::DEBUG))
    }

    /// Sends what is left.
    pub async fn end(self) {
        let ended = tokio::task::spawn_blocking(move || self.0.shutdown_with_timeout(FAREWELL)).await;
        if !matches!(ended, Ok(Ok(()))) {
            tracing::warn!("the last traces could not be delivered");
        }
    }
}

/// `name=value,name=value`, values percent-encoded, as OpenTelemetry has it.
fn headers(text: &str) -> Result<HashMap<String, String>, String> {
    let pairs = text.split(',').map(str::trim).filter(|it| !it.is_empty());
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=')?;
        Some((name.trim().to_owned(), percent_decode_str(value.trim()).decode_utf8().ok()?.into_owned()))
    };
    // The value itself is a secret.
    pairs
        .map(|it| pair(it).ok_or_else(|| "OTEL_EXPORTER_OTLP_HEADERS: use name=value,name=value.".to_owned()))
        .collect()
}

/// The guarded client, as the exporter wants it.
#[derive(Debug)]
struct Way {
    client: Client,
    /// The exporter works on a thread of its own, which has none.
    runtime: Handle,
    is_away: AtomicBool,
}

#[async_trait]
impl HttpClient for Way {
    async fn send_bytes(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, HttpError> {
        let client = self.client.clone();
        let (parts, body) = request.into_parts();
        let sent = self.runtime.spawn(async move { client.deliver(&parts.uri.to_string(), parts.headers, body).await });
        let delivered = sent.await?;
        let trouble = match &delivered {
            Ok((status, ..)) if status.is_success() => None,
            Ok((status, ..)) => Some(format!("it replied {status}")),
            Err(reason) => Some(reason.clone()),
        };
        // Every few seconds there is something to send: once is told that it cannot be, and once that it can again.
        match (trouble, self.is_away.load(Ordering::Relaxed)) {
            (Some(trouble), false) => tracing::warn!("traces cannot be delivered to the collector: {trouble}"),
            (None, true) => tracing::info!("traces are delivered again"),
            _ => {}
        }
        self.is_away.store(!matches!(&delivered, Ok((status, ..)) if status.is_success()), Ordering::Relaxed);
        let (status, headers, body) = delivered?;
        let mut response = http::Response::new(body);
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }
}

/// Names a request's span and gives it the parent that the caller names.
pub fn received(span: &Span, request: &Request) {
    let route = request.extensions().get::<MatchedPath>().map(|it| it.as_str().to_owned());
    let name = format!("{} {}", request.method(), route.as_deref().unwrap_or("unmatched"));
    span.record("otel.name", name);
    span.record("otel.kind", "server");
    span.set_attribute("http.request.method", request.method().to_string());
    if let Some(route) = route {
        span.set_attribute("http.route", route);
    }
    // Only a span that has begun cannot be given one, and this has not.
    let _ = span.set_parent(caller(request.headers()));
}

fn caller(headers: &HeaderMap) -> opentelemetry::Context {
    TraceContextPropagator::new().extract(&HeaderExtractor(headers))
}

/// Notes on the request's span how it was answered.
pub fn answered(status: StatusCode) {
    let span = Span::current();
    span.set_attribute("http.response.status_code", i64::from(status.as_u16()));
    if status.is_server_error() {
        span.set_status(Status::error(""));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_as_the_standard_has_them() {
        let read = headers("authorization=Bearer%20a%3Db, x-tenant = one,").unwrap();
        assert_eq!(read.len(), 2);
        assert_eq!((read["authorization"].as_str(), read["x-tenant"].as_str()), ("Bearer a=b", "one"));
        let refused = headers("hidden-key").unwrap_err();
        assert!(!refused.contains("hidden"), "{refused}");
    }
}
