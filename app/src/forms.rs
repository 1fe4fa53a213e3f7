//! Forms posted to a page's own path. They work without JavaScript; refused ones come back with what was typed.

use crate::pages;
use crate::visit::Visit;
use atrium::Failure;
use atrium_domain::{Error, Result};
use axum::body::Bytes;
use leptos::prelude::use_context;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;

/// The paths that take forms, as the router wants them.
pub const PATHS: &[&str] = &[
    "/",
    "/chat",
    "/chat/{id}",
    "/chat/{id}/share",
    "/chat/{id}/feedback/{message}",
    "/sign-in",
    "/register",
    "/setup",
    "/forgot-password",
    "/reset-password",
    "/invitation",
    "/sign-out",
    "/preferences",
    "/account",
    "/account/sessions",
    "/account/tokens",
    "/account/shares",
    "/agents",
    "/agents/new",
    "/agents/{id}",
    "/projects",
    "/projects/{id}",
    "/knowledge",
    "/knowledge/{id}",
    "/knowledge/{id}/repositories",
    "/knowledge/repositories/{id}",
    "/knowledge/documents/{id}",
    "/analytics/ask",
    "/analytics/results",
    "/analytics/models",
    "/analytics/models/{id}",
    "/favourites",
    "/sign-back",
    "/admin/people",
    "/admin/invitations",
    "/admin/outbox",
    "/admin/outbox/{id}",
    "/admin/organisations",
    "/admin/organisations/{id}",
    "/admin/expertise",
    "/admin/agents",
    "/admin/conversations/{id}",
    "/admin/budgets",
    "/admin/providers",
    "/admin/settings",
];

/// What was typed, and the files that were chosen.
#[derive(Debug, Clone, Default)]
pub struct Fields(Vec<(String, String)>, Vec<ChosenFile>);

/// A file that came with a form.
#[derive(Debug, Clone)]
pub struct ChosenFile {
    /// The field that it was chosen at.
    pub field: String,
    /// As its sender calls it.
    pub name: String,
    /// What its sender says that it is.
    pub media_type: Option<String>,
    /// What is in it.
    pub content: Bytes,
}

/// A form that was refused, for the page that shows it again.
#[derive(Debug, Clone)]
pub struct Refused {
    /// What was typed.
    pub fields: Fields,
    /// Why.
    pub failure: Failure,
}

/// A form that was taken.
#[derive(Debug, Clone)]
pub struct Done {
    /// The page to show next.
    pub next: String,
    /// A cookie to set.
    pub set_cookie: Option<String>,
    /// Instead of going on: the page again, showing this.
    pub reveal: Option<Reveal>,
}

/// A secret that one reply shows and nothing keeps: no session, no address, no log.
#[derive(Clone)]
pub struct Reveal(pub String);

impl std::fmt::Debug for Reveal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reveal")
    }
}

impl Done {
    /// Taken; `next` is a path of ours.
    pub fn then(next: impl Into<String>) -> Self {
        Self { next: next.into(), set_cookie: None, reveal: None }
    }

    /// Taken; the page at the form's own path shows `secret`, this once.
    pub fn reveal(secret: String) -> Self {
        Self { next: String::new(), set_cookie: None, reveal: Some(Reveal(secret)) }
    }
}

impl Fields {
    /// In the order of the form.
    #[must_use]
    pub fn new(fields: Vec<(String, String)>) -> Self {
        Self(fields, Vec::new())
    }

    /// With files, as a form of several parts brings them.
    #[must_use]
    pub fn with_files(fields: Vec<(String, String)>, files: Vec<ChosenFile>) -> Self {
        Self(fields, files)
    }

    /// What is in the file chosen at the field of that name; nothing if none was.
    #[must_use]
    pub fn file(&self, name: &str) -> Vec<u8> {
        self.1.iter().find(|it| it.field == name).map_or_else(Vec::new, |it| it.content.to_vec())
    }

    /// The files chosen at the field of that name.
    pub fn files<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a ChosenFile> {
        // A form in which none was chosen sends one without a name.
        self.1.iter().filter(move |it| it.field == name && !it.name.is_empty())
    }

    /// The value of the first field of that name, empty if there is none.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.0.iter().find(|it| it.0 == name).map_or("", |it| it.1.as_str())
    }

    /// The values of all fields of that name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |it| it.0 == name).map(|it| it.1.as_str())
    }

    /// The value, if something was typed.
    #[must_use]
    pub fn filled(&self, name: &str) -> Option<&str> {
        atrium::text::filled(self.text(name))
    }

    /// Whether there is such a field.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|it| it.0 == name)
    }

    /// A value that must be an id.
    ///
    /// # Errors
    /// When it is none.
    pub fn id<T: std::str::FromStr>(&self, name: &str, what: &'static str) -> Result<T> {
        self.text(name).parse().map_err(|_| Error::NotFound(what))
    }

    /// All fields as a type of the shared words.
    ///
    /// # Errors
    /// When a field cannot be read, which an honest browser does not send.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T> {
        let map: serde_json::Map<_, _> =
            self.0.iter().map(|(name, value)| (name.clone(), serde_json::Value::String(value.clone()))).collect();
        serde_json::from_value(map.into()).map_err(|error| {
            Error::field("form", format!("The form was not understood ({error}). Reload the page and try again."))
        })
    }
}

