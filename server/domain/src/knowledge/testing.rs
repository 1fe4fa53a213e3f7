//! Tools for tests: a reader that takes paragraphs for pieces, and an encoder that knows a handful of meanings.

use super::Tools;
use super::encoders::{Encoder, LOCAL};
use super::files::Files;
use super::reader::{Piece, Reader, Reading, Unread};
use super::repositories::Workshop;
use crate::error::{Error, Result};
use crate::providers::{Client, Limits, Use};
use crate::seal::Seal;
use async_trait::async_trait;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// Takes paragraphs for pieces, and lines that begin with `#` for headings. Refuses what says so.
#[derive(Debug, Default)]
pub struct Paragraphs {
    /// How many files it has read.
    pub read: AtomicUsize,
}

#[async_trait]
impl Reader for Paragraphs {
    async fn read(&self, file: &Path, name: &str, _: Option<&str>) -> std::result::Result<Reading, Unread> {
        self.read.fetch_add(1, Ordering::SeqCst);
        let text = std::fs::read_to_string(file).map_err(|_| Unread::Refused(format!("{name} is no text.")))?;
        if text.starts_with("refuse") {
            return Err(Unread::Refused("It asks to be refused.".to_owned()));
        }
        let mut reading = Reading {
            kind: "text".to_owned(),
            media_type: "text/plain".to_owned(),
            language: Some("en".to_owned()),
            text: text.clone(),
            summary: vec![text.lines().next().unwrap_or_default().to_owned()],
            ..Reading::default()
        };
        let (mut at, mut line, mut headings) = (0, 1, Vec::new());
        for part in text.split("\n\n") {
            let lines = u32::try_from(part.lines().count()).unwrap();
            if let Some(heading) = part.strip_prefix("# ") {
                headings = vec![heading.to_owned()];
            } else {
                reading.pieces.push(Piece {
                    start: at,
                    end: at + part.len(),
                    headings: headings.clone(),
                    first_line: line,
                    last_line: line + lines.saturating_sub(1),
                    page: None,
                });
            }
            at += part.len() + 2;
            line += lines + 1;
        }
        Ok(reading)
    }
}

/// Each group of words is a direction; a text points where its words do.
const MEANINGS: [&[&str]; 4] = [
    &["tide", "sea", "water", "ocean"],
    &["cat", "feline", "kitten"],
    &["rust", "borrow", "compiler"],
    &["moon", "lunar"],
];

/// Knows [`MEANINGS`], and can be away.
#[derive(Debug, Default)]
pub struct Meanings {
    pub is_away: AtomicBool,
    /// How many texts it has encoded.
    pub encoded: AtomicUsize,
}

#[async_trait]
impl Encoder for Meanings {
    async fn encode(&self, texts: Vec<String>, _: Use) -> Result<Vec<Vec<f32>>> {
        if self.is_away.load(Ordering::SeqCst) {
            return Err(Error::Conflict { code: "away", message: "The encoder is away.".to_owned() });
        }
        self.encoded.fetch_add(texts.len(), Ordering::SeqCst);
        Ok(texts.iter().map(|it| direction(it)).collect())
    }

    fn check(&self) -> std::result::Result<(), String> {
        Ok(())
    }
}

/// What means none of them points somewhere of its own.
const OTHERS: usize = 251;

fn direction(text: &str) -> Vec<f32> {
    let text = text.to_lowercase();
    let mut vector: Vec<f32> =
        MEANINGS.iter().map(|group| if group.iter().any(|it| text.contains(it)) { 1.0 } else { 0.0 }).collect();
    let means_none = vector.iter().all(|it| *it == 0.0);
    vector.resize(MEANINGS.len() + OTHERS, 0.0);
    if means_none {
        let place = text.bytes().fold(7_usize, |sum, it| sum.wrapping_mul(31).wrapping_add(usize::from(it)));
        vector[MEANINGS.len() + place % OTHERS] = 1.0;
    }
    let length = vector.iter().map(|it| it * it).sum::<f32>().sqrt();
    vector.iter().map(|it| it / length).collect()
}

/// Tools over a folder that lives as long as the test.
pub fn tools(folder: &Path) -> (Tools, Arc<Paragraphs>, Arc<Meanings>) {
    let (reader, encoder) = (Arc::new(Paragraphs::default()), Arc::new(Meanings::default()));
    let client = Client::new(Limits::default()).unwrap();
    let encoders: HashMap<String, Arc<dyn Encoder>> = HashMap::from([
        (LOCAL.to_owned(), encoder.clone() as Arc<dyn Encoder>),
        ("test/other".to_owned(), encoder.clone() as Arc<dyn Encoder>),
    ]);
    let workshop = Workshop {
        folder: folder.join("repositories"),
        below: Some(folder.join("work")),
        client: client.clone(),
        seal: Seal::new("test"),
        limits: atrium_repositories::Limits { time: Duration::from_secs(30), ..Default::default() },
    };
    (
        Tools {
            files: Files::in_folder(folder).unwrap(),
            reader: reader.clone(),
            encoders,
            client,
            inside: Vec::new(),
            workshop,
        },
        reader,
        encoder,
    )
}
