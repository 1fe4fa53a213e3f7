//! Vectors as bytes, the way a database keeps them: half precision, little end first.

use half::f16;
use half::slice::HalfFloatSliceExt as _;

/// The bytes of a vector: two for each number, which are rounded to eleven significant bits.
///
/// Numbers of magnitude above 65,504 would become infinite; those of unit vectors are at most one.
#[must_use]
pub fn encode(vector: &[f32]) -> Vec<u8> {
    let mut halves = vec![f16::ZERO; vector.len()];
    halves.convert_from_f32_slice(vector);
    halves.iter().flat_map(|half| half.to_le_bytes()).collect()
}

/// The vector of these bytes, or `None` if they are not of whole numbers.
#[must_use]
pub fn decode(bytes: &[u8]) -> Option<Vec<f32>> {
    let (pairs, []) = bytes.as_chunks() else { return None };
    let halves: Vec<f16> = pairs.iter().map(|&pair| f16::from_le_bytes(pair)).collect();
    let mut vector = vec![0.0; halves.len()];
    halves.convert_to_f32_slice(&mut vector);
    Some(vector)
}

/// The product of two vectors: their cosine, if both have length one.
#[must_use]
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    // Eight sums side by side, which a compiler can keep in a register.
    let (a, a_rest) = a.as_chunks::<8>();
    let (b, b_rest) = b.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for (a, b) in a.iter().zip(b) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    sums.iter().sum::<f32>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f32>()
}

/// The vector with length one, or `None` if it has no direction: all zeros, or not finite.
#[must_use]
pub fn unit(vector: &[f32]) -> Option<Vec<f32>> {
    let length = vector.iter().map(|&number| f64::from(number).powi(2)).sum::<f64>().sqrt();
    let fits = length.is_finite() && length > 0.0;
    fits.then(|| vector.iter().map(|&number| (f64::from(number) / length) as f32).collect())
}
