//! The products themselves: blocks of weights with blocks of readings.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{__m128i, __m256i};

#[cfg(target_arch = "x86_64")]
use pulp::x86::V3;

use super::{BLOCK, half};

/// 32 weights of 4 bits: `offset + scale * nibble`. The first 16 are the low nibbles.
#[derive(Clone, Copy)]
pub(super) struct Nibbles {
    scale: f32,
    offset: f32,
    pairs: [u8; BLOCK / 2],
}

/// 32 weights of 8 bits: `scale * number`.
#[derive(Clone, Copy)]
pub(super) struct Bytes {
    scale: f32,
    numbers: [i8; BLOCK],
}

/// 32 numbers to multiply weights with, rounded: `scale * number`.
#[derive(Clone, Copy)]
pub(super) struct Reading {
    scale: f32,
    /// What all 32 add up to, for the weights' offset.
    sum: f32,
    numbers: [i8; BLOCK],
}

impl Nibbles {
    pub(super) fn from_q4_0(bytes: &[u8; 18]) -> Self {
        let [a, b, pairs @ ..] = *bytes;
        let scale = half([a, b]);
        Self { scale, offset: -8.0 * scale, pairs }
    }

    pub(super) fn from_q4_1(bytes: &[u8; 20]) -> Self {
        let [a, b, c, d, pairs @ ..] = *bytes;
        Self { scale: half([a, b]), offset: half([c, d]), pairs }
    }

    pub(super) fn numbers(&self) -> [f32; BLOCK] {
        self.nibbles().map(|nibble| self.offset + self.scale * f32::from(nibble))
    }

    fn nibbles(&self) -> [u8; BLOCK] {
        let mut nibbles = [0; BLOCK];
        let (low, high) = nibbles.split_at_mut(BLOCK / 2);
        for ((low, high), pair) in low.iter_mut().zip(high).zip(self.pairs) {
            (*low, *high) = (pair & 15, pair >> 4);
        }
        nibbles
    }
}

impl Bytes {
    pub(super) fn from_q8_0(bytes: &[u8; 34]) -> Self {
        let [a, b, numbers @ ..] = *bytes;
        Self { scale: half([a, b]), numbers: numbers.map(u8::cast_signed) }
    }

    /// Plain numbers as a block.
    pub(super) fn round(plain: &[f32; BLOCK]) -> Self {
        let Reading { scale, numbers, .. } = Reading::round(plain);
        Self { scale, numbers }
    }

    pub(super) fn numbers(&self) -> [f32; BLOCK] {
        self.numbers.map(|number| self.scale * f32::from(number))
    }
}

impl Reading {
    #[inline(always)]
    fn round(plain: &[f32; BLOCK]) -> Self {
        let most = plain.iter().fold(0.0f32, |most, number| most.max(number.abs()));
        let scale = most / 127.0;
        let by = if scale == 0.0 { 0.0 } else { 1.0 / scale };
        // To even, unlike elsewhere: that is one instruction.
        let mut numbers = [0; BLOCK];
        for (rounded, number) in numbers.iter_mut().zip(plain) {
            *rounded = (number * by).round_ties_even() as i8;
        }
        let sum: i32 = numbers.iter().map(|&number| i32::from(number)).sum();
        Self { scale, sum: scale * sum as f32, numbers }
    }
}

/// What weights come in.
pub(super) trait Block: Copy + Sync {
    fn scale(&self) -> f32;
    fn offset(&self) -> f32;
    /// The sum of the products with these numbers, scales and offset apart.
    fn dot(&self, with: &[i8; BLOCK]) -> i32;
    /// The same with AVX2, as sums of two neighbours.
    #[cfg(target_arch = "x86_64")]
    fn pairs(&self, simd: V3, with: __m256i) -> __m256i;
}

impl Block for Nibbles {
    #[inline(always)]
    fn scale(&self) -> f32 {
        self.scale
    }

    #[inline(always)]
    fn offset(&self) -> f32 {
        self.offset
    }

    fn dot(&self, with: &[i8; BLOCK]) -> i32 {
        self.nibbles().iter().zip(with).map(|(&nibble, &with)| i32::from(nibble) * i32::from(with)).sum()
    }

    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn pairs(&self, simd: V3, with: __m256i) -> __m256i {
        let pairs: __m128i = pulp::cast(self.pairs);
        let both = simd.avx._mm256_set_m128i(simd.sse2._mm_srli_epi16::<4>(pairs), pairs);
        let nibbles = simd.avx2._mm256_and_si256(both, simd.avx._mm256_set1_epi8(15));
        // At most 2 * 15 * 127: no sum of two is cut off.
        simd.avx2._mm256_maddubs_epi16(nibbles, with)
    }
}

impl Block for Bytes {
    #[inline(always)]
    fn scale(&self) -> f32 {
        self.scale
    }

    #[inline(always)]
    fn offset(&self) -> f32 {
        0.0
    }

