//! Requests to one endpoint: its address, its key, its retries, and what its refusals mean.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use bytes::Bytes;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::{Method, Response, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::failure::{ProviderError, Wait};
use super::http::{Client, Limits, innermost};
use super::refusal::{self, Refusal};
use super::wire::{Html, Reply};
use super::{Endpoint, ModelInfo};

/// How a protocol wants its key.
#[derive(Debug, Clone, Copy)]
pub(super) enum Auth {
    /// `Authorization: Bearer …`
    Bearer,
    /// A header of its own.
    Header(&'static str),
}

/// A client and the one endpoint an adapter talks to.
#[derive(Debug, Clone)]
pub(super) struct Link {
    client: Client,
    base_url: String,
    key: Option<SecretString>,
    auth: Auth,
    headers: &'static [(&'static str, &'static str)],
    first_byte: Duration,
    says_anything: bool,
}

impl Link {
    /// `version` is the part of the path that every request begins with; a base URL may end with it or not.
    pub(super) fn new(client: Client, endpoint: Endpoint, auth: Auth, version: &str) -> Self {
        let base_url = endpoint.base_url.trim().trim_end_matches('/');
        let base_url = base_url.strip_suffix(version).unwrap_or(base_url).trim_end_matches('/').to_owned();
        // Keys are pasted, often with the line break after them.
        let key = endpoint.key.map(|key| SecretString::from(key.expose_secret().trim()));
        let key = key.filter(|key| !key.expose_secret().is_empty());
        let first_byte = client.limits.first_byte;
        Self { client, base_url, key, auth, headers: &[], first_byte, says_anything: false }
    }

    /// Sent with every request.
    pub(super) fn with_headers(mut self, headers: &'static [(&'static str, &'static str)]) -> Self {
        self.headers = headers;
        self
    }

    /// For servers that load the model before they answer.
    pub(super) fn that_loads(mut self) -> Self {
        self.first_byte = self.client.limits.first_byte_loading;
        self
    }

    /// For servers whose replies have no form that they keep to: text may come as whatever it is called.
    pub(super) fn that_says_anything(mut self) -> Self {
        self.says_anything = true;
        self
    }

    /// The limits its replies are read with.
    pub(super) fn limits(&self) -> &Limits {
        &self.client.limits
    }

    /// Put a question and wait for the reply to begin. `path` is in parts, `model` for the error's sake.
    pub(super) async fn post(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        body: &Value,
        model: &str,
    ) -> Result<Reply, ProviderError> {
        self.send(Method::POST, path, query, Bytes::from(body.to_string()), Some(model)).await
    }

    /// Fetch a JSON document.
    pub(super) async fn get(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Value, ProviderError> {
        self.send(Method::GET, path, query, Bytes::new(), None).await?.whole().await
    }

    /// What an error object inside a stream means.
    pub(super) fn refusal(&self, body: &Value, model: &str) -> ProviderError {
        Refusal { status: None, body, retry_after: None, model: Some(model), key: self.key() }.meaning()
    }

    fn key(&self) -> Option<&str> {
        self.key.as_ref().map(ExposeSecret::expose_secret)
    }

    async fn send(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Bytes,
        model: Option<&str>,
    ) -> Result<Reply, ProviderError> {
        let url = self.url(path, query)?;
        let headers = self.request_headers()?;
        let limits = self.limits();
        let request = || {
            let request = self.client.http.request(method.clone(), url.clone());
            request.headers(headers.clone()).body(body.clone())
        };
        let attempt = || async {
            let response = self.attempt(request(), &url).await?;
            if response.status().is_success() { Ok(response) } else { Err(self.refused(response, model).await) }
        };
        let plan = ExponentialBuilder::default()
            .with_jitter()
            .with_min_delay(limits.pause)
            .with_max_times(limits.tries.saturating_sub(1));
        let response = attempt
            .retry(plan)
            .when(|failed| failed.again)
            .adjust(|failed, planned| match failed.retry_after {
                Some(after) => planned.and((after <= limits.retry_after).then_some(after)),
                None => planned,
            })
            .notify(|failed, pause| tracing::debug!(code = failed.error.code(), ?pause, "asking a provider again"))
            .await
            .map_err(|failed| failed.error)?;
        let html = if self.says_anything { Html::IsText } else { Html::IsAMistake };
        Reply::open(response, host_of(&url), self.first_byte, limits, self.key.clone(), html).await
    }

    async fn attempt(&self, request: reqwest::RequestBuilder, url: &Url) -> Result<Response, Failed> {
        let host = host_of(url);
        match tokio::time::timeout(self.first_byte, request.send()).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) if error.is_connect() => {
                let error = if error.is_timeout() {
                    ProviderError::Timeout { host, wait: Wait::Connection, after: self.limits().connect }
                } else {
                    ProviderError::Unreachable { host, reason: innermost(&error) }
                };
                Err(Failed { error, again: true, retry_after: None })
            }
            Ok(Err(error)) if error.is_builder() => {
                let reason = innermost(&error);
                Err(Failed::finally(ProviderError::AddressInvalid { address: plain(url), reason }))
            }
            // Sent, perhaps read, perhaps paid for: not for us to send again.
            Ok(Err(_closed)) => Err(Failed::finally(ProviderError::Cut)),
            Err(_elapsed) => {
                let (wait, after) = (Wait::FirstByte, self.first_byte);
                Err(Failed::finally(ProviderError::Timeout { host, wait, after }))
            }
        }
    }

