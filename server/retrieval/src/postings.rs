//! Which documents hold a word, in memory: the side of words for bases where a database would take too long.
//!
//! SQLite's FTS5 computes a score for every row that holds any word of a question, at microseconds each; here a posting
//! costs nanoseconds. Six bytes a posting: about half a kilobyte for a passage of two hundred words.

use std::collections::HashMap;
use std::hash::Hash;

use crate::best::Best;
use crate::bm25::{Bm25, Collection, Counts};
use crate::vectors::Near;

/// Lists are rewritten when so large a part of the places is given up, as one of so many.
const GIVEN_UP: usize = 4;

/// Words by document, and documents by word.
#[derive(Debug)]
pub struct Postings<Id> {
    /// Whose place it is; none where it was given up.
    ids: Vec<Option<Id>>,
    /// Words in title and body, by place.
    lengths: Vec<[u32; 2]>,
    /// What the lengths of all that is in add up to.
    sums: [u64; 2],
    places: HashMap<Id, u32>,
    lists: HashMap<Box<str>, List>,
}

/// The documents that hold a word, by rising place.
#[derive(Debug, Default)]
struct List {
    places: Vec<u32>,
    /// How often in title and body; no more than 255 times is told apart.
    counts: Vec<[u8; 2]>,
}

impl<Id> Default for Postings<Id> {
    fn default() -> Self {
        Self { ids: Vec::new(), lengths: Vec::new(), sums: [0; 2], places: HashMap::new(), lists: HashMap::new() }
    }
}

impl<Id: Copy + Eq + Hash> Postings<Id> {
    /// Puts a document in, in place of what was under this id.
    pub fn insert(&mut self, id: Id, title: &Counts, body: &Counts) {
        self.remove(id);
        let place = self.ids.len() as u32;
        self.ids.push(Some(id));
        let lengths = [title.length(), body.length()];
        self.lengths.push(lengths);
        self.sums = [0, 1].map(|field| self.sums[field] + u64::from(lengths[field]));
        self.places.insert(id, place);
        let in_body_alone = body.iter().filter(|(word, _)| title.of(word) == 0);
        for (word, _) in title.iter().chain(in_body_alone) {
            let counts = [title.of(word), body.of(word)].map(|it| it.min(255) as u8);
            if !self.lists.contains_key(word) {
                self.lists.insert(word.into(), List::default());
            }
            if let Some(list) = self.lists.get_mut(word) {
                list.places.push(place);
                list.counts.push(counts);
            }
        }
    }

    /// Takes a document out. Says whether it was in.
    pub fn remove(&mut self, id: Id) -> bool {
        let Some(place) = self.places.remove(&id) else { return false };
        self.ids[place as usize] = None;
        let lengths = self.lengths[place as usize];
        self.sums = [0, 1].map(|field| self.sums[field] - u64::from(lengths[field]));
        if (self.ids.len() - self.places.len()) * GIVEN_UP > self.ids.len() {
            self.rewrite();
        }
        true
    }

