//! From text to the numbers of its tokens.

use std::path::Path;

use tokenizers::Tokenizer;

use super::source::unreadable;
use crate::InferenceError;

/// How much of a text is looked at first, in bytes: most begin with more tokens than a vector is made of.
const FIRST_LOOK: usize = 4 << 10;

/// How much of a text is looked at, at most. What is left out of tokens by then is a desert of spaces or a single word.
const LAST_LOOK: usize = 64 << 10;

/// A longer word is one unknown token, so that no more tokens than this depend on a word's end.
const LONGEST_WORD: usize = 100;

/// Cuts text into tokens.
pub(super) struct Words {
    tokenizer: Tokenizer,
    longest: usize,
}

impl Words {
    /// Reads a `tokenizer.json`, for texts of at most `longest` tokens out of a `vocabulary` of so many.
    pub(super) fn read(path: &Path, vocabulary: usize, longest: usize) -> Result<Self, InferenceError> {
        if !path.is_file() {
            return Err(InferenceError::Missing(path.to_owned()));
        }
        let mut tokenizer = Tokenizer::from_file(path).map_err(|error| unreadable(path, error))?;
        // The file asks for 128 tokens, always.
        tokenizer.with_padding(None);
        tokenizer.with_truncation(None).map_err(|error| unreadable(path, error))?;
        if tokenizer.get_vocab_size(true) > vocabulary {
            return Err(unreadable(path, "it knows more tokens than the model"));
        }
        let words = Self { tokenizer, longest };
        // A text begins and ends with a token of its own, so that no text is without any.
        if words.tokens("")?.is_empty() {
            return Err(unreadable(path, "nothing marks the beginning of a text"));
        }
        Ok(words)
    }

    /// The tokens of a text that its vector is made of.
    pub(super) fn tokens(&self, text: &str) -> Result<Vec<u32>, InferenceError> {
        let mut look = FIRST_LOOK;
        loop {
            let part = &text[..text.floor_char_boundary(look)];
            let mut tokens = self.all(part)?;
            // The last word may go on.
            let enough = tokens.len() > self.longest + LONGEST_WORD;
            if enough || part.len() == text.len() || look >= LAST_LOOK {
                if let Some(end) = tokens.pop() {
                    tokens.truncate(self.longest - 1);
                    tokens.push(end);
                }
                return Ok(tokens);
            }
            look *= 4;
        }
    }

    /// How many tokens the whole text has.
    pub(super) fn count(&self, text: &str) -> usize {
        self.all(text).map_or(0, |tokens| tokens.len())
    }

    fn all(&self, text: &str) -> Result<Vec<u32>, InferenceError> {
        let encoding = self.tokenizer.encode_fast(text, true);
        Ok(encoding.map_err(|error| InferenceError::Compute(error.to_string()))?.get_ids().to_vec())
    }
}
