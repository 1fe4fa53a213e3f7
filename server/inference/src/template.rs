//! The chat template: turns to tokens, within the room there is.
//!
//! GGUF files carry their template as a Jinja program. Running one is more than a small model needs: the shape behind
//! it (ChatML: marker, role, text, marker) is recognised and written out here, anything else is refused at load.

use crate::{InferenceError, Role, Turn};

/// What the template needs of a tokenizer.
pub(crate) trait Encode {
    /// The tokens of a plain text.
    fn encode(&self, text: &str) -> Result<Vec<u32>, InferenceError>;
    /// Whether a text may begin with this token without beginning inside a character.
    fn starts_character(&self, token: u32) -> bool;
}

/// ChatML with the markers of one vocabulary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template {
    /// Opens a turn.
    pub(crate) start: u32,
    /// Closes a turn.
    pub(crate) end: u32,
    /// What the model was trained to read where no system turn is given.
    pub(crate) default_system: Option<String>,
}

/// A prompt ready for the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Assembled {
    /// The prompt's tokens.
    pub(crate) tokens: Vec<u32>,
    /// How many of the last tokens are text of the answer that is to be continued.
    pub(crate) resumed: usize,
    /// How many turns were left out for want of room.
    pub(crate) dropped_turns: usize,
}

/// Opens a turn in ChatML.
pub(crate) const START: &str = "<|im_start|>";
/// Closes a turn in ChatML.
pub(crate) const END: &str = "<|im_end|>";

impl Template {
    /// Recognises ChatML in a file's template; `None` for any other.
    pub(crate) fn recognise(program: &str, marker: impl Fn(&str) -> Option<u32>) -> Option<Self> {
        if !program.contains(START) || !program.contains(END) {
            return None;
        }
        // The default system turn stands in the program as a literal between the markers, its line break either real
        // or written as an escape.
        let default_system = [format!("{START}system\n"), format!("{START}system\\n")]
            .iter()
            .find_map(|opening| program.split_once(opening.as_str()))
            .and_then(|(_, after)| after.split_once(END))
            .map(|(text, _)| text)
            .filter(|text| !text.contains(['\'', '{', '}']))
            .map(str::to_owned);
        Some(Self { start: marker(START)?, end: marker(END)?, default_system })
    }

    /// Writes the turns out in at most `room` tokens.
    ///
    /// Too long a conversation loses its oldest turns, never the system turn nor anything from the last user turn on.
    /// If even these do not fit, the user's text keeps its end, the text to be continued its end, and the system text
    /// its beginning (the latter two at most a third of the room each).
    pub(crate) fn assemble(
        &self,
        encode: &dyn Encode,
        turns: &[Turn],
        resume: bool,
        room: usize,
    ) -> Result<Assembled, InferenceError> {
        let last = turns.last().ok_or(InferenceError::Prompt("it has no turns"))?;
        if resume && last.role != Role::Assistant {
            return Err(InferenceError::Prompt("only an answer of the assistant's can be continued"));
        }
        let (system, turns) = match turns {
            [first, rest @ ..] if first.role == Role::System => (Some(first.text.as_str()), rest),
            all => (self.default_system.as_deref(), all),
        };
        let (open, turns) = match turns {
            [rest @ .., last] if resume => (Some(last.text.as_str()), rest),
            all => (None, all),
        };

        let head = system.map_or(Ok(Vec::new()), |text| self.closed(encode, Role::System, text))?;
        let middle =
            turns.iter().map(|turn| self.closed(encode, turn.role, &turn.text)).collect::<Result<Vec<_>, _>>()?;
        let tail = self.opened(encode, Role::Assistant, open.unwrap_or_default())?;
        let resumed = tail.len() - self.opened(encode, Role::Assistant, "")?.len().min(tail.len());

        // From the last user turn on nothing is dropped; without one, the last turn stands in for it.
        let anchor =
            turns.iter().rposition(|turn| turn.role == Role::User).unwrap_or_else(|| turns.len().saturating_sub(1));
        let mut length = head.len() + tail.len() + middle.iter().map(Vec::len).sum::<usize>();
        let mut dropped_turns = 0;
        while length > room && dropped_turns < anchor {
            length -= middle[dropped_turns].len();
            dropped_turns += 1;
        }
        if length <= room {
            let tokens = [&head[..], &middle[dropped_turns..].concat(), &tail].concat();
            return Ok(Assembled { tokens, resumed, dropped_turns });
        }

        let system = system.map_or(Ok(Vec::new()), |text| self.beginning(encode, text, room / 3))?;
        let mut kept = self.opened(encode, Role::Assistant, "")?;
        let open = cut_front(encode, encode.encode(open.unwrap_or_default())?, (room / 3).saturating_sub(kept.len()));
        let resumed = open.len();
        kept.extend(open);
        // What follows the last user turn is in the way of nothing only if there is room; it goes before the question does.
        let after: Vec<u32> = middle[dropped_turns..].iter().skip(1).flatten().copied().collect();
        let after_fits = system.len() + kept.len() + after.len() <= room / 2;
        if !after_fits {
            dropped_turns += middle.len().saturating_sub(dropped_turns + 1);
        }
        let after = if after_fits { after } else { Vec::new() };
        let question = match turns.get(anchor) {
            None => Vec::new(),
            Some(turn) => {
                let left = room.saturating_sub(system.len() + kept.len() + after.len());
                self.ending(encode, turn, left)?
            }
        };
        let tokens = [system, question, after, kept].concat();
        Ok(Assembled { tokens, resumed, dropped_turns })
    }

