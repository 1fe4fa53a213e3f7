//! What an answer's sentences rest on: each is attributed to a passage or marked as resting on none.
//!
//! A small model cannot be trusted to cite. So whatever it cites, every sentence is compared with the passages that it was
//! given: how much of what the sentence says, rare words counting most, stands in up to three neighbouring sentences of a
//! passage. Its numbers must stand in the same passage and its names in some passage, and what one side denies the other
//! must not assert. Where a model compares meanings, that is heard as a second opinion. Quotations are looked up word by
//! word. This finds what is not in the sources; it does not know what is true.

mod evidence;
mod text;

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::ops::Range;

use crate::words::{Analyzer, Word};
use evidence::{Evidence, Statement, Support, denies, numbers};
use text::{Answer, Piece, Shape};

/// How near a sentence's meaning is to a passage's (by its number from 0): a cosine.
pub type Similarity<'a> = &'a dyn Fn(&str, usize) -> f32;

/// From here on a sentence counts as supported.
const SUPPORTED: f32 = 0.5;
/// The weight of the second opinion, and the cosines that mean nothing and everything to it.
const OPINION: f32 = 0.4;
const COSINES: Range<f32> = 0.2..0.8;
/// Quotation marks around fewer words are put around terms, too.
const QUOTED_WORDS: usize = 3;

/// What became of one sentence, quotation or piece of code.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// Its bytes in the answer.
    pub range: Range<usize>,
    /// What it rests on.
    pub standing: Standing,
    /// How well the best passage supports it, from 0 to 1.
    pub score: f32,
    /// Quotations in it that stand in no passage, as bytes of the answer.
    pub false_quotes: Vec<Range<usize>>,
}

/// What a claim rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// A passage says so.
    Supported {
        /// Which, from 0.
        passage: usize,
        /// The bytes of it that say so.
        range: Range<usize>,
    },
    /// None does.
    Unsupported,
    /// It claims nothing: a heading, a question, a phrase.
    Neutral,
}

/// A number in brackets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Citation {
    /// Its bytes in the answer, with the brackets.
    pub range: Range<usize>,
    /// The number, from 1.
    pub number: usize,
    /// Whether that passage supports the sentence.
    pub right: bool,
}

/// An answer against its passages.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Attribution {
    /// In the order of the answer.
    pub claims: Vec<Claim>,
    /// Every citation that the answer makes.
    pub citations: Vec<Citation>,
    /// Passages, from 0, that support nothing in it.
    pub unused: Vec<usize>,
}

/// The whole sentences of a Markdown text, as bytes of it: no headings, quotations, code or pieces that end nowhere.
#[must_use]
pub fn sentences(markdown: &str) -> Vec<Range<usize>> {
    let ends = |range: &Range<usize>| {
        let text = markdown[range.clone()].trim_end_matches(['"', '\'', ')', '”', '’', '*', '_', '`']);
        text.ends_with(['.', '!', '。', '！', '．'])
    };
    let pieces = Answer::read(markdown).pieces.into_iter().filter(|it| it.shape == Shape::Sentence);
    pieces.map(|it| it.range).filter(ends).collect()
}

/// Compares an answer with the passages that it was to be made from; citation `[1]` means the first.
#[must_use]
pub fn attribute(
    analyzer: &Analyzer,
    answer: &str,
    passages: &[&str],
    similarity: Option<Similarity<'_>>,
) -> Attribution {
    // A language without rules: every word, as it is.
    let plain = Analyzer::new("");
    let evidence = Evidence::new(analyzer, &plain, passages);
    let answer = Answer::read(answer);
    let judge = Judge { analyzer, plain: &plain, evidence: &evidence, answer: &answer, similarity };
    let mut attribution = Attribution::default();
    let mut used = HashSet::new();
    for piece in &answer.pieces {
        let (claim, supports) = judge.claim(piece);
        if let Standing::Supported { passage, .. } = claim.standing {
            used.insert(passage);
        }
        let cited = answer
            .citations
            .iter()
            .filter(|(range, _)| piece.range.start <= range.start && range.end <= piece.range.end);
        for (range, number) in cited {
            let score = number.checked_sub(1).and_then(|at| supports.get(at)).map_or(0.0, |it| it.score);
            let right = score >= SUPPORTED && matches!(claim.standing, Standing::Supported { .. });
            attribution.citations.push(Citation { range: range.clone(), number: *number, right });
        }
        attribution.claims.push(claim);
    }
    attribution.unused = (0..passages.len()).filter(|it| !used.contains(it)).collect();
    attribution
}

struct Judge<'a> {
    analyzer: &'a Analyzer,
    plain: &'a Analyzer,
    evidence: &'a Evidence,
    answer: &'a Answer,
    similarity: Option<Similarity<'a>>,
}

