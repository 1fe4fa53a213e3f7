//! What a document's styles and list definitions say.

use super::KIND;
use crate::Refusal;
use crate::archive::Archive;
use crate::limits::Watch;
use crate::xml::{Node, walk};
use std::collections::HashMap;

/// What a style means for its paragraphs.
#[derive(Clone, Debug, Default)]
pub(super) struct Style {
    pub heading: Option<u8>,
    pub is_title: bool,
    /// The list that its paragraphs are items of.
    pub list: Option<String>,
    based_on: Option<String>,
}

#[derive(Default)]
pub(super) struct Styles {
    styles: HashMap<String, Style>,
    /// Lists whose items are numbered, by list and level.
    numbered: HashMap<(String, usize), bool>,
}

impl Styles {
    pub(super) fn read(archive: &mut Archive<'_>, watch: Watch) -> Result<Self, Refusal> {
        let mut styles = Self::default();
        styles.read_styles(archive, watch).or_else(forgive)?;
        styles.read_lists(archive, watch).or_else(forgive)?;
        Ok(styles)
    }

    /// The style of this id, with what it takes over from those it is based on.
    pub(super) fn get(&self, id: &str) -> Style {
        let mut style = self.styles.get(id).cloned().unwrap_or_default();
        let mut base = style.based_on.clone();
        // A style may be based on itself.
        for _ in 0..8 {
            let Some(parent) = base.and_then(|id| self.styles.get(&id)) else { break };
            style.heading = style.heading.or(parent.heading);
            style.list = style.list.or_else(|| parent.list.clone());
            base = parent.based_on.clone();
        }
        style
    }

    pub(super) fn is_numbered(&self, list: &str, level: usize) -> bool {
        self.numbered.get(&(list.to_owned(), level)).copied().unwrap_or(false)
    }

    fn read_styles(&mut self, archive: &mut Archive<'_>, watch: Watch) -> Result<(), Refusal> {
        let Some(source) = archive.entry("word/styles.xml")? else { return Ok(()) };
        let mut current: Option<(String, Style)> = None;
        walk(source, KIND, watch, |node| {
            match node {
                Node::Open(element) => {
                    let value = || element.attribute("val").unwrap_or_default();
                    match (element.name(), &mut current) {
                        ("style", _) => current = element.attribute("styleId").map(|id| (id, Style::default())),
                        // Names are English in the file, whatever Word shows.
                        ("name", Some((_, style))) => {
                            let name = value().to_ascii_lowercase();
                            style.is_title = name == "title";
                            style.heading =
                                name.strip_prefix("heading ").and_then(|level| level.parse().ok()).or(style.heading);
                        }
                        ("basedOn", Some((_, style))) => style.based_on = Some(value()),
                        ("outlineLvl", Some((_, style))) => {
                            let level = value().parse::<u8>().ok().filter(|level| *level < 6);
                            style.heading = style.heading.or(level.map(|level| level + 1));
                        }
                        ("numId", Some((_, style))) => style.list = Some(value()).filter(|id| id != "0"),
                        _ => {}
                    }
                }
                Node::Close("style") => {
                    if let Some((id, style)) = current.take() {
                        self.styles.insert(id, style);
                    }
                }
                _ => {}
            }
            Ok(())
        })
    }

    fn read_lists(&mut self, archive: &mut Archive<'_>, watch: Watch) -> Result<(), Refusal> {
        let Some(source) = archive.entry("word/numbering.xml")? else { return Ok(()) };
        let mut formats: HashMap<String, Vec<(usize, bool)>> = HashMap::new();
        let (mut definition, mut list, mut level) = (String::new(), String::new(), 0);
        walk(source, KIND, watch, |node| {
            let Node::Open(element) = node else { return Ok(()) };
            let value = || element.attribute("val").unwrap_or_default();
            match element.name() {
                "abstractNum" => definition = element.attribute("abstractNumId").unwrap_or_default(),
                "lvl" => level = element.attribute("ilvl").and_then(|level| level.parse().ok()).unwrap_or(0),
                "numFmt" => {
                    formats
                        .entry(definition.clone())
                        .or_default()
                        .push((level, !matches!(value().as_str(), "bullet" | "none")));
                }
                "num" => list = element.attribute("numId").unwrap_or_default(),
                "abstractNumId" => {
                    for (level, numbered) in formats.get(&value()).into_iter().flatten() {
                        self.numbered.insert((list.clone(), *level), *numbered);
                    }
                }
                _ => {}
            }
            Ok(())
        })
    }
}

/// A document can be read without knowing its styles.
fn forgive(refusal: Refusal) -> Result<(), Refusal> {
    if matches!(refusal, Refusal::Broken { .. }) { Ok(()) } else { Err(refusal) }
}
