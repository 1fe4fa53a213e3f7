//! From bytes to whole characters: a token of a byte-level vocabulary may end in the middle of one.

/// Collects the bytes of tokens and gives them out as text when characters are complete.
#[derive(Default)]
pub(crate) struct Pieces {
    bytes: Vec<u8>,
}

impl Pieces {
    /// Adds a token's bytes; the text that is complete now, if any.
    ///
    /// Bytes that can never become a character turn into U+FFFD at once. Those that still may are kept back, and are
    /// dropped with `self` if nothing follows: half a character is no text.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Option<String> {
        self.bytes.extend_from_slice(bytes);
        let mut text = String::new();
        let mut rest = self.bytes.as_slice();
        loop {
            match std::str::from_utf8(rest) {
                Ok(whole) => {
                    text.push_str(whole);
                    rest = &[];
                    break;
                }
                Err(error) => {
                    let (valid, after) = rest.split_at(error.valid_up_to());
                    // Valid by the error's own account, so nothing is replaced here.
                    text.push_str(&String::from_utf8_lossy(valid));
                    rest = after;
                    match error.error_len() {
                        None => break,
                        Some(length) => {
                            text.push(char::REPLACEMENT_CHARACTER);
                            rest = &rest[length..];
                        }
                    }
                }
            }
        }
        self.bytes = rest.to_vec();
        (!text.is_empty()).then_some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_come_whole_however_the_bytes_are_cut() {
        let text = "naïve 日本 👩‍👩‍👧 ü";
        for size in 1..9 {
            let mut pieces = Pieces::default();
            let mut out = String::new();
            for bytes in text.as_bytes().chunks(size) {
                if let Some(piece) = pieces.push(bytes) {
                    assert!(!piece.is_empty());
                    out.push_str(&piece);
                }
            }
            assert_eq!(out, text);
        }
    }

    #[test]
    fn bytes_that_are_no_character_are_replaced_and_do_not_hold_up_the_rest() {
        let mut pieces = Pieces::default();
        assert_eq!(pieces.push(&[0xF0, 0x9F]), None);
        assert_eq!(pieces.push(b"a").as_deref(), Some("\u{FFFD}a"));
        assert_eq!(pieces.push(&[0xFF, b'b']).as_deref(), Some("\u{FFFD}b"));
        assert_eq!(pieces.push(&[]), None);
    }
}
