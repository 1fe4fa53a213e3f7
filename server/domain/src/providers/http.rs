//! The one guarded way out: every request to a provider leaves through [`Client`].
//!
//! It follows no redirects, keeps no cookies, uses no proxy it was not told of, waits for nothing longer than its
//! [`Limits`] say and reads no more than they allow. Requests are made in `link`, what comes back is read in `wire`.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::StatusCode;
use reqwest::header::HeaderMap;

use super::failure::{ProviderError, clip};
use super::outside::PublicNames;
use crate::settings::Boot;

/// How long a connection waits for the next request. Many servers close theirs after five seconds: one that is closed
/// while a question is on its way costs its answer, which cannot be asked for again without perhaps paying twice.
const IDLE: Duration = Duration::from_secs(4);

/// How long a delivery may take in all.
const DELIVERY: Duration = Duration::from_secs(10);

/// How long a provider may take and how much it may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Until the connection stands.
    pub connect: Duration,
    /// From sending the request to the first byte of the reply's body.
    pub first_byte: Duration,
    /// The same where a model may have to be loaded before it answers (Ollama).
    pub first_byte_loading: Duration,
    /// Between two pieces of a reply.
    pub silence: Duration,
    /// A reply that is not streamed, in bytes.
    pub reply_bytes: usize,
    /// One event of a stream, in bytes.
    pub event_bytes: usize,
    /// How often a request is made in all, when connecting fails or the reply is 429 or 5xx.
    pub tries: usize,
    /// The first pause between two tries; it doubles and is jittered.
    pub pause: Duration,
    /// The longest `Retry-After` that is waited out; beyond it the error is reported at once.
    pub retry_after: Duration,
}

impl Limits {
    /// As the settings of this server have them.
    #[must_use]
    pub fn of(boot: &Boot) -> Self {
        let built_in = Self::default();
        let seconds = |name, otherwise| match boot.number(name) {
            0 => otherwise,
            seconds => Duration::from_secs(seconds.into()),
        };
        Self {
            first_byte: seconds("provider_wait", built_in.first_byte),
            first_byte_loading: seconds("provider_wait_loading", built_in.first_byte_loading),
            silence: seconds("provider_silence", built_in.silence),
            ..built_in
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            first_byte: Duration::from_secs(60),
            first_byte_loading: Duration::from_secs(300),
            silence: Duration::from_secs(60),
            reply_bytes: 4 << 20,
            event_bytes: 1 << 20,
            tries: 3,
            pause: Duration::from_millis(500),
            retry_after: Duration::from_secs(20),
        }
    }
}

/// Connections to providers, shared by all adapters. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Client {
    pub(crate) http: reqwest::Client,
    pub(crate) limits: Limits,
    /// Made when it is first wanted.
    outside: Arc<OnceLock<reqwest::Client>>,
}

impl Client {
    /// A client that keeps to `limits`.
    ///
    /// # Errors
    /// [`ProviderError::NoClient`] when TLS cannot be set up.
    pub fn new(limits: Limits) -> Result<Self, ProviderError> {
        // reqwest panics without a process-wide provider. The binary installs it; whoever embeds us may not have.
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            let _already = rustls::crypto::ring::default_provider().install_default();
        }
        let http = build(limits, None)?;
        Ok(Self { http, limits, outside: Arc::default() })
    }

    /// Posts something that is no question to where the operator wants it, and answers with status, headers and body.
    ///
    /// # Errors
    /// With what went wrong.
    pub async fn deliver(
        &self,
        address: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<(StatusCode, HeaderMap, Bytes), String> {
        let posted = async {
            let mut reply = self.http.post(address).headers(headers).body(body).send().await?;
            let (status, headers) = (reply.status(), std::mem::take(reply.headers_mut()));
            let mut body = BytesMut::new();
            while let Some(piece) = reply.chunk().await? {
                if body.len() + piece.len() > self.limits.event_bytes {
                    break;
                }
                body.extend_from_slice(&piece);
            }
            Ok((status, headers, body.freeze()))
        };
        let outcome =
            tokio::time::timeout(DELIVERY, posted).await.map_err(|_| "it did not reply in time".to_owned())?;
        outcome.map_err(|error: reqwest::Error| innermost(&error))
    }

    /// The same, which reaches the public Internet alone.
    ///
    /// # Errors
    /// As [`Client::new`].
    pub(crate) fn outside(&self) -> Result<Self, ProviderError> {
        let http = match self.outside.get() {
            Some(http) => http.clone(),
            None => {
                let made = build(self.limits, Some(PublicNames))?;
                self.outside.get_or_init(|| made).clone()
            }
        };
        Ok(Self { http, ..self.clone() })
    }
}

fn build(limits: Limits, names: Option<PublicNames>) -> Result<reqwest::Client, ProviderError> {
    let names = names.map(Arc::new);
    let builder = || {
        let builder = reqwest::Client::builder()
            .user_agent(concat!("atrium/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .connect_timeout(limits.connect)
            .pool_idle_timeout(IDLE)
            // Mozilla's roots come with the binary, beside the system's: a bare container has none.
            .tls_certs_merge(webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().filter_map(|it| reqwest::Certificate::from_der(it).ok()));
        match &names {
            Some(names) => builder.dns_resolver(names.clone()),
            None => builder,
        }
    };
    // Without the system's certificates (a bare container) plain HTTP still works: Ollama next door.
    let http = builder().build().or_else(|error| {
        tracing::warn!(%error, "no certificates found: providers that need https cannot be reached; install ca-certificates");
        builder().tls_certs_only([]).build()
    });
    http.map_err(|error| ProviderError::NoClient { reason: innermost(&error) })
}

/// What really happened: the last cause in the chain, which names no address.
pub(crate) fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    clip(&cause.to_string())
}
