//! How fast the best passages by words are found, and in how much memory.
//!
//! `cargo run --release -p atrium-retrieval --example words -- FOLDER [COUNT …]`
//!
//! The folder holds the Cranfield collection's `cran.all.1400` and `cran.qry`. Passages are synthetic: sentences of its
//! abstracts at random, about 110 words each after stop words. All are of one narrow field, so that a question's words are
//! in more of them than they would be in most bases. Times are those of one question after another, on one core.

use std::time::Instant;

use atrium_retrieval::bm25::{Bm25, Counts};
use atrium_retrieval::postings::Postings;
use atrium_retrieval::words::Analyzer;

const WORDS: usize = 110;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("FOLDER [COUNT …]")?;
    let file = |name: &str| std::fs::read_to_string(format!("{folder}/{name}"));
    let analyzer = Analyzer::new("en");
    let abstracts = file("cran.all.1400")?;
    let texts = abstracts.split("\n.I ").filter_map(|it| it.split_once("\n.W\n"));
    let sentences: Vec<String> = texts
        .flat_map(|(_, text)| text.split(" . "))
        .map(|it| analyzer.joined(it))
        .filter(|it| it.len() > 20)
        .collect();
    let questions = file("cran.qry")?;
    let questions: Vec<Vec<String>> = questions
        .split(".I ")
        .filter_map(|it| it.split_once(".W"))
        .map(|(_, text)| analyzer.words(text).into_iter().map(|it| it.text).collect())
        .collect();

    println!("| passages | memory MB | insertion µs | p50 ms | p95 ms |");
    println!("|---|---|---|---|---|");
    for count in arguments {
        let count: u64 = count.parse()?;
        let mut state: u64 = 1;
        let mut pick = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            &sentences[(state >> 33) as usize % sentences.len()]
        };
        let mut postings = Postings::default();
        let mut insertion = 0.0;
        for id in 0..count {
            let title = pick().split(' ').take(6).collect::<Vec<_>>().join(" ");
            let mut body = String::new();
            while body.split(' ').count() < WORDS {
                body = [body.as_str(), pick().as_str()].join(" ");
            }
            let (title, body) = (Counts::read(&title), Counts::read(&body));
            let start = Instant::now();
            postings.insert(id, &title, &body);
            insertion += start.elapsed().as_secs_f64();
        }
        let mut times = Vec::new();
        for words in &questions {
            let start = Instant::now();
            let collection = postings.collection(words.iter().map(String::as_str));
            let weighed: Vec<(&str, f32)> = words.iter().map(|word| (word.as_str(), 1.0)).collect();
            let near = postings.candidates(&Bm25::default(), &weighed, &collection, 100, |_| true);
            times.push(start.elapsed().as_secs_f64() * 1e3);
            assert!(near.len() <= 100);
        }
        times.sort_by(f64::total_cmp);
        println!(
            "| {count} | {:.1} | {:.1} | {:.2} | {:.2} |",
            postings.bytes() as f64 / 1e6,
            insertion / count as f64 * 1e6,
            times[times.len() / 2],
            times[times.len() * 95 / 100],
        );
    }
    Ok(())
}
