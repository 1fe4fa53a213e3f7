//! Which vectors lie nearest to a question's: four bits a coordinate in memory, the vectors themselves in a database.
//!
//! One [`Index`] holds the codes of one knowledge base and embedding model. It is read from end to end for every
//! question, which is fast enough for a million vectors and finds what is there, filtered or not; a graph would be
//! faster yet, at several times the memory, and lose its way under filters. What it returns are candidates by
//! estimated cosine. The caller loads their vectors and lets [`rescore`] put them in their true order.

mod code;
mod rotation;
mod scan;
mod stored;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::hash::Hash;

use code::{BLOCK, Block, Probe};
use rotation::Rotation;
pub use stored::{decode, dot, encode, unit};

/// Vectors in one segment. Segments are never moved, so that growing needs no second copy of everything.
const SEGMENT: usize = 1024;

/// How many candidates to ask for in order to find the nearest `wanted` among them.
#[must_use]
pub fn candidates_for(wanted: usize) -> usize {
    wanted.saturating_mul(3).max(wanted.saturating_add(20))
}

/// A vector that an index cannot take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It comes from another model.
    #[error("the vector has {found} dimensions, not {expected}")]
    Dimensions {
        /// The index's.
        expected: usize,
        /// The vector's.
        found: usize,
    },
    /// NaN or infinite.
    #[error("the vector holds a number that is not finite")]
    NotFinite,
}

/// Something found, and how near it is: a cosine, if vectors have length one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Near<Id> {
    /// What it is.
    pub id: Id,
    /// An estimate out of [`Index::candidates`], exact out of [`rescore`].
    pub score: f32,
}

/// The codes of vectors by id.
#[derive(Debug)]
pub struct Index<Id> {
    dimensions: usize,
    rotation: Rotation,
    segments: Vec<Segment>,
    /// Whose code is where, by place.
    ids: Vec<Id>,
    places: HashMap<Id, u32>,
}

#[derive(Debug)]
struct Segment {
    blocks: Box<[Block]>,
    factors: Box<[f32]>,
}

impl<Id: Copy + Eq + Hash + Sync> Index<Id> {
    /// An empty index for vectors of so many dimensions.
    #[must_use]
    pub fn new(dimensions: usize) -> Self {
        let rotation = Rotation::new(dimensions.max(1).next_multiple_of(BLOCK));
        Self { dimensions, rotation, segments: Vec::new(), ids: Vec::new(), places: HashMap::new() }
    }

    /// Puts a vector in, in the place of what it had under this id.
    ///
    /// # Errors
    /// If it has another number of dimensions, or numbers that are not finite.
    pub fn insert(&mut self, id: Id, vector: &[f32]) -> Result<(), Unfit> {
        self.check(vector)?;
        let place = match self.places.get(&id) {
            Some(&place) => place as usize,
            None => self.add(id),
        };
        let turned = self.rotation.turn(vector);
        let row = self.row();
        let segment = &mut self.segments[place / SEGMENT];
        let at = place % SEGMENT;
        segment.factors[at] = code::write(&turned, &mut segment.blocks[at * row..][..row]);
        Ok(())
    }

    /// Takes a vector out. Says whether it was in.
    pub fn remove(&mut self, id: Id) -> bool {
        let Some(place) = self.places.remove(&id) else { return false };
        // The last one moves into its place.
        let last = self.ids.len() - 1;
        self.ids.swap_remove(place as usize);
        if let Some(&moved) = self.ids.get(place as usize) {
            self.places.insert(moved, place);
            self.copy(last, place as usize);
        }
        self.segments.truncate(self.ids.len().div_ceil(SEGMENT));
        true
    }

    /// Whether a vector is in under this id.
    #[must_use]
    pub fn contains(&self, id: Id) -> bool {
        self.places.contains_key(&id)
    }

    /// How many vectors are in.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// How many numbers each vector has.
    #[must_use]
    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// The memory it takes, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let segment = SEGMENT * (self.row() * size_of::<Block>() + size_of::<f32>());
        // The map keeps a byte besides every entry and fills seven of eight places.
        let entry = size_of::<(Id, u32)>() + 1;
        let places = if self.places.capacity() == 0 { 0 } else { (self.places.capacity() * 8 / 7).next_power_of_two() };
        self.segments.len() * segment + self.ids.capacity() * size_of::<Id>() + places * entry
    }

    /// The `count` nearest by estimate among those that `keep` wants, nearest first.
    ///
    /// `keep` is asked about few of them: those that are near enough. [`candidates_for`] says how many to ask for.
    ///
    /// # Errors
    /// If the question is no vector for this index.
    pub fn candidates(
        &self,
        question: &[f32],
        count: usize,
        keep: impl Fn(Id) -> bool + Sync,
    ) -> Result<Vec<Near<Id>>, Unfit> {
        self.check(question)?;
        let probe = Probe::new(&self.rotation.turn(question));
        let best = scan::best(&self.segments, self.ids.len(), &probe, count, |place| keep(self.ids[place]));
        Ok(best.into_iter().map(|(score, place)| Near { id: self.ids[place], score }).collect())
    }

    fn check(&self, vector: &[f32]) -> Result<(), Unfit> {
        if vector.len() != self.dimensions {
            return Err(Unfit::Dimensions { expected: self.dimensions, found: vector.len() });
        }
        // One sum instead of a question about each: anything times zero is zero, but for these.
        let fits = vector.iter().map(|number| number * 0.0).sum::<f32>() == 0.0;
        if fits { Ok(()) } else { Err(Unfit::NotFinite) }
    }

    /// Blocks of one vector.
    fn row(&self) -> usize {
        self.rotation.width() / BLOCK
    }

    fn add(&mut self, id: Id) -> usize {
        let place = self.ids.len();
        if place == self.segments.len() * SEGMENT {
            self.segments.push(Segment {
                blocks: vec![[0; BLOCK / 2]; SEGMENT * self.row()].into(),
                factors: vec![0.0; SEGMENT].into(),
            });
        }
        self.ids.push(id);
        self.places.insert(id, place as u32);
        place
    }

    fn copy(&mut self, from: usize, to: usize) {
        let row = self.row();
        let source = &self.segments[from / SEGMENT];
        let blocks = source.blocks[from % SEGMENT * row..][..row].to_vec();
        let factor = source.factors[from % SEGMENT];
        let target = &mut self.segments[to / SEGMENT];
        target.blocks[to % SEGMENT * row..][..row].copy_from_slice(&blocks);
        target.factors[to % SEGMENT] = factor;
    }
}

/// Candidates in their true order, from the vectors that the database keeps (as [`encode`] made them), and the nearest
/// `count` of them. What is of another length than the question is left out.
pub fn rescore<Id>(
    question: &[f32],
    stored: impl IntoIterator<Item = (Id, impl AsRef<[u8]>)>,
    count: usize,
) -> Vec<Near<Id>> {
    let exact = |(id, bytes): (Id, _)| {
        let vector = decode(AsRef::<[u8]>::as_ref(&bytes)).filter(|it| it.len() == question.len())?;
        Some(Near { id, score: dot(question, &vector) })
    };
    let mut near: Vec<_> = stored.into_iter().filter_map(exact).collect();
    near.sort_by(|a, b| b.score.total_cmp(&a.score));
    near.truncate(count);
    near
}
