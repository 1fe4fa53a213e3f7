//! Workflows that answer through a webhook, as n8n has them: the turn is posted, and whatever comes back is the answer.
//!
//! The model of such an agent is its webhook: an address, or a path below the configured server. The configured server may
//! be on a private address and is sent the key; every other webhook is on the public Internet, unless whoever rules this
//! server has chosen it, and is never sent the key.

use bytes::Bytes;
use futures::stream::{self, Stream, StreamExt, TryStreamExt};
use reqwest::Url;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::failure::ProviderError;
use super::http::Client;
use super::link::{Auth, Link};
use super::outside;
use super::replies::Listener;
use super::wire::Reply;
use super::{EndReason, Endpoint, Event, EventStream, ModelInfo, Request, Role, turns};

/// Who asks a workflow, and where.
#[derive(Debug, Clone, Default)]
pub struct Introduction {
    /// What the workflow keeps its memory under; none for a question that stands alone.
    pub session: Option<String>,
    /// `{id, email, name}` of the person.
    pub user: Value,
    /// `{id, name}` of the agent.
    pub agent: Value,
    /// Whether the webhook may be on a private address although it is not the configured server's.
    pub may_stay_inside: bool,
}

/// The way to workflows.
#[derive(Debug, Clone)]
pub struct N8n {
    client: Client,
    base_url: String,
    key: Option<SecretString>,
    introduction: Introduction,
}

impl N8n {
    /// `endpoint.base_url` is that of the configured server, empty if there is none.
    pub fn new(client: Client, endpoint: Endpoint) -> Self {
        let base_url = endpoint.base_url.trim().trim_end_matches('/').to_owned();
        Self { client, base_url, key: endpoint.key, introduction: Introduction::default() }
    }

    /// The same, telling the workflow who asks.
    #[must_use]
    pub fn introduced(mut self, introduction: Introduction) -> Self {
        self.introduction = introduction;
        self
    }

    pub(super) fn stream(&self, request: Request) -> EventStream {
        let it = self.clone();
        let call = async move {
            let link = it.link(&request.model)?;
            let reply = link.post(&[], &[], &it.body(&request), &request.model).await?;
            Ok(answer(link, request.model, reply))
        };
        stream::once(call).try_flatten().boxed()
    }

    /// A server of workflows does not list those that answer.
    #[allow(clippy::unused_async, reason = "as the others")]
    pub(super) async fn models(&self) -> Result<Vec<ModelInfo>, ProviderError> {
        Ok(Vec::new())
    }

    fn link(&self, webhook: &str) -> Result<Link, ProviderError> {
        let url = address(&self.base_url, webhook)?;
        let is_ours = is_below(&self.base_url, &url);
        if is_ours && !is_webhook(&self.base_url, &url) {
            return Err(ProviderError::AddressInvalid {
                address: webhook.to_owned(),
                reason: "on this server only what is below webhook/ or webhook-test/ answers agents".to_owned(),
            });
        }
        let client = if is_ours || self.introduction.may_stay_inside {
            self.client.clone()
        } else {
            outside::must_be_public(&url)?;
            self.client.outside()?
        };
        let endpoint = Endpoint { base_url: url.into(), key: self.key.clone().filter(|_| is_ours) };
        // A workflow may ask several models, one after the other, before it says its first word.
        Ok(Link::new(client, endpoint, Auth::Bearer, "").that_loads().that_says_anything())
    }

    /// n8n's chat nodes read `chatInput` and `sessionId`; workflows of one's own read what they like.
    fn body(&self, request: &Request) -> Value {
        let mut turns = turns::alternating(request, true);
        let message = turns.pop().map(|it| it.text).unwrap_or_default();
        let history: Vec<Value> = turns
            .into_iter()
            .map(|turn| {
                let role = match turn.role {
                    Role::User => "user",
                    Role::Assistant => "assistant",
                };
                json!({ "role": role, "content": turn.text })
            })
            .collect();
        let it = &self.introduction;
        json!({
            "action": "sendMessage",
            "session_id": it.session,
            "sessionId": it.session,
            "message": message,
            "chatInput": message,
            "history": history,
            "system": turns::system(request),
            "user": it.user,
            "agent": it.agent,
        })
    }
}

/// Whether something can be a webhook: an address, or a path below the configured server.
///
/// # Errors
/// With what is wrong with it.
pub fn check_webhook(webhook: &str) -> Result<(), String> {
    address("http://configured.example", webhook).map(drop).map_err(|error| match error {
        ProviderError::AddressInvalid { reason, .. } => reason,
        error => error.to_string(),
    })
}

/// Everything else below the configured server is its administration, which its key would open.
fn is_webhook(base_url: &str, url: &Url) -> bool {
    let base = Url::parse(base_url).map(|it| it.path().trim_end_matches('/').to_owned()).unwrap_or_default();
    let path = url.path().to_ascii_lowercase();
    let rest = url.path().strip_prefix(base.as_str()).unwrap_or_default().trim_start_matches('/');
    (rest.starts_with("webhook/") || rest.starts_with("webhook-test/"))
        && !path.contains("%2f")
        && !path.contains("%5c")
}

fn address(base_url: &str, webhook: &str) -> Result<Url, ProviderError> {
    let webhook = webhook.trim();
    let invalid =
        |reason: &str| ProviderError::AddressInvalid { address: webhook.to_owned(), reason: reason.to_owned() };
    // `javascript:…`, `mailto:…`: an address all the same, and not a path.
    let text = if webhook.contains("://") || Url::parse(webhook).is_ok() {
        webhook.to_owned()
    } else if base_url.is_empty() {
        return Err(invalid("it is a path, and N8N_BASE_URL does not say below what"));
    } else if webhook.starts_with('/') || webhook.starts_with("webhook") {
        format!("{base_url}/{}", webhook.trim_start_matches('/'))
    } else {
        format!("{base_url}/webhook/{webhook}")
    };
    let url = Url::parse(&text).map_err(|error| invalid(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(invalid("it must begin with http:// or https://"));
    }
    if webhook.is_empty() || webhook.contains(char::is_whitespace) {
        return Err(invalid("it must be one word"));
    }
    if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
        return Err(invalid("it may not hold a ?, a #, a user name or a password"));
    }
    Ok(url)
}

/// Whether `url` is on the configured server. Parsed and written again, so that no `..` leads out of it.
fn is_below(base_url: &str, url: &Url) -> bool {
    let Ok(base) = Url::parse(base_url) else { return false };
    let below = format!("{}/", base.path().trim_end_matches('/'));
    base.origin() == url.origin() && url.path().starts_with(&below)
}

fn answer(link: Link, model: String, reply: Reply) -> impl Stream<Item = Result<Event, ProviderError>> + Send {
    async_stream::try_stream! {
        let mut listener = Listener::new(link.limits().reply_bytes);
        let mut bytes = reply.bytes();
        let mut has_said = false;
        loop {
            let chunk: Option<Bytes> = bytes.try_next().await?;
            let is_over = chunk.is_none();
            let heard = match chunk {
                Some(chunk) => listener.hear(&chunk),
                None => listener.close(),
            };
            for piece in heard? {
                match piece {
                    Ok(text) => {
                        has_said = true;
                        yield Event::Text(text);
                    }
                    Err(refusal) => Err(link.refusal(&refusal, &model))?,
                }
            }
            if is_over {
                break;
            }
        }
        if !has_said {
            Err(ProviderError::protocol("it holds no answer"))?;
        }
        yield Event::End(EndReason::Stop);
    }
}
