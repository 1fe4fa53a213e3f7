//! Layers that multiply: every row of numbers with every row of weights.
//!
//! Weights lie in memory as 8 bits with a scale for each row, a quarter of what the file takes. They are widened to
//! plain numbers a panel of [`PANEL`] rows at a time, which then stays in the cache while all rows of numbers meet it:
//! what is multiplied is not rounded, unlike in the chat model, so that only the weights' own rounding is felt.

use pulp::{Arch, Simd, WithSimd};

use super::source::{Source, Unsound};

/// How many rows of weights are widened together: a multiple of the width of a tile on every processor.
const PANEL: usize = 48;

/// Numbers come in a multiple of so many rows.
pub(super) const ROWS: usize = 8;

/// A multiple of this many numbers is as wide as any tile of [`Panel`] of two vectors.
pub(super) const PAIR: usize = 32;

/// `x · weightsᵀ + bias`.
pub(super) struct Linear {
    inputs: usize,
    outputs: usize,
    /// Panel after panel; in a panel all weights of the first input, then all of the second.
    weights: Vec<i8>,
    /// A scale for each row of weights.
    scales: Vec<f32>,
    bias: Vec<f32>,
}

impl Linear {
    /// One layer of the rows of all these, each a tensor of weights and one of biases.
    pub(super) fn read(source: &mut Source, names: &[&str], inputs: usize, outputs: usize) -> Result<Self, Unsound> {
        let rows = outputs * names.len();
        if !rows.is_multiple_of(PANEL) {
            return Err(format!("{} has {rows} rows, which do not divide by {PANEL}", names.join(" and ")));
        }
        let mut linear = Self {
            inputs,
            outputs: rows,
            weights: vec![0; rows * inputs],
            scales: vec![0.0; rows],
            bias: Vec::with_capacity(rows),
        };
        let mut at = 0;
        for name in names {
            source.rows(&format!("{name}.weight"), &[outputs, inputs], |row| {
                let (panel, lane) = (at / PANEL, at % PANEL);
                let (scale, numbers) = round(row);
                linear.scales[at] = scale;
                let lanes = linear.weights[panel * PANEL * inputs..].iter_mut().skip(lane).step_by(PANEL);
                lanes.zip(numbers).for_each(|(lane, number)| *lane = number);
                at += 1;
            })?;
            linear.bias.extend(source.vector(&format!("{name}.bias"), outputs)?);
        }
        Ok(linear)
    }

    /// How many numbers a row of the result has.
    pub(super) fn outputs(&self) -> usize {
        self.outputs
    }

    /// The bytes that it takes.
    pub(super) fn memory(&self) -> usize {
        self.weights.len() + 4 * (self.scales.len() + self.bias.len())
    }

    /// What the rows of `x` become. Both sides have the same number of rows, a multiple of [`ROWS`].
    pub(super) fn forward(&self, arch: Arch, x: &[f32], out: &mut [f32], panel: &mut Panel) {
        arch.dispatch(Forward { linear: self, x, out, panel });
    }
}

/// A row of weights in 8 bits and their scale.
pub(super) fn round(row: &[f32]) -> (f32, impl Iterator<Item = i8>) {
    let scale = row.iter().fold(0.0f32, |most, weight| most.max(weight.abs())) / 127.0;
    let by = if scale == 0.0 { 0.0 } else { 1.0 / scale };
    (scale, row.iter().map(move |weight| (weight * by).round() as i8))
}

/// Room for numbers that tiles are made of, at the beginning of a line of the cache.
#[derive(Default)]
pub(super) struct Panel(Vec<f32>);

impl Panel {
    /// Room for `length` numbers, whatever they are.
    pub(super) fn room(&mut self, length: usize) -> &mut [f32] {
        const LINE: usize = 64;
        if self.0.len() < length + LINE / 4 {
            self.0.resize(length + LINE / 4, 0.0);
        }
        let skipped = self.0.as_ptr().align_offset(LINE).min(LINE / 4);
        &mut self.0[skipped..][..length]
    }
}

struct Forward<'a> {
    linear: &'a Linear,
    x: &'a [f32],
    out: &'a mut [f32],
    panel: &'a mut Panel,
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // As many sums as there are registers for, and a few for what is multiplied.
        if S::REGISTER_COUNT >= 32 { self.run::<S, 8>(simd) } else { self.run::<S, 4>(simd) }
    }
}

impl Forward<'_> {
    #[inline(always)]
    fn run<S: Simd, const R: usize>(self, simd: S) {
        let Self { linear, x, out, panel } = self;
        let &Linear { inputs, outputs, .. } = linear;
        let width = 3 * S::F32_LANES;
        let wide = panel.room(PANEL * inputs);
        for (at, weights) in linear.weights.chunks_exact(PANEL * inputs).enumerate() {
            for (part, wide) in wide.chunks_exact_mut(width * inputs).enumerate() {
                for (wide, weights) in wide.chunks_exact_mut(width).zip(weights.chunks_exact(PANEL)) {
                    for (wide, &weight) in wide.iter_mut().zip(&weights[part * width..][..width]) {
                        *wide = f32::from(weight);
                    }
                }
            }
            for (x, out) in x.chunks_exact(R * inputs).zip(out.chunks_exact_mut(R * outputs)) {
                for (part, wide) in wide.chunks_exact(width * inputs).enumerate() {
                    let first = at * PANEL + part * width;
                    let sums = tile::<S, R, 3>(simd, x, inputs, wide);
                    let scales = S::as_simd_f32s(&linear.scales[first..][..width]).0;
                    let bias = S::as_simd_f32s(&linear.bias[first..][..width]).0;
                    for (row, sums) in sums.iter().enumerate() {
                        let out = S::as_mut_simd_f32s(&mut out[row * outputs + first..][..width]).0;
                        for (n, out) in out.iter_mut().enumerate() {
                            *out = simd.mul_add_e_f32s(sums[n], scales[n], bias[n]);
                        }
                    }
                }
            }
        }
    }
}

/// The products of `R` rows, which begin `stride` apart in `x`, with `C` vectors of columns, which lie in `columns`
/// one step after the other.
#[inline(always)]
pub(super) fn tile<S: Simd, const R: usize, const C: usize>(
    simd: S,
    x: &[f32],
    stride: usize,
    columns: &[f32],
) -> [[S::f32s; C]; R] {
    let columns = S::as_simd_f32s(columns).0.as_chunks::<C>().0;
    let rows: [&[f32]; R] = std::array::from_fn(|row| &x[row * stride..][..columns.len()]);
    let mut sums = [[simd.splat_f32s(0.0); C]; R];
    for (step, columns) in columns.iter().enumerate() {
        for (row, sums) in rows.iter().zip(&mut sums) {
            let number = simd.splat_f32s(row[step]);
            for (sum, &column) in sums.iter_mut().zip(columns) {
                *sum = simd.mul_add_e_f32s(number, column, *sum);
            }
        }
    }
    sums
}

#[cfg(test)]
pub(super) mod tests;
