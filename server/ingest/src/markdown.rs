//! Markdown: kept as it is, so that its lines mean what they meant; headings are marked, a title is found.

use crate::draft::Draft;
use crate::encoding::decode;
use crate::reading::{Mark, Place};
use pulldown_cmark::{Event, MetadataBlockKind, Options, Parser, Tag, TagEnd};

pub(crate) fn read(bytes: &[u8], draft: &mut Draft) {
    let text = decode(bytes, None, draft);
    draft.push(&text);
    mark(draft);
}

fn mark(draft: &mut Draft) {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS
        | Options::ENABLE_PLUSES_DELIMITED_METADATA_BLOCKS;
    let mut heading: Option<(usize, u8, String)> = None;
    let mut front: Option<MetadataBlockKind> = None;
    let (mut title, mut first) = (None, None);
    let mut marks = Vec::new();
    for (event, range) in Parser::new_ext(&draft.text, options).into_offset_iter() {
        match event {
            Event::Start(Tag::Heading { level, .. }) => heading = Some((range.start, level as u8, String::new())),
            Event::End(TagEnd::Heading(_)) => {
                if let Some((at, level, title)) = heading.take()
                    && !title.trim().is_empty()
                {
                    if level == 1 && first.is_none() {
                        first = Some(title.clone());
                    }
                    marks.push(Mark { at, place: Place::Heading { level, title: title.trim().to_owned() } });
                }
            }
            Event::Start(Tag::MetadataBlock(kind)) => front = Some(kind),
            Event::End(TagEnd::MetadataBlock(_)) => front = None,
            Event::Text(text) | Event::Code(text) => match (&mut heading, front) {
                (Some((_, _, title)), _) => title.push_str(&text),
                (None, Some(_)) if title.is_none() => title = front_title(&text),
                _ => {}
            },
            Event::SoftBreak | Event::HardBreak => {
                if let Some((_, _, title)) = &mut heading {
                    title.push(' ');
                }
            }
            _ => {}
        }
    }
    draft.marks = marks;
    if let Some(title) = title.or(first) {
        draft.set_title(&title);
    }
}

/// `title: …` or `title = "…"`: the one entry of front matter that everybody writes alike.
fn front_title(block: &str) -> Option<String> {
    block.lines().find_map(|line| {
        let value = line.strip_prefix("title")?.trim_start().strip_prefix([':', '='])?.trim();
        let value = value.trim_matches(['"', '\'']);
        (!value.is_empty()).then(|| value.to_owned())
    })
}
