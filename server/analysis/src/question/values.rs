//! What the cells of a table say, to be found again in a question.

use super::words::Token;
use crate::calendar::MONTHS;
use crate::names;
use crate::refusal::Refusal;
use crate::table::{Kind, Table};
use std::collections::{BTreeSet, HashMap};

/// Words of the longest value that is looked for.
const WORDS_MAX: usize = 6;

/// The values of the columns of text, by their words.
#[derive(Debug)]
pub(super) struct Values {
    known: HashMap<String, BTreeSet<(usize, String)>>,
}

impl Values {
    pub fn of(table: &Table) -> Self {
        let mut known: HashMap<String, BTreeSet<(usize, String)>> = HashMap::new();
        let texts = table.columns().iter().enumerate().filter(|it| it.1.kind() == Kind::Text);
        for (column, _) in texts {
            let mut seen: BTreeSet<&str> = BTreeSet::new();
            for row in 0..table.len() {
                let text = table.text(row, column);
                if !text.is_empty() && seen.insert(text) {
                    let words = names::words(text);
                    if !words.is_empty() && words.len() <= WORDS_MAX {
                        known.entry(words.join(" ")).or_default().insert((column, text.to_owned()));
                    }
                }
            }
        }
        Self { known }
    }

    /// Whether the next words are a value.
    pub fn is_at(&self, tokens: &[Token]) -> bool {
        self.longest(tokens).is_some()
    }

    /// Whether a word with capitals is a value to the letter: “GET” is not “get”.
    pub fn is_spelled(&self, token: &Token) -> bool {
        let has_capitals = token.raw.chars().filter(|it| it.is_uppercase()).count() > 1;
        let found = self.known.get(&names::words(&token.raw).join(" "));
        has_capitals && found.is_some_and(|it| it.iter().any(|(_, value)| *value == token.raw))
    }

    /// The value that the next words are, its column, and how many they are.
    pub fn at(&self, tokens: &[Token], table: &Table) -> Result<Option<(usize, String, usize)>, Refusal> {
        let Some((found, length)) = self.longest(tokens) else { return Ok(None) };
        let columns: BTreeSet<usize> = found.iter().map(|it| it.0).collect();
        match (columns.len(), found.first()) {
            (1, Some((column, value))) => Ok(Some((*column, value.clone(), length))),
            _ => Err(Refusal::Ambiguous {
                word: tokens[..length].iter().map(|it| it.raw.as_str()).collect::<Vec<_>>().join(" "),
                columns: columns.iter().map(|it| table.columns()[*it].name.clone()).collect(),
            }),
        }
    }

    fn longest(&self, tokens: &[Token]) -> Option<(&BTreeSet<(usize, String)>, usize)> {
        (1..=WORDS_MAX.min(tokens.len())).rev().find_map(|length| {
            let words: Vec<String> = tokens[..length].iter().flat_map(|it| names::words(&it.raw)).collect();
            self.known.get(&words.join(" ")).map(|it| (it, length))
        })
    }

    /// What the next words say of that column, and how many they are.
    pub fn of_column(&self, column: usize, tokens: &[Token], table: &Table) -> Option<(String, usize)> {
        let first = tokens.first()?;
        match table.columns()[column].kind() {
            Kind::Date => time(tokens),
            Kind::Number => {
                crate::numbers::parse(&first.raw, crate::numbers::Mark::Point).map(|it| (it.to_string(), 1))
            }
            Kind::Text => (1..=WORDS_MAX.min(tokens.len())).rev().find_map(|length| {
                let words: Vec<String> = tokens[..length].iter().flat_map(|it| names::words(&it.raw)).collect();
                let found = self.known.get(&words.join(" "))?.iter().find(|it| it.0 == column)?;
                Some((found.1.clone(), length))
            }),
        }
    }
}

/// A year, month or day: `2024`, `2024-05`, `2024-05-31`, `May 2024`.
pub(super) fn time(tokens: &[Token]) -> Option<(String, usize)> {
    let first = tokens.first()?;
    let is_year = |it: &str| it.len() == 4 && it.parse::<u16>().is_ok_and(|it| (1_000..3_000).contains(&it));
    let is_written = |it: &str| {
        matches!(it.len(), 7 | 10) && is_year(&it[..4]) && it.bytes().all(|it| it.is_ascii_digit() || it == b'-')
    };
    if first.word.is_ascii() && (is_year(&first.word) || is_written(&first.word)) {
        return Some((first.word.clone(), 1));
    }
    let month = MONTHS
        .iter()
        .position(|it| *it == first.word || (first.word.len() == 3 && it.starts_with(first.word.as_str())))?;
    let year = tokens.get(1).filter(|it| is_year(&it.word))?;
    Some((format!("{}-{:02}", year.word, month + 1), 2))
}
