//! JSON: as it is written, or spread over lines where it was written on one.

use crate::Kind;
use crate::draft::Draft;
use crate::encoding::decode;
use crate::reading::Note;
use serde::de::IgnoredAny;

/// A line longer than this was not written for people.
const LONG: usize = 1000;

/// Indentation stops here: what is nested deeper, nested without end perhaps, stays readable and linear.
const DEEPEST: usize = 24;

pub(crate) fn read(bytes: &[u8], draft: &mut Draft) {
    let text = decode(bytes, None, draft);
    if serde_json::from_str::<IgnoredAny>(&text).is_err() {
        draft.note(Note::Malformed { kind: Kind::Json });
    }
    if text.lines().any(|line| line.len() > LONG) {
        spread(&text, draft);
    } else {
        draft.push(&text);
    }
}

/// Breaks lines between values without understanding them, so that neither depth nor errors matter.
fn spread(text: &str, draft: &mut Draft) {
    let mut out = String::with_capacity(text.len() + text.len() / 2);
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    let mut characters = text.chars().filter(|c| !matches!(c, '\n')).peekable();
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth.min(DEEPEST)));
    };
    while let Some(character) = characters.next() {
        if in_string {
            out.push(character);
            in_string = character != '"' || escaped;
            escaped = character == '\\' && !escaped;
            continue;
        }
        match character {
            '"' => {
                in_string = true;
                out.push('"');
            }
            '{' | '[' => {
                out.push(character);
                while characters.next_if(|next| next.is_whitespace()).is_some() {}
                if let Some(close) = characters.next_if(|next| matches!(next, '}' | ']')) {
                    out.push(close);
                } else {
                    depth += 1;
                    line(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut out, depth);
                out.push(character);
            }
            ',' => {
                out.push(',');
                line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            space if space.is_whitespace() => {}
            other => out.push(other),
        }
    }
    draft.push(&out);
}
