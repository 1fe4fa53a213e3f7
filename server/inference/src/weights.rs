//! The weights: out of a GGUF file, into the format that this processor multiplies fastest.
//!
//! Candle 0.11 has fast x86-64 kernels, chosen at run time, for Q4_0, Q8_0 and the K formats but none for Q4_1, the
//! format of the file we ship for. So each tensor is unpacked and packed again when it is read; only that one tensor
//! is in memory twice, never the model.

use std::borrow::Cow;
use std::fs::File;
use std::io::BufReader;

use candle_core::quantized::gguf_file::{Content, Value};
use candle_core::quantized::{GgmlDType, QStorage, QTensor};
use candle_core::{Device, Error, Result, Tensor};

/// The format that a model's matrices are turned into when they are loaded.
///
/// Matrices whose rows do not divide into a format's blocks (256 weights for the K formats) become Q8_0 instead, and
/// matrices that the file holds as Q8_0 stay as they are: coarser ones would only lose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Quantisation {
    /// 4 bits and one scale for 32 weights.
    Q4_0,
    /// 8 bits and one scale for 32 weights.
    #[default]
    Q8_0,
    /// 4 bits in blocks of 256.
    Q4K,
    /// 6 bits in blocks of 256.
    Q6K,
    /// What the file holds.
    AsIs,
}

impl Quantisation {
    /// The format for a matrix that the file holds as `held` in rows of `row` weights.
    fn of(self, held: GgmlDType, row: usize) -> GgmlDType {
        let wanted = match self {
            Self::Q4_0 => GgmlDType::Q4_0,
            Self::Q8_0 => GgmlDType::Q8_0,
            Self::Q4K => GgmlDType::Q4K,
            Self::Q6K => GgmlDType::Q6K,
            Self::AsIs => return held,
        };
        if held == GgmlDType::Q8_0 {
            return held;
        }
        let fits = |format: &GgmlDType| row.is_multiple_of(format.block_size());
        [wanted, GgmlDType::Q8_0].into_iter().find(fits).unwrap_or(held)
    }
}

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
    quantisation: Quantisation,
}

impl<'a> Weights<'a> {
    /// The tensors of `file`, whose table of contents is `content`.
    pub(crate) fn new(content: Content, file: &'a mut BufReader<File>, quantisation: Quantisation) -> Self {
        Self { content, file, quantisation }
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
    pub(crate) fn matrix(&mut self, names: &[&str]) -> Result<QTensor> {
        let format = self.format(names)?;
        let mut rows = 0;
        let mut row = 0;
        let mut bytes = Vec::new();
        for name in names {
            let tensor = self.packed(name, format)?;
            let (more, length) = tensor.shape().dims2()?;
            if names.len() == 1 {
                return Ok(tensor);
            }
            if rows > 0 && length != row {
                return Err(Error::msg(format!("{name} has rows of {length}, not {row}")));
            }
            rows += more;
            row = length;
            bytes.extend_from_slice(&tensor.data()?);
        }
        QTensor::new(QStorage::from_data(Cow::Owned(bytes), &Device::Cpu, format)?, (rows, row))
    }

    /// The format that all of these can have.
    fn format(&self, names: &[&str]) -> Result<GgmlDType> {
        let mut formats = names.iter().map(|name| {
            let info = self.content.tensor_infos.get(*name);
            let info = info.ok_or_else(|| Error::msg(format!("{name} is missing")))?;
            Ok(self.quantisation.of(info.ggml_dtype, info.shape.dims().last().copied().unwrap_or_default()))
        });
        let first = formats.next().unwrap_or_else(|| Err(Error::msg("no tensor is named")))?;
        // Some files mix formats within a layer.
        Ok(if formats.all(|format: Result<_>| format.is_ok_and(|format| format == first)) {
            first
        } else {
            GgmlDType::Q8_0
        })
    }

    /// A tensor in this format.
    fn packed(&mut self, name: &str, format: GgmlDType) -> Result<QTensor> {
        let tensor = self.content.tensor(self.file, name, &Device::Cpu)?;
        if tensor.dtype() == format {
            return Ok(tensor);
        }
        let plain = tensor.dequantize(&Device::Cpu)?;
        drop(tensor);
        QTensor::quantize(&plain, format)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_taken_where_it_fits_and_where_it_gains() {
        use GgmlDType as G;
        assert_eq!(Quantisation::Q8_0.of(G::Q4_1, 576), G::Q8_0);
        assert_eq!(Quantisation::Q4K.of(G::Q4_1, 1536), G::Q4K);
        assert_eq!(Quantisation::Q4K.of(G::Q4_1, 576), G::Q8_0);
        assert_eq!(Quantisation::Q4_0.of(G::Q8_0, 576), G::Q8_0);
        assert_eq!(Quantisation::AsIs.of(G::Q4_1, 576), G::Q4_1);
        assert_eq!(Quantisation::Q8_0.of(G::F32, 9), G::F32);
    }
}
