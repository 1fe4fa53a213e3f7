//! Taking conversations along: one as JSON, Markdown or a page to print, all of them as JSON.
//!
//! JSON is everything: the whole tree, alternatives among it, and which branch is shown. The others are what one sees: the
//! visible branch. Every export is a stream that holds no more than a few messages of it at a time.

mod document;
#[cfg(test)]
mod tests;
mod whole;

pub use whole::conversations;

use crate::chat::Chat;
use crate::error::{Error, Result};
use crate::store::Store;
use atrium::ids::ConversationId;
use atrium::people::Viewer;
use futures::stream::BoxStream;

/// Text, a piece at a time. After an error there is nothing more, and what came before is not whole.
pub type Pieces = BoxStream<'static, Result<String>>;

/// In which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For programs: everything.
    Json,
    /// For reading and editing.
    Markdown,
    /// A page of its own, for reading and printing.
    Html,
}

impl Format {
    /// The format of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "json" => Some(Self::Json),
            "markdown" => Some(Self::Markdown),
            "html" => Some(Self::Html),
            _ => None,
        }
    }

    /// How its files end.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Markdown => "md",
            Self::Html => "html",
        }
    }

    /// Its media type.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Markdown => "text/markdown; charset=utf-8",
            Self::Html => "text/html; charset=utf-8",
        }
    }
}

/// A conversation on its way out, and what it is called.
pub struct Export {
    /// Its title.
    pub title: String,
    /// The text.
    pub pieces: Pieces,
}

impl std::fmt::Debug for Export {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Export").field("title", &self.title).finish_non_exhaustive()
    }
}

/// One conversation of the viewer's.
///
/// # Errors
/// [`Error::NotFound`] when it is not theirs.
pub async fn conversation(
    store: &Store,
    chat: &Chat,
    viewer: &Viewer,
    id: ConversationId,
    format: Format,
) -> Result<Export> {
    let summary = chat.summary(viewer, id).await?;
    let title = summary.title.clone();
    let pieces = match format {
        Format::Json => whole::conversation(store.clone(), viewer.clone(), id),
        Format::Markdown => document::markdown(chat.clone(), viewer.clone(), summary),
        Format::Html => document::html(chat.clone(), viewer.clone(), summary),
    };
    Ok(Export { title, pieces })
}

/// Microseconds since 1970 as `2026-01-31T12:00:00.5Z`.
fn iso(micros: i64) -> String {
    time::OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000)
        .ok()
        .and_then(|it| it.format(&time::format_description::well_known::Rfc3339).ok())
        .unwrap_or_default()
}

/// One of our own types, which always serialise.
fn json<T: serde::Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::Internal(format!("export: {error}")))
}