    fn dot(&self, with: &[i8; BLOCK]) -> i32 {
        self.numbers.iter().zip(with).map(|(&number, &with)| i32::from(number) * i32::from(with)).sum()
    }

    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn pairs(&self, simd: V3, with: __m256i) -> __m256i {
        let numbers: __m256i = pulp::cast(self.numbers);
        // The instruction wants one side without signs, so they change sides. At most 2 * 128 * 127: not cut off.
        simd.avx2._mm256_maddubs_epi16(simd.avx2._mm256_abs_epi8(numbers), simd.avx2._mm256_sign_epi8(with, numbers))
    }
}

/// Plain numbers as blocks of readings.
pub(super) fn read(plain: &[f32]) -> Vec<Reading> {
    let blocks = plain.as_chunks().0;
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = V3::try_new() {
        return simd.vectorize(avx2::Read(blocks));
    }
    blocks.iter().map(Reading::round).collect()
}

/// The products of rows of `row` blocks of weights with all of `readings`, those of one row of weights side by side.
pub(super) fn multiply<B: Block>(blocks: &[B], readings: &[Reading], row: usize, products: &mut [f32]) {
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = V3::try_new() {
        return simd.vectorize(avx2::Multiply { simd, blocks, readings, row, products });
    }
    multiply_anywhere(blocks, readings, row, products);
}

/// [`multiply`] without any processor's own instructions.
pub(super) fn multiply_anywhere<B: Block>(blocks: &[B], readings: &[Reading], row: usize, products: &mut [f32]) {
    let pairs = blocks.chunks_exact(row).flat_map(|weights| readings.chunks_exact(row).map(move |x| (weights, x)));
    for ((weights, x), product) in pairs.zip(products) {
        *product = weights
            .iter()
            .zip(x)
            .map(|(block, x)| block.scale() * x.scale * block.dot(&x.numbers) as f32 + block.offset() * x.sum)
            .sum();
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use pulp::NullaryFnOnce;

    use super::{BLOCK, Block, Reading, V3};

    /// How many readings meet a block of weights while it is in a register.
    const TOGETHER: usize = 4;

    // Work is a struct, because a closure would not be compiled into the function that may use AVX2.

    pub(super) struct Read<'a>(pub(super) &'a [[f32; BLOCK]]);

    impl NullaryFnOnce for Read<'_> {
        type Output = Vec<Reading>;

        #[inline(always)]
        fn call(self) -> Vec<Reading> {
            let mut readings = Vec::with_capacity(self.0.len());
            for plain in self.0 {
                readings.push(Reading::round(plain));
            }
            readings
        }
    }

    pub(super) struct Multiply<'a, B> {
        pub(super) simd: V3,
        pub(super) blocks: &'a [B],
        pub(super) readings: &'a [Reading],
        pub(super) row: usize,
        pub(super) products: &'a mut [f32],
    }

    impl<B: Block> NullaryFnOnce for Multiply<'_, B> {
        type Output = ();

        #[inline(always)]
        fn call(self) {
            let Self { simd, blocks, readings, row, products } = self;
            let count = readings.len() / row;
            for (weights, products) in blocks.chunks_exact(row).zip(products.chunks_exact_mut(count)) {
                let (fours, rest) = products.as_chunks_mut::<TOGETHER>();
                let (of_fours, of_rest) = readings.split_at(fours.len() * TOGETHER * row);
                for (four, x) in fours.iter_mut().zip(of_fours.chunks_exact(TOGETHER * row)) {
                    *four = dots(simd, weights, x);
                }
                for (one, x) in rest.iter_mut().zip(of_rest.chunks_exact(row)) {
                    let [product] = dots(simd, weights, x);
                    *one = product;
                }
            }
        }
    }

    /// The products of one row of weights with `N` rows of readings.
    #[inline(always)]
    fn dots<B: Block, const N: usize>(simd: V3, weights: &[B], readings: &[Reading]) -> [f32; N] {
        let row = weights.len();
        let readings: [&[Reading]; N] = std::array::from_fn(|n| &readings[n * row..][..row]);
        let ones = simd.avx._mm256_set1_epi16(1);
        let mut sums = [simd.avx._mm256_setzero_ps(); N];
        let mut offsets = [0.0; N];
        for (at, block) in weights.iter().enumerate() {
            for n in 0..N {
                let x = &readings[n][at];
                let pairs = block.pairs(simd, pulp::cast(x.numbers));
                let fours = simd.avx._mm256_cvtepi32_ps(simd.avx2._mm256_madd_epi16(pairs, ones));
                let scale = simd.avx._mm256_set1_ps(block.scale() * x.scale);
                sums[n] = simd.fma._mm256_fmadd_ps(fours, scale, sums[n]);
                offsets[n] += block.offset() * x.sum;
            }
        }
        std::array::from_fn(|n| {
            let lanes: [f32; 8] = pulp::cast(sums[n]);
            lanes.iter().sum::<f32>() + offsets[n]
        })
    }
}
