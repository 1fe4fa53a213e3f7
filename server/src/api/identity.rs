//! Who asks: by JWT, by API token, or by the browser's cookie.

use super::error::{ApiError, ApiResult};
use crate::web::{App, VIEWER, client_address, user_agent};
use atrium::ids::{ApiTokenId, FamilyId};
use atrium::people::Viewer;
use atrium::tokens::TokenScope;
use atrium_domain::Error;
use atrium_domain::accounts::api_tokens::PREFIX;
use atrium_domain::accounts::sign_ins::{Here, Origin};
use atrium_domain::audit::Actor;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use std::sync::Arc;
use std::time::Duration;
use tower_sessions::Session;

/// How somebody came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Via {
    /// By an access token.
    Jwt(FamilyId),
    /// By a token of theirs, which may do no more than this.
    ApiToken(ApiTokenId, Vec<TokenScope>),
    /// By the browser's cookie.
    Cookie,
}

/// Somebody who asks.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Who.
    pub viewer: Viewer,
    /// How they came in.
    pub via: Via,
    /// From where.
    pub address: String,
    /// What they showed.
    pub credential: Credential,
}

/// What the request says of who sends it, found out once.
#[derive(Debug, Clone)]
pub struct Identity {
    caller: Option<Arc<Caller>>,
    /// A token came that is worth nothing. Endpoints that are open to everyone do not mind.
    is_bad: bool,
    /// Where the request comes from.
    pub address: String,
    /// What sends it, by its own words.
    pub agent: String,
}

impl Identity {
    /// From where somebody signs in by this request.
    pub fn origin(&self) -> Origin {
        Origin::new(&self.address, &self.agent)
    }

    /// Whoever asks; nobody, where nothing was shown.
    ///
    /// # Errors
    /// When a token came that is worth nothing.
    pub fn checked(self) -> ApiResult<Option<Caller>> {
        if self.is_bad { Err(Error::BadToken.into()) } else { Ok(self.caller().cloned()) }
    }

    /// Whoever asks, if anybody.
    pub fn caller(&self) -> Option<&Caller> {
        self.caller.as_deref()
    }
}

/// Looks up who asks.
pub async fn attach(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let address = client_address(&app.atrium, &request);
    let agent = user_agent(request.headers()).to_owned();
    let session = request.extensions().get::<Session>();
    let found = match bearer(request.headers()) {
        Some(token) => by_token(&app, &token).await.map(|it| Some((it, Credential::Token(token)))),
        None => by_cookie(session).await.map(|it| it.zip(session.and_then(Credential::of_session))),
    };
    let found = found
        .map(|it| it.map(|((viewer, via), credential)| Caller { viewer, via, address: address.clone(), credential }));
    let identity = match found {
        Ok(caller) => Identity { caller: caller.map(Arc::new), is_bad: false, address, agent },
        Err(Error::BadToken) => Identity { caller: None, is_bad: true, address, agent },
        Err(error) => return ApiError::from(error).into_response(),
    };
    request.extensions_mut().insert(identity);
    next.run(request).await
}

/// `Bearer …` or `Token …`. Anything else in that header is a token that is worth nothing.
fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(AUTHORIZATION)?.to_str().unwrap_or_default().trim();
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    let is_known = scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("token");
    Some(if is_known { token.trim().to_owned() } else { String::new() })
}

async fn by_token(app: &App, token: &str) -> Result<(Viewer, Via), Error> {
    if token.starts_with(PREFIX) {
        let (viewer, id, scopes) = app.atrium.accounts.holder(token).await?;
        return Ok((viewer, Via::ApiToken(id, scopes)));
    }
    let (viewer, family) = app.atrium.tokens.viewer(token).await?;
    Ok((viewer, Via::Jwt(family)))
}

async fn by_cookie(session: Option<&Session>) -> Result<Option<(Viewer, Via)>, Error> {
    let Some(session) = session else { return Ok(None) };
    match session.get::<Viewer>(VIEWER).await {
        Ok(viewer) => Ok(viewer.map(|it| (it, Via::Cookie))),
        Err(tower_sessions::session::Error::SerdeJson(_)) => Ok(None),
        Err(error) => Err(Error::Internal(error.to_string())),
    }
}

/// How often it is looked whether what opened a stream is still worth something.
pub const RECHECK: Duration = Duration::from_secs(5);

/// What somebody showed, to be looked at again while what they opened goes on.
#[derive(Clone)]
pub enum Credential {
    /// A JWT or an API token.
    Token(String),
    /// What the browser's cookie holds.
    Session(String),
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credential")
    }
}

