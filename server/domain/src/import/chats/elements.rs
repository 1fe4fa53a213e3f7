//! Cutting a file of conversations into conversations, one in memory at a time.
//!
//! Only brackets and strings are told apart here, and what is between them is read by serde_json: by itself that would
//! want the whole array, or give the rest up at the first conversation that is too large, too deep or not well formed.

use super::{CONVERSATION_MAX, DEPTH_MAX};
use std::io::{self, BufRead};

/// A conversation as it is written, if it could be kept.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Element {
    Json(Vec<u8>),
    /// Larger than [`CONVERSATION_MAX`].
    TooLarge,
    /// Nested deeper than [`DEPTH_MAX`].
    TooDeep,
}

/// Why there is nothing more to be had.
#[derive(Debug)]
pub(super) enum Broken {
    /// It begins like nothing that holds conversations, or goes on like that.
    NotJson,
    /// It ends in the middle.
    BreaksOff,
    Unreadable(io::Error),
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::UnexpectedEof { Self::BreaksOff } else { Self::Unreadable(error) }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Start,
    InArray,
    End,
}

/// The elements of a file's array; of the array `conversations` where the file is an object that has one; else the object.
pub(super) struct Elements<R> {
    from: R,
    place: Place,
}

impl<R: BufRead> Elements<R> {
    pub(super) fn new(from: R) -> Self {
        Self { from, place: Place::Start }
    }

    /// The next one, until there is none.
    pub(super) fn next(&mut self) -> Result<Option<Element>, Broken> {
        let next = match self.place {
            Place::Start => self.start(),
            Place::InArray => self.element(),
            Place::End => Ok(None),
        };
        if !matches!(next, Ok(Some(_))) {
            self.place = Place::End;
        }
        next
    }

