//! A table: what a CSV file says, and how it is written.

use crate::dates::{self, FORMATS, Order};
use crate::names;
use crate::numbers::{self, Mark};
use crate::refusal::Refusal;
use csv::{ReaderBuilder, StringRecord, Trim};
use encoding_rs::{Encoding, WINDOWS_1252};
use std::borrow::Cow;
use time::PrimitiveDateTime;

/// Bytes of a file.
pub const BYTES_MAX: usize = 2 * 1024 * 1024;
/// Rows of a table, without the one that names the columns.
pub const ROWS_MAX: usize = 100_000;
/// Columns of a table.
pub const COLUMNS_MAX: usize = 200;
/// Characters of a column's name that are kept.
const NAME_MAX: usize = 100;
/// Rows that are looked at to find what separates cells.
const SAMPLE: usize = 200;

/// How the cells of a column are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    Number(Mark),
    Date { format: usize, has_time: bool },
    Text,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Numbers, every cell that is not empty.
    Number,
    /// Dates, with or without times.
    Date,
    /// Anything.
    Text,
}

impl Kind {
    /// For people and models.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Date => "date",
            Self::Text => "text",
        }
    }
}

/// A column.
#[derive(Debug, Clone)]
pub struct Column {
    /// As the first row calls it.
    pub name: String,
    pub(crate) style: Style,
    /// Its name's words, and those of other names that it goes by.
    pub(crate) words: Vec<Vec<String>>,
}

impl Column {
    /// What it holds.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self.style {
            Style::Number(_) => Kind::Number,
            Style::Date { .. } => Kind::Date,
            Style::Text => Kind::Text,
        }
    }
}

/// A table.
#[derive(Debug, Clone)]
pub struct Table {
    columns: Vec<Column>,
    rows: Vec<StringRecord>,
    notes: Vec<String>,
}

impl Table {
    /// Reads a CSV file: UTF-8, UTF-16 with its mark, or Windows' Latin letters; separated by commas, semicolons, tabs or
    /// bars. The first row names the columns.
    ///
    /// # Errors
    /// [`Refusal::Table`], with what is wrong with it.
    pub fn from_csv(bytes: &[u8]) -> Result<Self, Refusal> {
        if bytes.len() > BYTES_MAX {
            return Err(refuse(format!("The file is larger than {} MB.", BYTES_MAX / (1024 * 1024))));
        }
        let text = decode(bytes);
        if text.contains('\0') {
            return Err(refuse("The file is not text. Save the table as CSV first."));
        }
        // Excel's own way of saying it.
        let said = text.strip_prefix("sep=").and_then(|it| it.chars().next());
        let (text, delimiter) = match said.and_then(|it| u8::try_from(it).ok()).filter(u8::is_ascii) {
            Some(it) => (text.split_once('\n').map_or("", |it| it.1), it),
            None => (&*text, delimiter_of(&text)),
        };
        let mut records = ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(false)
            .flexible(true)
            .trim(Trim::All)
            .from_reader(text.as_bytes())
            .into_records();
        let header = records.next().transpose().map_err(|it| refuse(format!("The file cannot be read: {it}.")))?;
        let header = header.ok_or_else(|| refuse("The file is empty."))?;
        let mut rows = Vec::new();
        for record in records {
            let record = record.map_err(|it| refuse(format!("The file cannot be read: {it}.")))?;
            rows.push(record);
            if rows.len() > ROWS_MAX {
                return Err(refuse(format!("The file has more than {ROWS_MAX} rows.")));
            }
        }
        Self::new(header.iter(), rows, delimiter == b';')
    }

    /// A table of what is there already, with the first row's names.
    ///
    /// # Errors
    /// As [`Table::from_csv`].
    pub fn from_rows<'a, R>(header: &[&str], rows: impl IntoIterator<Item = R>) -> Result<Self, Refusal>
    where
        R: IntoIterator<Item = Cow<'a, str>>,
    {
        let record = |row: R| row.into_iter().collect::<Vec<_>>().iter().map(|it| it.trim()).collect::<StringRecord>();
        Self::new(header.iter().copied(), rows.into_iter().map(record).collect(), false)
    }

