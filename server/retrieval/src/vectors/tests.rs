use std::collections::HashMap;

use proptest::collection::vec;
use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::code::{BLOCK, Probe, write};
use super::rotation::Rotation;
use super::*;

/// Unit vectors around a few hundred centres, as texts lie around subjects.
fn clustered(count: usize, dimensions: usize, seed: u64) -> Vec<Vec<f32>> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut draw =
        |spread: f32| -> Vec<f32> { (0..dimensions).map(|_| random.random_range(-spread..spread)).collect() };
    let centres: Vec<_> = (0..count.div_ceil(50)).map(|_| draw(1.0)).collect();
    let near = |at: usize| draw(0.7).iter().zip(&centres[at % centres.len()]).map(|(a, b)| a + b).collect::<Vec<f32>>();
    (0..count).map(near).map(|it| unit(&it).unwrap()).collect()
}

fn index(vectors: &[Vec<f32>]) -> Index<usize> {
    let mut index = Index::new(vectors[0].len());
    for (id, vector) in vectors.iter().enumerate() {
        index.insert(id, vector).unwrap();
    }
    index
}

fn exact(vectors: &[Vec<f32>], question: &[f32], count: usize) -> Vec<usize> {
    let mut all: Vec<_> = vectors.iter().map(|it| dot(question, it)).enumerate().collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1));
    all.into_iter().take(count).map(|(id, _)| id).collect()
}

#[test]
fn what_is_nearest_is_found_and_put_in_order() {
    for dimensions in [100, 384, 1024] {
        let vectors = clustered(5000, dimensions, 1);
        let index = index(&vectors);
        let questions = clustered(100, dimensions, 2);
        // Questions about the same subjects.
        let questions = questions.iter().zip(&vectors).map(|(a, b)| {
            let mixed: Vec<f32> = a.iter().zip(b).map(|(a, b)| a + 2.0 * b).collect();
            unit(&mixed).unwrap()
        });
        let (mut found, mut all) = (0, 0);
        for question in questions {
            let candidates = index.candidates(&question, candidates_for(10), |_| true).unwrap();
            let stored = candidates.iter().map(|it| (it.id, encode(&vectors[it.id])));
            let near = rescore(&question, stored, 10);
            assert!(near.is_sorted_by(|a, b| a.score >= b.score));
            let right = exact(&vectors, &question, 10);
            found += near.iter().filter(|it| right.contains(&it.id)).count();
            all += right.len();
        }
        assert!(found * 100 >= all * 98, "{found} of {all} at {dimensions} dimensions");
    }
}

#[test]
fn only_what_is_wanted_comes_back_however_rare() {
    let vectors = clustered(40_000, 64, 3);
    let index = index(&vectors);
    let question = &vectors[17];
    let all = index.candidates(question, 5, |_| true).unwrap();
    assert_eq!(all[0].id, 17);
    assert!((all[0].score - 1.0).abs() < 0.03, "{all:?}");
    let few = index.candidates(question, 5, |id| id % 10_000 == 3).unwrap();
    let mut ids: Vec<_> = few.iter().map(|it| it.id).collect();
    ids.sort_unstable();
    assert_eq!(ids, [3, 10_003, 20_003, 30_003]);
    assert_eq!(index.candidates(question, 0, |_| true).unwrap(), []);
    assert_eq!(index.candidates(question, 5, |_| false).unwrap(), []);
    assert_eq!(index.candidates(question, usize::MAX, |_| true).unwrap().len(), 40_000);
}

#[test]
fn what_no_index_can_take_is_refused_and_changes_nothing() {
    let mut index = Index::new(3);
    assert_eq!(index.candidates(&[1.0, 0.0, 0.0], 10, |_| true).unwrap(), []);
    index.insert(1_u64, &[1.0, 0.0, 0.0]).unwrap();
    assert_eq!(index.insert(2, &[1.0, 0.0]), Err(Unfit::Dimensions { expected: 3, found: 2 }));
    for number in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        assert_eq!(index.insert(1, &[1.0, number, 0.0]), Err(Unfit::NotFinite));
        assert_eq!(index.candidates(&[number, 0.0, 0.0], 1, |_| true), Err(Unfit::NotFinite));
    }
    // Nothing at all is a vector, and near to nothing.
    index.insert(3, &[0.0; 3]).unwrap();
    let near = index.candidates(&[1.0, 0.0, 0.0], 10, |_| true).unwrap();
    assert_eq!(near.iter().map(|it| it.id).collect::<Vec<_>>(), [1, 3]);
    assert_eq!(near[1].score, 0.0);
}

