//! One ranking out of two: what words found and what meaning found.
//!
//! Either side is asked for its best hundred or so. Every candidate is then scored by *both*, whichever found it; each
//! side's scores are divided by its best one, and a weighted sum makes the order (Bruch, Gai and Ingber, An Analysis of
//! Fusion Functions for Hybrid Retrieval, 2023: weighted scores beat ranks, and need little fitting). The first few of
//! that order are then taken for relevant, and the question is moved towards them: its vector by Rocchio's rule, its words
//! by the ones that set these documents apart (RM3). The candidates are scored again for the question so enriched, which
//! needs nothing further from a database. Every step is kept, so that a page can show why something stands where it does.

mod feedback;

#[cfg(test)]
mod tests;

use crate::bm25::{Bm25, Collection, Counts};
use crate::vectors::dot;

/// How the sides are weighed, and how far the first hits are believed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fusion {
    /// What meaning counts, from 0 (words alone) to 1 (meaning alone).
    pub meaning: f32,
    /// Scores by words.
    pub bm25: Bm25,
    /// The second look; none leaves the first order.
    pub feedback: Option<Feedback>,
}

/// The second look.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Feedback {
    /// How many of the first order are taken for relevant.
    pub documents: usize,
    /// How far the question's vector is moved towards theirs; 1 gives them as much weight as it has.
    pub vector: f32,
    /// How many of their words are added to the question's.
    pub words: usize,
    /// How much of the enriched question's words those are, from 0 to 1.
    pub share: f32,
}

impl Default for Fusion {
    fn default() -> Self {
        Self { meaning: 0.5, bm25: Bm25::default(), feedback: Some(Feedback::default()) }
    }
}

impl Default for Feedback {
    fn default() -> Self {
        Self { documents: 5, vector: 0.5, words: 10, share: 0.5 }
    }
}

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// Its words, as an [`Analyzer`](crate::words::Analyzer) cuts them.
    pub words: &'a [String],
    /// Its vector, of length one; none where there is no model, or not yet.
    pub vector: Option<&'a [f32]>,
}

/// Something that either side found.
#[derive(Debug, Clone)]
pub struct Candidate<'a, Id> {
    /// What it is.
    pub id: Id,
    /// The words of its title and headings.
    pub title: Counts<'a>,
    /// Its other words.
    pub body: Counts<'a>,
    /// Its vector, of length one; none if it has none yet.
    pub vector: Option<Vec<f32>>,
}

/// How a candidate stands with one side.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standing {
    /// From 1. Equal scores share a rank.
    pub rank: usize,
    /// BM25 of the question's words, or the cosine.
    pub score: f32,
    /// What it has for the enriched question; the same as `score` without feedback.
    pub enriched: f32,
    /// What went into the sum: `enriched`, divided by the best candidate's.
    pub share: f32,
}

/// A candidate in the final order, and why it is there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ranked<Id> {
    /// What it is.
    pub id: Id,
    /// The weighted sum, from 0 to 1.
    pub score: f32,
    /// What it was before feedback.
    pub first_score: f32,
    /// Whether it was among those that feedback took for relevant.
    pub believed: bool,
    /// How it stands by words; none if no word of the question is in it.
    pub words: Option<Standing>,
    /// How it stands by meaning; none if it or the question has no vector.
    pub meaning: Option<Standing>,
}

/// The order, and what it was made for.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranking<Id> {
    /// Best first.
    pub hits: Vec<Ranked<Id>>,
    /// Words that feedback added to the question, with how much each mattered, most first.
    pub added: Vec<(String, f32)>,
}

