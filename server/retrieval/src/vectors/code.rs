//! A vector in four bits a coordinate, and what products with such codes come to.

#[cfg(target_arch = "x86_64")]
use pulp::x86::V3;

/// Coordinates in one block: 32 bytes, the low nibbles first. Widths are multiples of it.
pub(super) const BLOCK: usize = 64;

/// 64 coordinates, each as one of the sixteen middles -7.5, -6.5 … 7.5 of equal steps.
pub(super) type Block = [u8; BLOCK / 2];

/// The width of a step, in standard deviations of the coordinates: what costs normally distributed ones least
/// (J. Max, Quantizing for Minimum Distortion, 1960, table II: 16 levels).
const STEP: f32 = 0.335;

/// Writes a turned vector as blocks. What comes back makes estimates of products out of products with the code:
/// `|x|² / <x, code>`, which is right for whatever lies in the vector's own direction (Gao and Long, RaBitQ, 2024).
pub(super) fn write(turned: &[f32], blocks: &mut [Block]) -> f32 {
    let squares: f32 = turned.iter().map(|number| number * number).sum();
    let deviation = (squares / turned.len() as f32).sqrt();
    if deviation == 0.0 {
        blocks.fill([0; BLOCK / 2]);
        return 0.0;
    }
    let by = 1.0 / (deviation * STEP);
    let mut product = 0.0;
    let mut nibble = |number: f32| {
        let level = (number * by + 8.0).floor().clamp(0.0, 15.0);
        product += number * (level - 7.5);
        level as u8
    };
    for (block, numbers) in blocks.iter_mut().zip(turned.as_chunks::<BLOCK>().0) {
        let (low, high) = numbers.split_at(BLOCK / 2);
        for ((pair, &low), &high) in block.iter_mut().zip(low).zip(high) {
            *pair = nibble(low) | nibble(high) << 4;
        }
    }
    squares / product
}

/// A question, turned and rounded to eight bits a coordinate.
#[derive(Debug)]
pub(super) struct Probe {
    blocks: Vec<[[i8; BLOCK / 2]; 2]>,
    /// What a unit of a product stands for.
    scale: f32,
    /// What the middles' offset adds to every product: -7.5 times the sum of the numbers.
    offset: f32,
}

impl Probe {
    pub(super) fn new(turned: &[f32]) -> Self {
        let most = turned.iter().fold(0.0f32, |most, number| most.max(number.abs()));
        let by = if most == 0.0 { 0.0 } else { 127.0 / most };
        let round = |number: f32| (number * by).round_ties_even() as i8;
        let halves =
            |numbers: &[f32; BLOCK]| [0, BLOCK / 2].map(|from| std::array::from_fn(|at| round(numbers[from + at])));
        let blocks: Vec<[[i8; BLOCK / 2]; 2]> = turned.as_chunks().0.iter().map(halves).collect();
        let sum: i32 = blocks.as_flattened().as_flattened().iter().map(|&number| i32::from(number)).sum();
        Self { blocks, scale: most / 127.0, offset: -7.5 * sum as f32 }
    }

    /// Estimates of the products with the vectors of these codes, one after another.
    pub(super) fn estimate(&self, codes: &[Block], factors: &[f32], estimates: &mut [f32]) {
        #[cfg(target_arch = "x86_64")]
        if let Some(simd) = V3::try_new() {
            return simd.vectorize(avx2::Estimate { simd, probe: self, codes, factors, estimates });
        }
        self.estimate_anywhere(codes, factors, estimates);
    }

    /// [`Probe::estimate`] without any processor's own instructions.
    pub(super) fn estimate_anywhere(&self, codes: &[Block], factors: &[f32], estimates: &mut [f32]) {
        let codes = codes.chunks_exact(self.blocks.len());
        for ((code, factor), estimate) in codes.zip(factors).zip(estimates) {
            let mut product = 0;
            for (block, [low, high]) in code.iter().zip(&self.blocks) {
                for ((&pair, &low), &high) in block.iter().zip(low).zip(high) {
                    product += i32::from(pair & 15) * i32::from(low) + i32::from(pair >> 4) * i32::from(high);
                }
            }
            *estimate = self.finish(product, *factor);
        }
    }

    #[inline(always)]
    fn finish(&self, product: i32, factor: f32) -> f32 {
        (product as f32 + self.offset) * self.scale * factor
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::__m256i;

    use pulp::NullaryFnOnce;

    use super::{Block, Probe, V3};

    /// Blocks whose products fit into sixteen bits: 4 * 2 * 2 * 15 * 127 is below 32,768.
    const TOGETHER: usize = 4;

    // Work is a struct, because a closure would not be compiled into the function that may use AVX2.

    pub(super) struct Estimate<'a> {
        pub(super) simd: V3,
        pub(super) probe: &'a Probe,
        pub(super) codes: &'a [Block],
        pub(super) factors: &'a [f32],
        pub(super) estimates: &'a mut [f32],
    }

    impl NullaryFnOnce for Estimate<'_> {
        type Output = ();

        #[inline(always)]
        fn call(self) {
            let Self { simd, probe, codes, factors, estimates } = self;
            let codes = codes.chunks_exact(probe.blocks.len());
            for ((code, factor), estimate) in codes.zip(factors).zip(estimates) {
                *estimate = probe.finish(product(simd, code, &probe.blocks), *factor);
            }
        }
    }

    #[inline(always)]
    fn product(simd: V3, code: &[Block], probe: &[[[i8; 32]; 2]]) -> i32 {
        let mask = simd.avx._mm256_set1_epi8(15);
        let ones = simd.avx._mm256_set1_epi16(1);
        let mut sums = simd.avx._mm256_setzero_si256();
        for (code, probe) in code.chunks(TOGETHER).zip(probe.chunks(TOGETHER)) {
            let mut pairs = simd.avx._mm256_setzero_si256();
            for (&block, &[low, high]) in code.iter().zip(probe) {
                let block: __m256i = pulp::cast(block);
                let lows = simd.avx2._mm256_and_si256(block, mask);
                let highs = simd.avx2._mm256_and_si256(simd.avx2._mm256_srli_epi16::<4>(block), mask);
                let low = simd.avx2._mm256_maddubs_epi16(lows, pulp::cast(low));
                let high = simd.avx2._mm256_maddubs_epi16(highs, pulp::cast(high));
                pairs = simd.avx2._mm256_add_epi16(pairs, simd.avx2._mm256_add_epi16(low, high));
            }
            sums = simd.avx2._mm256_add_epi32(sums, simd.avx2._mm256_madd_epi16(pairs, ones));
        }
        let lanes: [i32; 8] = pulp::cast(sums);
        lanes.iter().sum()
    }
}
