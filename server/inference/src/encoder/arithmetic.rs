//! What is done to numbers between the products. Written so that the compiler makes vectors of it; so are the
//! functions themselves, as the standard library's `exp` is a call for every single number.

use pulp::{Arch, NullaryFnOnce};

/// How many sums are kept side by side, because the compiler may not reorder a plain sum.
const LANES: usize = 16;

/// A norm of every row: mean 0 and variance 1, then weighed and moved.
pub(super) struct Norm {
    pub(super) weight: Vec<f32>,
    pub(super) bias: Vec<f32>,
    pub(super) epsilon: f32,
}

impl Norm {
    /// Adds `to` to `x`, where there is something to add, and norms every row.
    pub(super) fn apply(&self, arch: Arch, x: &mut [f32], add: Option<&[f32]>) {
        arch.dispatch(Apply { norm: self, x, add });
    }
}

struct Apply<'a> {
    norm: &'a Norm,
    x: &'a mut [f32],
    add: Option<&'a [f32]>,
}

impl NullaryFnOnce for Apply<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Norm { weight, bias, epsilon } = self.norm;
        let width = weight.len();
        if let Some(add) = self.add {
            for (x, add) in self.x.iter_mut().zip(add) {
                *x += add;
            }
        }
        for row in self.x.chunks_exact_mut(width) {
            let mean = sum(row, |x| x) / width as f32;
            let variance = sum(row, |x| (x - mean) * (x - mean)) / width as f32;
            let scale = (variance + epsilon).sqrt().recip();
            for ((x, weight), bias) in row.iter_mut().zip(weight).zip(bias) {
                *x = (*x - mean) * scale * weight + bias;
            }
        }
    }
}

/// The sum of what `each` makes of the numbers.
#[inline(always)]
fn sum(numbers: &[f32], each: impl Fn(f32) -> f32) -> f32 {
    let mut lanes = [0.0; LANES];
    let (numbers, rest) = numbers.as_chunks::<LANES>();
    for numbers in numbers {
        for (lane, &number) in lanes.iter_mut().zip(numbers) {
            *lane += each(number);
        }
    }
    lanes.iter().sum::<f32>() + rest.iter().map(|&number| each(number)).sum::<f32>()
}

/// Turns scores into weights, each the exponential of how far it is below the best, and returns their sum.
#[inline(always)]
pub(super) fn weigh(scores: &mut [f32]) -> f32 {
    let mut best = [f32::MIN; LANES];
    let (chunks, rest) = scores.as_chunks::<LANES>();
    for chunk in chunks {
        for (best, &score) in best.iter_mut().zip(chunk) {
            *best = if score > *best { score } else { *best };
        }
    }
    let best = best.iter().chain(rest).fold(f32::MIN, |best, &score| best.max(score));
    for score in scores.iter_mut() {
        *score = exp(*score - best);
    }
    sum(scores, |weight| weight)
}

/// The activation, `x · Φ(x)`, of every number.
pub(super) struct Gelu<'a>(pub(super) &'a mut [f32]);

impl NullaryFnOnce for Gelu<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for x in self.0 {
            *x = gelu(*x);
        }
    }
}

/// By Abramowitz and Stegun's approximation of the error function (7.1.26), which is off by 1.5e-7 at most.
#[inline(always)]
fn gelu(x: f32) -> f32 {
    let z = x.abs() * std::f32::consts::FRAC_1_SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * z);
    let polynomial = ((((1.061_405_4 * t - 1.453_152) * t + 1.421_413_7) * t - 0.284_496_74) * t + 0.254_829_6) * t;
    // What the error function lacks to one.
    let lack = polynomial * exp(-z * z);
    // Both tails without the difference of two numbers that are almost equal.
    let below = 0.5 * lack * x;
    if x < 0.0 { below } else { x - below }
}

/// The exponential of a number that is not positive, to six digits: a power of two by the exponent's bits, times what
/// is left by its series.
#[inline(always)]
fn exp(x: f32) -> f32 {
    /// Added to a number, leaves it rounded to a whole one in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    let x = if x < -87.0 { -87.0 } else { x };
    let power = x * std::f32::consts::LOG2_E + ROUND;
    let whole = power - ROUND;
    // The logarithm of two in two parts, so that the first product is exact.
    let rest = x - whole * 0.693_359_4 + whole * 2.121_944_4e-4;
    let tail = 1.0 / 6.0 + rest * (1.0 / 24.0 + rest * (1.0 / 120.0 + rest / 720.0));
    let series = 1.0 + rest * (1.0 + rest * (1.0 / 2.0 + rest * tail));
    series * f32::from_bits(power.to_bits().wrapping_add(127) << 23)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponential_is_right_to_six_digits() {
        for n in 0..=87_000 {
            let x = -(n as f32) / 1000.0;
            let right = f64::from(x).exp();
            assert!((f64::from(exp(x)) / right - 1.0).abs() < 1e-6, "{x}: {} and {right}", exp(x));
        }
        assert!(exp(f32::MIN) < 1e-37 && exp(-200.0) < 1e-37);
    }

    #[test]
    fn the_activation_is_what_it_is_defined_as() {
        // By the definition, with an error function of 15 digits.
        for (x, right) in [
            (-6.0, -5.919_526e-9),
            (-3.0, -0.004_049_694),
            (-1.0, -0.158_655_25),
            (-0.5, -0.154_268_77),
            (0.0, 0.0),
            (0.1, 0.053_982_783),
            (1.0, 0.841_344_8),
            (2.5, 2.484_475_6),
            (10.0, 10.0),
        ] {
            assert!((gelu(x) - right).abs() < 1e-6, "{x}: {} and {right}", gelu(x));
        }
    }

    #[test]
    fn weights_of_scores_add_up_and_keep_their_order() {
        for count in [1, 7, 16, 40] {
            let mut scores: Vec<f32> = (0..count).map(|n| n as f32 * 0.25 - 3.0).collect();
            let right: Vec<f32> = scores.iter().map(|score| (score - scores[count - 1]).exp()).collect();
            let sum = weigh(&mut scores);
            assert!((sum - right.iter().sum::<f32>()).abs() < 1e-4);
            assert!(scores.iter().zip(&right).all(|(weight, right)| (weight - right).abs() < 1e-5));
        }
    }
}