impl Credential {
    /// The browser's, if it came with a cookie.
    pub fn of_session(session: &Session) -> Option<Self> {
        session.id().map(|it| Self::Session(it.to_string()))
    }

    /// Whose it is at this moment; `None` or [`Error::BadToken`] when it is worth nothing any more.
    pub async fn holder(&self, app: &App) -> Result<Option<(Viewer, Via)>, Error> {
        match self {
            Self::Token(token) => by_token(app, token).await.map(Some),
            Self::Session(cookie) => {
                let found = app.atrium.sessions.load(cookie, app.atrium.ports.now()).await?;
                Ok(found.and_then(|it| it.1).map(|it| (it, Via::Cookie)))
            }
        }
    }

    /// Waits until it is revoked, has expired, or its account is switched off. A database that is away ends nothing.
    pub async fn end(self, app: App) {
        loop {
            tokio::time::sleep(RECHECK).await;
            if matches!(self.holder(&app).await, Ok(None) | Err(Error::BadToken)) {
                return;
            }
        }
    }
}

impl Caller {
    /// Whoever shows this, from `address`.
    pub async fn by(credential: Credential, app: &App, address: &str) -> Result<Option<Self>, Error> {
        let found = credential.holder(app).await?;
        Ok(found.map(|(viewer, via)| Self { viewer, via, address: address.to_owned(), credential }))
    }

    /// For what is noted in the audit log.
    pub fn actor(&self) -> Actor<'_> {
        Actor { viewer: &self.viewer, address: &self.address }
    }

    /// Whether they came in by something that is for this.
    pub fn may(&self, scope: TokenScope) -> ApiResult<()> {
        match &self.via {
            Via::ApiToken(_, scopes) if !scopes.contains(&scope) => Err(ApiError::new(
                StatusCode::FORBIDDEN,
                "token_scope",
                format!("This token lacks the scope “{}”.", scope.as_str()),
            )),
            _ => Ok(()),
        }
    }

    /// By what they are signed in. An API token is no sign-in.
    pub fn here(&self, session: Option<&Session>) -> ApiResult<Here> {
        self.must_be_a_person()?;
        Ok(match &self.via {
            Via::Jwt(family) => Here::Program(*family),
            _ => Here::Browser(session.and_then(Session::id).map(|it| it.to_string()).unwrap_or_default()),
        })
    }

    /// Only people, not their programs, change how one comes in.
    pub fn must_be_a_person(&self) -> ApiResult<()> {
        match self.via {
            Via::ApiToken(..) => Err(ApiError::new(
                StatusCode::FORBIDDEN,
                "token_scope",
                "An API token cannot be used for this. Sign in instead.",
            )),
            _ => Ok(()),
        }
    }
}

/// The scope that a request needs: reading is for everyone who may read.
fn scope_of(parts: &Parts) -> TokenScope {
    let path = parts.uri.path();
    let is_chat = [
        "/api/v1/attachments",
        "/api/v1/conversations",
        "/api/v1/imports/conversations",
        "/api/v1/messages",
        "/api/v1/runs",
        "/v1/",
        "/api/conversations",
        "/api/messages",
        "/api/chat",
    ]
    .iter()
    .any(|it| path.starts_with(it));
    // What is shared leaves the house: no matter of talking.
    let is_chat = is_chat && !path.ends_with("/shares");
    // A question that is too long for an address.
    let is_question = path == "/api/v1/knowledge/search"
        // Nor does it change anything to fill in a form.
        || path.starts_with("/api/v1/prompts/") && path.ends_with("/render");
    match parts.method {
        Method::GET | Method::HEAD | Method::OPTIONS => TokenScope::Read,
        _ if is_question => TokenScope::Read,
        _ if is_chat => TokenScope::Chat,
        _ => TokenScope::Write,
    }
}

impl FromRequestParts<App> for Identity {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> ApiResult<Self> {
        let identity = parts.extensions.get::<Self>().cloned();
        identity.ok_or_else(|| Error::Internal("no identity is attached to this request".to_owned()).into())
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> ApiResult<Self> {
        let identity = Identity::from_request_parts(parts, app).await?;
        let caller = identity.checked()?.ok_or_else(|| {
            ApiError::new(
                StatusCode::UNAUTHORIZED,
                "not_authenticated",
                "Sign in first: send Authorization: Bearer with an access token or an API token.",
            )
        })?;
        caller.may(scope_of(parts))?;
        Ok(caller)
    }
}
