//! Every endpoint, asked by everybody: nobody, a stranger, the owner, each by JWT, by API token and by cookie.
//!
//! The endpoints come from the description, so one that nobody thought about here fails. What is expected comes from the
//! rules: without signing in nothing but what is open; what is somebody else's does not exist; tokens do what they are for.
//!
//! Here are the rules; [`world`] is what they are tried on, [`questions`] asks.

mod questions;
mod world;

use crate::server::PASSWORD;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Who may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// Everybody, signed in or not.
    Open,
    /// Whoever is signed in, for themselves.
    Own,
    /// Whoever signed in with the password: no API token.
    Person,
    /// The owner of what the path names.
    Owner,
    /// Who administers the organisation.
    Admin,
    /// Who rules the server.
    Superuser,
}

/// What an API token must be for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Needs {
    Read,
    Chat,
    Write,
}

/// One endpoint: who may, and a body that would be taken.
fn rules() -> BTreeMap<&'static str, (Rule, Needs, Value)> {
    use Needs::{Chat, Read, Write};
    use Rule::{Admin, Open, Own, Owner, Person, Superuser};
    let agent = json!({ "name": "Matrix", "provider": "local", "model": "m" });
    let login = json!({ "email": "ada@example.org", "password": PASSWORD });
    let price = json!({ "provider": "openai", "model": "m", "prompt_price": "1.50", "completion_price": "2" });
    BTreeMap::from([
        ("post /api/v1/auth/login", (Open, Read, login)),
        ("post /api/v1/auth/register", (Open, Read, json!({}))),
        ("post /api/v1/auth/refresh", (Open, Read, json!({ "refresh": "x" }))),
        ("post /api/v1/auth/password/forgot", (Open, Read, json!({ "email": "nobody@example.org" }))),
        ("post /api/v1/auth/password/reset", (Open, Read, json!({ "token": "x", "new_password": PASSWORD }))),
        ("get /api/v1/invitations", (Admin, Read, Value::Null)),
        ("post /api/v1/invitations", (Admin, Write, json!({ "email": "", "role": "user" }))),
        ("delete /api/v1/invitations/{id}", (Admin, Write, Value::Null)),
        ("post /api/v1/invitations/{id}/send", (Admin, Write, json!({}))),
        ("post /api/v1/invitations/accept", (Open, Read, json!({ "token": "x", "name": "x", "password": PASSWORD }))),
        ("post /api/v1/auth/logout", (Person, Write, json!({}))),
        ("post /api/v1/auth/logout-everywhere", (Person, Write, json!({}))),
        ("get /api/v1/users/me", (Own, Read, Value::Null)),
        ("patch /api/v1/users/me", (Own, Write, json!({ "department": "Sea" }))),
        ("post /api/v1/users/me/password", (Person, Write, json!({ "current_password": "x", "new_password": "x" }))),
        ("put /api/v1/users/me/avatar", (Own, Write, json!({}))),
        ("delete /api/v1/users/me/avatar", (Own, Write, Value::Null)),
        ("get /api/v1/users/{id}/avatar", (Own, Read, Value::Null)),
        ("get /api/v1/sessions", (Person, Read, Value::Null)),
        ("delete /api/v1/sessions", (Person, Write, Value::Null)),
        ("delete /api/v1/sessions/{id}", (Person, Write, Value::Null)),
        ("get /api/v1/users", (Own, Read, Value::Null)),
        ("get /api/v1/users/{id}", (Owner, Read, Value::Null)),
        ("post /api/v1/users/{id}/sign-in-as", (Superuser, Write, json!({}))),
        ("patch /api/v1/users/{id}", (Admin, Write, json!({ "role": "analyst" }))),
        ("get /api/v1/organisations", (Own, Read, Value::Null)),
        ("post /api/v1/organisations", (Superuser, Write, json!({ "name": "Matrix" }))),
        ("get /api/v1/organisations/{id}", (Own, Read, Value::Null)),
        ("patch /api/v1/organisations/{id}", (Admin, Write, json!({ "address": "Sea" }))),
        ("get /api/v1/audit-log", (Admin, Read, Value::Null)),
        ("get /api/v1/projects", (Own, Read, Value::Null)),
        ("post /api/v1/projects", (Own, Write, json!({ "name": "Matrix" }))),
        ("get /api/v1/projects/{id}", (Owner, Read, Value::Null)),
        ("patch /api/v1/projects/{id}", (Owner, Write, json!({ "description": "changed" }))),
        ("delete /api/v1/projects/{id}", (Owner, Write, Value::Null)),
        ("get /api/v1/projects/{id}/members", (Owner, Read, Value::Null)),
        (
            "post /api/v1/projects/{id}/members",
            (Owner, Write, json!({ "email": "ada@example.org", "role": "manager" })),
        ),
        ("patch /api/v1/projects/{id}/members/{user_id}", (Owner, Write, json!({ "role": "manager" }))),
        ("delete /api/v1/projects/{id}/members/{user_id}", (Owner, Write, Value::Null)),
        ("get /api/v1/projects/{id}/agents", (Owner, Read, Value::Null)),
        ("post /api/v1/projects/{id}/agents", (Owner, Write, json!({ "agent_id": "" }))),
        ("delete /api/v1/projects/{id}/agents/{agent_id}", (Owner, Write, Value::Null)),
        ("get /api/v1/prompts", (Own, Read, Value::Null)),
        ("post /api/v1/prompts", (Own, Write, json!({ "name": "Matrix", "text": "On {{topic}}" }))),
        ("get /api/v1/prompts/{id}", (Owner, Read, Value::Null)),
        ("patch /api/v1/prompts/{id}", (Owner, Write, json!({ "description": "changed" }))),
        ("delete /api/v1/prompts/{id}", (Owner, Write, Value::Null)),
        ("post /api/v1/prompts/{id}/restore", (Owner, Write, json!({}))),
        ("post /api/v1/prompts/{id}/render", (Owner, Read, json!({ "values": { "topic": "tides" } }))),
        ("get /api/v1/tokens", (Person, Read, Value::Null)),
        ("post /api/v1/tokens", (Person, Write, json!({ "name": "t", "scopes": ["read"] }))),
        ("delete /api/v1/tokens/{id}", (Person, Write, Value::Null)),
        ("get /api/v1/agents", (Own, Read, Value::Null)),
        ("post /api/v1/agents", (Own, Write, agent)),
        ("get /api/v1/agents/default", (Own, Read, Value::Null)),
        ("get /api/v1/agents/models", (Own, Read, Value::Null)),
        ("get /api/v1/agents/{id}", (Owner, Read, Value::Null)),
        ("patch /api/v1/agents/{id}", (Owner, Write, json!({ "description": "changed" }))),
        ("delete /api/v1/agents/{id}", (Owner, Write, Value::Null)),
        ("post /api/v1/agents/{id}/restore", (Owner, Write, json!({}))),
        ("get /api/v1/agents/{id}/expertise-area", (Owner, Read, Value::Null)),
        ("put /api/v1/agents/{id}/expertise-area", (Owner, Write, json!({ "expertise_area_id": null }))),
        ("get /api/v1/expertise-areas", (Own, Read, Value::Null)),
        ("post /api/v1/expertise-areas", (Admin, Write, json!({ "name": "Matrix" }))),
        ("get /api/v1/expertise-areas/{id}", (Own, Read, Value::Null)),
        ("patch /api/v1/expertise-areas/{id}", (Admin, Write, json!({ "description": "changed" }))),
        ("delete /api/v1/expertise-areas/{id}", (Admin, Write, Value::Null)),
        ("get /api/v1/expertise-areas/{id}/agents", (Own, Read, Value::Null)),
        ("get /api/v1/favourites", (Own, Read, Value::Null)),
        ("post /api/v1/favourites", (Own, Write, json!({ "kind": "agent", "id": "" }))),
        ("delete /api/v1/favourites/{kind}/{id}", (Owner, Write, Value::Null)),
        ("post /api/v1/analytics/charts", (Own, Write, json!({ "question": "n by a", "csv": "a,n\nx,1\n" }))),
        ("get /api/v1/analytics/results", (Own, Read, Value::Null)),
        ("get /api/v1/analytics/results/{id}", (Owner, Read, Value::Null)),
        ("delete /api/v1/analytics/results/{id}", (Owner, Write, Value::Null)),
        ("post /api/v1/analytics/results/{id}/restore", (Owner, Write, json!({}))),
        ("get /api/v1/analytics/models", (Own, Read, Value::Null)),
        (
            "post /api/v1/analytics/models",
            (Admin, Write, json!({ "name": "", "version": "1", "storage_key": "s3://m" })),
        ),
        ("get /api/v1/analytics/models/{id}", (Own, Read, Value::Null)),
        ("patch /api/v1/analytics/models/{id}", (Admin, Write, json!({ "stage": "archived" }))),
        ("delete /api/v1/analytics/models/{id}", (Admin, Write, Value::Null)),
        ("get /api/v1/knowledge/{id}/repositories", (Owner, Read, Value::Null)),
        ("post /api/v1/knowledge/{id}/repositories", (Owner, Write, json!({ "url": "" }))),
        ("get /api/v1/repositories/{id}", (Owner, Read, Value::Null)),
        ("patch /api/v1/repositories/{id}", (Owner, Write, json!({ "every_minutes": 60 }))),
        ("delete /api/v1/repositories/{id}", (Owner, Write, Value::Null)),
        ("post /api/v1/repositories/{id}/fetch", (Owner, Write, json!({}))),
        // Nothing was fetched: whoever may see it is told so, with a 409.
        ("get /api/v1/repositories/{id}/tree", (Own, Read, Value::Null)),
        ("get /api/v1/repositories/{id}/file", (Own, Read, Value::Null)),
        ("post /api/v1/repositories/{id}/webhook", (Open, Read, json!({}))),
        ("get /api/v1/search", (Own, Read, Value::Null)),
        ("get /api/v1/budgets", (Own, Read, Value::Null)),
        (
            "put /api/v1/budgets",
            (Admin, Write, json!({ "subject": "organisation", "period": "month", "limit_usd": "250" })),
        ),
        ("delete /api/v1/budgets/{id}", (Admin, Write, Value::Null)),
        ("get /api/v1/usage", (Own, Read, Value::Null)),
        ("get /api/v1/knowledge", (Own, Read, Value::Null)),
        ("post /api/v1/knowledge", (Own, Write, json!({ "name": "Matrix" }))),
        ("get /api/v1/knowledge/search", (Own, Read, Value::Null)),
        ("post /api/v1/knowledge/search", (Own, Read, json!({ "q": "tide" }))),
        ("get /api/v1/knowledge/{id}", (Owner, Read, Value::Null)),
        ("patch /api/v1/knowledge/{id}", (Owner, Write, json!({ "description": "changed" }))),
        ("delete /api/v1/knowledge/{id}", (Owner, Write, Value::Null)),
        ("put /api/v1/knowledge/{id}/embedding", (Owner, Write, json!({ "state": "paused" }))),
        ("get /api/v1/knowledge/{id}/documents", (Owner, Read, Value::Null)),
        ("post /api/v1/knowledge/{id}/documents", (Owner, Write, json!({}))),
        ("post /api/v1/knowledge/{id}/documents/from-url", (Owner, Write, json!({ "url": "http://127.0.0.1/" }))),
        ("get /api/v1/documents/{id}", (Owner, Read, Value::Null)),
        ("delete /api/v1/documents/{id}", (Owner, Write, Value::Null)),
        ("get /api/v1/documents/{id}/versions", (Owner, Read, Value::Null)),
        ("get /api/v1/documents/{id}/text", (Owner, Read, Value::Null)),
        ("get /api/v1/documents/{id}/file", (Owner, Read, Value::Null)),
        ("post /api/v1/documents/{id}/read", (Owner, Write, json!({}))),
        ("post /api/v1/documents/{id}/fetch", (Owner, Write, json!({}))),
        ("get /api/v1/agents/{id}/knowledge", (Owner, Read, Value::Null)),
        ("put /api/v1/agents/{id}/knowledge", (Owner, Write, json!({ "knowledge_ids": [] }))),
        ("get /api/v1/messages/{id}/sources", (Owner, Read, Value::Null)),
        ("get /api/v1/conversations/export", (Own, Read, Value::Null)),
        ("get /api/v1/conversations/{id}/export", (Owner, Read, Value::Null)),
        ("post /api/v1/imports/conversations", (Own, Chat, json!({}))),
        ("get /api/v1/conversations", (Own, Read, Value::Null)),
        ("post /api/v1/conversations", (Own, Chat, json!({}))),
        ("get /api/v1/conversations/{id}", (Owner, Read, Value::Null)),
        ("patch /api/v1/conversations/{id}", (Owner, Chat, json!({ "title": "Changed" }))),
        ("delete /api/v1/conversations/{id}", (Owner, Chat, Value::Null)),
        ("post /api/v1/conversations/{id}/restore", (Owner, Chat, json!({}))),
        ("get /api/v1/conversations/{id}/messages", (Owner, Read, Value::Null)),
        ("post /api/v1/conversations/{id}/messages", (Owner, Chat, json!({ "content": "Hi" }))),
        ("get /api/v1/messages/{id}", (Owner, Read, Value::Null)),
        ("delete /api/v1/messages/{id}", (Owner, Chat, Value::Null)),
        ("put /api/v1/messages/{id}/feedback", (Owner, Chat, json!({ "verdict": "up" }))),
        ("delete /api/v1/messages/{id}/feedback", (Owner, Chat, Value::Null)),
        ("post /api/v1/messages/{id}/edit", (Owner, Chat, json!({ "content": "Hi" }))),
        ("post /api/v1/messages/{id}/regenerate", (Owner, Chat, json!({}))),
        ("post /api/v1/messages/{id}/continue", (Owner, Chat, json!({}))),
        ("post /api/v1/messages/{id}/select", (Owner, Chat, json!({}))),
        ("post /api/v1/messages/{id}/restore", (Owner, Chat, json!({}))),
        ("get /api/v1/shares", (Own, Read, Value::Null)),
        ("post /api/v1/conversations/{id}/shares", (Owner, Write, json!({}))),
        ("delete /api/v1/shares/{id}", (Owner, Write, Value::Null)),
        ("post /api/v1/attachments", (Own, Chat, json!({}))),
        ("get /api/v1/attachments/{id}", (Owner, Read, Value::Null)),
        ("delete /api/v1/attachments/{id}", (Owner, Chat, Value::Null)),
        ("get /api/v1/attachments/{id}/file", (Owner, Read, Value::Null)),
        ("get /api/v1/runs/{id}", (Owner, Read, Value::Null)),
        ("get /api/v1/runs/{id}/events", (Owner, Read, Value::Null)),
        ("post /api/v1/runs/{id}/stop", (Owner, Chat, json!({}))),
        ("get /api/v1/admin/agents", (Admin, Read, Value::Null)),
        ("post /api/v1/admin/agents/{id}/switch", (Admin, Write, json!({ "is_active": true }))),
        ("get /api/v1/admin/conversations", (Admin, Read, Value::Null)),
        ("get /api/v1/admin/conversations/{id}", (Admin, Read, Value::Null)),
        ("post /api/v1/admin/conversations/{id}/looks", (Admin, Write, json!({ "reason": "to find the invoice" }))),
        ("get /api/v1/admin/conversations/{id}/messages", (Admin, Read, Value::Null)),
        ("get /api/v1/admin/outbox", (Admin, Read, Value::Null)),
        ("get /api/v1/admin/outbox/{id}", (Admin, Read, Value::Null)),
        ("delete /api/v1/admin/outbox/{id}", (Admin, Write, Value::Null)),
        ("post /api/v1/admin/outbox/{id}/send", (Admin, Write, json!({}))),
        ("post /api/v1/admin/outbox/{id}/restore", (Admin, Write, json!({}))),
        ("get /api/v1/admin/prices", (Superuser, Read, Value::Null)),
        ("put /api/v1/admin/prices", (Superuser, Write, price)),
        ("delete /api/v1/admin/prices", (Superuser, Write, Value::Null)),
    ])
}
