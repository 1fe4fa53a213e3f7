//! The running text of a document.

use super::styles::{Style, Styles};
use crate::Refusal;
use crate::draft::{Draft, tidy};
use crate::rows;
use crate::xml::{Element, Node};
use std::collections::HashMap;

/// A paragraph under way.
#[derive(Default)]
struct Paragraph {
    text: String,
    style: Style,
    heading: Option<u8>,
    list: Option<String>,
    level: usize,
    /// Page breaks in it: where, and whether Word noted it.
    breaks: Vec<(usize, bool)>,
}

#[derive(Default)]
struct Table {
    rows: Vec<Vec<String>>,
    cell: String,
}

/// Collects what the nodes of `document.xml` or `footnotes.xml` say. Text boxes are paragraphs within a paragraph, tables
/// stand in cells of tables: both are stacks here, so that no depth overflows anything.
pub(super) struct Body<'a> {
    styles: &'a Styles,
    draft: &'a mut Draft,
    paragraphs: Vec<Paragraph>,
    tables: Vec<Table>,
    counters: HashMap<(String, usize), u32>,
    /// Open elements that repeat what was said before, for older programs.
    fallback: usize,
    in_text: bool,
    /// Breaks in paragraphs without text: what comes next stands on the new page.
    waiting: Vec<bool>,
    /// The footnote whose text comes next.
    note: Option<String>,
    pub(super) breaks: Vec<(usize, bool)>,
}

impl<'a> Body<'a> {
    pub(super) fn new(styles: &'a Styles, draft: &'a mut Draft) -> Self {
        Self {
            styles,
            draft,
            paragraphs: Vec::new(),
            tables: Vec::new(),
            counters: HashMap::new(),
            fallback: 0,
            in_text: false,
            waiting: Vec::new(),
            note: None,
            breaks: Vec::new(),
        }
    }

    pub(super) fn visit(&mut self, node: Node<'_>) -> Result<(), Refusal> {
        match node {
            Node::Open(element) if element.name() == "Fallback" => self.fallback += 1,
            Node::Close("Fallback") => self.fallback = self.fallback.saturating_sub(1),
            _ if self.fallback > 0 => {}
            Node::Open(element) => self.open(&element),
            Node::Close(name) => self.close(name),
            Node::Text(text) if self.in_text => self.write(text),
            Node::Text(_) => {}
        }
        Ok(())
    }

    fn open(&mut self, element: &Element<'_>) {
        let value = || element.attribute("val").unwrap_or_default();
        let paragraph = self.paragraphs.last_mut();
        match (element.name(), paragraph) {
            ("p", _) => self.paragraphs.push(Paragraph::default()),
            ("t", _) => self.in_text = true,
            ("tbl", _) => self.tables.push(Table::default()),
            ("tr", _) => {
                if let Some(table) = self.tables.last_mut() {
                    table.rows.push(Vec::new());
                }
            }
            ("footnote", _) => {
                self.note = element.attribute("id").filter(|_| element.attribute("type").is_none());
            }
            ("pStyle", Some(paragraph)) => {
                paragraph.style = self.styles.get(&value());
                paragraph.heading = paragraph.heading.or(paragraph.style.heading);
                paragraph.list = paragraph.list.take().or_else(|| paragraph.style.list.clone());
            }
            ("outlineLvl", Some(paragraph)) => {
                paragraph.heading = value().parse::<u8>().ok().filter(|level| *level < 6).map(|level| level + 1);
            }
            ("numId", Some(paragraph)) => paragraph.list = Some(value()).filter(|id| id != "0"),
            ("ilvl", Some(paragraph)) => paragraph.level = value().parse().unwrap_or(0).min(8),
            ("tab", Some(paragraph)) if !paragraph.text.is_empty() => paragraph.text.push(' '),
            ("noBreakHyphen", _) => self.write("-"),
            ("cr", _) => self.write("\n"),
            ("br", Some(paragraph)) => match element.attribute("type").as_deref() {
                Some("page") => paragraph.breaks.push((paragraph.text.len(), false)),
                _ => paragraph.text.push('\n'),
            },
            ("lastRenderedPageBreak", Some(paragraph)) => paragraph.breaks.push((paragraph.text.len(), true)),
            ("footnoteReference", Some(paragraph)) => {
                if let Some(id) = element.attribute("id") {
                    paragraph.text.push_str(&format!("[^{id}]"));
                }
            }
            _ => {}
        }
    }

