//! Translations: an organisation's memory of what texts, and what stands under keys, are called in other languages. What
//! the memory lacks is asked of the configured model, in batches, and kept, marked as a machine's.

mod machine;
#[cfg(test)]
mod tests;

use crate::agents::connections::Connections;
use crate::error::{Error, Result};
use crate::limits::{self, Limit};
use crate::ports::{Ports, SECOND};
use crate::seal::digest;
use crate::store::{Scope, Store, args};
use atrium::people::Viewer;
use std::collections::HashMap;

/// Texts of one request, and characters of one text.
pub const TEXTS_MAX: usize = 200;
/// See [`TEXTS_MAX`].
pub const TEXT_MAX: usize = 5_000;
/// Texts that one person has translated by the model: it is paid for by the word.
const PER_PERSON: Limit = Limit { hits: 120, window: 600 * SECOND };

/// In which language, and in which part of an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// As BCP 47 writes it, in lower case: `de`, `pt-br`.
    pub language: String,
    /// So that one word can mean two things; empty is the common one.
    pub namespace: String,
}

impl Target {
    /// Checked.
    ///
    /// # Errors
    /// With what to change.
    pub fn new(language: &str, namespace: &str) -> Result<Self> {
        let language = language.trim().replace('_', "-").to_lowercase();
        let mut parts = language.split('-');
        let is_word = |it: &str, shortest: usize| {
            (shortest..=8).contains(&it.len()) && it.bytes().all(|it| it.is_ascii_alphanumeric())
        };
        let begins = parts.next().is_some_and(|it| is_word(it, 2) && it.bytes().all(|it| it.is_ascii_alphabetic()));
        if !begins || language.len() > 35 || !parts.all(|it| is_word(it, 1)) {
            return Err(Error::field("lang", "Use the code of a language, like de or pt-BR."));
        }
        let namespace = namespace.trim();
        if namespace.chars().count() > 100 {
            return Err(Error::field("namespace", "Use at most 100 characters."));
        }
        Ok(Self { language, namespace: namespace.to_owned() })
    }
}

/// Where a translation came from this time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// It was known.
    Memory,
    /// The model has just made it.
    Machine,
}

impl Origin {
    /// As sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Machine => "machine",
        }
    }
}

/// A text in another language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Translation {
    /// As it was asked for.
    pub text: String,
    /// What it is called.
    pub translation: String,
    /// Where that came from.
    pub origin: Origin,
}

/// What the memory holds for a text or a key.
///
/// # Errors
/// When the database does not answer.
pub async fn look_up(scope: Scope<'_>, text: &str, into: &Target) -> Result<Option<String>> {
    let row: Option<(String,)> = scope
        .optional(
            "SELECT translation FROM translations WHERE organisation_id = $1 AND namespace = $2 AND language = $3 AND digest = $4",
            args![scope.viewer.organisation, &into.namespace, &into.language, digest(text)],
        )
        .await?;
    Ok(row.map(|it| it.0))
}

/// All of `texts`, in their order; what the memory lacks is made and kept.
///
/// # Errors
/// With what to change; with the provider's own error, or when it made no sense; when the viewer asked for too much.
pub async fn translate(
    store: &Store,
    ports: &Ports,
    connections: &Connections,
    viewer: &Viewer,
    texts: &[String],
    into: &Target,
) -> Result<Vec<Translation>> {
    if texts.is_empty() || texts.len() > TEXTS_MAX {
        return Err(Error::field("texts", format!("Send 1 to {TEXTS_MAX} texts.")));
    }
    if texts.iter().any(|it| it.chars().count() > TEXT_MAX) {
        return Err(Error::field("texts", format!("A text has at most {TEXT_MAX} characters.")));
    }
    let scope = store.as_viewer(viewer);
    let mut known: HashMap<&str, (String, Origin)> = HashMap::new();
    let mut missing: Vec<&str> = Vec::new();
    for text in texts {
        if known.contains_key(text.as_str()) || missing.contains(&text.as_str()) {
            continue;
        }
        match look_up(scope, text, into).await? {
            Some(translation) => drop(known.insert(text, (translation, Origin::Memory))),
            // There is nothing to say of it in any language.
            None if text.trim().is_empty() => drop(known.insert(text, (text.clone(), Origin::Memory))),
            None => missing.push(text),
        }
    }
    for batch in machine::batches(&missing) {
        for _ in &batch {
            limits::hit(store, ports, &format!("translate:{}", viewer.id), PER_PERSON).await?;
        }
        let made = machine::translate(store, ports, connections, viewer, &batch, into).await?;
        for (text, translation) in batch.into_iter().zip(made) {
            keep(scope, ports, text, &translation, into).await?;
            known.insert(text, (translation, Origin::Machine));
        }
    }
    let found = |text: &String| {
        let (translation, origin) = known.get(text.as_str())?.clone();
        Some(Translation { text: text.clone(), translation, origin })
    };
    Ok(texts.iter().filter_map(found).collect())
}

/// What a person has said meanwhile stays.
async fn keep(scope: Scope<'_>, ports: &Ports, text: &str, translation: &str, into: &Target) -> Result<()> {
    scope
        .execute(
            "INSERT INTO translations (organisation_id, namespace, language, digest, source, translation, is_machine, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, TRUE, $7) ON CONFLICT (organisation_id, namespace, language, digest) DO NOTHING",
            args![
                scope.viewer.organisation,
                &into.namespace,
                &into.language,
                digest(text),
                text,
                translation,
                ports.now()
            ],
        )
        .await?;
    Ok(())
}
