//! How the model in this process answers from sources: by the sentences of them that come nearest to the question.
//!
//! A model of 135 million parameters writes fluently beside what it read: at best a quarter of its sentences stood in its
//! sources, however those were put to it. So its sources speak for themselves, word for word, each sentence with its
//! place; only where nothing is near enough does the model try.

use super::encoders::LOCAL;
use super::{Context, Knowledge, words};
use crate::providers::Use;
use atrium_retrieval::attribution::sentences;
use std::collections::HashSet;

/// Sentences that are looked at: encoding them takes part of a second, while somebody waits.
const LOOKED_AT: usize = 60;
/// Sentences that are quoted, at most.
const QUOTED_MAX: usize = 3;
/// Words of a sentence that can stand alone, without the little ones.
const WORDS: std::ops::RangeInclusive<usize> = 3..=40;
/// A sentence is quoted when it means nearly the same as the question,
const COSINE_MIN: f32 = 0.45;
/// and is not much worse than the best one.
const BEHIND: f32 = 0.12;
/// What the question's own words in a sentence add to that, at most.
const WORDS_WEIGHT: f32 = 0.2;

/// One that may be quoted: which source it is from, and where in it.
#[derive(Debug, Clone, PartialEq)]
struct Sentence<'a> {
    source: usize,
    at: usize,
    text: &'a str,
}

struct Scored<'a> {
    sentence: Sentence<'a>,
    cosine: f32,
    score: f32,
}

impl Knowledge {
    /// The quotation, as Markdown; none where nothing is near enough, or nothing can say what is near.
    pub(crate) async fn quotation(&self, question: &str, context: &Context) -> Option<String> {
        let sentences = candidates(context);
        let encoder = self.encoder(LOCAL).ok()?;
        let texts = std::iter::once(question).chain(sentences.iter().map(|it| it.text)).map(str::to_owned).collect();
        let vectors = match encoder.encode(texts, Use::Question).await {
            Ok(vectors) => vectors,
            Err(error) => {
                tracing::warn!(cause = error.cause(), "an answer begins without a quotation: {error}");
                return None;
            }
        };
        let (meaning, vectors) = vectors.split_first()?;
        let asked = words::asked(question, &[]);
        let scored = sentences.into_iter().zip(vectors).map(|(sentence, vector)| {
            let cosine: f32 = vector.iter().zip(meaning).map(|(a, b)| a * b).sum();
            let said = words::asked(sentence.text, &[]);
            let met = asked.iter().filter(|it| said.contains(it)).count();
            let score = cosine + WORDS_WEIGHT * met as f32 / asked.len().max(1) as f32;
            Scored { sentence, cosine, score }
        });
        quote(scored.collect())
    }
}

/// The whole sentences of the sources, each once, the best source's first.
fn candidates(context: &Context) -> Vec<Sentence<'_>> {
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for (source, citation) in context.citations.iter().enumerate() {
        for range in sentences(&citation.text) {
            let (at, text) = (range.start, &citation.text[range]);
            if WORDS.contains(&words::asked(text, &[]).len()) && seen.insert(text) {
                found.push(Sentence { source, at, text });
            }
        }
    }
    found.truncate(LOOKED_AT);
    found
}

/// The best ones, in the order of their sources.
fn quote(mut scored: Vec<Scored<'_>>) -> Option<String> {
    scored.retain(|it| it.cosine >= COSINE_MIN);
    scored.sort_by(|a, b| b.score.total_cmp(&a.score));
    let best = scored.first()?.score;
    scored.retain(|it| it.score >= best - BEHIND);
    scored.truncate(QUOTED_MAX);
    scored.sort_by_key(|it| (it.sentence.source, it.sentence.at));
    let lines: Vec<String> = scored.iter().map(|it| format!("> {}", it.sentence.text.replace('\n', "\n> "))).collect();
    Some(format!("{}\n", lines.join("\n>\n")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scored(text: &str, source: usize, score: f32) -> Scored<'_> {
        Scored { sentence: Sentence { source, at: 0, text }, cosine: score, score }
    }

    #[test]
    fn the_best_are_quoted_in_the_order_of_their_sources() {
        let all = vec![scored("Near.", 2, 0.7), scored("Nearest,\nin two lines.", 1, 0.75), scored("Behind.", 0, 0.5)];
        assert_eq!(quote(all).unwrap(), "> Nearest,\n> in two lines.\n>\n> Near.\n");
        assert_eq!(quote(vec![scored("Far.", 0, 0.3)]), None);
        assert_eq!(quote(Vec::new()), None);
    }
}
