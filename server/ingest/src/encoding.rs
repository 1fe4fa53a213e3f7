//! Bytes to characters.

use crate::draft::Draft;
use crate::reading::Note;
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use std::borrow::Cow;

/// How much is looked at to guess an encoding.
const SAMPLE: usize = 256 * 1024;

/// Whether the beginning of a file looks like text in some encoding.
pub(crate) fn is_text(bytes: &[u8]) -> bool {
    if Encoding::for_bom(bytes).is_some() || utf16(bytes).is_some() {
        return true;
    }
    let sample = &bytes[..bytes.len().min(SAMPLE)];
    let odd = sample.iter().filter(|byte| matches!(byte, 0..=8 | 14..=26 | 28..=31 | 127)).count();
    // One, or one in two hundred: logs and listings do contain a stray control character.
    odd <= 1 || odd * 200 <= sample.len()
}

/// The text in the encoding that the bytes show, or that `label` names. Line breaks become `\n`, line by line, and
/// control characters go.
pub(crate) fn decode(bytes: &[u8], label: Option<&str>, draft: &mut Draft) -> String {
    let (text, note) = decode_raw(bytes, label);
    draft.notes.extend(note);
    clean(text)
}

fn decode_raw<'b>(bytes: &'b [u8], label: Option<&str>) -> (Cow<'b, str>, Option<Note>) {
    if let Some((encoding, bom)) = Encoding::for_bom(bytes) {
        return decode_as(encoding, &bytes[bom..]);
    }
    if let Some(encoding) = utf16(bytes) {
        return decode_as(encoding, bytes);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return (Cow::Borrowed(text), None);
    }
    if let Some(encoding) =
        label.and_then(|label| Encoding::for_label(label.as_bytes())).filter(|named| *named != UTF_8)
    {
        return decode_as(encoding, bytes);
    }
    if is_nearly_utf8(&bytes[..bytes.len().min(SAMPLE)]) {
        return decode_as(UTF_8, bytes);
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(&bytes[..bytes.len().min(SAMPLE)], bytes.len() <= SAMPLE);
    let encoding = detector.guess(None, Utf8Detection::Deny);
    let (text, note) = decode_as(encoding, bytes);
    (text, note.or_else(|| Some(Note::Encoding { encoding: encoding.name().to_owned() })))
}

fn decode_as<'b>(encoding: &'static Encoding, bytes: &'b [u8]) -> (Cow<'b, str>, Option<Note>) {
    let (text, damaged) = encoding.decode_without_bom_handling(bytes);
    (text, damaged.then(|| Note::InvalidCharacters { encoding: encoding.name().to_owned() }))
}

/// UTF-16 without its mark: every other byte of mostly Latin text is zero.
fn utf16(bytes: &[u8]) -> Option<&'static Encoding> {
    let sample = &bytes[..bytes.len().min(4096) & !1];
    if sample.len() < 4 {
        return None;
    }
    let zeros = |first: usize| sample.iter().skip(first).step_by(2).filter(|byte| **byte == 0).count();
    let (high, low, most) = (zeros(0), zeros(1), sample.len() / 2 * 6 / 10);
    match (high > most, low > most) {
        (true, false) if low == 0 => Some(UTF_16BE),
        (false, true) if high == 0 => Some(UTF_16LE),
        _ => None,
    }
}

/// UTF-8 with a few wrong bytes, as opposed to something else: most sequences beyond ASCII are valid.
fn is_nearly_utf8(sample: &[u8]) -> bool {
    let (mut valid, mut invalid) = (0_usize, 0_usize);
    for chunk in sample.utf8_chunks() {
        valid += chunk.valid().chars().filter(|character| !character.is_ascii()).count();
        invalid += chunk.invalid().len();
    }
    valid > invalid * 4
}

fn clean(text: Cow<'_, str>) -> String {
    let is_dirty = |byte: u8| matches!(byte, 0..=8 | 11..=31 | 127);
    if !text.bytes().any(is_dirty) {
        return text.into_owned();
    }
    let mut cleaned = String::with_capacity(text.len());
    let mut rest = &*text;
    while let Some(at) = rest.bytes().position(is_dirty) {
        cleaned.push_str(&rest[..at]);
        // A carriage return is a line break by itself, or the beginning of one.
        if rest.as_bytes()[at] == b'\r' && rest.as_bytes().get(at + 1) != Some(&b'\n') {
            cleaned.push('\n');
        }
        rest = &rest[at + 1..];
    }
    cleaned.push_str(rest);
    cleaned
}
