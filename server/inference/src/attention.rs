//! Attention: each token asks those before it, head by head.
//!
//! On plain slices and in place. As candle's operations it was a dozen copies a layer, and each of its products looks
//! up the number of cores in `/proc/cpuinfo`, which alone was a fifth of a token's time.

use pulp::{Arch, NullaryFnOnce};

use crate::parallel;
use crate::weights::Shape;

/// Cosine and sine of every position's angle in every pair of a head's dimensions.
pub(crate) struct Rotations {
    pairs: usize,
    turns: Vec<(f32, f32)>,
}

impl Rotations {
    pub(crate) fn new(shape: &Shape, positions: usize) -> Self {
        let pairs = shape.rope / 2;
        let slow = |pair: usize| shape.rope_base.powf(-2.0 * pair as f32 / shape.rope as f32);
        let slow: Vec<f32> = (0..pairs).map(slow).collect();
        let turn = |at: usize| slow.iter().map(move |slow| at as f32 * slow).map(|angle| (angle.cos(), angle.sin()));
        Self { pairs, turns: (0..positions).flat_map(turn).collect() }
    }

    /// Turns a head as its position asks.
    fn turn(&self, head: &mut [f32], position: usize) {
        let turns = &self.turns[position * self.pairs..][..self.pairs];
        for ([a, b], (cos, sin)) in head.as_chunks_mut().0.iter_mut().zip(turns) {
            (*a, *b) = (*a * cos - *b * sin, *a * sin + *b * cos);
        }
    }
}

/// What one layer has read: for every head and position, what the position is found by and what is found there.
#[derive(Default)]
pub(crate) struct Memory {
    keys: Vec<f32>,
    values: Vec<f32>,
    /// How many positions there is room for.
    capacity: usize,
}

impl Memory {
    /// Makes room for `capacity` positions and keeps the first `known`. Untouched room costs no memory.
    pub(crate) fn resize(&mut self, shape: &Shape, known: usize, capacity: usize) {
        let resized = |old: &[f32]| {
            let mut new = vec![0.0; shape.kv_heads * capacity * shape.head];
            if known > 0 {
                let heads = new.chunks_exact_mut(capacity * shape.head);
                for (new, old) in heads.zip(old.chunks_exact(self.capacity * shape.head)) {
                    new[..known * shape.head].copy_from_slice(&old[..known * shape.head]);
                }
            }
            new
        };
        (self.keys, self.values) = (resized(&self.keys), resized(&self.values));
        self.capacity = capacity;
    }

    /// What tokens from position `start` on find. A token's row in `asked` is its queries, its keys and its values;
    /// a row of the result is what each of its heads found.
    pub(crate) fn attend(&mut self, shape: &Shape, rotations: &Rotations, asked: &mut [f32], start: usize) -> Vec<f32> {
        let &Shape { heads, kv_heads, head, .. } = shape;
        let width = (heads + 2 * kv_heads) * head;
        let scale = (head as f32).sqrt().recip();
        for (at, row) in asked.chunks_exact_mut(width).enumerate() {
            let position = start + at;
            for head in row[..(heads + kv_heads) * head].chunks_exact_mut(head) {
                rotations.turn(head, position);
            }
            let (queries, rest) = row.split_at_mut(heads * head);
            queries.iter_mut().for_each(|query| *query *= scale);
            let (keys, values) = rest.split_at(kv_heads * head);
            for kv in 0..kv_heads {
                let to = (kv * self.capacity + position) * head..;
                self.keys[to.clone()][..head].copy_from_slice(&keys[kv * head..][..head]);
                self.values[to][..head].copy_from_slice(&values[kv * head..][..head]);
            }
        }

        let count = asked.len() / width;
        let mut found = vec![0.0; count * heads * head];
        let at_once = (count * heads).div_ceil(parallel::PIECES);
        let arch = Arch::new();
        parallel::each(found.chunks_mut(at_once * head).enumerate(), |(piece, found)| {
            for (n, found) in found.chunks_exact_mut(head).enumerate() {
                let (token, asker) = ((piece * at_once + n) / heads, (piece * at_once + n) % heads);
                let of = asker / (heads / kv_heads) * self.capacity * head..;
                let seen = (start + token + 1) * head;
                arch.dispatch(Find {
                    query: &asked[token * width + asker * head..][..head],
                    keys: &self.keys[of.clone()][..seen],
                    values: &self.values[of][..seen],
                    found,
                });
            }
        });
        found
    }
}

/// One head of one token: the mean of the values, weighted by how well their keys fit the query.
struct Find<'a> {
    query: &'a [f32],
    keys: &'a [f32],
    values: &'a [f32],
    found: &'a mut [f32],
}

impl NullaryFnOnce for Find<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { query, keys, values, found } = self;
        let head = query.len();
        let mut fits = Vec::with_capacity(keys.len() / head);
        let mut best = f32::MIN;
        for key in keys.chunks_exact(head) {
            let fit = dot(query, key);
            best = best.max(fit);
            fits.push(fit);
        }
        let mut sum = 0.0;
        for fit in &mut fits {
            *fit = (*fit - best).exp();
            sum += *fit;
        }
        for (value, fit) in values.chunks_exact(head).zip(&fits) {
            let weight = fit / sum;
            for (found, value) in found.iter_mut().zip(value) {
                *found += weight * value;
            }
        }
    }
}

/// In lanes, because the compiler may not reorder a plain sum.
#[inline(always)]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    const LANES: usize = 16;
    let mut lanes = [0.0; LANES];
    let (a, b) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    for (a, b) in a.0.iter().zip(b.0) {
        for n in 0..LANES {
            lanes[n] += a[n] * b[n];
        }
    }
    let rest: f32 = a.1.iter().zip(b.1).map(|(a, b)| a * b).sum();
    lanes.iter().sum::<f32>() + rest
}
