//! The model's folder: `config.json`, which says how large it is, and `model.safetensors`, read row by row, so that
//! the weights are never in memory as the file has them.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use safetensors::Dtype;
use safetensors::tensor::Metadata;
use serde::Deserialize;

use crate::InferenceError;

/// What is wrong with a file of weights.
pub(super) type Unsound = String;

/// The longest table of contents that is read.
const LONGEST_HEADER: u64 = 16 << 20;

/// The measures of a network.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Shape {
    /// How many numbers stand for a token.
    #[serde(rename = "hidden_size")]
    pub(super) width: usize,
    /// How many they are between the two halves of a layer's second step.
    #[serde(rename = "intermediate_size")]
    pub(super) inner: usize,
    #[serde(rename = "num_attention_heads")]
    pub(super) heads: usize,
    #[serde(rename = "num_hidden_layers")]
    pub(super) layers: usize,
    #[serde(rename = "vocab_size")]
    pub(super) vocabulary: usize,
    #[serde(rename = "max_position_embeddings")]
    pub(super) positions: usize,
    /// What keeps a norm from dividing by zero.
    #[serde(rename = "layer_norm_eps")]
    pub(super) epsilon: f32,
}

#[derive(Deserialize)]
struct Config {
    model_type: String,
    hidden_act: String,
    type_vocab_size: usize,
    #[serde(flatten)]
    shape: Shape,
}

impl Shape {
    /// The measures in a `config.json`, checked so far that no later arithmetic on them can fail.
    pub(super) fn read(path: &Path) -> Result<Self, InferenceError> {
        let config = std::fs::read(path).map_err(|error| failed(path, &error))?;
        let config: Config = serde_json::from_slice(&config).map_err(|error| unreadable(path, error))?;
        let Config { model_type, hidden_act, type_vocab_size, shape } = config;
        let unsupported = |what: String| Err(InferenceError::Unsupported(format!("{what} in {}", path.display())));
        if model_type != "bert" || hidden_act != "gelu" {
            return unsupported(format!("{model_type} with {hidden_act}"));
        }
        let Shape { width, inner, heads, layers, vocabulary, positions, .. } = shape;
        let measures = [width, inner, heads, layers, vocabulary, positions, type_vocab_size];
        if measures.contains(&0) || measures.iter().any(|&measure| measure > 1 << 20) {
            return unsupported(format!("the measures {measures:?}"));
        }
        if !width.is_multiple_of(heads) || !(width / heads).is_multiple_of(super::linear::PAIR) {
            return unsupported(format!("{width} numbers in {heads} heads"));
        }
        Ok(shape)
    }
}

/// A file of tensors.
pub(super) struct Source {
    path: PathBuf,
    file: BufReader<File>,
    contents: Metadata,
    /// Where the tensors begin.
    start: u64,
}

impl Source {
    /// Opens the file and reads its table of contents.
    pub(super) fn open(path: &Path) -> Result<Self, InferenceError> {
        let file = File::open(path).map_err(|error| failed(path, &error))?;
        let unreadable = |error: &dyn std::fmt::Display| unreadable(path, error);
        let length = file.metadata().map_err(|error| unreadable(&error))?.len();
        let mut file = BufReader::new(file);
        let mut size = [0; 8];
        file.read_exact(&mut size).map_err(|error| unreadable(&error))?;
        let size = u64::from_le_bytes(size);
        if size > LONGEST_HEADER {
            return Err(unreadable(&"its table of contents is too long"));
        }
        let start = 8 + size;
        let contents: Metadata =
            serde_json::from_reader(file.by_ref().take(size)).map_err(|error| unreadable(&error))?;
        if start + contents.data_len() as u64 > length {
            return Err(unreadable(&"it ends too early"));
        }
        Ok(Self { path: path.to_owned(), file, contents, start })
    }

    /// What `unsound` means to those outside.
    pub(super) fn error(&self, unsound: Unsound) -> InferenceError {
        unreadable(&self.path, unsound)
    }

    /// Hands over a tensor row by row. `shape` is what it must have.
    pub(super) fn rows(&mut self, name: &str, shape: &[usize], mut each: impl FnMut(&[f32])) -> Result<(), Unsound> {
        let tensor = self.contents.info(name).ok_or_else(|| format!("{name} is missing"))?;
        if tensor.dtype != Dtype::F32 || tensor.shape != shape {
            return Err(format!("{name} is {:?} {:?}, not F32 {shape:?}", tensor.dtype, tensor.shape));
        }
        let failed = |error: std::io::Error| format!("{name}: {error}");
        self.file.seek(SeekFrom::Start(self.start + tensor.data_offsets.0 as u64)).map_err(failed)?;
        let (Some(&columns), rows) = (shape.last(), shape.iter().rev().skip(1).product::<usize>()) else {
            return Ok(());
        };
        let mut bytes = vec![0; 4 * columns];
        let mut row = vec![0.0; columns];
        for _ in 0..rows {
            self.file.read_exact(&mut bytes).map_err(failed)?;
            for (number, bytes) in row.iter_mut().zip(bytes.as_chunks().0) {
                *number = f32::from_le_bytes(*bytes);
            }
            if !row.iter().all(|number| number.is_finite()) {
                return Err(format!("{name} holds what is no number"));
            }
            each(&row);
        }
        Ok(())
    }

    /// A tensor of one row.
    pub(super) fn vector(&mut self, name: &str, length: usize) -> Result<Vec<f32>, Unsound> {
        let mut vector = Vec::new();
        self.rows(name, &[length], |row| vector.extend_from_slice(row))?;
        Ok(vector)
    }
}

/// A file that could not be opened.
fn failed(path: &Path, error: &std::io::Error) -> InferenceError {
    match error.kind() {
        std::io::ErrorKind::NotFound => InferenceError::Missing(path.to_owned()),
        _ => unreadable(path, error),
    }
}

/// A file that is not what it should be.
pub(super) fn unreadable(path: &Path, error: impl std::fmt::Display) -> InferenceError {
    InferenceError::Unreadable(format!("{}: {error}", path.display()))
}
