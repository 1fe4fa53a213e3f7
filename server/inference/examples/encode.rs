//! How fast the sentence encoder is on this machine, and how well it finds.
//!
//! `cargo run --release -p atrium-inference --example encode -- MODEL_FOLDER CRANFIELD_FOLDER [OUT_FOLDER]`
//!
//! The Cranfield collection (`cran.all.1400`, `cran.qry`, `cranqrel`) is 1,400 abstracts and 225 questions with the
//! abstracts that answer them. Speeds are medians, of batches of abstracts and of single questions. nDCG@10 is by exact cosine, title and abstract together as the text of a document. In `OUT_FOLDER`
//! the vectors are left as little-endian f32: `documents.f32` and `questions.f32`.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::Instant;

use atrium_inference::Encoder;

/// How many abstracts are encoded together.
const BATCH: usize = 64;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let mut folders = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(model), Some(cranfield)) = (folders.next(), folders.next()) else {
        return Err("which MODEL_FOLDER and CRANFIELD_FOLDER?".into());
    };
    let start = Instant::now();
    let encoder = Encoder::load(model)?;
    println!("loading              {:>8.2} s", start.elapsed().as_secs_f64());

    let documents: Vec<String> =
        entries(&cranfield.join("cran.all.1400"))?.iter().map(|fields| text(fields, &['T', 'W'])).collect();
    let questions: Vec<String> =
        entries(&cranfield.join("cran.qry"))?.iter().map(|fields| text(fields, &['W'])).collect();

    let start = Instant::now();
    let tokens: usize = documents.iter().map(|text| encoder.count(text).min(256)).sum();
    println!("cutting into tokens  {:>8.0} abstracts/s", documents.len() as f64 / start.elapsed().as_secs_f64());

    let mut of_documents = Vec::new();
    let mut pace = Vec::new();
    for texts in documents.chunks(BATCH) {
        let start = Instant::now();
        of_documents.extend(encode(&encoder, texts)?);
        pace.push(start.elapsed().as_secs_f64() / texts.len() as f64);
    }
    let abstracts = 1.0 / median(&mut pace);
    let per_abstract = tokens as f64 / documents.len() as f64;
    println!("encoding             {abstracts:>8.1} abstracts/s, {:.0} tokens/s", abstracts * per_abstract);

    let mut of_questions = Vec::new();
    let mut pace = Vec::new();
    for question in &questions {
        let start = Instant::now();
        of_questions.extend(encoder.encode(&[question])?);
        pace.push(start.elapsed().as_secs_f64() * 1e3);
    }
    println!("a question           {:>8.1} ms", median(&mut pace));
    println!(
        "weights              {:>8.1} MB; resident {:.0} MB, at most {:.0} MB",
        encoder.memory() as f64 / 1e6,
        memory("VmRSS:")?,
        memory("VmHWM:")?
    );

    let right = answers(&std::fs::read_to_string(cranfield.join("cranqrel"))?);
    println!("nDCG@10              {:>8.4}", ndcg(&of_documents, &of_questions, &right));
    if let Some(out) = folders.next() {
        for (name, vectors) in [("documents.f32", &of_documents), ("questions.f32", &of_questions)] {
            let bytes: Vec<u8> = vectors.iter().flatten().flat_map(|number| number.to_le_bytes()).collect();
            std::fs::write(out.join(name), bytes)?;
        }
    }
    Ok(())
}

fn encode(encoder: &Encoder, texts: &[String]) -> Result<Vec<Vec<f32>>, Failure> {
    Ok(encoder.encode(&texts.iter().map(String::as_str).collect::<Vec<_>>())?)
}

/// The one in the middle.
fn median(figures: &mut [f64]) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}

/// The entries of a file of the collection: their fields by letter.
fn entries(path: &Path) -> Result<Vec<HashMap<char, String>>, Failure> {
    let file = String::from_utf8_lossy(&std::fs::read(path)?).into_owned();
    let mut entries: Vec<HashMap<char, String>> = Vec::new();
    let mut field = None;
    for line in file.lines() {
        let mut letters = line.chars();
        match (letters.next(), letters.next(), letters.as_str().trim()) {
            (Some('.'), Some('I'), _) => {
                entries.push(HashMap::new());
                field = None;
            }
            (Some('.'), Some(letter @ ('T' | 'A' | 'B' | 'W')), "") => field = Some(letter),
            _ => {
                if let (Some(entry), Some(field)) = (entries.last_mut(), field) {
                    let text = entry.entry(field).or_default();
                    text.push_str(line);
                    text.push('\n');
                }
            }
        }
    }
    Ok(entries)
}

/// Some fields of an entry in one line, a full stop between them.
fn text(entry: &HashMap<char, String>, fields: &[char]) -> String {
    let line = |field| entry.get(field).map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "));
    fields.iter().filter_map(line).collect::<Vec<_>>().join(". ")
}

/// For each question the documents that answer it, both counted from 0. The n-th question of `cran.qry` is number n in
/// `cranqrel`, whatever number it has there.
fn answers(file: &str) -> HashMap<usize, HashSet<usize>> {
    let mut answers: HashMap<usize, HashSet<usize>> = HashMap::new();
    for line in file.lines() {
        let numbers: Vec<i64> = line.split_whitespace().filter_map(|number| number.parse().ok()).collect();
        if let &[question, document, grade] = numbers.as_slice()
            && grade > 0
        {
            answers.entry(question as usize - 1).or_default().insert(document as usize - 1);
        }
    }
    answers
}

/// The mean over all questions of how good their ten best documents are, and how early the good ones come.
fn ndcg(documents: &[Vec<f32>], questions: &[Vec<f32>], right: &HashMap<usize, HashSet<usize>>) -> f64 {
    let gain = |place: usize| 1.0 / (place as f64 + 2.0).log2();
    let of = |(number, question): (usize, &Vec<f32>)| {
        let Some(right) = right.get(&number) else { return 0.0 };
        let fit = |document: &Vec<f32>| document.iter().zip(question).map(|(a, b)| a * b).sum::<f32>();
        let mut found: Vec<(f32, usize)> = documents.iter().map(fit).zip(0..).collect();
        found.sort_by(|a, b| b.0.total_cmp(&a.0));
        let gained: f64 = (0..10).filter(|&place| right.contains(&found[place].1)).map(gain).sum();
        gained / (0..right.len().min(10)).map(gain).sum::<f64>()
    };
    questions.iter().enumerate().map(of).sum::<f64>() / questions.len() as f64
}

/// Memory of this process, in megabytes.
fn memory(of: &str) -> Result<f64, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(of)).ok_or("no such line")?;
    Ok(line.trim_end_matches("kB").trim().parse::<f64>()? * 1024.0 / 1e6)
}