impl Judge<'_> {
    /// The claim, and how well each passage supports it.
    fn claim(&self, piece: &Piece) -> (Claim, Vec<Support>) {
        let range = piece.range.clone();
        let text = &self.answer.visible[range.clone()];
        let neutral =
            |range| (Claim { range, standing: Standing::Neutral, score: 0.0, false_quotes: Vec::new() }, Vec::new());
        match piece.shape {
            Shape::Heading => return neutral(range),
            Shape::Quotation | Shape::Code => return (self.quotation(range), Vec::new()),
            Shape::Sentence => {}
        }
        let words = self.plain.words(text);
        let statement = Statement {
            words: self.analyzer.words(text).into_iter().map(|it| it.text).collect(),
            numbers: numbers(&words),
            names: self.names(&range, &words),
            denies: denies(&words),
        };
        let quotes = self.quotes(&range);
        let says_little = statement.words.len() < 2 && statement.numbers.is_empty() && statement.names.is_empty();
        if quotes.is_empty() && (says_little || is_phrase(text, &words)) {
            return neutral(range);
        }

        let mut supports = self.evidence.supports(&statement);
        if let Some(similarity) = self.similarity {
            for (at, support) in supports.iter_mut().enumerate() {
                let cosine = similarity(text.trim(), at);
                let opinion = ((cosine - COSINES.start) / (COSINES.end - COSINES.start)).clamp(0.0, 1.0);
                // It can strengthen what words found, and make up for other words; not for other
                // numbers, nor for a denial, which cosines hardly notice.
                if support.score > 0.0 && !support.denied {
                    support.score = (1.0 - OPINION) * support.score + OPINION * opinion;
                }
            }
        }
        let false_quotes: Vec<_> = quotes.into_iter().filter(|it| !self.is_quoted(it)).collect();
        let best = supports.iter().enumerate().max_by(|a, b| a.1.score.total_cmp(&b.1.score).then(b.0.cmp(&a.0)));
        let score = best.map_or(0.0, |it| it.1.score);
        let standing = match best {
            Some((passage, support)) if score >= SUPPORTED && self.evidence.has_names(&statement) => {
                Standing::Supported { passage, range: support.range.clone() }
            }
            _ => Standing::Unsupported,
        };
        (Claim { range, standing, score, false_quotes }, supports)
    }

    fn quotation(&self, range: Range<usize>) -> Claim {
        let words = self.plain.words(&self.answer.visible[range.clone()]);
        let found = if words.is_empty() { None } else { self.evidence.find(&words) };
        match found {
            Some((passage, place)) => {
                let standing = Standing::Supported { passage, range: place };
                Claim { range, standing, score: 1.0, false_quotes: Vec::new() }
            }
            None if words.is_empty() => {
                Claim { range, standing: Standing::Neutral, score: 0.0, false_quotes: Vec::new() }
            }
            None => {
                Claim { range: range.clone(), standing: Standing::Unsupported, score: 0.0, false_quotes: vec![range] }
            }
        }
    }

    fn is_quoted(&self, range: &Range<usize>) -> bool {
        self.evidence.find(&self.plain.words(&self.answer.visible[range.clone()])).is_some()
    }

    /// What stands between quotation marks in a sentence and is more than a term.
    fn quotes(&self, sentence: &Range<usize>) -> Vec<Range<usize>> {
        let text = &self.answer.visible[sentence.clone()];
        let mut quotes = Vec::new();
        let mut open: Option<(usize, char)> = None;
        for (at, it) in text.char_indices() {
            match (open, it) {
                (Some((start, close)), it) if it == close => {
                    let range = sentence.start + start..sentence.start + at;
                    if self.plain.words(&text[start..at]).len() >= QUOTED_WORDS {
                        quotes.push(range);
                    }
                    open = None;
                }
                (None, '"') => open = Some((at + 1, '"')),
                (None, '“') => open = Some((at + it.len_utf8(), '”')),
                (None, '„') => open = Some((at + it.len_utf8(), '“')),
                (None, '«') => open = Some((at + it.len_utf8(), '»')),
                (None, '「') => open = Some((at + it.len_utf8(), '」')),
                _ => {}
            }
        }
        quotes
    }

    /// Words that name something: with a capital inside a sentence, or set as code.
    fn names(&self, sentence: &Range<usize>, words: &[Word]) -> HashSet<String> {
        let text = &self.answer.visible[sentence.clone()];
        let is_name = |(at, word): &(usize, &Word)| {
            let place = sentence.start + word.range.start;
            let in_code = self.answer.code.iter().any(|it| it.contains(&place));
            let begins = text[word.range.clone()].starts_with(char::is_uppercase);
            in_code || (begins && *at > 0 && word.text != "i")
        };
        words.iter().enumerate().filter(is_name).map(|(_, word)| word.text.clone()).collect()
    }
}

/// Questions, lead-ins, courtesies, and saying that the sources do not say.
fn is_phrase(text: &str, words: &[Word]) -> bool {
    const BEGINNINGS: [&str; 14] = [
        "sure",
        "certainly",
        "of course",
        "great question",
        "good question",
        "here is",
        "here are",
        "i hope",
        "let me",
        "happy to",
        "thank",
        "you re welcome",
        "in summary",
        "hello",
    ];
    const ADMISSIONS: [&str; 9] = [
        "i don t know",
        "i do not know",
        "not mentioned in",
        "do not say",
        "does not say",
        "do not contain",
        "does not contain",
        "no information",
        "not enough information",
    ];
    let text = text.trim();
    if text.ends_with(['?', '？', ':']) {
        return true;
    }
    let plain: Vec<&str> = words.iter().map(|it| it.text.as_str()).collect();
    let plain = plain.join(" ");
    let short = words.len() <= 8;
    (short && BEGINNINGS.iter().any(|it| plain.starts_with(it))) || ADMISSIONS.iter().any(|it| plain.contains(it))
}
