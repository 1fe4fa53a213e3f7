//! Parts of a page that are written when they are complete, and what tags say.

use crate::draft::tidy;
use html5ever::tokenizer::Tag;

/// A block of code under way.
#[derive(Default)]
pub(super) struct Code {
    pub text: String,
    pub language: String,
}

/// A table under way.
#[derive(Default)]
pub(super) struct Table {
    pub rows: Vec<Vec<String>>,
    pub cell: Option<String>,
    pub nested: usize,
}

impl Table {
    /// The cell is complete.
    pub(super) fn end_cell(&mut self) {
        if let Some(cell) = self.cell.take() {
            match self.rows.last_mut() {
                Some(row) => row.push(cell),
                None => self.rows.push(vec![cell]),
            }
        }
    }
}

pub(super) fn attribute<'t>(tag: &'t Tag, name: &str) -> Option<&'t str> {
    tag.attrs.iter().find(|attribute| &*attribute.name.local == name).map(|attribute| &*attribute.value)
}

/// `class="language-rust"`, as every generator writes it.
pub(super) fn language(tag: &Tag) -> Option<String> {
    let class = attribute(tag, "class")?;
    let language = class
        .split_whitespace()
        .find_map(|class| class.strip_prefix("language-").or_else(|| class.strip_prefix("lang-")))?;
    Some(tidy(language).split(',').next().unwrap_or_default().to_owned())
}

/// What begins a line of its own.
pub(super) fn is_block(name: &str) -> bool {
    matches!(
        name,
        "p" | "div"
            | "section"
            | "header"
            | "footer"
            | "aside"
            | "nav"
            | "figure"
            | "figcaption"
            | "address"
            | "form"
            | "fieldset"
            | "legend"
            | "details"
            | "summary"
            | "dl"
            | "dt"
            | "dd"
            | "li"
            | "body"
            | "center"
            | "option"
            | "caption"
            | "label"
    )
}
