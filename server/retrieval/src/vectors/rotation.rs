//! A fixed turn of the space that spreads what a vector holds over all its coordinates.
//!
//! Models put much of a vector into a few coordinates, and a grid of sixteen steps alike for all would waste most of
//! them. After random signs and a Hadamard transform every coordinate looks like a draw from one normal distribution,
//! whatever the model. Angles stay what they were.

/// The signs of one round come from here. Changing it makes every code that somebody stored worthless.
const SEED: u64 = 0x0041_7472_6975_6d00;

#[derive(Debug)]
pub(super) struct Rotation {
    width: usize,
    /// +1 or -1 for every coordinate, a row for each round.
    signs: Vec<Vec<f32>>,
}

impl Rotation {
    /// For vectors that are filled up with zeros to `width` coordinates.
    pub(super) fn new(width: usize) -> Self {
        // Transforms are of a power of two. Where the width is none, they go over its beginning and its end in turn, and
        // a coordinate needs both to meet every other.
        let rounds = if width.is_power_of_two() { 2 } else { 4 };
        let mut state = SEED;
        let mut sign = || if split_mix(&mut state) >> 63 == 0 { 1.0 } else { -1.0 };
        let signs = (0..rounds).map(|_| (0..width).map(|_| sign()).collect()).collect();
        Self { width, signs }
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// The vector, filled up and turned.
    pub(super) fn turn(&self, vector: &[f32]) -> Vec<f32> {
        let mut turned = vec![0.0; self.width];
        turned[..vector.len()].copy_from_slice(vector);
        let power = 1 << self.width.ilog2();
        for (round, signs) in self.signs.iter().enumerate() {
            for (number, sign) in turned.iter_mut().zip(signs) {
                *number *= sign;
            }
            let from = if round % 2 == 0 { 0 } else { self.width - power };
            hadamard(&mut turned[from..][..power]);
        }
        turned
    }
}

/// Sums and differences of everything with everything, scaled so that lengths stay.
fn hadamard(numbers: &mut [f32]) {
    let mut half = 1;
    while half < numbers.len() {
        for pair in numbers.chunks_exact_mut(2 * half) {
            let (left, right) = pair.split_at_mut(half);
            for (left, right) in left.iter_mut().zip(right) {
                (*left, *right) = (*left + *right, *left - *right);
            }
        }
        half *= 2;
    }
    let scale = 1.0 / (numbers.len() as f32).sqrt();
    for number in numbers {
        *number *= scale;
    }
}

/// Steele, Lea and Flood's generator, which is the same on every machine and in every version.
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