    /// `is_continental`: separated as by people who write decimals behind a comma and days before months.
    fn new<'a>(
        header: impl Iterator<Item = &'a str>,
        mut rows: Vec<StringRecord>,
        is_continental: bool,
    ) -> Result<Self, Refusal> {
        // Counted before they are named: names are compared with each other.
        let header: Vec<&str> = header.collect();
        let width = header.len();
        if width > COLUMNS_MAX {
            return Err(refuse(format!("The file has {width} columns; {COLUMNS_MAX} are taken.")));
        }
        let mut names: Vec<String> = Vec::new();
        for (at, name) in header.into_iter().enumerate() {
            names.push(unique(name, at, &names));
        }
        if let Some((at, _)) = rows.iter().enumerate().find(|(_, it)| it.iter().skip(width).any(|it| !it.is_empty())) {
            return Err(refuse(format!("Row {} has more cells than the first row names columns.", at + 2)));
        }
        rows.retain(|it| it.iter().any(|it| !it.is_empty()));
        if rows.is_empty() {
            return Err(refuse("There is nothing in the table but its first row."));
        }
        let mut table = Self { columns: Vec::new(), rows, notes: Vec::new() };
        let guess = if is_continental { Mark::Comma } else { Mark::Point };
        let marks: Vec<_> = (0..width).map(|it| table.mark_of(it)).collect();
        // A column that could be read either way is written as the others are.
        let sure = marks.iter().find_map(|it| it.filter(|it| it.1).map(|it| it.0)).unwrap_or(guess);
        for (at, name) in names.into_iter().enumerate() {
            let style = match marks[at] {
                Some((mark, is_sure)) => Style::Number(if is_sure { mark } else { sure }),
                None => table.date_style(at, &name, is_continental).unwrap_or(Style::Text),
            };
            let words = vec![names::words(&name)];
            table.columns.push(Column { name, style, words });
        }
        Ok(table)
    }

    /// Other names that a column of this table goes by.
    #[must_use]
    pub fn with_names(mut self, column: &str, others: &[&str]) -> Self {
        if let Some(it) = self.columns.iter_mut().find(|it| it.name == column) {
            it.words.extend(others.iter().map(|it| names::words(it)));
        }
        self
    }

    /// Its columns, in their order.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// How many rows it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether it has no rows. It never is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// What had to be decided in order to read it.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.columns.iter().map(|it| it.name.clone()).collect()
    }

    /// The column of that name, in any case.
    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        let exact = self.columns.iter().position(|it| it.name == name.trim());
        exact.or_else(|| {
            let words = names::words(name);
            self.columns.iter().position(|it| !words.is_empty() && it.words[0] == words)
        })
    }

    /// A cell as it is written.
    pub(crate) fn text(&self, row: usize, column: usize) -> &str {
        self.rows.get(row).and_then(|it| it.get(column)).unwrap_or_default()
    }

    pub(crate) fn number(&self, row: usize, column: usize) -> Option<f64> {
        match self.columns.get(column)?.style {
            Style::Number(mark) => numbers::parse(self.text(row, column), mark),
            _ => None,
        }
    }

    pub(crate) fn date(&self, row: usize, column: usize) -> Option<PrimitiveDateTime> {
        match self.columns.get(column)?.style {
            Style::Date { format, .. } => dates::parse(self.text(row, column), format),
            _ => None,
        }
    }

    /// Whether nothing stands in a cell that counts: in columns of numbers and dates also what people write for nothing.
    pub(crate) fn is_blank(&self, row: usize, column: usize) -> bool {
        let text = self.text(row, column);
        let is_text = self.columns.get(column).is_none_or(|it| it.style == Style::Text);
        if is_text { text.is_empty() } else { is_nothing(text) }
    }

    /// A few of a column's values, each once, for whoever has to know what they look like.
    #[must_use]
    pub fn samples(&self, column: usize, max: usize) -> Vec<&str> {
        let mut seen: Vec<&str> = Vec::new();
        for row in 0..self.len().min(1_000) {
            let text = self.text(row, column);
            if !text.is_empty() && !seen.contains(&text) {
                seen.push(text);
                if seen.len() == max {
                    break;
                }
            }
        }
        seen
    }

    fn filled(&self, column: usize) -> impl Iterator<Item = &str> {
        (0..self.len()).map(move |row| self.text(row, column)).filter(|it| !is_nothing(it))
    }

    /// How the column's decimals are marked, if it holds numbers, and whether that is sure.
    fn mark_of(&self, column: usize) -> Option<(Mark, bool)> {
        let (mut point, mut comma, mut count) = (true, true, 0_usize);
        for text in self.filled(column) {
            let read = [Mark::Point, Mark::Comma].map(|it| numbers::parse(text, it));
            (point, comma, count) = (point && read[0].is_some(), comma && read[1].is_some(), count + 1);
            if !point && !comma {
                return None;
            }
        }
        match (point, comma) {
            _ if count == 0 => None,
            (true, true) => Some((Mark::Point, false)),
            (true, false) => Some((Mark::Point, true)),
            (false, _) => Some((Mark::Comma, true)),
        }
    }

    fn date_style(&mut self, column: usize, name: &str, is_continental: bool) -> Option<Style> {
        let mut formats: Vec<usize> = (0..FORMATS.len()).collect();
        let (mut has_time, mut count) = (false, 0_usize);
        for text in self.filled(column) {
            formats.retain(|it| dates::parse(text, *it).is_some());
            let first = formats.first()?;
            has_time |= dates::parse(text, *first).is_some_and(|it| it.time() != time::Time::MIDNIGHT);
            count += 1;
        }
        if count == 0 {
            return None;
        }
        let order = |order: Order| formats.iter().copied().find(|it| FORMATS[*it].1 == order);
        let format = match (order(Order::DayFirst), order(Order::MonthFirst)) {
            (Some(day), Some(month)) => {
                let (format, told) = if is_continental { (day, "day/month") } else { (month, "month/day") };
                self.notes.push(format!("The dates in “{name}” could be read in two ways; they are taken as {told}."));
                format
            }
            _ => *formats.first()?,
        };
        Some(Style::Date { format, has_time })
    }
}

