//! The model: a prompt in, pieces of text out.

use std::fs::File;
use std::io::BufReader;
use std::ops::ControlFlow;
use std::path::Path;

use candle_core::quantized::gguf_file::Content;

use crate::network::Network;
use crate::pieces::Pieces;
use crate::sampling::Sampler;
use crate::template::Template;
use crate::vocabulary::Vocabulary;
use crate::weights::Weights;
use crate::{End, Generated, InferenceError, Prompt, Step, Turn};

/// The longest context window that is used, whatever the model was trained for: its cache alone takes 190 MB for a
/// model of 135 million weights, and reading that much takes two cores most of a minute.
const LONGEST_CONTEXT: usize = 4096;

/// How many of the prompt's tokens are read between two chances to cancel. Fewer cost speed (the weights are read from
/// memory once for each piece), more make cancelling slow.
const PREFILL_PIECE: usize = 64;

/// A loaded model. It answers one prompt at a time, and remembers the last one so as not to read it again where the
/// next begins alike.
pub struct LocalModel {
    network: Network,
    vocabulary: Vocabulary,
    template: Template,
    /// Tokens after which the model has nothing more to say.
    stops: Vec<u32>,
    /// Markers that do not belong in an answer and are never chosen.
    banned: Vec<u32>,
    context_length: usize,
}

impl LocalModel {
    /// Loads a GGUF file of llama's architecture with a ChatML template.
    ///
    /// Takes about a second; call it where blocking is allowed.
    ///
    /// # Errors
    /// [`InferenceError::Missing`] without a file, [`InferenceError::Unreadable`] if it is damaged,
    /// [`InferenceError::Unsupported`] if it is another kind of model.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, InferenceError> {
        let path = path.as_ref();
        let file = File::open(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => InferenceError::Missing(path.to_owned()),
            _ => InferenceError::Unreadable(error.to_string()),
        })?;
        let mut file = BufReader::new(file);
        let mut content = Content::read(&mut file).map_err(InferenceError::unreadable)?;
        let text = |key: &str| content.metadata.get(key).and_then(|value| value.to_string().ok());
        let number = |key: &str| content.metadata.get(key).and_then(|value| value.to_u32().ok());

        match text("general.architecture").map(String::as_str) {
            Some("llama") => {}
            other => {
                return Err(InferenceError::Unsupported(format!("architecture {}", other.unwrap_or("unnamed"))));
            }
        }
        let vocabulary = Vocabulary::read(&content)?;
        let template = text("tokenizer.chat_template")
            .and_then(|program| Template::recognise(program, |name| vocabulary.marker(name)))
            .ok_or_else(|| InferenceError::Unsupported("a chat template that is not ChatML".into()))?;

        let ends = ["tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id"];
        let mut stops: Vec<u32> = ends.into_iter().filter_map(number).collect();
        stops.extend([template.end, template.start]);
        stops.extend(vocabulary.marker("<|endoftext|>"));
        let banned = vocabulary.markers().filter(|marker| !stops.contains(marker)).collect();
        let context_length =
            number("llama.context_length").map_or(LONGEST_CONTEXT, |length| (length as usize).min(LONGEST_CONTEXT));

        // Most of the metadata is the vocabulary, a second time and as single strings.
        content.metadata.retain(|key, _| !key.starts_with("tokenizer."));
        let network =
            Network::new(&mut Weights::new(content, &mut file), context_length).map_err(InferenceError::unreadable)?;
        Ok(Self { network, vocabulary, template, stops, banned, context_length })
    }

    /// How many tokens prompt and answer may have together.
    #[must_use]
    pub fn context_length(&self) -> usize {
        self.context_length
    }

    /// How many tokens a prompt of these turns has, the template's markers and its default system turn included.
    #[must_use]
    pub fn count_tokens(&self, turns: &[Turn]) -> usize {
        self.template.assemble(&self.vocabulary, turns, false, usize::MAX).map_or(0, |assembled| assembled.tokens.len())
    }

    /// Answers a prompt, handing each piece of text to `on_piece` (whole characters, never empty). Breaking from
    /// `on_piece` ends the generation as [`End::Cancelled`].
    ///
    /// # Errors
    /// [`InferenceError::Prompt`] for a prompt without turns or one that resumes what is no answer,
    /// [`InferenceError::Compute`] if the computation fails.
    pub fn generate(
        &mut self,
        prompt: &Prompt,
        on_piece: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<Generated, InferenceError> {
        let (generated, _) = self.generate_watched(prompt, &mut |step| match step {
            Step::Working => ControlFlow::Continue(()),
            Step::Text(piece) => on_piece(piece),
        })?;
        Ok(generated)
    }

    /// Like [`LocalModel::generate`], with a call at every moment at which the generation can be cancelled, the
    /// reading of the prompt included. Also returns how many turns were left out because the prompt was too long.
    ///
    /// # Errors
    /// As [`LocalModel::generate`].
    pub fn generate_watched(
        &mut self,
        prompt: &Prompt,
        watch: &mut dyn FnMut(Step<'_>) -> ControlFlow<()>,
    ) -> Result<(Generated, usize), InferenceError> {
        let reserved = prompt.max_tokens.min(self.context_length / 2);
        let room = self.context_length - reserved;
        let assembled = self.template.assemble(&self.vocabulary, &prompt.turns, prompt.resume, room)?;
        let tokens = assembled.tokens;
        let limit = prompt.max_tokens.min(self.context_length - tokens.len());
        let account = |completion_tokens, end| {
            (Generated { prompt_tokens: tokens.len(), completion_tokens, end }, assembled.dropped_turns)
        };

        // A conversation's next prompt begins like its last one: that much is known.
        let known = self.network.rewind(&tokens, tokens.len() + limit);
        let mut read = None;
        for piece in tokens[known..].chunks(PREFILL_PIECE) {
            if watch(Step::Working).is_break() {
                return Ok(account(0, End::Cancelled));
            }
            read = Some(self.network.read(piece).map_err(InferenceError::compute)?);
        }
        // Only what follows the whole prompt is scored: the vocabulary is a quarter of the weights.
        let read = read.ok_or(InferenceError::Prompt("it has no tokens"))?;
        let mut logits = self.network.score(&read).map_err(InferenceError::compute)?;

        let mut sampler = Sampler::new(prompt.temperature);
        tokens[tokens.len() - assembled.resumed..].iter().for_each(|&token| sampler.remember(token));
        let mut pieces = Pieces::default();
        for generated in 0..limit {
            for &marker in &self.banned {
                if let Some(logit) = logits.get_mut(marker as usize) {
                    *logit = f32::NEG_INFINITY;
                }
            }
            let token = sampler.next(&mut logits);
            if self.stops.contains(&token) {
                return Ok(account(generated, End::Stop));
            }
            let piece = pieces.push(self.vocabulary.bytes(token));
            let step = piece.as_deref().map_or(Step::Working, Step::Text);
            if watch(step).is_break() {
                return Ok(account(generated + 1, End::Cancelled));
            }
            if generated + 1 < limit {
                let read = self.network.read(&[token]).map_err(InferenceError::compute)?;
                logits = self.network.score(&read).map_err(InferenceError::compute)?;
            }
        }
        Ok(account(limit, End::Length))
    }
}

impl std::fmt::Debug for LocalModel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LocalModel")
            .field("vocabulary", &self.vocabulary.len())
            .field("template", &self.template)
            .field("context_length", &self.context_length)
            .finish_non_exhaustive()
    }
}