#[test]
fn memory_is_what_is_said_and_is_given_back() {
    let mut index = index(&clustered(3000, 384, 4));
    assert!(index.bytes() > 3000 * 196 && index.bytes() < 4096 * 256, "{}", index.bytes());
    let full = index.bytes();
    for id in 0..2500 {
        assert!(index.remove(id));
    }
    assert_eq!(index.len(), 500);
    assert!(index.bytes() < full / 2, "{}", index.bytes());
}

#[test]
fn bytes_that_are_no_vector_of_that_length_are_left_out() {
    assert_eq!(decode(&[0; 3]), None);
    let stored = [(1, encode(&[0.6, 0.8])), (2, encode(&[0.6])), (3, vec![0; 3]), (4, encode(&[1.0, 0.0]))];
    let near = rescore(&[1.0, 0.0], stored, 10);
    assert_eq!(near.iter().map(|it| it.id).collect::<Vec<_>>(), [4, 1]);
    assert_eq!(unit(&[0.0, 0.0]), None);
    assert_eq!(unit(&[f32::INFINITY]), None);
    assert_eq!(unit(&[3.0, 4.0]).unwrap(), [0.6, 0.8]);
    assert_eq!(unit(&[1e30, 0.0]).unwrap(), [1.0, 0.0]);
}

proptest! {
    #[test]
    fn stored_vectors_come_back_as_near_as_half_precision_is(vector in vec(-1.0f32..=1.0, 0..500)) {
        let bytes = encode(&vector);
        prop_assert_eq!(bytes.len(), 2 * vector.len());
        let back = decode(&bytes).unwrap();
        prop_assert_eq!(back.len(), vector.len());
        for (back, number) in back.iter().zip(&vector) {
            prop_assert!((back - number).abs() <= number.abs() / 2048.0 + 1e-7);
        }
        prop_assert_eq!(encode(&back), bytes);
    }

    #[test]
    fn turning_keeps_lengths_and_angles(a in vec(-1.0f32..1.0, 192), b in vec(-1.0f32..1.0, 192)) {
        let rotation = Rotation::new(192);
        let (ta, tb) = (rotation.turn(&a), rotation.turn(&b));
        prop_assert!((dot(&a, &b) - dot(&ta, &tb)).abs() < 1e-3);
        prop_assert!((dot(&a, &a) - dot(&ta, &ta)).abs() < 1e-3);
    }

    #[test]
    fn estimates_are_alike_with_and_without_the_processors_own_instructions(
        vectors in vec(vec(-1.0f32..1.0, 320), 1..8),
        question in vec(-1.0f32..1.0, 320),
    ) {
        let row = 320 / BLOCK;
        let mut blocks = vec![[0; BLOCK / 2]; vectors.len() * row];
        let factors: Vec<_> = vectors.iter().zip(blocks.chunks_mut(row)).map(|(it, to)| write(it, to)).collect();
        let probe = Probe::new(&question);
        let (mut here, mut anywhere) = (vec![0.0; vectors.len()], vec![0.0; vectors.len()]);
        probe.estimate(&blocks, &factors, &mut here);
        probe.estimate_anywhere(&blocks, &factors, &mut anywhere);
        prop_assert_eq!(&here, &anywhere);
        for (vector, estimate) in vectors.iter().zip(here) {
            // A tenth of a cosine, where sixteen steps a coordinate leave about a hundredth.
            let lengths = (dot(vector, vector) * dot(&question, &question)).sqrt();
            prop_assert!((dot(vector, &question) - estimate).abs() < 0.1 * lengths);
        }
    }

    #[test]
    fn an_index_holds_what_was_put_in_and_not_taken_out(
        steps in vec((0u8..40, any::<bool>(), vec(-1.0f32..1.0, 5)), 0..200),
    ) {
        let mut index = Index::new(5);
        let mut model = HashMap::new();
        for (id, put, vector) in steps {
            if put {
                index.insert(id, &vector).unwrap();
                model.insert(id, vector);
            } else {
                prop_assert_eq!(index.remove(id), model.remove(&id).is_some());
            }
        }
        prop_assert_eq!(index.len(), model.len());
        prop_assert_eq!(index.is_empty(), model.is_empty());
        // Each as a fresh index of it alone has it.
        let question = [0.3, -0.2, 0.9, 0.1, 0.5];
        let mut found = index.candidates(&question, 100, |_| true).unwrap();
        found.sort_by_key(|it| it.id);
        let mut expected = Vec::new();
        for (id, vector) in model {
            prop_assert!(index.contains(id));
            let mut alone = Index::new(5);
            alone.insert(id, &vector).unwrap();
            expected.extend(alone.candidates(&question, 1, |_| true).unwrap());
        }
        expected.sort_by_key(|it| it.id);
        prop_assert_eq!(found, expected);
    }
}
