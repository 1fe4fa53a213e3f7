//! How good the ranking is, on the Cranfield collection: 1,400 abstracts, 225 questions, judged by people.
//!
//! `cargo run --release -p atrium-retrieval --example cranfield -- FOLDER [DOCUMENTS.f32 QUESTIONS.f32]`
//!
//! The folder holds `cran.all.1400`, `cran.qry` and `cranqrel`; the files vectors of 384 numbers, four bytes each, little
//! end first. Grades 1 to 4 count as relevant, without difference. What is measured is what ships: a hundred candidates
//! from each side, those by words for the rarest ones that a tenth of the documents has, those by meaning out of the
//! quantised index, and vectors rounded to half precision.

use std::collections::{HashMap, HashSet};

use atrium_retrieval::bm25::{Bm25, Collection, Counts};
use atrium_retrieval::fusion::{Candidate, Feedback, Fusion, Question};
use atrium_retrieval::vectors::{Index, decode, encode};
use atrium_retrieval::words::Analyzer;

const DIMENSIONS: usize = 384;
const CANDIDATES: usize = 100;

type Failure = Box<dyn std::error::Error>;

/// Those of documents and of questions.
type Vectors = (Vec<Vec<f32>>, Vec<Vec<f32>>);

struct Cranfield {
    /// Titles and the rest, as words.
    documents: Vec<(String, String)>,
    questions: Vec<Vec<String>>,
    relevant: Vec<HashSet<usize>>,
    vectors: Option<Vectors>,
    collection: Collection,
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let cranfield = match arguments.as_slice() {
        [folder] => Cranfield::read(folder, None)?,
        [folder, documents, questions] => Cranfield::read(folder, Some((load(documents)?, load(questions)?)))?,
        _ => return Err("FOLDER [DOCUMENTS.f32 QUESTIONS.f32]".into()),
    };
    let shipped = Fusion::default();
    let plain = Fusion { feedback: None, ..shipped };
    let feedback = Feedback::default();
    println!("| what | nDCG@10 | halves: mean of the worse |");
    println!("|---|---|---|");
    let show = |name: &str, fusion: Fusion| {
        let each = cranfield.each(&fusion);
        println!("| {name} | {:.4} | {:.4} |", mean(&each), halves(&each));
    };
    show("words alone", Fusion { meaning: 0.0, ..plain });
    if cranfield.vectors.is_some() {
        show("meaning alone", Fusion { meaning: 1.0, ..plain });
        show("fused, no feedback", plain);
        show("**shipped**", shipped);
        for meaning in [0.3, 0.4, 0.6, 0.7] {
            show(&format!("meaning {meaning}"), Fusion { meaning, ..shipped });
        }
        for (saturation, length) in [(0.9, 0.4), (1.5, 0.75), (2.0, 0.75)] {
            let bm25 = Bm25 { saturation, length, ..shipped.bm25 };
            show(&format!("saturation {saturation}, length {length}"), Fusion { bm25, ..shipped });
        }
        for title in [1.0, 3.0] {
            show(&format!("title {title}"), Fusion { bm25: Bm25 { title, ..shipped.bm25 }, ..shipped });
        }
        let vary = |name: String, feedback| show(&name, Fusion { feedback: Some(feedback), ..shipped });
        for documents in [3, 4, 7, 10] {
            vary(format!("feedback: {documents} documents"), Feedback { documents, ..feedback });
        }
        for vector in [0.0, 0.25, 1.0] {
            vary(format!("feedback: vector {vector}"), Feedback { vector, ..feedback });
        }
        for words in [0, 5, 20, 40] {
            vary(format!("feedback: {words} words"), Feedback { words, ..feedback });
        }
        for share in [0.3, 0.4, 0.6] {
            vary(format!("feedback: share {share}"), Feedback { share, ..feedback });
        }
    }
    Ok(())
}

