//! Presentations: slides in order, each with its title, what stands on it and what its speaker noted.

use crate::archive::Archive;
use crate::docx::read_title;
use crate::draft::{Draft, tidy};
use crate::epub::resolve;
use crate::limits::{Limits, Watch};
use crate::reading::{Note, Place};
use crate::rows;
use crate::xml::{Node, walk};
use crate::{Kind, Refusal};

const KIND: Kind = Kind::Pptx;

pub(crate) fn read(bytes: &[u8], limits: &Limits, draft: &mut Draft) -> Result<(), Refusal> {
    let mut archive = Archive::open(bytes, KIND, limits)?;
    read_title(&mut archive, KIND, draft)?;
    let mut damaged = Vec::new();
    for (path, number) in slides(&mut archive, draft.watch)?.into_iter().zip(1_u32..) {
        draft.watch.check()?;
        if draft.is_full() {
            break;
        }
        let watch = draft.watch;
        let slide = match shapes(&mut archive, &path, watch) {
            Err(Refusal::Broken { .. }) => {
                damaged.push(format!("slide {number}"));
                continue;
            }
            other => other?,
        };
        draft.mark(Place::Slide(number));
        write(&slide, draft);
        let notes = related(&mut archive, &path, watch)?.into_iter().find(|(kind, ..)| kind.ends_with("/notesSlide"));
        if let Some((_, _, path)) = notes
            && let Ok(notes) = shapes(&mut archive, &path, watch)
        {
            // The picture of the slide and its number are shapes of the page of notes, too.
            let said = notes.iter().filter(|shape| shape.place == "body").flat_map(|shape| &shape.lines);
            let said: Vec<_> = said.map(|(_, line)| tidy(line)).filter(|line| !line.is_empty()).collect();
            if !said.is_empty() {
                draft.paragraph(&format!("Notes: {}", said.join("\n")));
            }
        }
        draft.break_lines(2);
    }
    if !damaged.is_empty() {
        draft.note(Note::Damaged { parts: damaged });
    }
    Ok(())
}

/// The paths of the slides, in the order in which they are shown.
fn slides(archive: &mut Archive<'_>, watch: Watch) -> Result<Vec<String>, Refusal> {
    const PRESENTATION: &str = "ppt/presentation.xml";
    let related = related(archive, PRESENTATION, watch)?;
    let mut ids = Vec::new();
    let source = archive.entry(PRESENTATION)?.ok_or(Refusal::Broken { kind: KIND })?;
    walk(source, KIND, watch, |node| {
        if let Node::Open(element) = node
            && element.name() == "sldId"
        {
            ids.extend(element.relation());
        }
        Ok(())
    })?;
    Ok(ids
        .into_iter()
        .filter_map(|id| related.iter().find(|(_, of, _)| *of == id).map(|(.., path)| path.clone()))
        .collect())
}

/// What a part of the file refers to: type, id and path.
fn related(archive: &mut Archive<'_>, path: &str, watch: Watch) -> Result<Vec<(String, String, String)>, Refusal> {
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    let mut found = Vec::new();
    let Some(source) = archive.entry(&format!("{folder}/_rels/{file}.rels"))? else { return Ok(found) };
    walk(source, KIND, watch, |node| {
        if let Node::Open(element) = node
            && element.name() == "Relationship"
            && let (Some(kind), Some(id), Some(target)) =
                (element.attribute("Type"), element.attribute("Id"), element.attribute("Target"))
        {
            found.push((kind, id, resolve(folder, &target)));
        }
        Ok(())
    })?;
    Ok(found)
}

/// A box on a slide.
#[derive(Default)]
struct Shape {
    /// `title`, `body` and the like; empty for a box that somebody drew.
    place: String,
    /// Level and text.
    lines: Vec<(usize, String)>,
    rows: Vec<Vec<String>>,
}

fn shapes(archive: &mut Archive<'_>, path: &str, watch: Watch) -> Result<Vec<Shape>, Refusal> {
    let source = archive.entry(path)?.ok_or(Refusal::Broken { kind: KIND })?;
    let mut shapes: Vec<Shape> = Vec::new();
    let (mut line, mut level, mut in_text, mut in_table, mut fallback) =
        (String::new(), 0_usize, false, false, 0_usize);
    walk(source, KIND, watch, |node| {
        match node {
            Node::Open(element) => match element.name() {
                "Fallback" => fallback += 1,
                "sp" | "graphicFrame" => shapes.push(Shape::default()),
                "ph" => {
                    if let Some(shape) = shapes.last_mut() {
                        shape.place = element.attribute("type").unwrap_or_else(|| "body".to_owned());
                    }
                }
                "p" => level = 0,
                "pPr" => level = element.attribute("lvl").and_then(|level| level.parse().ok()).unwrap_or(0),
                "t" => in_text = fallback == 0,
                "br" => line.push(' '),
                "tbl" => in_table = true,
                "tr" => {
                    if let Some(shape) = shapes.last_mut() {
                        shape.rows.push(Vec::new());
                    }
                }
                _ => {}
            },
            Node::Text(text) if in_text => line.push_str(text),
            Node::Text(_) => {}
            Node::Close(name) => match (name, shapes.last_mut()) {
                ("Fallback", _) => fallback = fallback.saturating_sub(1),
                ("t", _) => in_text = false,
                ("p", Some(shape)) if !in_table => shape.lines.push((level.min(8), std::mem::take(&mut line))),
                ("p", _) => line.push(' '),
                ("tc", Some(shape)) => match shape.rows.last_mut() {
                    Some(row) => row.push(std::mem::take(&mut line)),
                    None => line.clear(),
                },
                ("tbl", _) => in_table = false,
                _ => {}
            },
        }
        Ok(())
    })?;
    Ok(shapes)
}

fn write(shapes: &[Shape], draft: &mut Draft) {
    let is_title = |shape: &&Shape| matches!(shape.place.as_str(), "title" | "ctrTitle");
    for shape in shapes.iter().filter(is_title) {
        let title: Vec<_> = shape.lines.iter().map(|(_, line)| line.as_str()).collect();
        draft.heading(2, &title.join(" "));
    }
    let furniture = ["sldNum", "dt", "ftr", "hdr"];
    for shape in shapes.iter().filter(|shape| !is_title(shape) && !furniture.contains(&shape.place.as_str())) {
        draft.break_lines(2);
        let lines = shape.lines.iter().filter(|(_, line)| !line.trim().is_empty());
        let is_list = shape.place == "body" || shape.place == "obj";
        for (level, line) in lines {
            let bullet = if is_list { "- " } else { "" };
            draft.line(&format!("{}{bullet}{}", "  ".repeat(*level), tidy(line)));
        }
        rows::grid(&shape.rows, draft);
    }
}
