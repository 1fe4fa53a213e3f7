//! Forms posted to a page's own path. They work without JavaScript; refused ones come back with what was typed.

use crate::pages;
use crate::visit::Visit;
use atrium::Failure;
use atrium_domain::import::chats::Report;
use atrium_domain::{Error, Result};
use axum::body::Bytes;
use leptos::prelude::use_context;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;
use std::pin::Pin;
use std::sync::Arc;

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
    "/prompts",
    "/prompts/new",
    "/prompts/{id}",
    "/prompts/{id}/use",
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

/// What became of the conversations of a file, for the page that they were brought at.
#[derive(Debug, Clone)]
pub struct Imported(pub Arc<Report>);

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

    /// Says instead of a form what was kept of it, for the page that shows it again.
    pub fn keep(&mut self, name: &str, value: String) {
        self.0.push((name.to_owned(), value));
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

/// Does what the form at `path` asks for. What was kept of a form that is refused is added to its fields.
///
/// # Errors
/// With what to change.
pub async fn submit(visit: &Visit, path: &str, fields: &mut Fields) -> Result<Done> {
    let parts: Vec<_> = path.split('/').filter(|it| !it.is_empty()).collect();
    // Each in a box of its own: together they would be as large as the largest, in every frame that they pass through.
    let work: Pin<Box<dyn Future<Output = Result<Done>> + Send + '_>> = match parts.as_slice() {
        [] | ["chat"] => Box::pin(pages::chat::submit_new(visit, fields)),
        ["chat", id] => Box::pin(pages::chat::submit(visit, parse(id, "conversation")?, fields)),
        ["chat", id, "feedback", message] => {
            Box::pin(pages::feedback::submit(visit, parse(id, "conversation")?, parse(message, "message")?, fields))
        }
        ["chat", id, "share"] => Box::pin(pages::shared::submit(visit, parse(id, "conversation")?, fields)),
        ["sign-in"] => Box::pin(pages::entrance::sign_in(visit, fields)),
        ["register"] => Box::pin(pages::entrance::register(visit, fields)),
        ["setup"] => Box::pin(pages::entrance::set_up(visit, fields)),
        ["forgot-password"] => Box::pin(pages::recovery::forgot(visit, fields)),
        ["reset-password"] => Box::pin(pages::recovery::reset(visit, fields)),
        ["invitation"] => Box::pin(pages::invitations::accept(visit, fields)),
        ["sign-out"] => Box::pin(pages::account::sign_out(visit)),
        ["preferences"] => return pages::account::set_preferences(fields),
        ["account"] => Box::pin(pages::account::submit(visit, fields)),
        ["account", "sessions"] => Box::pin(pages::account::sessions::submit(visit, fields)),
        ["account", "tokens"] => Box::pin(pages::account::tokens::submit(visit, fields)),
        ["account", "shares"] => Box::pin(pages::shared::submit_list(visit, fields)),
        ["agents"] => Box::pin(pages::agents::submit_list(visit, fields)),
        ["agents", "new"] => Box::pin(pages::agents::create(visit, fields)),
        ["agents", id] => Box::pin(pages::agents::update(visit, parse(id, "agent")?, fields)),
        ["prompts"] => Box::pin(pages::prompts::submit_list(visit, fields)),
        ["prompts", "new"] => Box::pin(pages::prompts::create(visit, fields)),
        ["prompts", id] => Box::pin(pages::prompts::update(visit, parse(id, "prompt")?, fields)),
        ["prompts", id, "use"] => Box::pin(pages::prompts::start(visit, parse(id, "prompt")?, fields)),
        ["projects"] => Box::pin(pages::projects::create(visit, fields)),
        ["projects", id] => Box::pin(pages::projects::submit(visit, parse(id, "project")?, fields)),
        ["knowledge"] => Box::pin(pages::knowledge::bases::create(visit, fields)),
        ["knowledge", "documents", id] => {
            Box::pin(pages::knowledge::document::submit(visit, parse(id, "document")?, fields))
        }
        ["knowledge", "repositories", id] => {
            Box::pin(pages::knowledge::repository::submit(visit, parse(id, "repository")?, fields))
        }
        ["knowledge", id, "repositories"] => {
            Box::pin(pages::knowledge::repositories::submit(visit, parse(id, "knowledge base")?, fields))
        }
        ["knowledge", id] => Box::pin(pages::knowledge::base::submit(visit, parse(id, "knowledge base")?, fields)),
        ["analytics", "ask"] => Box::pin(pages::analytics::ask::submit(visit, fields)),
        ["analytics", "results"] => Box::pin(pages::analytics::results::submit(visit, fields)),
        ["analytics", "models"] => Box::pin(pages::analytics::models::create(visit, fields)),
        ["analytics", "models", id] => Box::pin(pages::analytics::models::submit(visit, parse(id, "model")?, fields)),
        ["favourites"] => Box::pin(pages::favourites::submit(visit, fields)),
        ["sign-back"] => Box::pin(pages::impersonation::sign_back(visit)),
        ["admin", "people"] => Box::pin(pages::admin::people::submit(visit, fields)),
        ["admin", "invitations"] => Box::pin(pages::invitations::submit(visit, fields)),
        ["admin", "outbox"] => Box::pin(pages::admin::outbox::submit(visit, fields)),
        ["admin", "outbox", id] => Box::pin(pages::admin::outbox::submit_one(visit, parse(id, "mail")?, fields)),
        ["admin", "organisations"] => Box::pin(pages::admin::organisations::create(visit, fields)),
        ["admin", "organisations", id] => {
            Box::pin(pages::admin::organisations::change(visit, parse(id, "organisation")?, fields))
        }
        ["admin", "budgets"] => Box::pin(pages::admin::budgets::submit(visit, fields)),
        ["admin", "expertise"] => Box::pin(pages::admin::expertise::submit(visit, fields)),
        ["admin", "agents"] => Box::pin(pages::admin::agents::submit(visit, fields)),
        ["admin", "conversations", id] => {
            Box::pin(pages::admin::conversations::open(visit, parse(id, "conversation")?, fields))
        }
        ["admin", "providers"] => Box::pin(pages::admin::providers::submit(visit, fields)),
        ["admin", "settings"] => Box::pin(pages::settings::submit(visit, fields)),
        _ => return Err(Error::NotFound("page")),
    };
    work.await
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
