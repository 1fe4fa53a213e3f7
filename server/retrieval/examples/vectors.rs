//! How well and how fast the nearest vectors are found.
//!
//! `cargo run --release -p atrium-retrieval --example vectors -- DOCUMENTS.f32 QUESTIONS.f32 [COUNT …]`
//!
//! The files hold 384 numbers a vector, four bytes each, little end first. First the real vectors alone; then synthetic
//! ones, for each COUNT: two of the real ones mixed, with noise. Recall is of the ten nearest by exact search, after
//! re-scoring; times are those of one search for candidates, one question after another, on as many cores as it takes.

use std::time::Instant;

use atrium_retrieval::vectors::{Index, candidates_for, dot, encode, rescore, unit};

const DIMENSIONS: usize = 384;
const WANTED: usize = 10;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let usage = "DOCUMENTS.f32 QUESTIONS.f32 [COUNT …]";
    let documents = load(&arguments.next().ok_or(usage)?)?;
    let questions = load(&arguments.next().ok_or(usage)?)?;

    println!("| vectors | memory MB | insertion µs | candidates | recall@10 | p50 ms | p95 ms |");
    println!("|---|---|---|---|---|---|---|");
    measure("real", documents.len(), &questions, |id| documents[id].clone())?;
    for count in arguments {
        measure("synthetic", count.parse()?, &questions, |id| synthetic(id as u64, &documents))?;
    }
    Ok(())
}

fn measure(
    kind: &str,
    count: usize,
    questions: &[Vec<f32>],
    vector: impl Fn(usize) -> Vec<f32>,
) -> Result<(), Failure> {
    let mut index = Index::new(DIMENSIONS);
    let mut insertion = 0.0;
    let mut exact: Vec<Vec<(f32, usize)>> = vec![Vec::new(); questions.len()];
    for id in 0..count {
        let vector = vector(id);
        let start = Instant::now();
        index.insert(id as u64, &vector)?;
        insertion += start.elapsed().as_secs_f64();
        for (nearest, question) in exact.iter_mut().zip(questions) {
            let score = dot(question, &vector);
            if nearest.len() < WANTED || score > nearest[WANTED - 1].0 {
                nearest.insert(nearest.partition_point(|it| it.0 >= score), (score, id));
                nearest.truncate(WANTED);
            }
        }
    }
    for candidates in [WANTED, 20, candidates_for(WANTED), 50, 100] {
        let (mut times, mut found) = (Vec::new(), 0);
        for (question, exact) in questions.iter().zip(&exact) {
            let start = Instant::now();
            let near = index.candidates(question, candidates, |_| true)?;
            times.push(start.elapsed().as_secs_f64() * 1e3);
            let stored = near.iter().map(|it| (it.id as usize, encode(&vector(it.id as usize))));
            let near = rescore(question, stored, WANTED);
            found += near.iter().filter(|it| exact.iter().any(|exact| exact.1 == it.id)).count();
        }
        times.sort_by(f64::total_cmp);
        println!(
            "| {count} {kind} | {:.1} | {:.1} | {candidates} | {:.4} | {:.2} | {:.2} |",
            index.bytes() as f64 / 1e6,
            insertion / count as f64 * 1e6,
            found as f64 / (questions.len() * WANTED) as f64,
            times[times.len() / 2],
            times[times.len() * 95 / 100],
        );
    }
    Ok(())
}

/// Always the same one for the same number.
fn synthetic(id: u64, documents: &[Vec<f32>]) -> Vec<f32> {
    let mut state = id;
    let mut random = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 40) as f32 / (1 << 24) as f32
    };
    let mut pick = || &documents[(random() * documents.len() as f32) as usize % documents.len()];
    let (one, other) = (pick(), pick());
    let share = 0.5 + random() / 2.0;
    // As long as 0.2 to 0.6 of a document's.
    let noise = (0.2 + 0.4 * random()) * (12.0 / DIMENSIONS as f32).sqrt();
    let mixed: Vec<f32> =
        one.iter().zip(other).map(|(a, b)| share * a + (1.0 - share) * b + noise * (random() - 0.5)).collect();
    unit(&mixed).unwrap_or(mixed)
}

fn load(path: &str) -> Result<Vec<Vec<f32>>, Failure> {
    let bytes = std::fs::read(path).map_err(|error| format!("{path}: {error}"))?;
    let numbers: Vec<f32> = bytes.as_chunks().0.iter().map(|&it| f32::from_le_bytes(it)).collect();
    Ok(numbers.chunks_exact(DIMENSIONS).map(<[f32]>::to_vec).collect())
}