fn refuse(message: impl Into<String>) -> Refusal {
    Refusal::Table(message.into())
}

/// What people write where there is no number.
fn is_nothing(text: &str) -> bool {
    matches!(text, "" | "-" | "–" | "—" | "?")
        || ["na", "n/a", "#n/a", "nan", "null", "none"].iter().any(|it| text.eq_ignore_ascii_case(it))
}

fn decode(bytes: &[u8]) -> Cow<'_, str> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return encoding.decode_without_bom_handling(&bytes[mark..]).0;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => WINDOWS_1252.decode_without_bom_handling(bytes).0,
    }
}

/// What separates the cells: the sign by which most rows have as many as the first.
fn delimiter_of(text: &str) -> u8 {
    let score = |delimiter: u8| {
        let reader =
            ReaderBuilder::new().delimiter(delimiter).has_headers(false).flexible(true).from_reader(text.as_bytes());
        let widths: Vec<usize> = reader.into_records().take(SAMPLE).filter_map(|it| Some(it.ok()?.len())).collect();
        let width = widths.first().copied().filter(|it| *it > 1)?;
        let alike = widths.iter().filter(|it| **it == width).count();
        Some((alike * 100 / widths.len(), width))
    };
    // Of equals the last one wins: the comma.
    let best = [b'|', b'\t', b';', b','].into_iter().filter_map(|it| Some((score(it)?, it))).max_by_key(|it| it.0);
    best.map_or(b',', |it| it.1)
}

/// The name of a column: one that is missing gets a number, one that is taken another.
fn unique(name: &str, at: usize, taken: &[String]) -> String {
    let line = name.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut name: String = line.chars().take(NAME_MAX).collect();
    if name.is_empty() {
        name = format!("Column {}", at + 1);
    }
    let (plain, mut number) = (name.clone(), 2);
    while taken.contains(&name) {
        name = format!("{plain} ({number})");
        number += 1;
    }
    name
}

#[cfg(test)]
mod tests;
