//! How fast files are read and split: `cargo run --release -p atrium-ingest --example speed -- FILE OR FOLDER …`.
//!
//! Prints, for every kind of file found and for some that are generated, megabytes of text a second on one core.

use atrium_ingest::{Kind, Limits, Reading, Sizes, estimate_tokens, key_sentences, read, split};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

#[derive(Default)]
struct Row {
    files: usize,
    bytes: usize,
    text: usize,
    pieces: usize,
    refused: usize,
    reading: Duration,
    splitting: Duration,
    summing: Duration,
}

fn main() {
    let mut rows: BTreeMap<String, Row> = BTreeMap::new();
    for path in std::env::args().skip(1) {
        for path in files(Path::new(&path)) {
            let name = path.to_string_lossy().into_owned();
            if let (Some((kind, _)), Ok(bytes)) = (Kind::of_name(&name), std::fs::read(&path)) {
                measure(rows.entry(kind.to_string()).or_default(), &name, &bytes);
            }
        }
    }
    for (name, text) in generated() {
        measure(rows.entry(format!("generated {name}")).or_default(), name, text.as_bytes());
    }
    println!(
        "| what | files | refused | MB | MB of text | pieces | reading s | splitting s | MB of text/s, both | key sentences s |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    for (what, row) in rows {
        let megabytes = |bytes: usize| bytes as f64 / 1e6;
        let both = (row.reading + row.splitting).as_secs_f64();
        println!(
            "| {what} | {} | {} | {:.1} | {:.1} | {} | {:.2} | {:.2} | {:.1} | {:.2} |",
            row.files,
            row.refused,
            megabytes(row.bytes),
            megabytes(row.text),
            row.pieces,
            row.reading.as_secs_f64(),
            row.splitting.as_secs_f64(),
            megabytes(row.text) / both,
            row.summing.as_secs_f64()
        );
    }
}

fn measure(row: &mut Row, name: &str, bytes: &[u8]) {
    row.files += 1;
    row.bytes += bytes.len();
    let start = Instant::now();
    let outcome = read(name, None, bytes, &Limits::default());
    row.reading += start.elapsed();
    let reading: Reading = match outcome {
        Ok(reading) => reading,
        Err(refusal) => {
            eprintln!("{name}: {refusal}");
            row.refused += 1;
            return;
        }
    };
    row.text += reading.text.len();
    let start = Instant::now();
    row.pieces += split(&reading, &Sizes::default(), &estimate_tokens).len();
    row.splitting += start.elapsed();
    let start = Instant::now();
    key_sentences(&reading.text, 5);
    row.summing += start.elapsed();
    if std::env::var_os("SHOW").is_some() {
        println!("{:?} {:?} {:?}\n{}", reading.title, reading.language, reading.notes, reading.text);
        println!("{:#?}", reading.marks.iter().take(40).collect::<Vec<_>>());
    }
}

fn files(path: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(path) else { return vec![path.to_owned()] };
    let mut found: Vec<_> = entries.flatten().flat_map(|entry| files(&entry.path())).collect();
    found.sort();
    found
}

fn generated() -> Vec<(&'static str, String)> {
    let sentence = "The owner of a value is the variable that holds it, and there is only one at a time. ";
    let paragraph = format!("{}\n\n", sentence.repeat(6));
    let chapter = |number: usize| format!("## Chapter {number}\n\n{}", paragraph.repeat(8));
    let markdown: String = (0..2000).map(chapter).collect();
    vec![
        ("text.txt", paragraph.repeat(16_000)),
        ("line.txt", sentence.repeat(100_000)),
        ("book.md", markdown),
        ("rows.csv", "Name,Town,Born\n".to_owned() + &"Ada Lovelace,London,1815\n".repeat(200_000)),
        ("page.html", format!("<main>{}</main>", format!("<h2>A title</h2><p>{sentence}</p>").repeat(80_000))),
    ]
}
