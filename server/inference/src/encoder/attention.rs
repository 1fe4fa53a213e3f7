//! Attention: every token of a text asks all of them, head by head.

use pulp::{Arch, Simd, WithSimd};

use super::arithmetic::weigh;
use super::linear::{PAIR, Panel, ROWS, tile};

/// Room for one head of one text.
#[derive(Default)]
pub(super) struct Room {
    queries: Panel,
    keys: Panel,
    values: Panel,
    fits: Panel,
}

/// Finds what the tokens of one text ask for, of each a row.
///
/// A token's row in `asked` is its queries, its keys and its values, each of `width`; its row in `found` is what its
/// heads found.
pub(super) fn attend(arch: Arch, heads: usize, width: usize, asked: &[f32], found: &mut [f32], room: &mut Room) {
    arch.dispatch(Attend { heads, width, asked, found, room });
}

struct Attend<'a> {
    heads: usize,
    width: usize,
    asked: &'a [f32],
    found: &'a mut [f32],
    room: &'a mut Room,
}

impl WithSimd for Attend<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { heads, width, asked, found, room } = self;
        let head = width / heads;
        let scale = (head as f32).sqrt().recip();
        let tokens = || asked.chunks_exact(3 * width).enumerate();
        let count = asked.len() / (3 * width);
        // How wide a tile is, and what both sides of one are filled up to.
        let wide = 2 * S::F32_LANES;
        let (rows, columns) = (count.next_multiple_of(ROWS), count.next_multiple_of(PAIR));
        let queries = room.queries.room(rows * head);
        let keys = room.keys.room(columns * head);
        let values = room.values.room(count * head);
        let fits = room.fits.room(ROWS * columns);
        // What is beyond the text is never looked at, but must not be slow to multiply.
        queries[count * head..].fill(0.0);
        keys.fill(0.0);
        for at in (0..width).step_by(head) {
            for (token, row) in tokens() {
                let [query, key, value] = [0, 1, 2].map(|part| &row[part * width + at..][..head]);
                for (to, query) in queries[token * head..].iter_mut().zip(query) {
                    *to = query * scale;
                }
                // Tiles of keys and of values, one step after the other: a step is a number of a key, and a token.
                let (tile, lane) = (token / wide, token % wide);
                let lanes = keys[tile * wide * head..][..wide * head].chunks_exact_mut(wide);
                for (to, key) in lanes.zip(key) {
                    to[lane] = *key;
                }
                for (tile, value) in values.chunks_exact_mut(wide * count).zip(value.chunks_exact(wide)) {
                    tile[token * wide..][..wide].copy_from_slice(value);
                }
            }
            for first in (0..count).step_by(ROWS) {
                for half in (0..ROWS).step_by(ROWS / 2) {
                    for (n, keys) in keys.chunks_exact(wide * head).enumerate() {
                        let sums = tile::<S, { ROWS / 2 }, 2>(simd, &queries[(first + half) * head..], head, keys);
                        for (row, sums) in sums.iter().enumerate() {
                            let to = &mut fits[(half + row) * columns + n * wide..][..wide];
                            S::as_mut_simd_f32s(to).0.copy_from_slice(sums);
                        }
                    }
                }
                let mut sizes = [0.0; ROWS];
                for (row, size) in sizes.iter_mut().enumerate() {
                    *size = weigh(&mut fits[row * columns..][..count]).recip();
                }
                for half in (0..ROWS).step_by(ROWS / 2) {
                    for (n, values) in values.chunks_exact(wide * count).enumerate() {
                        let sums = tile::<S, { ROWS / 2 }, 2>(simd, &fits[half * columns..], columns, values);
                        for (row, sums) in sums.iter().enumerate() {
                            let token = first + half + row;
                            if token >= count {
                                break;
                            }
                            let to = &mut found[token * width + at + n * wide..][..wide];
                            let size = simd.splat_f32s(sizes[half + row]);
                            for (to, &sum) in S::as_mut_simd_f32s(to).0.iter_mut().zip(sums) {
                                *to = simd.mul_f32s(sum, size);
                            }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::linear::tests::{archs, numbers};
    use super::*;

    #[test]
    fn every_token_finds_the_mean_of_what_fits() {
        let (heads, width) = (3, 96);
        let head = width / heads;
        // The room is not cleared between texts.
        let mut room = Room::default();
        for count in [33, 1, 8, 70, 5] {
            let asked: Vec<f32> = numbers(count * 3 * width).iter().map(|number| number * 3.0).collect();
            let part = |token: usize, part: usize, at: usize| &asked[(3 * token + part) * width + at * head..][..head];
            for arch in archs() {
                let mut found = vec![f32::NAN; count * width];
                attend(arch, heads, width, &asked, &mut found, &mut room);
                for (n, found) in found.chunks_exact(head).enumerate() {
                    let (token, at) = (n / heads, n % heads);
                    let fit = |other: usize| {
                        let fit: f32 = part(token, 0, at).iter().zip(part(other, 1, at)).map(|(a, b)| a * b).sum();
                        f64::from(fit / (head as f32).sqrt()).exp()
                    };
                    let fits: Vec<f64> = (0..count).map(fit).collect();
                    let all: f64 = fits.iter().sum();
                    for (n, found) in found.iter().enumerate() {
                        let of = |other: usize| fits[other] / all * f64::from(part(other, 2, at)[n]);
                        let right: f64 = (0..count).map(of).sum();
                        assert!(
                            (f64::from(*found) - right).abs() < 1e-3,
                            "{arch:?} {count} {token} {at}: {found}, {right}"
                        );
                    }
                }
            }
        }
    }
}
