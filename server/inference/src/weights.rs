//! The weights: out of a GGUF file, one tensor at a time, so that the model is never in memory twice.

use std::fs::File;
use std::io::BufReader;

use candle_core::quantized::gguf_file::{Content, Value};
use candle_core::{Device, Error, Result, Tensor};

use crate::matrix::Matrix;

/// The measures of a network.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// How many layers.
    pub(crate) layers: usize,
    /// How many heads ask.
    pub(crate) heads: usize,
    /// How many heads are asked; several askers share one.
    pub(crate) kv_heads: usize,
    /// The dimensions of a head.
    pub(crate) head: usize,
    /// How many of them turn with the position.
    pub(crate) rope: usize,
    /// How slowly the slowest of them turns.
    pub(crate) rope_base: f32,
    /// What keeps a norm from dividing by zero.
    pub(crate) epsilon: f32,
}

/// A file's tensors.
pub(crate) struct Weights<'a> {
    content: Content,
    file: &'a mut BufReader<File>,
}

impl<'a> Weights<'a> {
    /// The tensors of `file`, whose table of contents is `content`.
    pub(crate) fn new(content: Content, file: &'a mut BufReader<File>) -> Self {
        Self { content, file }
    }

    fn value(&self, key: &str) -> Result<&Value> {
        let value = self.content.metadata.get(&format!("llama.{key}"));
        value.ok_or_else(|| Error::msg(format!("llama.{key} is missing")))
    }

    fn number(&self, key: &str) -> Result<usize> {
        Ok(self.value(key)?.to_u32()? as usize)
    }

    /// The network's measures, checked so far that no later arithmetic on them can fail.
    pub(crate) fn shape(&self) -> Result<Shape> {
        let heads = self.number("attention.head_count")?;
        let kv_heads = self.number("attention.head_count_kv").unwrap_or(heads);
        let width = self.number("embedding_length")?;
        let head = width.checked_div(heads).unwrap_or_default();
        let rope = self.number("rope.dimension_count").unwrap_or(head);
        if kv_heads == 0 || head == 0 || !heads.is_multiple_of(kv_heads) || head * heads != width || rope != head {
            return Err(Error::msg(format!("heads {heads}/{kv_heads} of {rope} do not divide {width}")));
        }
        if self.number("expert_count").is_ok_and(|experts| experts > 1) {
            return Err(Error::msg("mixtures of experts are not supported"));
        }
        Ok(Shape {
            layers: self.number("block_count")?,
            heads,
            kv_heads,
            head,
            rope,
            rope_base: self.value("rope.freq_base").and_then(Value::to_f32).unwrap_or(10_000.0),
            epsilon: self.value("attention.layer_norm_rms_epsilon")?.to_f32()?,
        })
    }

    /// Whether the file has this tensor.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.content.tensor_infos.contains_key(name)
    }

    /// A vector, exact.
    pub(crate) fn vector(&mut self, name: &str) -> Result<Tensor> {
        self.content.tensor(self.file, name, &Device::Cpu)?.dequantize(&Device::Cpu)
    }

    /// One matrix of the rows of all these, which must be equally long.
    pub(crate) fn matrix(&mut self, names: &[&str]) -> Result<Matrix> {
        let tensors = names.iter().map(|name| self.content.tensor(self.file, name, &Device::Cpu));
        Matrix::new(&tensors.collect::<Result<Vec<_>>>()?)
    }
}
