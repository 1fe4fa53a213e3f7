//! What passages say, word by word, and how much of a sentence that covers.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::text::sentences;
use crate::words::{Analyzer, Word};

/// How many sentences in a row may support one.
const WINDOW: usize = 3;
/// What a further sentence must add.
const FURTHER: f32 = 0.05;
/// What is left of the score where one denies and the other does not.
const DENIED: f32 = 0.45;

#[derive(Debug)]
pub(super) struct Evidence {
    passages: Vec<Passage>,
    /// In how many sentences each word is, of how many.
    frequencies: HashMap<String, usize>,
    sentences: usize,
}

#[derive(Debug)]
struct Passage {
    sentences: Vec<Sentence>,
    /// Every word as it is, for quotations.
    plain: Vec<Word>,
    numbers: HashSet<String>,
}

#[derive(Debug)]
struct Sentence {
    range: Range<usize>,
    words: HashSet<String>,
    denies: bool,
}

/// What a sentence of an answer says.
#[derive(Debug)]
pub(super) struct Statement {
    pub(super) words: HashSet<String>,
    pub(super) numbers: HashSet<String>,
    /// Names, as plain words.
    pub(super) names: HashSet<String>,
    pub(super) denies: bool,
}

/// How well one passage supports a statement.
#[derive(Debug, Clone)]
pub(super) struct Support {
    pub(super) score: f32,
    /// Whether one of them denies what the other asserts.
    pub(super) denied: bool,
    pub(super) range: Range<usize>,
}

impl Evidence {
    pub(super) fn new(analyzer: &Analyzer, plain: &Analyzer, passages: &[&str]) -> Self {
        let passages: Vec<Passage> = passages.iter().map(|it| Passage::new(analyzer, plain, it)).collect();
        let mut frequencies = HashMap::new();
        for word in passages.iter().flat_map(|it| &it.sentences).flat_map(|it| &it.words) {
            *frequencies.entry(word.clone()).or_default() += 1;
        }
        let sentences = passages.iter().map(|it| it.sentences.len()).sum();
        Self { passages, frequencies, sentences }
    }

    /// How well each passage supports the statement.
    pub(super) fn supports(&self, statement: &Statement) -> Vec<Support> {
        self.passages.iter().map(|passage| self.support(statement, passage)).collect()
    }

    /// Whether every name is in some passage.
    pub(super) fn has_names(&self, statement: &Statement) -> bool {
        let known = |name: &String| {
            let has = |word: &Word| word.text == *name || alike(&word.text, name);
            self.passages.iter().any(|passage| passage.plain.iter().any(has))
        };
        statement.names.iter().all(known)
    }

    /// Where these words stand one after another: the passage, and the bytes of it.
    pub(super) fn find(&self, words: &[Word]) -> Option<(usize, Range<usize>)> {
        let is_here = |window: &[Word]| window.iter().zip(words).all(|(a, b)| a.text == b.text);
        self.passages.iter().enumerate().find_map(|(at, passage)| {
            let window = passage.plain.windows(words.len().max(1)).find(|it| is_here(it))?;
            Some((at, window.first()?.range.start..window.last()?.range.end))
        })
    }

    fn support(&self, statement: &Statement, passage: &Passage) -> Support {
        let all: f32 = statement.words.iter().map(|word| self.weight(word)).sum();
        let mut best = Support { score: 0.0, denied: false, range: 0..0 };
        // Not the words that all have, but that somewhere stands what was counted.
        let counted = statement.numbers.iter().all(|number| passage.numbers.contains(number));
        for from in 0..passage.sentences.len() {
            let mut covered: HashSet<&String> = HashSet::new();
            for (further, sentence) in passage.sentences[from..].iter().take(WINDOW).enumerate() {
                covered.extend(statement.words.iter().filter(|word| sentence.has(word)));
                let weight: f32 = covered.iter().map(|word| self.weight(word)).sum();
                let mut score = if all > 0.0 { weight / all } else { 0.0 };
                let denied = passage.sentences[from..=from + further].iter().any(|it| it.denies) != statement.denies;
                if denied {
                    score *= DENIED;
                }
                if !counted {
                    score = 0.0;
                }
                score -= FURTHER * further as f32;
                if score > best.score {
                    best = Support { score, denied, range: passage.sentences[from].range.start..sentence.range.end };
                }
            }
        }
        best
    }

    fn weight(&self, word: &String) -> f32 {
        let having = self.frequencies.get(word).copied().unwrap_or(0) as f32;
        (1.0 + (self.sentences as f32 - having + 0.5) / (having + 0.5)).ln()
    }
}

impl Passage {
    fn new(analyzer: &Analyzer, plain: &Analyzer, text: &str) -> Self {
        let sentences = sentences(text).into_iter().map(|range| {
            let part = &text[range.clone()];
            let words = analyzer.words(part).into_iter().map(|it| it.text).collect();
            Sentence { words, denies: denies(&plain.words(part)), range }
        });
        let words = plain.words(text);
        Self { sentences: sentences.collect(), numbers: numbers(&words), plain: words }
    }
}

impl Sentence {
    fn has(&self, word: &str) -> bool {
        self.words.contains(word) || self.words.iter().any(|own| alike(own, word))
    }
}

/// Stems of one family that rules of grammar left apart: `dealloc` and `deallocat`.
fn alike(a: &str, b: &str) -> bool {
    let common = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    common >= 5 && a.len().max(b.len()) - common <= 3
}

/// Numbers among words, those in letters as digits.
pub(super) fn numbers(words: &[Word]) -> HashSet<String> {
    const NAMES: [&str; 13] =
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
    let number = |word: &Word| match NAMES.iter().position(|it| *it == word.text) {
        // "One" is hardly ever a number.
        Some(1) => None,
        Some(number) => Some(number.to_string()),
        None => word.text.starts_with(|it: char| it.is_ascii_digit()).then(|| word.text.clone()),
    };
    words.iter().filter_map(number).collect()
}

/// Whether something is denied, once or thrice.
pub(super) fn denies(words: &[Word]) -> bool {
    let is_denial = |it: &&Word| {
        matches!(
            it.text.as_str(),
            "not" | "no" | "never" | "cannot" | "without" | "neither" | "nor" | "none" | "nothing" | "t"
        )
    };
    words.iter().filter(is_denial).count() % 2 == 1
}
