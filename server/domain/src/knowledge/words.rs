//! What counts as a word in documents and in questions about them: the crate atrium-retrieval says, by language.

use atrium_retrieval::words::Analyzer;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// Languages that a question is asked in, at most: one for each that the documents are written in.
pub(super) const LANGUAGES_MAX: usize = 6;
/// Words of a question; what comes after them is left out.
const ASKED_MAX: usize = 48;
/// How much of a question is read, in bytes.
const QUESTION_MAX: usize = 8 * 1024;

/// Making one reads lists of words, so they are kept.
static ANALYZERS: LazyLock<Mutex<HashMap<String, Arc<Analyzer>>>> = LazyLock::new(Mutex::default);

/// Documents whose language nobody knows are taken for English: its rules do the least harm to others.
pub(super) fn analyzer(language: &str) -> Arc<Analyzer> {
    let language = if language.is_empty() { "en" } else { language };
    let mut analyzers = ANALYZERS.lock().unwrap_or_else(PoisonError::into_inner);
    // There are a few hundred codes; what else calls itself a language is not kept.
    if analyzers.len() > 500 {
        analyzers.clear();
    }
    analyzers.entry(language.to_owned()).or_insert_with(|| Arc::new(Analyzer::new(language))).clone()
}

/// The words of a text, with spaces between.
pub(super) fn joined(text: &str, language: &str) -> String {
    analyzer(language).joined(text)
}

/// The words of a question worth looking for, as documents in any of these languages have them.
pub(super) fn asked(question: &str, languages: &[String]) -> Vec<String> {
    let question = &question[..question.floor_char_boundary(QUESTION_MAX)];
    let mut words: Vec<String> = Vec::new();
    let english = String::new();
    for language in languages.iter().chain(languages.is_empty().then_some(&english)) {
        for word in analyzer(language).words(question) {
            if !words.contains(&word.text) && words.len() < ASKED_MAX {
                words.push(word.text);
            }
        }
    }
    words
}