/// Does what the form at `path` asks for.
///
/// # Errors
/// With what to change.
pub async fn submit(visit: &Visit, path: &str, fields: &Fields) -> Result<Done> {
    let parts: Vec<_> = path.split('/').filter(|it| !it.is_empty()).collect();
    match parts.as_slice() {
        [] | ["chat"] => pages::chat::submit_new(visit, fields).await,
        ["chat", id] => pages::chat::submit(visit, parse(id, "conversation")?, fields).await,
        ["chat", id, "feedback", message] => {
            pages::feedback::submit(visit, parse(id, "conversation")?, parse(message, "message")?, fields).await
        }
        ["chat", id, "share"] => pages::shared::submit(visit, parse(id, "conversation")?, fields).await,
        ["sign-in"] => pages::entrance::sign_in(visit, fields).await,
        ["register"] => pages::entrance::register(visit, fields).await,
        ["setup"] => pages::entrance::set_up(visit, fields).await,
        ["forgot-password"] => pages::recovery::forgot(visit, fields).await,
        ["reset-password"] => pages::recovery::reset(visit, fields).await,
        ["invitation"] => pages::invitations::accept(visit, fields).await,
        ["sign-out"] => pages::account::sign_out(visit).await,
        ["preferences"] => pages::account::set_preferences(fields),
        ["account"] => pages::account::submit(visit, fields).await,
        ["account", "sessions"] => pages::account::sessions::submit(visit, fields).await,
        ["account", "tokens"] => pages::account::tokens::submit(visit, fields).await,
        ["account", "shares"] => pages::shared::submit_list(visit, fields).await,
        ["agents"] => pages::agents::submit_list(visit, fields).await,
        ["agents", "new"] => pages::agents::create(visit, fields).await,
        ["agents", id] => pages::agents::update(visit, parse(id, "agent")?, fields).await,
        ["projects"] => pages::projects::create(visit, fields).await,
        ["projects", id] => pages::projects::submit(visit, parse(id, "project")?, fields).await,
        ["knowledge"] => pages::knowledge::bases::create(visit, fields).await,
        ["knowledge", "documents", id] => {
            pages::knowledge::document::submit(visit, parse(id, "document")?, fields).await
        }
        ["knowledge", "repositories", id] => {
            pages::knowledge::repository::submit(visit, parse(id, "repository")?, fields).await
        }
        ["knowledge", id, "repositories"] => {
            pages::knowledge::repositories::submit(visit, parse(id, "knowledge base")?, fields).await
        }
        ["knowledge", id] => pages::knowledge::base::submit(visit, parse(id, "knowledge base")?, fields).await,
        ["analytics", "ask"] => pages::analytics::ask::submit(visit, fields).await,
        ["analytics", "results"] => pages::analytics::results::submit(visit, fields).await,
        ["analytics", "models"] => pages::analytics::models::create(visit, fields).await,
        ["analytics", "models", id] => pages::analytics::models::submit(visit, parse(id, "model")?, fields).await,
        ["favourites"] => pages::favourites::submit(visit, fields).await,
        ["sign-back"] => pages::impersonation::sign_back(visit).await,
        ["admin", "people"] => pages::admin::people::submit(visit, fields).await,
        ["admin", "invitations"] => pages::invitations::submit(visit, fields).await,
        ["admin", "outbox"] => pages::admin::outbox::submit(visit, fields).await,
        ["admin", "outbox", id] => pages::admin::outbox::submit_one(visit, parse(id, "mail")?, fields).await,
        ["admin", "organisations"] => pages::admin::organisations::create(visit, fields).await,
        ["admin", "organisations", id] => {
            pages::admin::organisations::change(visit, parse(id, "organisation")?, fields).await
        }
        ["admin", "budgets"] => pages::admin::budgets::submit(visit, fields).await,
        ["admin", "expertise"] => pages::admin::expertise::submit(visit, fields).await,
        ["admin", "agents"] => pages::admin::agents::submit(visit, fields).await,
        ["admin", "conversations", id] => {
            pages::admin::conversations::open(visit, parse(id, "conversation")?, fields).await
        }
        ["admin", "providers"] => pages::admin::providers::submit(visit, fields).await,
        ["admin", "settings"] => pages::settings::submit(visit, fields).await,
        _ => Err(Error::NotFound("page")),
    }
}

fn parse<T: std::str::FromStr>(id: &str, what: &'static str) -> Result<T> {
    id.parse().map_err(|_| Error::NotFound(what))
}

/// What a path may hold as it is, and stay readable in an address.
const IN_PATH: AsciiSet = NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.');

/// The page to sign in at, and to come back from.
#[must_use]
pub fn sign_in_path(next: &str) -> String {
    format!("/sign-in?next={}", utf8_percent_encode(next, &IN_PATH))
}

/// A path of ours from something typed; nobody is sent elsewhere after signing in.
#[must_use]
pub fn local_path(next: &str) -> &str {
    let is_local =
        next.starts_with('/') && !next.starts_with("//") && !next.contains(|it: char| it == '\\' || it.is_control());
    if is_local { next } else { "/" }
}

/// The refused form that is being shown again, if one is.
#[must_use]
pub fn refused() -> Option<Refused> {
    use_context()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_elsewhere() {
        for (next, path) in [
            ("/chat/1", "/chat/1"),
            ("//evil.example", "/"),
            ("https://evil.example", "/"),
            ("/\\evil.example", "/"),
            ("", "/"),
            ("/a\r\nset-cookie:x", "/"),
        ] {
            assert_eq!(local_path(next), path);
        }
    }

    #[test]
    fn the_way_back_survives_as_a_parameter() {
        assert_eq!(sign_in_path("/chat/a b&c"), "/sign-in?next=/chat/a%20b%26c");
    }
}
