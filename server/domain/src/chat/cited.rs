//! An answer that stands on sources, as HTML: what each of its sentences stands on, and the list below it.

use crate::markdown::{self, Mark};
use atrium::ids::ConversationId;
use atrium::knowledge::{Citation, Claim, ClaimKind, Sources, passage_path};
use atrium::text::escape_html;
use std::fmt::Write as _;

/// The blocks of an answer, and one more with its sources.
pub(super) fn render(text: &str, conversation: ConversationId, sources: &Sources) -> Vec<String> {
    let byte = |it: i64| text.floor_char_boundary(usize::try_from(it).unwrap_or_default());
    let mark = |it: &Claim| Some(Mark { part: byte(it.start)..byte(it.end), html: mark(it, &sources.citations)? });
    let marks: Vec<Mark> = sources.claims.iter().filter_map(mark).collect();
    let numbers = sources.citations.iter().map(|it| it.number).max().unwrap_or_default();
    let mut blocks = markdown::render_marked(text, &marks, usize::try_from(numbers).unwrap_or_default());
    blocks.push(list(conversation, sources));
    blocks
}

/// What is put behind a sentence.
fn mark(claim: &Claim, citations: &[Citation]) -> Option<String> {
    let mut html = String::new();
    let source = citations.iter().find(|it| Some(it.number) == claim.source);
    match (claim.kind, source) {
        (ClaimKind::Neutral, _) => {}
        (ClaimKind::Supported, Some(source)) => {
            let (from, to) = claim.passage.unwrap_or((source.place.start, source.place.end));
            let path = escape_html(&passage_path(source.document, source.version, from, to));
            let number = source.number;
            let _ = write!(html, "<a class=\"cite\" href=\"{path}\" aria-label=\"Source {number}\">{number}</a>");
        }
        (ClaimKind::Supported, None) => html.push_str(&remark("?", "its source was deleted")),
        (ClaimKind::Unsupported, _) => html.push_str(&remark("?", "no source says so")),
    }
    if claim.is_misquoted {
        html.push_str(&remark("misquoted", "these words stand in no source"));
    }
    (!html.is_empty()).then_some(html)
}

/// Seen as `sign`; read aloud, and shown to whoever points at it, as `words`.
fn remark(sign: &str, words: &str) -> String {
    format!(
        "<span class=\"doubt\" title=\"{words}\"><span aria-hidden=\"true\">{sign}</span><span class=\"visually-hidden\"> ({words})</span></span>"
    )
}

/// The sources that sentences stand on first, then those that were only read.
fn list(conversation: ConversationId, sources: &Sources) -> String {
    let mut html =
        String::from("<aside class=\"sources\" aria-label=\"Sources\"><p class=\"sources-title\">Sources</p>");
    let claims = |kind| sources.claims.iter().filter(|it| it.kind == kind).count();
    let (supported, unsupported) = (claims(ClaimKind::Supported), claims(ClaimKind::Unsupported));
    let was_given = sources.report.found.iter().any(|it| it.number.is_some());
    let told = match (sources.citations.is_empty(), supported, unsupported) {
        (true, ..) if was_given => "The documents that it was answered from were deleted since.".to_owned(),
        (true, ..) => {
            "Nothing in the knowledge of this agent answers the question: no source was given to the model.".to_owned()
        }
        (_, 0, 0) => "The answer claims nothing that could stand in a source.".to_owned(),
        (_, 0, _) => "No sentence of the answer stands in any of them.".to_owned(),
        (_, n, 0) => format!("{} in them.", stand(n)),
        (_, n, without) => format!("{} in them; {without} without a source marked ?.", stand(n)),
    };
    let unread = match sources.report.unread {
        0 => "",
        1 => " A document was still being read then.",
        _ => " Some documents were still being read then.",
    };
    let _ = write!(html, "<p class=\"muted small\">{told}{unread}</p>");
    let (used, read): (Vec<_>, Vec<_>) = sources.citations.iter().partition(|it| it.is_used);
    if !sources.citations.is_empty() {
        html.push_str("<ol>");
        for (source, is_used) in used.into_iter().map(|it| (it, true)).chain(read.into_iter().map(|it| (it, false))) {
            let place = source.told();
            let _ = write!(
                html,
                "<li value=\"{}\"><a href=\"{}\">{}</a>{}{}</li>",
                source.number,
                escape_html(&source.path()),
                escape_html(&source.title),
                if place.is_empty() {
                    String::new()
                } else {
                    format!(" <span class=\"muted small\">{}</span>", escape_html(&place))
                },
                if is_used { "" } else { " <span class=\"tag\">not used</span>" },
            );
        }
        html.push_str("</ol>");
    }
    let path = format!("/chat/{conversation}/sources/{}", sources.message);
    let _ = write!(html, "<p class=\"small\"><a href=\"{path}\">How these were found</a></p></aside>");
    html
}

fn stand(sentences: usize) -> String {
    if sentences == 1 { "1 sentence stands".to_owned() } else { format!("{sentences} sentences stand") }
}