    /// How many documents are in.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The memory that postings take, in bytes, without the words themselves.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let lists: usize = self.lists.values().map(|it| it.places.capacity() * 4 + it.counts.capacity() * 2).sum();
        lists + self.ids.capacity() * (size_of::<Option<Id>>() + size_of::<[u32; 2]>())
    }

    /// What is known about the documents, for these words: what BM25 wants to know.
    ///
    /// Documents that were just taken out may still be counted among those that hold a word.
    #[must_use]
    pub fn collection<'a>(&self, words: impl IntoIterator<Item = &'a str>) -> Collection {
        let documents = self.len() as u64;
        let [title_length, body_length] = self.sums.map(|sum| sum as f32 / documents.max(1) as f32);
        let having = |word: &str| Some((word.to_owned(), self.lists.get(word)?.places.len() as u64));
        Collection { documents, title_length, body_length, frequencies: words.into_iter().filter_map(having).collect() }
    }

    /// The `count` best by BM25 among those that hold a word of the question and that `keep` wants, best first.
    pub fn candidates(
        &self,
        bm25: &Bm25,
        question: &[(&str, f32)],
        collection: &Collection,
        count: usize,
        keep: impl Fn(Id) -> bool,
    ) -> Vec<Near<Id>> {
        let mut scores = vec![0.0f32; self.ids.len()];
        for &(word, matters) in question {
            let (Some(list), Some(told)) = (self.lists.get(word), collection.weight(word)) else { continue };
            for (&place, &counts) in list.places.iter().zip(&list.counts) {
                let lengths = self.lengths[place as usize];
                scores[place as usize] += matters * told * bm25.gain(counts.map(u32::from), lengths, collection);
            }
        }
        let mut best = Best::new(count);
        for (place, &score) in scores.iter().enumerate() {
            if score > best.threshold() && score > 0.0 && self.ids[place].is_some_and(&keep) {
                best.push(score, place);
            }
        }
        let near = |(score, place): (f32, usize)| Some(Near { id: self.ids[place]?, score });
        best.into_sorted().into_iter().filter_map(near).collect()
    }

    /// Gives back the places that nobody has any more.
    fn rewrite(&mut self) {
        let mut next = 0;
        let moved: Vec<Option<u32>> = self
            .ids
            .iter()
            .map(|id| {
                id.map(|_| {
                    next += 1;
                    next - 1
                })
            })
            .collect();
        for list in self.lists.values_mut() {
            let kept =
                list.places.iter().zip(&list.counts).filter_map(|(&at, &counts)| Some((moved[at as usize]?, counts)));
            (list.places, list.counts) = kept.unzip();
        }
        self.lists.retain(|_, list| !list.places.is_empty());
        let held = self.ids.iter().zip(&self.lengths).filter(|(id, _)| id.is_some());
        (self.ids, self.lengths) = held.map(|(&id, &lengths)| (id, lengths)).unzip();
        let places = self.ids.iter().enumerate().filter_map(|(place, id)| Some(((*id)?, place as u32)));
        self.places = places.collect();
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_best_are_those_that_scoring_every_document_finds(
            steps in vec((0u8..20, any::<bool>(), "([a-e] ){0,3}", "([a-h] ){0,12}"), 0..80),
        ) {
            let mut postings = Postings::default();
            let mut model: HashMap<u8, (String, String)> = HashMap::new();
            for (id, put, title, body) in steps {
                if put {
                    postings.insert(id, &Counts::read(&title), &Counts::read(&body));
                    model.insert(id, (title, body));
                } else {
                    prop_assert_eq!(postings.remove(id), model.remove(&id).is_some());
                }
            }
            prop_assert_eq!(postings.len(), model.len());
            prop_assert_eq!(postings.is_empty(), model.is_empty());
            let bm25 = Bm25::default();
            let question = [("a", 1.0), ("g", 0.5), ("z", 1.0)];
            let collection = postings.collection(["a", "g", "z"]);
            let mut found = postings.candidates(&bm25, &question, &collection, 100, |id| id != 3);
            found.sort_by_key(|it| it.id);
            let mut expected: Vec<_> = model
                .iter()
                .map(|(&id, (title, body))| {
                    let score = bm25.score(&question, &Counts::read(title), &Counts::read(body), &collection);
                    Near { id, score }
                })
                .filter(|it| it.score > 0.0 && it.id != 3)
                .collect();
            expected.sort_by_key(|it| it.id);
            prop_assert_eq!(found.len(), expected.len());
            for (found, expected) in found.iter().zip(&expected) {
                prop_assert_eq!(found.id, expected.id);
                prop_assert!((found.score - expected.score).abs() < 1e-4);
            }
            let best = postings.candidates(&bm25, &question, &collection, 2, |_| true);
            prop_assert!(best.len() <= 2 && best.is_sorted_by(|a, b| a.score >= b.score));
        }
    }
}