    fn start(&mut self) -> Result<Option<Element>, Broken> {
        // Some editors write a mark of the byte order in front.
        if self.from.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
            self.from.consume(3);
        }
        match self.skip_space()? {
            Some(b'[') => {
                self.from.consume(1);
                self.place = Place::InArray;
                self.element()
            }
            Some(b'{') => self.object(),
            _ => Err(Broken::NotJson),
        }
    }

    /// The object that the file is, unless it holds the array.
    fn object(&mut self) -> Result<Option<Element>, Broken> {
        self.from.consume(1);
        let mut whole = Some(b"{".to_vec());
        let mut is_too_deep = false;
        loop {
            match self.skip_space()? {
                Some(b',') => self.from.consume(1),
                Some(b'}') => {
                    self.from.consume(1);
                    self.place = Place::End;
                    break;
                }
                Some(b'"') => {
                    let Element::Json(key) = self.value()? else { return Err(Broken::NotJson) };
                    self.colon()?;
                    let begins = self.skip_space()?.ok_or(Broken::BreaksOff)?;
                    if key == b"\"conversations\"" && begins == b'[' {
                        self.from.consume(1);
                        self.place = Place::InArray;
                        return self.element();
                    }
                    let value = self.value()?;
                    is_too_deep |= value == Element::TooDeep;
                    whole = match (whole, value) {
                        (Some(mut whole), Element::Json(value)) if whole.len() + value.len() <= CONVERSATION_MAX => {
                            if whole.len() > 1 {
                                whole.push(b',');
                            }
                            whole.extend_from_slice(&key);
                            whole.push(b':');
                            whole.extend_from_slice(&value);
                            Some(whole)
                        }
                        _ => None,
                    };
                }
                Some(_) => return Err(Broken::NotJson),
                None => return Err(Broken::BreaksOff),
            }
        }
        Ok(Some(match whole {
            _ if is_too_deep => Element::TooDeep,
            Some(mut whole) => {
                whole.push(b'}');
                Element::Json(whole)
            }
            None => Element::TooLarge,
        }))
    }

    fn element(&mut self) -> Result<Option<Element>, Broken> {
        loop {
            match self.skip_space()? {
                Some(b',') => self.from.consume(1),
                Some(b']') => return Ok(None),
                Some(b'}' | b':') => return Err(Broken::NotJson),
                Some(_) => return self.value().map(Some),
                None => return Err(Broken::BreaksOff),
            }
        }
    }

    fn colon(&mut self) -> Result<(), Broken> {
        match self.skip_space()? {
            Some(b':') => {
                self.from.consume(1);
                Ok(())
            }
            Some(_) => Err(Broken::NotJson),
            None => Err(Broken::BreaksOff),
        }
    }

    /// The byte that stands next, behind white space.
    fn skip_space(&mut self) -> Result<Option<u8>, Broken> {
        loop {
            let bytes = self.from.fill_buf()?;
            let Some(at) = bytes.iter().position(|it| !it.is_ascii_whitespace()) else {
                let all = bytes.len();
                if all == 0 {
                    return Ok(None);
                }
                self.from.consume(all);
                continue;
            };
            let found = bytes[at];
            self.from.consume(at);
            return Ok(Some(found));
        }
    }

    /// One value, whatever it is, up to where its brackets close. What is too large or too deep is passed over.
    fn value(&mut self) -> Result<Element, Broken> {
        let mut kept = Vec::new();
        let (mut size, mut depth, mut deepest) = (0, 0_usize, 0);
        let (mut is_string, mut is_escaped) = (false, false);
        let mut is_done = false;
        while !is_done {
            let bytes = self.from.fill_buf()?;
            if bytes.is_empty() {
                return Err(Broken::BreaksOff);
            }
            let mut used = bytes.len();
            for (at, byte) in bytes.iter().copied().enumerate() {
                if is_string {
                    match byte {
                        _ if is_escaped => is_escaped = false,
                        b'\\' => is_escaped = true,
                        b'"' => is_string = false,
                        _ => {}
                    }
                    is_done = !is_string && depth == 0;
                } else {
                    match byte {
                        b'"' => is_string = true,
                        b'[' | b'{' => {
                            depth += 1;
                            deepest = deepest.max(depth);
                        }
                        // A number or a word ends before what comes next.
                        b']' | b'}' | b',' if depth == 0 => {
                            used = at;
                            is_done = true;
                            break;
                        }
                        b']' | b'}' => {
                            depth -= 1;
                            is_done = depth == 0;
                        }
                        it if depth == 0 && it.is_ascii_whitespace() => is_done = true,
                        _ => {}
                    }
                }
                if is_done {
                    used = at + 1;
                    break;
                }
            }
            size += used;
            if size <= CONVERSATION_MAX && deepest <= DEPTH_MAX {
                kept.extend_from_slice(&bytes[..used]);
            } else {
                kept = Vec::new();
            }
            self.from.consume(used);
        }
        Ok(match () {
            () if deepest > DEPTH_MAX => Element::TooDeep,
            () if size > CONVERSATION_MAX => Element::TooLarge,
            () => Element::Json(kept),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With a buffer that ends everywhere.
    fn all(text: &str) -> (Vec<String>, Option<Broken>) {
        let mut elements = Elements::new(io::BufReader::with_capacity(3, text.as_bytes()));
        let mut found = Vec::new();
        loop {
            match elements.next() {
                Ok(Some(Element::Json(it))) => found.push(String::from_utf8(it).unwrap().trim().to_owned()),
                Ok(Some(other)) => found.push(format!("{other:?}")),
                Ok(None) => return (found, None),
                Err(broken) => return (found, Some(broken)),
            }
        }
    }

    #[test]
    fn arrays_come_apart_and_objects_stay_whole() {
        for (text, expected) in [
            ("\u{feff} [ ]", &[][..]),
            (r#"[{"a":"]}\"\\"}, 7 ,null,"x,]",[1,[2]]]"#, &[r#"{"a":"]}\"\\"}"#, "7", "null", r#""x,]""#, "[1,[2]]"]),
            (r#"{"format":"f","conversations":[{"a":1},{"b":2}],"more":[9]}"#, &[r#"{"a":1}"#, r#"{"b":2}"#]),
            (r#" {"a" : [1] , "conversations":{"x":1}} "#, &[r#"{"a":[1],"conversations":{"x":1}}"#]),
        ] {
            let (found, broken) = all(text);
            assert_eq!(found, expected, "{text}");
            assert!(broken.is_none(), "{text}: {broken:?}");
        }
    }

    #[test]
    fn what_was_whole_stays_when_the_rest_is_not() {
        let (found, broken) = all(r#"[{"a":1},{"b":"#);
        assert_eq!(found, [r#"{"a":1}"#]);
        assert!(matches!(broken, Some(Broken::BreaksOff)));
        let (found, broken) = all(r#"[{"a":1}}"#);
        assert_eq!(found, [r#"{"a":1}"#]);
        assert!(matches!(broken, Some(Broken::NotJson)));
        for text in ["", "hello", "\0\0", "7", "<html>"] {
            assert!(matches!(all(text), (found, Some(Broken::NotJson)) if found.is_empty()), "{text}");
        }
    }

    #[test]
    fn what_is_too_much_is_passed_over() {
        let deep = format!("[{}{},1]", "[".repeat(DEPTH_MAX + 1), "]".repeat(DEPTH_MAX + 1));
        assert_eq!(all(&deep).0, ["TooDeep", "1"]);
        let large = format!("[\"{}\",1]", "x".repeat(CONVERSATION_MAX));
        let mut elements = Elements::new(large.as_bytes());
        assert_eq!(elements.next().unwrap(), Some(Element::TooLarge));
        assert_eq!(elements.next().unwrap(), Some(Element::Json(b"1".to_vec())));
    }
}
