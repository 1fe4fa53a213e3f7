//! The sentences that say most, for when there is no model to write a summary.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use unicode_segmentation::UnicodeSegmentation;

/// How much text is considered, in bytes: a long document says at its beginning what it is about.
const CONSIDERED: usize = 512 * 1024;

/// Sentences outside these lengths, in terms, are headings or lists.
const TERMS: Range<usize> = 5..60;

/// What a term is still worth once a chosen sentence contains it: the next one should say something else.
const COVERED: f64 = 0.3;

struct Sentence<'t> {
    range: Range<usize>,
    terms: Vec<&'t str>,
    /// How many paragraphs are before it, and whether it opens its own.
    paragraph: usize,
    opens: bool,
}

/// The best sentences of a text, in its order, as ranges of bytes. A sentence is good when its words occur in many others,
/// but not in all, and when it stands early; what an earlier choice has said counts less. The same text gives the same
/// sentences, in any language: Chinese, Japanese and Korean are compared by pairs of characters.
pub fn key_sentences(text: &str, count: usize) -> Vec<Range<usize>> {
    let sentences = sentences(&text[..text.floor_char_boundary(CONSIDERED)]);
    let mut frequency: HashMap<&str, usize> = HashMap::new();
    for term in sentences.iter().flat_map(|sentence| &sentence.terms) {
        *frequency.entry(term).or_default() += 1;
    }
    let total = sentences.len() as f64;
    let mut weights: HashMap<&str, f64> = frequency
        .into_iter()
        .map(|(term, found)| {
            let found = found as f64;
            // Words of one sentence say nothing of the whole, words of all of them nothing at all.
            (term, if found < 2.0 { 0.02 } else { found.ln_1p() * (total / found).ln().max(0.0) })
        })
        .collect();

    let (mut chosen, mut covered) = (Vec::new(), HashSet::new());
    while chosen.len() < count.min(sentences.len()) {
        let score = |sentence: &Sentence<'_>| {
            let sum: f64 = sentence.terms.iter().map(|term| weights[term]).sum();
            let place = 1.0 + 0.7 / (1.0 + sentence.paragraph as f64 / 3.0) + if sentence.opens { 0.15 } else { 0.0 };
            sum * place / (sentence.terms.len() as f64 + 8.0)
        };
        let is_new = |sentence: &Sentence<'_>| {
            let known = sentence.terms.iter().filter(|term| covered.contains(*term)).count();
            known * 5 <= sentence.terms.len() * 4
        };
        let candidates = sentences.iter().enumerate().filter(|(_, sentence)| is_new(sentence));
        // The first of equals.
        let best = candidates
            .map(|(at, sentence)| (at, score(sentence)))
            .reduce(|best, next| if next.1 > best.1 { next } else { best });
        let Some((best, _)) = best else { break };
        for term in &sentences[best].terms {
            if covered.insert(term)
                && let Some(weight) = weights.get_mut(term)
            {
                *weight *= COVERED;
            }
        }
        chosen.push(best);
    }
    chosen.sort_unstable();
    chosen.into_iter().map(|at: usize| sentences[at].range.clone()).collect()
}

/// The sentences of prose; code, tables and headings have none.
fn sentences(text: &str) -> Vec<Sentence<'_>> {
    let (mut found, mut in_code, mut paragraph, mut at) = (Vec::new(), false, 0, 0);
    for block in text.split_inclusive("\n\n") {
        let start = at;
        at += block.len();
        let fences = block.lines().filter(|line| line.trim_start().starts_with("```")).count();
        let is_code = in_code || fences > 0;
        in_code ^= fences % 2 == 1;
        if is_code || block.trim_start().starts_with(['|', '#']) {
            continue;
        }
        let flowing = flowing(block);
        for (index, (offset, sentence)) in flowing.split_sentence_bound_indices().enumerate() {
            let sentence = &block[offset..offset + sentence.len()];
            let trimmed = sentence.trim();
            let from = start + offset + (sentence.len() - sentence.trim_start().len());
            let terms = terms(trimmed);
            if TERMS.contains(&terms.len()) {
                found.push(Sentence { range: from..from + trimmed.len(), terms, paragraph, opens: index == 0 });
            }
        }
        paragraph += 1;
    }
    found
}

