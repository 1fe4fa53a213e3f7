//! What counts as a word in documents and in questions about them: the crate atrium-retrieval says, by language.

use crate::search::is_unspaced;
use atrium_retrieval::words::Analyzer;
use std::collections::HashMap;
use std::ops::Range;
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

/// What may stand for a word of a question.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Form {
    /// This word of the index.
    Whole(String),
    /// Every word of the index that begins so.
    Beginning(String),
}

/// A question all of whose words must be met, once for each language that the documents are written in: for each of its
/// words what may stand for it. Little words of a language need not be met in it.
pub(crate) fn demanded(question: &str, languages: &[String]) -> Vec<Vec<Vec<Form>>> {
    // In small letters, so that nothing looks like a name that is made of several words.
    let question = question[..question.floor_char_boundary(QUESTION_MAX)].to_lowercase();
    // A language without rules: every word as it was typed.
    let typed = analyzer("und").words(&question);
    let mut all: Vec<Vec<Vec<Form>>> = Vec::new();
    for language in languages.iter().take(LANGUAGES_MAX) {
        let known = analyzer(language).words(&question);
        let mut demand: Vec<Vec<Form>> = Vec::new();
        for word in &typed {
            let stems = known.iter().filter(|it| it.range == word.range).map(|it| Form::Whole(it.text.clone()));
            let mut forms: Vec<Form> = stems.collect();
            if forms.is_empty() {
                continue;
            }
            // Scripts without spaces are cut into pairs already, and what begins with one letter is everything.
            if word.text.chars().count() > 1 && !word.text.chars().any(is_unspaced) {
                forms.push(Form::Beginning(word.text.clone()));
            }
            if !demand.contains(&forms) && demand.len() < ASKED_MAX {
                demand.push(forms);
            }
        }
        if !demand.is_empty() && !all.contains(&demand) {
            all.push(demand);
        }
    }
    all
}

/// The bytes of a text at which a word of the question stands, in any of its forms.
pub(crate) fn met(question: &str, language: &str, text: &str) -> Vec<Range<usize>> {
    let analyzer = analyzer(language);
    let asked: Vec<String> = analyzer.words(question).into_iter().map(|it| it.text).collect();
    analyzer.words(text).into_iter().filter(|it| asked.contains(&it.text)).map(|it| it.range).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demand(question: &str, languages: &[&str]) -> Vec<Vec<Vec<Form>>> {
        demanded(question, &languages.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn every_word_is_demanded_in_its_stem_or_as_a_beginning() {
        let (whole, beginning) = (|it: &str| Form::Whole(it.to_owned()), |it: &str| Form::Beginning(it.to_owned()));
        assert_eq!(
            demand("The Tides", &["en", "en"]),
            [vec![vec![whole("tide"), beginning("tides")]]],
            "little words need not be met, and no language is asked twice"
        );
        assert_eq!(demand("die Flut", &["de", "en"]).len(), 2, "what is little in one language is a word in another");
        assert_eq!(demand("東京", &["ja"])[0][0], [whole("東京")]);
        assert_eq!(demand("\"*' OR", &["xx"]), [vec![vec![whole("or"), beginning("or")]]]);
        assert!(demand("the", &["en"]).is_empty() && demand("", &["en"]).is_empty() && demand("tide", &[]).is_empty());
    }
}
