//! Text in, a vector out: texts that mean the same have vectors that point the same way.
//!
//! [`Encoder`] is the model itself: `source` reads its files, `words` cuts text into tokens, `network` is what they go
//! through, on its parts `linear`, `attention` and `arithmetic`. [`Embedder`] is what a server holds: it loads the
//! model on first use and has one thread for questions and another for documents (`embedder`).

mod arithmetic;
mod attention;
mod embedder;
mod linear;
mod network;
mod source;
mod words;

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use pulp::Arch;

use crate::InferenceError;
use network::{Desk, Network};
use source::{Shape, Source};
use words::Words;

pub use embedder::Embedder;

/// How many tokens of a text its vector is made of; what follows is not read. The model was trained for it.
const LONGEST: usize = 256;

/// How many tokens go through the network together, where texts are shorter. More do not fit the cache of a core.
const PACK: usize = 256;

/// A sentence encoder: all-MiniLM-L6-v2, or another BERT with mean pooling.
pub struct Encoder {
    words: Words,
    network: Network,
}

impl Encoder {
    /// Loads `config.json`, `tokenizer.json` and `model.safetensors` of a folder.
    ///
    /// Takes some tenths of a second; call it where blocking is allowed.
    ///
    /// # Errors
    /// [`InferenceError::Missing`] without one of the files, [`InferenceError::Unreadable`] if one is damaged,
    /// [`InferenceError::Unsupported`] if it is another kind of model. Each names the file.
    pub fn load(folder: impl AsRef<Path>) -> Result<Self, InferenceError> {
        let folder = folder.as_ref();
        let shape = Shape::read(&folder.join("config.json"))?;
        let longest = LONGEST.min(shape.positions);
        let words = Words::read(&folder.join("tokenizer.json"), shape.vocabulary, longest)?;
        let mut source = Source::open(&folder.join("model.safetensors"))?;
        let network = Network::read(&mut source, shape, longest).map_err(|unsound| source.error(unsound))?;
        Ok(Self { words, network })
    }

    /// How many numbers a vector has.
    #[must_use]
    pub fn dimensions(&self) -> usize {
        self.network.width()
    }

    /// The bytes that its weights take. The tokenizer takes some more.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.network.memory()
    }

    /// How many tokens a text has, the one at its beginning and the one at its end included.
    #[must_use]
    pub fn count(&self, text: &str) -> usize {
        self.words.count(text)
    }

    /// One vector of length one for each text, in their order, of its first 256 tokens. On all cores.
    ///
    /// # Errors
    /// [`InferenceError::Compute`] if a text cannot be cut into tokens.
    pub fn encode(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, InferenceError> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(self.encode_watched(texts, threads, &|| true)?.unwrap_or_default())
    }

    /// Like [`Encoder::encode`], on at most so many threads, for as long as `wanted` says so: it is asked after every
    /// few hundred tokens. `None` if it did not.
    pub(crate) fn encode_watched(
        &self,
        texts: &[&str],
        threads: usize,
        wanted: &(dyn Fn() -> bool + Sync),
    ) -> Result<Option<Vec<Vec<f32>>>, InferenceError> {
        let tokens = self.tokens(texts, threads, wanted)?;
        let packs = packs(&tokens);
        let vectors = Mutex::new(vec![Vec::new(); texts.len()]);
        let arch = Arch::new();
        each(packs.len(), threads, wanted, |pack, desk: &mut Desk| {
            let pack = &packs[pack];
            let texts: Vec<&[u32]> = pack.iter().map(|&text| tokens[text].as_slice()).collect();
            let encoded = self.network.encode(arch, &texts, desk);
            let mut vectors = vectors.lock().unwrap_or_else(PoisonError::into_inner);
            pack.iter().zip(encoded).for_each(|(&text, vector)| vectors[text] = vector);
        });
        let vectors = vectors.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok(vectors.iter().all(|vector| !vector.is_empty()).then_some(vectors))
    }
}

impl Encoder {
    /// The tokens of each text; of some none, if they are not wanted any more.
    fn tokens(
        &self,
        texts: &[&str],
        threads: usize,
        wanted: &(dyn Fn() -> bool + Sync),
    ) -> Result<Vec<Vec<u32>>, InferenceError> {
        let tokens = Mutex::new(Ok(vec![Vec::new(); texts.len()]));
        // A thread costs more than to cut a few short texts.
        let threads = if texts.len() < 4 { 1 } else { threads };
        each(texts.len(), threads, wanted, |text, (): &mut ()| {
            let found = self.words.tokens(texts[text]);
            let mut tokens = tokens.lock().unwrap_or_else(PoisonError::into_inner);
            match (tokens.as_mut(), found) {
                (Ok(tokens), Ok(found)) => tokens[text] = found,
                (Ok(_), Err(error)) => *tokens = Err(error),
                (Err(_), _) => {}
            }
        });
        tokens.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Encoder").field("dimensions", &self.dimensions()).finish_non_exhaustive()
    }
}

/// Which texts go through the network together: so many of equal length as have [`PACK`] tokens, the long ones first.
fn packs(texts: &[Vec<u32>]) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..texts.len()).filter(|&text| !texts[text].is_empty()).collect();
    order.sort_by_key(|&text| std::cmp::Reverse(texts[text].len()));
    let mut packs: Vec<Vec<usize>> = Vec::new();
    let mut full = PACK;
    for text in order {
        let length = texts[text].len();
        match packs.last_mut() {
            Some(pack) if full + length <= PACK => {
                pack.push(text);
                full += length;
            }
            _ => {
                packs.push(vec![text]);
                full = length;
            }
        }
    }
    packs
}

/// Does `work` for each number below `count`, for as long as it is wanted, on at most so many threads, each with a desk
/// of its own.
///
/// On threads of its own: those that the chat model computes on (`parallel`) take one caller at a time, and a chat must
/// not wait for an index.
fn each<D: Default>(
    count: usize,
    threads: usize,
    wanted: &(dyn Fn() -> bool + Sync),
    work: impl Fn(usize, &mut D) + Sync,
) {
    let next = AtomicUsize::new(0);
    let run = || {
        let mut desk = D::default();
        while wanted() {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                break;
            }
            work(number, &mut desk);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads.min(count) {
            // Without it there is still this one.
            let _ = std::thread::Builder::new().name("atrium-encoder".into()).spawn_scoped(scope, run);
        }
        run();
    });
}

#[cfg(test)]
mod tests;