    async fn refused(&self, response: Response, model: Option<&str>) -> Failed {
        let status = response.status();
        if status.is_redirection() {
            let to = response.headers().get(LOCATION).and_then(|it| it.to_str().ok());
            let to = to.and_then(|it| response.url().join(it).ok()).map(|it| plain(&it)).unwrap_or_default();
            let to = refusal::quotable(&to, self.key());
            return Failed::finally(ProviderError::protocol(format!("it sends us on to another address, “{to}”")));
        }
        let retry_after = retry_after(response.headers());
        let body = refusal::body_of(&Reply::beginning(response, self.limits()).await);
        let code = status.as_u16();
        let refusal = Refusal { status: Some(code), body: &body, retry_after, model, key: self.key() };
        let error = refusal.meaning();
        let again = matches!(error, ProviderError::RateLimited { .. } | ProviderError::Unavailable { .. });
        let retry_after = match &error {
            ProviderError::RateLimited { retry_after, .. } => *retry_after,
            _ => retry_after,
        };
        Failed { error, again, retry_after }
    }

    fn url(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Url, ProviderError> {
        let invalid = |address: String, reason: &str| {
            let address = refusal::quotable(&address, self.key());
            ProviderError::AddressInvalid { address, reason: reason.to_owned() }
        };
        let mut url = Url::parse(&self.base_url).map_err(|error| {
            // What cannot be read may hold a password: show only what follows the last @.
            let shown = self.base_url.rsplit('@').next().unwrap_or_default();
            invalid(shown.to_owned(), &error.to_string())
        })?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(invalid(plain(&url), "it must begin with http:// or https://"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(invalid(plain(&url), "it may not hold a user name or a password; enter the key as the key"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(invalid(plain(&url), "it may not hold a ? or a #; enter the key as the key"));
        }
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }

    fn request_headers(&self) -> Result<HeaderMap, ProviderError> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT, HeaderValue::from_static("text/event-stream, application/x-ndjson, application/json"));
        for (name, value) in self.headers {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        if let Some(key) = self.key() {
            let (name, value) = match self.auth {
                Auth::Bearer => (AUTHORIZATION, format!("Bearer {key}")),
                Auth::Header(name) => (HeaderName::from_static(name), key.to_owned()),
            };
            let mut value = HeaderValue::try_from(value).map_err(|_| ProviderError::KeyMalformed)?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        Ok(headers)
    }
}

/// An attempt that came to nothing.
struct Failed {
    error: ProviderError,
    /// Whether another attempt is worth making at once.
    again: bool,
    retry_after: Option<Duration>,
}

impl Failed {
    fn finally(error: ProviderError) -> Self {
        Self { error, again: false, retry_after: None }
    }
}

/// The strings at `field` of the objects in the list `list`, as models sorted by id.
pub(super) fn models_in(reply: &Value, list: &str, field: &str) -> Result<Vec<ModelInfo>, ProviderError> {
    let list = reply.get(list).and_then(Value::as_array);
    let list = list.ok_or_else(|| ProviderError::protocol("it is not a list of models"))?;
    let ids = list.iter().filter_map(|it| it.get(field)?.as_str());
    let mut models: Vec<_> = ids.map(|id| ModelInfo { id: id.to_owned() }).collect();
    models.sort_by(|a, b| a.id.cmp(&b.id));
    models.dedup();
    Ok(models)
}

/// Seconds, as every provider we know sends them; a date is not understood.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds: f64 = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// Host and port, as errors name a server.
fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// An address without the parts that may hold secrets.
fn plain(url: &Url) -> String {
    format!("{}://{}{}", url.scheme(), host_of(url), url.path())
}
