//! Knowledge in words and addresses, as pages, files and replies say them alike.

use super::{Base, Citation, Place, WorkState};
use crate::ids::DocumentId;

impl Place {
    /// `page 3 · Ownership › Moves · lines 12–30`; what is not known is left out. Lines say nothing where there are pages.
    #[must_use]
    pub fn told(&self) -> String {
        let page = self.page.map(|it| format!("page {it}"));
        let headings = (!self.headings.is_empty()).then(|| self.headings.join(" › "));
        let lines = match (self.page, self.first_line, self.last_line) {
            (Some(_), ..) | (None, 0, _) => None,
            (None, first, last) if last <= first => Some(format!("line {first}")),
            (None, first, last) => Some(format!("lines {first}–{last}")),
        };
        [page, headings, lines].into_iter().flatten().collect::<Vec<_>>().join(" · ")
    }
}

impl Citation {
    /// Where it stands, in words: `path:12-30 @ 1a2b3c4` of a repository's file.
    #[must_use]
    pub fn told(&self) -> String {
        match &self.commit {
            Some(commit) => {
                let short = commit.get(..7).unwrap_or(commit);
                format!("{}:{}-{} @ {short}", self.name, self.place.first_line, self.place.last_line)
            }
            None => self.place.told(),
        }
    }

    /// The page that shows it, the passage marked.
    #[must_use]
    pub fn path(&self) -> String {
        passage_path(self.document, self.version, self.place.start, self.place.end)
    }
}

/// The page of a document with these bytes of its text marked, and scrolled to.
#[must_use]
pub fn passage_path(document: DocumentId, version: i64, from: i64, to: i64) -> String {
    format!("/knowledge/documents/{document}?version={version}&from={from}&to={to}#passage")
}

impl Base {
    /// How it stands, in words: `12 documents · 3 being read · found by word and meaning`.
    #[must_use]
    pub fn told(&self) -> String {
        let mut parts = vec![match self.document_count {
            0 => "no documents yet".to_owned(),
            1 => "1 document".to_owned(),
            n => format!("{} documents", grouped(n)),
        }];
        if self.waiting_count > 0 {
            parts.push(format!("{} being read", grouped(self.waiting_count)));
        }
        if self.failed_count > 0 {
            parts.push(format!("{} could not be read", grouped(self.failed_count)));
        }
        if self.piece_count > 0 {
            parts.push(match self.embedded_count {
                0 => "found by word".to_owned(),
                n if n < self.piece_count => "found by word, partly by meaning".to_owned(),
                _ => "found by word and meaning".to_owned(),
            });
        }
        parts.join(" · ")
    }

    /// Whether it will look different in a moment.
    #[must_use]
    pub fn is_at_work(&self) -> bool {
        self.waiting_count > 0 || matches!(self.embedding.state, WorkState::Queued | WorkState::Running)
    }
}

/// A number with its thousands set apart: `1,200`.
#[must_use]
pub fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut told = if number < 0 { "-".to_owned() } else { String::new() };
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            told.push(',');
        }
        told.push(digit);
    }
    told
}

/// Bytes as people say them: `840 bytes`, `12 kB`, `3.4 MB`.
#[must_use]
pub fn size(bytes: i64) -> String {
    match bytes {
        ..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{} kB", (bytes + 500) / 1_000),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_as_people_say_them() {
        assert_eq!([0, 999, 1_200, 1_234_567].map(grouped), ["0", "999", "1,200", "1,234,567"]);
        assert_eq!([0, 840, 12_345, 3_450_000].map(size), ["0 bytes", "840 bytes", "12 kB", "3.4 MB"]);
    }

    #[test]
    fn a_place_says_what_is_known_of_it() {
        let headings = vec!["Ownership".to_owned(), "Moves".to_owned()];
        let place = Place { first_line: 12, last_line: 30, headings, ..Place::default() };
        assert_eq!(place.told(), "Ownership › Moves · lines 12–30");
        assert_eq!(Place { page: Some(3), headings: Vec::new(), ..place }.told(), "page 3");
        assert_eq!(Place { first_line: 4, last_line: 4, ..Place::default() }.told(), "line 4");
        assert_eq!(Place::default().told(), "");
    }
}