impl Cranfield {
    fn read(folder: &str, vectors: Option<Vectors>) -> Result<Self, Failure> {
        let file = |name: &str| {
            let path = format!("{folder}/{name}");
            std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))
        };
        let analyzer = Analyzer::new("en");
        let documents: Vec<(String, String)> = records(&file("cran.all.1400")?)
            .iter()
            .map(|record| {
                let (title, text) = (&record["T"], &record["W"]);
                // Texts begin with their title.
                (analyzer.joined(title), analyzer.joined(text.strip_prefix(title.as_str()).unwrap_or(text)))
            })
            .collect();
        let words =
            |record: &HashMap<String, String>| analyzer.words(&record["W"]).into_iter().map(|it| it.text).collect();
        let questions: Vec<Vec<String>> = records(&file("cran.qry")?).iter().map(words).collect();
        let mut relevant = vec![HashSet::new(); questions.len()];
        for line in file("cranqrel")?.lines() {
            let numbers: Vec<i32> = line.split_whitespace().filter_map(|it| it.parse().ok()).collect();
            if let [question, document, 1..=4] = numbers[..] {
                relevant[question as usize - 1].insert(document as usize - 1);
            }
        }
        let mut collection = Collection { documents: documents.len() as u64, ..Collection::default() };
        for (title, body) in &documents {
            collection.title_length += title.split(' ').count() as f32 / documents.len() as f32;
            collection.body_length += body.split(' ').count() as f32 / documents.len() as f32;
            for word in title.split(' ').chain(body.split(' ')).collect::<HashSet<_>>() {
                *collection.frequencies.entry(word.to_owned()).or_default() += 1;
            }
        }
        Ok(Self { documents, questions, relevant, vectors, collection })
    }

    /// nDCG@10 of each question.
    fn each(&self, fusion: &Fusion) -> Vec<f64> {
        let counts: Vec<(Counts, Counts)> =
            self.documents.iter().map(|(title, body)| (Counts::read(title), Counts::read(body))).collect();
        let stored: Option<Vec<Vec<u8>>> =
            self.vectors.as_ref().map(|(documents, _)| documents.iter().map(|it| encode(it)).collect());
        let mut index = Index::new(DIMENSIONS);
        for (id, vector) in self.vectors.iter().flat_map(|(documents, _)| documents).enumerate() {
            index.insert(id, vector).unwrap_or_else(|unfit| panic!("document {id}: {unfit}"));
        }
        let one = |at: usize| {
            let words = &self.questions[at];
            let vector = self.vectors.as_ref().map(|(_, questions)| questions[at].as_slice());
            let rarest = self.collection.rarest(words, self.collection.documents / 10);
            let weighed: Vec<(&str, f32)> = match fusion.meaning {
                0.0 => words.iter().map(|word| (word.as_str(), 1.0)).collect(),
                _ => rarest.into_iter().map(|word| (word, 1.0)).collect(),
            };
            let mut by_words: Vec<(f32, usize)> = counts
                .iter()
                .enumerate()
                .map(|(id, (title, body))| (fusion.bm25.score(&weighed, title, body, &self.collection), id))
                .collect();
            by_words.sort_by(|a, b| b.0.total_cmp(&a.0));
            let mut ids: Vec<usize> = by_words.iter().take(CANDIDATES).map(|it| it.1).collect();
            if let Some(Ok(near)) = vector.map(|it| index.candidates(it, CANDIDATES, |_| true)) {
                ids.extend(near.iter().map(|it| it.id));
            }
            ids.sort_unstable();
            ids.dedup();
            let candidate = |&id: &usize| Candidate {
                id,
                title: counts[id].0.clone(),
                body: counts[id].1.clone(),
                vector: stored.as_ref().and_then(|it| decode(&it[id])),
            };
            let candidates: Vec<_> = ids.iter().map(candidate).collect();
            let ranking = fusion.rank(&Question { words, vector }, &candidates, &self.collection);
            let hits = ranking.hits.iter().map(|it| self.relevant[at].contains(&it.id));
            let gain = |rank: usize| 1.0 / (rank as f64 + 2.0).log2();
            let found: f64 = hits.take(10).enumerate().filter(|it| it.1).map(|(rank, _)| gain(rank)).sum();
            found / (0..self.relevant[at].len().min(10)).map(gain).sum::<f64>()
        };
        (0..self.questions.len()).map(one).collect()
    }
}

fn mean(numbers: &[f64]) -> f64 {
    numbers.iter().sum::<f64>() / numbers.len() as f64
}

/// Of a hundred halvings of the questions, the worse half's mean, on average.
fn halves(each: &[f64]) -> f64 {
    let mut state: u64 = 1;
    let mut halving = || {
        let (mut one, mut other) = (Vec::new(), Vec::new());
        for &number in each {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            if state >> 63 == 0 { one.push(number) } else { other.push(number) }
        }
        mean(&one).min(mean(&other))
    };
    (0..100).map(|_| halving()).sum::<f64>() / 100.0
}

/// Records begin with `.I`, their fields with a point and a letter.
fn records(file: &str) -> Vec<HashMap<String, String>> {
    let mut records: Vec<HashMap<String, String>> = Vec::new();
    let mut field = String::new();
    for line in file.lines() {
        if line.starts_with(".I ") {
            records.push(HashMap::from([("T".to_owned(), String::new()), ("W".to_owned(), String::new())]));
        } else if let Some(name @ ("T" | "A" | "B" | "W")) = line.strip_prefix('.') {
            field = name.to_owned();
        } else if let Some(record) = records.last_mut() {
            let text = record.entry(field.clone()).or_default();
            *text = [text.as_str(), line].join(" ").trim().to_owned();
        }
    }
    records
}

fn load(path: &str) -> Result<Vec<Vec<f32>>, Failure> {
    let bytes = std::fs::read(path).map_err(|error| format!("{path}: {error}"))?;
    let numbers: Vec<f32> = bytes.as_chunks().0.iter().map(|&it| f32::from_le_bytes(it)).collect();
    Ok(numbers.chunks_exact(DIMENSIONS).map(<[f32]>::to_vec).collect())
}
