//! The question, enriched by what was found for it.

use std::collections::HashMap;

use super::{Candidate, Feedback};
use crate::bm25::Collection;
use crate::vectors::unit;

impl Feedback {
    /// The question's vector, moved towards the mean of what was believed.
    pub(super) fn vector<Id>(&self, question: &[f32], candidates: &[Candidate<Id>], top: &[usize]) -> Vec<f32> {
        let vectors = top.iter().filter_map(|&at| candidates[at].vector.as_ref());
        let mut mean = vec![0.0; question.len()];
        for vector in vectors.filter(|it| it.len() == question.len()) {
            for (mean, number) in mean.iter_mut().zip(vector) {
                *mean += number;
            }
        }
        let Some(mean) = unit(&mean) else { return question.to_vec() };
        let moved: Vec<f32> = question.iter().zip(mean).map(|(own, mean)| own + self.vector * mean).collect();
        unit(&moved).unwrap_or(moved)
    }

    /// The words that tell most about what was believed: frequent there, rare elsewhere. Their weights add up to `share`.
    pub(super) fn words<Id>(
        &self,
        candidates: &[Candidate<Id>],
        top: &[usize],
        collection: &Collection,
    ) -> Vec<(String, f32)> {
        let mut frequencies: HashMap<&str, f32> = HashMap::new();
        for &at in top {
            let Candidate { title, body, .. } = &candidates[at];
            let length = (title.length() + body.length()).max(1) as f32;
            for (word, count) in title.iter().chain(body.iter()) {
                *frequencies.entry(word).or_default() += count as f32 / length;
            }
        }
        let telling = |(word, frequency): (&str, f32)| Some((word.to_owned(), frequency * collection.weight(word)?));
        let mut words: Vec<(String, f32)> = frequencies.into_iter().filter_map(telling).collect();
        words.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        words.truncate(self.words);
        let sum: f32 = words.iter().map(|it| it.1).sum();
        if sum > 0.0 {
            words.iter_mut().for_each(|it| it.1 *= self.share / sum);
        }
        words
    }
}
