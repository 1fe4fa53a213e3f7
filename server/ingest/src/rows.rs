//! Rows of tables, as lines that can be found and understood on their own.

use crate::draft::{Draft, tidy};

/// How many rows are looked at for one that names the columns: reports have a title above their table.
const ABOVE: usize = 8;

/// Writes rows. Once a row has named the columns, each further one becomes `Name: Ada; Town: London`.
#[derive(Default)]
pub(crate) struct Rows {
    header: Vec<(usize, String)>,
    seen: usize,
}

impl Rows {
    /// One row: its cells that are not empty, each with the number of its column, in order.
    pub(crate) fn push(&mut self, cells: &[(usize, String)], draft: &mut Draft) {
        let cells: Vec<_> =
            cells.iter().map(|(column, value)| (*column, tidy(value))).filter(|(_, value)| !value.is_empty()).collect();
        if cells.is_empty() {
            return;
        }
        self.seen += 1;
        if self.header.is_empty() {
            let values: Vec<_> = cells.iter().map(|(_, value)| value.as_str()).collect();
            draft.line(&values.join(" | "));
            if self.seen <= ABOVE && names_columns(&values) {
                self.header = cells;
            }
            return;
        }
        let mut line = String::new();
        for (column, value) in &cells {
            if !line.is_empty() {
                line.push_str("; ");
            }
            if let Ok(at) = self.header.binary_search_by_key(column, |(column, _)| *column) {
                line.push_str(&self.header[at].1);
                line.push_str(": ");
            }
            line.push_str(value);
        }
        draft.line(&line);
    }
}

/// Several words and no figures.
fn names_columns(values: &[&str]) -> bool {
    let is_name =
        |value: &&str| value.len() <= 80 && value.parse::<f64>().is_err() && value.chars().any(char::is_alphabetic);
    values.len() >= 2 && values.iter().all(is_name)
}

/// Writes a table of a document as Markdown. A table of one column is there for its looks: its cells are paragraphs.
pub(crate) fn grid(rows: &[Vec<String>], draft: &mut Draft) {
    let rows: Vec<Vec<_>> = rows.iter().map(|row| row.iter().map(|cell| tidy(cell)).collect()).collect();
    let rows: Vec<Vec<String>> =
        rows.into_iter().filter(|row: &Vec<String>| row.iter().any(|cell| !cell.is_empty())).collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    if columns <= 1 {
        for row in rows {
            draft.paragraph(&row.concat());
        }
        return;
    }
    draft.break_lines(2);
    for (number, row) in rows.iter().enumerate() {
        draft.break_lines(1);
        draft.push("|");
        for column in 0..columns {
            let cell = row.get(column).map_or("", String::as_str);
            draft.push(" ");
            draft.push(&cell.replace('|', "\\|"));
            draft.push(if cell.is_empty() { "|" } else { " |" });
        }
        if number == 0 {
            draft.push("\n|");
            draft.push(&" --- |".repeat(columns));
        }
    }
    draft.break_lines(2);
}