    fn close(&mut self, name: &str) {
        match name {
            "t" => self.in_text = false,
            "p" => {
                if let Some(paragraph) = self.paragraphs.pop() {
                    self.end_paragraph(paragraph);
                }
            }
            "tc" => {
                if let Some(Table { rows, cell }) = self.tables.last_mut() {
                    let cell = std::mem::take(cell);
                    match rows.last_mut() {
                        Some(row) => row.push(cell),
                        None => rows.push(vec![cell]),
                    }
                }
            }
            "tbl" => self.end_table(),
            _ => {}
        }
    }

    fn write(&mut self, text: &str) {
        if let Some(paragraph) = self.paragraphs.last_mut() {
            paragraph.text.push_str(text);
        }
    }

    fn end_table(&mut self) {
        let Some(table) = self.tables.pop() else { return };
        match self.tables.last_mut() {
            None => rows::grid(&table.rows, self.draft),
            // A table within a cell: what it says, in order.
            Some(outer) => {
                for cell in table.rows.into_iter().flatten().filter(|cell| !cell.trim().is_empty()) {
                    outer.cell.push_str(&cell);
                    outer.cell.push(' ');
                }
            }
        }
    }

    fn end_paragraph(&mut self, paragraph: Paragraph) {
        if let Some(table) = self.tables.last_mut() {
            table.cell.push_str(&paragraph.text);
            table.cell.push(' ');
            return;
        }
        let text = paragraph.text.trim_end();
        let start = text.len() - text.trim_start().len();
        let text = &text[start..];
        let before = self.draft.text.len();
        let mut prefix = 0;
        if text.is_empty() {
        } else if let Some(level) = paragraph.heading {
            self.draft.heading(level, text);
        } else if paragraph.style.is_title {
            self.draft.set_title(text);
            self.draft.heading(1, text);
        } else if let Some(list) = &paragraph.list {
            let bullet = self.bullet(list, paragraph.level);
            prefix = bullet.len() + 1;
            self.draft.line(&format!("{bullet}{}", tidy(text)));
        } else if let Some(note) = self.note.take() {
            self.draft.paragraph(&format!("[^{note}]: {}", tidy(text)));
        } else {
            self.draft.paragraph(text);
        }
        let written = &self.draft.text[before..];
        let begun = before + (written.len() - written.trim_start_matches('\n').len());
        if text.is_empty() {
            self.waiting.extend(paragraph.breaks.iter().map(|(_, rendered)| *rendered));
            return;
        }
        self.breaks.extend(self.waiting.drain(..).map(|rendered| (begun, rendered)));
        for (at, rendered) in paragraph.breaks {
            let inside = if at <= start { begun } else { begun + prefix + (at - start) };
            let inside = self.draft.text.floor_char_boundary(inside.min(self.draft.text.len()));
            self.breaks.push((inside, rendered));
        }
    }

    /// `- ` or `3. `, indented.
    fn bullet(&mut self, list: &str, level: usize) -> String {
        let indent = "  ".repeat(level);
        if !self.styles.is_numbered(list, level) {
            return format!("{indent}- ");
        }
        // A new item of a level begins those below it afresh.
        self.counters.retain(|(other, below), _| other != list || *below <= level);
        let number = self.counters.entry((list.to_owned(), level)).or_default();
        *number += 1;
        format!("{indent}{number}. ")
    }
}