impl Fusion {
    /// Puts candidates in order. The same ones come out, each once if each went in once.
    ///
    /// A side that has nothing to say (a question without vector, or none of whose words is found) leaves the order to
    /// the other.
    #[must_use]
    pub fn rank<Id: Copy>(
        &self,
        question: &Question,
        candidates: &[Candidate<Id>],
        collection: &Collection,
    ) -> Ranking<Id> {
        let words: Vec<(&str, f32)> = question.words.iter().map(|word| (word.as_str(), 1.0)).collect();
        let first = Sides {
            words: self.by_words(&words, candidates, collection),
            meaning: by_meaning(question.vector, candidates),
        };
        let first_sums = first.sums(self.meaning);

        let mut believed = vec![false; candidates.len()];
        let mut added = Vec::new();
        let mut second = first.clone();
        if let Some(feedback) = self.feedback {
            let top: Vec<usize> = order(&first_sums).into_iter().take(feedback.documents).collect();
            let top: Vec<usize> = top.into_iter().filter(|&at| first_sums[at] > 0.0).collect();
            top.iter().for_each(|&at| believed[at] = true);
            added = feedback.words(candidates, &top, collection);
            if !added.is_empty() && !words.is_empty() {
                let own = (1.0 - feedback.share) / words.len() as f32;
                let enriched: Vec<_> = words.iter().map(|&(word, _)| (word, own)).collect();
                let more = added.iter().map(|(word, matters)| (word.as_str(), *matters));
                second.words =
                    self.by_words(&enriched.into_iter().chain(more).collect::<Vec<_>>(), candidates, collection);
            } else {
                added.clear();
            }
            let moved = question.vector.map(|vector| feedback.vector(vector, candidates, &top));
            second.meaning = by_meaning(moved.as_deref(), candidates);
        }

        let sums = second.sums(self.meaning);
        let words = standings(&first.words, &second.words, |score| score > 0.0);
        let meaning = standings(&first.meaning, &second.meaning, |_| true);
        let hit = |at: usize| Ranked {
            id: candidates[at].id,
            score: sums[at],
            first_score: first_sums[at],
            believed: believed[at],
            words: words[at],
            meaning: meaning[at],
        };
        Ranking { hits: order(&sums).into_iter().map(hit).collect(), added }
    }

    fn by_words<Id>(
        &self,
        words: &[(&str, f32)],
        candidates: &[Candidate<Id>],
        collection: &Collection,
    ) -> Vec<Option<f32>> {
        candidates.iter().map(|it| Some(self.bm25.score(words, &it.title, &it.body, collection))).collect()
    }
}

fn by_meaning<Id>(question: Option<&[f32]>, candidates: &[Candidate<Id>]) -> Vec<Option<f32>> {
    let score = |it: &Candidate<Id>| {
        let (question, vector) = (question?, it.vector.as_deref()?);
        (question.len() == vector.len()).then(|| dot(question, vector))
    };
    candidates.iter().map(score).collect()
}

/// The scores of all candidates by either side.
#[derive(Clone)]
struct Sides {
    words: Vec<Option<f32>>,
    meaning: Vec<Option<f32>>,
}

impl Sides {
    fn sums(&self, meaning: f32) -> Vec<f32> {
        let words = shares(&self.words).into_iter().map(|it| it.unwrap_or(0.0) * (1.0 - meaning));
        let meanings = shares(&self.meaning).into_iter().map(|it| it.unwrap_or(0.0) * meaning);
        words.zip(meanings).map(|(words, meaning)| words + meaning).collect()
    }
}

/// Scores divided by the best; what is below nothing counts as nothing.
fn shares(scores: &[Option<f32>]) -> Vec<Option<f32>> {
    let best = scores.iter().flatten().copied().fold(0.0, f32::max);
    let share = |score: f32| if best > 0.0 { (score / best).max(0.0) } else { 0.0 };
    scores.iter().map(|score| score.map(share)).collect()
}

fn standings(first: &[Option<f32>], second: &[Option<f32>], counts: fn(f32) -> bool) -> Vec<Option<Standing>> {
    let mut sorted: Vec<f32> = first.iter().flatten().copied().collect();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let shares = shares(second);
    let standing = |at: usize| {
        let (score, enriched, share) = (first[at]?, second[at]?, shares[at]?);
        let rank = 1 + sorted.partition_point(|&better| better > score);
        (counts(score) || counts(enriched)).then_some(Standing { rank, score, enriched, share })
    };
    (0..first.len()).map(standing).collect()
}

/// Places by score, best first; equal ones as they came.
fn order(scores: &[f32]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    order
}
