//! Search: over everything that one could also open.

use super::knowledge::documents::Place;
use super::messages::RoleInDialogue;
use crate::api::body::ApiQuery;
use crate::api::error::ApiResult;
use crate::api::identity::Caller;
use crate::api::paging::{ListQuery, Listing, listing};
use crate::api::time::iso;
use crate::web::App;
use atrium::search::{Hit as Known, HitKind, Piece as KnownPiece, Shelf as KnownShelf};
use atrium_domain::Error;
use atrium_domain::search::{self, Filter, Question};
use axum::Json;
use axum::extract::State;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// What was found.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum HitKindName {
    Conversation,
    Project,
    Agent,
    Document,
    Message,
}

impl HitKindName {
    fn known(self) -> HitKind {
        match self {
            Self::Conversation => HitKind::Conversation,
            Self::Project => HitKind::Project,
            Self::Agent => HitKind::Agent,
            Self::Document => HitKind::Document,
            Self::Message => HitKind::Message,
        }
    }
}

/// A part of a text: plain text, to be escaped where it is shown as HTML.
#[derive(Debug, Serialize, ToSchema)]
pub struct Piece {
    text: String,
    /// Whether it is what was looked for.
    is_hit: bool,
}

/// A place in a version of a document: bytes of its text, and how people call it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({ "version": 2, "start": 1204, "end": 1688, "page": 3, "headings": ["Tides"], "first_line": 31, "last_line": 38 }))]
pub struct FoundPassage {
    /// The version whose text it is: the one that is searched.
    version: i64,
    #[serde(flatten)]
    place: Place,
}

/// Where a document that was found stands, and where in it what was looked for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "base_id": "0190d3b8-0000-7c3e-9f10-2a4b6c8d0e1f", "base_name": "Harbour", "name": "tides.pdf",
    "passage": { "version": 2, "start": 1204, "end": 1688, "page": 3, "headings": ["Tides"], "first_line": 31, "last_line": 38 }
}))]
pub struct Shelf {
    /// The knowledge base that it is in.
    base_id: Uuid,
    base_name: String,
    /// The file's name, or its path in the repository.
    name: String,
    /// The passage that meets the question best; `null` when only the document's name does.
    passage: Option<FoundPassage>,
}

/// Something that was found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "kind": "message", "id": "0190d3b8-5d2a-7c3e-9f10-2a4b6c8d0e1f", "title": [{ "text": "Tides", "is_hit": false }],
    "snippet": [{ "text": "Twice a day, by the pull of the ", "is_hit": false }, { "text": "Moon", "is_hit": true }],
    "conversation_id": "0190d3b8-0000-7c3e-9f10-2a4b6c8d0e1f", "project_id": null, "agent_id": null, "role": "assistant", "document": null,
    "at": "2026-01-31T12:00:03Z"
}))]
pub struct Hit {
    #[schema(value_type = HitKindName)]
    kind: &'static str,
    id: Uuid,
    /// What it is called; of a message, what its conversation is called.
    title: Vec<Piece>,
    /// What it says around the first place that was looked for.
    snippet: Vec<Piece>,
    /// The conversation that it is or stands in.
    conversation_id: Option<Uuid>,
    /// The project that it is or belongs to.
    project_id: Option<Uuid>,
    /// The agent that it is, or that answers there.
    agent_id: Option<Uuid>,
    /// Whose turn, of a message.
    #[schema(value_type = Option<RoleInDialogue>)]
    role: Option<&'static str>,
    /// Where, of a document: its own id is `id`.
    document: Option<Shelf>,
    /// When it was said, or changed last.
    #[schema(format = DateTime)]
    at: String,
}

impl From<KnownPiece> for Piece {
    fn from(it: KnownPiece) -> Self {
        Self { text: it.text, is_hit: it.is_hit }
    }
}

impl From<KnownShelf> for Shelf {
    fn from(it: KnownShelf) -> Self {
        let passage = it.passage.map(|(version, place)| FoundPassage { version, place: place.into() });
        Self { base_id: it.base.into(), base_name: it.base_name, name: it.name, passage }
    }
}

impl From<Known> for Hit {
    fn from(it: Known) -> Self {
        Self {
            kind: it.kind.as_str(),
            id: it.id,
            title: it.title.into_iter().map(Into::into).collect(),
            snippet: it.snippet.into_iter().map(Into::into).collect(),
            conversation_id: it.conversation.map(Into::into),
            project_id: it.project.map(Into::into),
            agent_id: it.agent.map(Into::into),
            role: it.author.map(super::conversations::role),
            document: it.shelf.map(Into::into),
            at: iso(it.at),
        }
    }
}

/// What to look for, and where.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct SearchQuery {
    /// Only things of this kind.
    #[param(required = false)]
    kind: Option<HitKindName>,
    /// Only conversations of this project, what was said in them, and documents of its knowledge bases.
    #[param(required = false)]
    project_id: Option<Uuid>,
    /// From this moment on.
    #[param(required = false, format = DateTime)]
    from: Option<String>,
    /// Before this moment.
    #[param(required = false, format = DateTime)]
    before: Option<String>,
    /// What the search in knowledge calls it: whoever comes from there is understood here too.
    #[param(ignore)]
    q: Option<String>,
}

fn moment(field: &str, text: Option<&str>) -> ApiResult<Option<i64>> {
    let Some(text) = text else { return Ok(None) };
    let wrong = || Error::field(field, "Use a moment like 2026-01-31T12:00:00Z.");
    let moment = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| wrong())?;
    Ok(Some(i64::try_from(moment.unix_timestamp_nanos() / 1000).map_err(|_| wrong())?))
}

/// Search
///
/// For `search` in the titles of one's conversations, in the names and descriptions of projects and agents, in the names
/// and passages of documents, and in what was said on the branch that a conversation shows. All its words must be met; a
/// word is met by what begins with it, and in documents by its other forms as well. Whatever is sent is text: there is no
/// query language. What is called so comes first, then documents and messages in turn, by how well they meet the
/// question; of messages the newest 1,000 are looked at. Documents are found by their words alone: `GET
/// /api/v1/knowledge/search` finds passages by their meaning, too. Whoever names nothing to look for is refused.
#[utoipa::path(get, path = "/api/v1/search", tag = "Search", operation_id = "find", params(ListQuery, SearchQuery), responses((status = 200, description = "A page, best first", body = Listing<Hit>)))]
pub async fn find(
    State(app): State<App>,
    caller: Caller,
    ApiQuery(query): ApiQuery<ListQuery>,
    ApiQuery(within): ApiQuery<SearchQuery>,
    parts: Parts,
) -> ApiResult<Json<Listing<Hit>>> {
    let request = query.page()?;
    let filter = Filter {
        kind: within.kind.map(HitKindName::known),
        project: within.project_id.map(Into::into),
        from: moment("from", within.from.as_deref())?,
        before: moment("before", within.before.as_deref())?,
    };
    let typed = query.search.or(within.q).unwrap_or_default();
    if typed.trim().is_empty() {
        return Err(Error::field("search", "Say what to look for.").into());
    }
    let question = Question::new(&typed);
    let found = search::find(app.atrium.store.as_viewer(&caller.viewer), &question, filter, request).await?;
    Ok(Json(listing(&app, &parts, request, found.map(Hit::from))))
}