/// A line break within a paragraph is a space; before an item of a list, a quoted line or a row it is an end. As long as
/// the block, byte for byte.
fn flowing(block: &str) -> String {
    let mut flowing = String::with_capacity(block.len());
    let mut lines = block.split_inclusive('\n').peekable();
    while let Some(line) = lines.next() {
        match line.strip_suffix('\n') {
            Some(text) if lines.peek().is_some_and(|next| !begins_anew(next)) => {
                flowing.push_str(text);
                flowing.push(' ');
            }
            _ => flowing.push_str(line),
        }
    }
    flowing
}

fn begins_anew(line: &str) -> bool {
    let line = line.trim();
    let mark = line.split(' ').next().unwrap_or_default();
    let is_number = |it: &str| (1..=3).contains(&it.len()) && it.bytes().all(|it| it.is_ascii_digit());
    line.is_empty()
        || line.starts_with(['|', '#', '>'])
        || matches!(mark, "-" | "*" | "+" | "•" | "–")
        || mark.strip_suffix(['.', ')']).is_some_and(is_number)
}

/// The distinct words, or pairs of characters where words have no spaces between them.
fn terms(sentence: &str) -> Vec<&str> {
    let mut terms = Vec::new();
    let mut before: Option<usize> = None;
    for (at, word) in sentence.unicode_word_indices() {
        if word.chars().any(|c| matches!(c, '\u{1100}'..='\u{11ff}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}')) {
            let starts: Vec<_> = word.char_indices().map(|(offset, c)| (at + offset, c.len_utf8())).collect();
            for (start, length) in starts {
                if let Some(before) = before {
                    terms.push(&sentence[before..start + length]);
                }
                before = Some(start);
            }
        } else {
            before = None;
            if word.chars().count() > 2 {
                terms.push(word);
            }
        }
    }
    terms.sort_unstable();
    terms.dedup();
    terms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn picks_what_the_text_is_about_and_not_the_same_twice() {
        let text = "# Ownership\n\nOwnership is how the language manages memory without a collector. Every value has an owner.\n\n\
            The weather was fine that day in the little harbour town.\n\n\
            When the owner of a value goes out of scope, the language drops the value and frees its memory.\n\n\
            ```rust\nlet owner = value(memory);\n```\n\n\
            Ownership is how the language manages memory without a collector.\n";
        let chosen: Vec<_> = key_sentences(text, 2).into_iter().map(|range| &text[range]).collect();
        assert_eq!(
            chosen,
            [
                "Ownership is how the language manages memory without a collector.",
                "When the owner of a value goes out of scope, the language drops the value and frees its memory.",
            ]
        );
    }

    #[test]
    fn a_sentence_goes_on_in_the_next_line_and_an_item_does_not() {
        let text = "A self-hosted workspace keeps what people wrote\non the machine that the people themselves look after.\n\n\
            - One item of the list names the machine here\n- Another item of the list names people there\n";
        let all: Vec<_> = sentences(text).into_iter().map(|it| &text[it.range]).collect();
        assert_eq!(
            all,
            [
                "A self-hosted workspace keeps what people wrote\non the machine that the people themselves look after.",
                "- One item of the list names the machine here",
                "- Another item of the list names people there",
            ]
        );
    }

    #[test]
    fn knows_sentences_without_spaces() {
        let text =
            "検索は文書を見つけるための機能です。天気は良いです。検索の機能は文書の言葉を使います。猫が好きです。";
        let chosen = key_sentences(text, 1);
        assert_eq!(&text[chosen[0].clone()], "検索は文書を見つけるための機能です。");
    }

    #[test]
    fn has_nothing_to_say_of_nothing() {
        assert_eq!(key_sentences("", 3), []);
        assert_eq!(key_sentences("```\ncode only, of course, with many words in it\n```\n", 3), []);
    }
}