    /// A turn and its closing marker.
    fn closed(&self, encode: &dyn Encode, role: Role, text: &str) -> Result<Vec<u32>, InferenceError> {
        let mut tokens = self.opened(encode, role, text)?;
        tokens.push(self.end);
        tokens.extend(encode.encode("\n")?);
        Ok(tokens)
    }

    /// A turn that is still to be spoken or to be continued.
    fn opened(&self, encode: &dyn Encode, role: Role, text: &str) -> Result<Vec<u32>, InferenceError> {
        let mut tokens = vec![self.start];
        tokens.extend(encode.encode(&format!("{}\n{text}", role.name()))?);
        Ok(tokens)
    }

    /// The system turn in at most `room` tokens, cut at its end.
    fn beginning(&self, encode: &dyn Encode, text: &str, room: usize) -> Result<Vec<u32>, InferenceError> {
        let whole = self.closed(encode, Role::System, text)?;
        if whole.len() <= room {
            return Ok(whole);
        }
        let mut tokens = self.opened(encode, Role::System, "")?;
        let mut text = encode.encode(text)?;
        text.truncate(room.saturating_sub(tokens.len() + 2));
        tokens.extend(text);
        tokens.push(self.end);
        tokens.extend(encode.encode("\n")?);
        Ok(tokens)
    }

    /// A turn in at most `room` tokens, cut at its beginning.
    fn ending(&self, encode: &dyn Encode, turn: &Turn, room: usize) -> Result<Vec<u32>, InferenceError> {
        let mut tokens = self.opened(encode, turn.role, "")?;
        let text = encode.encode(&turn.text)?;
        tokens.extend(cut_front(encode, text, room.saturating_sub(tokens.len() + 2)));
        tokens.push(self.end);
        tokens.extend(encode.encode("\n")?);
        Ok(tokens)
    }
}

/// The last `room` tokens, or a few less so as not to begin inside a character.
fn cut_front(encode: &dyn Encode, mut tokens: Vec<u32>, room: usize) -> Vec<u32> {
    if tokens.len() > room {
        let from = tokens.len() - room;
        let whole = (from..tokens.len()).find(|&at| encode.starts_character(tokens[at])).unwrap_or(tokens.len());
        tokens.drain(..whole);
    }
    tokens
}

#[cfg(test)]
mod tests;
