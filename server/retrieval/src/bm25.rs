//! Scores by words: BM25 over two fields, computed here so that every database ranks alike.
//!
//! A database only has to come up with rows that hold words of the question; what they are worth is said by the words
//! that it stored for them, by how many documents hold each word of the question, and by how long fields are on average.

use std::collections::HashMap;

/// How often words come in a field, and how many there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts<'a> {
    words: HashMap<&'a str, u32>,
    length: u32,
}

impl<'a> Counts<'a> {
    /// From words with spaces between, as [`Analyzer::joined`](crate::words::Analyzer::joined) made them.
    #[must_use]
    pub fn read(stored: &'a str) -> Self {
        let mut counts = Self::default();
        for word in stored.split_ascii_whitespace() {
            *counts.words.entry(word).or_default() += 1;
            counts.length += 1;
        }
        counts
    }

    /// How often the word comes.
    #[must_use]
    pub fn of(&self, word: &str) -> u32 {
        self.words.get(word).copied().unwrap_or(0)
    }

    /// Every word with how often it comes, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, u32)> + '_ {
        self.words.iter().map(|(&word, &count)| (word, count))
    }

    /// How many words there are.
    #[must_use]
    pub fn length(&self) -> u32 {
        self.length
    }
}

/// What is known about all documents that are searched.
#[derive(Debug, Clone, Default)]
pub struct Collection {
    /// How many there are.
    pub documents: u64,
    /// Words in a title, on average.
    pub title_length: f32,
    /// Words in a body, on average.
    pub body_length: f32,
    /// In how many of them each word is. Needed for the words of the question; feedback chooses further words only from
    /// those that are here.
    pub frequencies: HashMap<String, u64>,
}

impl Collection {
    /// What a word tells: little, if many documents have it. `None` for one whose frequency is not known.
    #[must_use]
    pub fn weight(&self, word: &str) -> Option<f32> {
        let having = *self.frequencies.get(word)? as f32;
        let documents = (self.documents as f32).max(having);
        Some((1.0 + (documents - having + 0.5) / (having + 0.5)).ln())
    }
}

impl Collection {
    /// The words to ask a database for: the rarest, as long as no more than `rows` documents have them in all, and always
    /// one. What is common fills lists of candidates and hardly moves anything in them, which is why the time goes there.
    #[must_use]
    pub fn rarest<'a>(&self, words: &'a [String], rows: u64) -> Vec<&'a str> {
        let known = |word: &'a String| Some((self.frequencies.get(word).copied().filter(|&it| it > 0)?, word.as_str()));
        let mut known: Vec<_> = words.iter().filter_map(known).collect();
        known.sort_unstable();
        known.dedup();
        let mut sum = 0;
        let fits = |&(at, (having, _)): &(usize, (u64, &str))| {
            sum += having;
            at == 0 || sum <= rows
        };
        known.into_iter().enumerate().take_while(fits).map(|(_, (_, word))| word).collect()
    }
}

/// BM25's parameters. The default's are the usual ones (Robertson and Zaragoza, 2009), with titles counting twice.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bm25 {
    /// How soon more of the same word stops mattering.
    pub saturation: f32,
    /// How much a long field is held against a document, from 0 to 1.
    pub length: f32,
    /// How many times a word in the title counts.
    pub title: f32,
}

impl Default for Bm25 {
    fn default() -> Self {
        Self { saturation: 1.2, length: 0.75, title: 2.0 }
    }
}

impl Bm25 {
    /// The score of a document for words that each matter so much.
    #[must_use]
    pub fn score(&self, question: &[(&str, f32)], title: &Counts, body: &Counts, collection: &Collection) -> f32 {
        let lengths = [title.length, body.length];
        let gain = |&(word, matters): &(&str, f32)| {
            let counts = [title.of(word), body.of(word)];
            let told = if counts == [0, 0] { None } else { collection.weight(word) };
            matters * told.map_or(0.0, |told| told * self.gain(counts, lengths, collection))
        };
        question.iter().map(gain).sum()
    }

    /// What so many of a word in title and body are worth in a document with fields so long, whatever the word is.
    #[inline]
    pub(crate) fn gain(&self, counts: [u32; 2], lengths: [u32; 2], collection: &Collection) -> f32 {
        let normal = |length: u32, average: f32| {
            let ratio = if average > 0.0 { length as f32 / average } else { 1.0 };
            (1.0 - self.length + self.length * ratio).max(f32::MIN_POSITIVE)
        };
        let frequency = self.title * counts[0] as f32 / normal(lengths[0], collection.title_length)
            + counts[1] as f32 / normal(lengths[1], collection.body_length);
        frequency * (self.saturation + 1.0) / (frequency + self.saturation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collection() -> Collection {
        let frequencies = [("wing", 50), ("flow", 5), ("the", 100)].map(|(word, count)| (word.to_owned(), count));
        Collection { documents: 100, title_length: 2.0, body_length: 4.0, frequencies: frequencies.into() }
    }

    fn score(question: &[(&str, f32)], title: &str, body: &str) -> f32 {
        Bm25::default().score(question, &Counts::read(title), &Counts::read(body), &collection())
    }

    #[test]
    fn the_formula_is_the_one_in_the_books() {
        // Lengths are average: frequencies stay 1 and 2; ln(1 + 95.5 / 5.5).
        let told = (1.0f32 + 95.5 / 5.5).ln();
        let once = score(&[("flow", 1.0)], "a b", "flow c d e");
        assert!((once - told * 2.2 / 2.2).abs() < 1e-5, "{once}");
        let titled = score(&[("flow", 1.0)], "flow b", "a c d e");
        assert!((titled - told * 2.0 * 2.2 / 3.2).abs() < 1e-5, "{titled}");
    }

    #[test]
    fn the_rarest_words_are_asked_for() {
        let words = ["the", "flow", "unheard", "wing", "flow"].map(str::to_owned);
        let collection = collection();
        assert_eq!(collection.rarest(&words, 1000), ["flow", "wing", "the"]);
        assert_eq!(collection.rarest(&words, 55), ["flow", "wing"]);
        assert_eq!(collection.rarest(&words, 54), ["flow"]);
        assert_eq!(collection.rarest(&words, 0), ["flow"], "one at least");
        assert_eq!(collection.rarest(&words[2..3], 1000), Vec::<&str>::new());
    }

    #[test]
    fn rarer_more_and_nearer_the_top_count_more() {
        let question = [("flow", 1.0), ("wing", 1.0)];
        assert!(score(&question, "", "flow x") > score(&question, "", "wing x"));
        assert!(score(&question, "", "flow flow x x") > score(&question, "", "flow x x x"));
        assert!(score(&question, "flow", "x") > score(&question, "x", "flow"));
        assert!(score(&question, "", "flow x") > score(&question, "", "flow x x x x x x x"));
        assert_eq!(score(&question, "other", "things"), 0.0);
        assert_eq!(score(&[("unknown", 1.0)], "unknown", ""), 0.0);
        assert!(score(&[("the", 1.0)], "", "the") > 0.0, "what everything has still counts a little");
    }
}
