//! Matrices of quantised weights, and their products with what a network has in hand.
//!
//! Candle has such matrices too, and other models may well use them. For a chat on two cores they cost too much: the
//! scale of every 32 weights is a half-precision number there, which portable x86-64 code widens by a function call
//! (nine tenths of the time went there), and there is no fast kernel for Q4_1, the format of the model that we ship
//! for. Here scales are widened when the file is read, and 4-bit weights stay as the file has them.
//!
//! What is multiplied with a matrix is rounded to 8 bits a number with a scale for every 32, as everywhere in this
//! field. The products run on all cores, with AVX2 where the processor has it (`kernel`).

use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Error, Result, Tensor};
use half::f16;

use crate::parallel;

mod kernel;

use kernel::{Bytes, Nibbles, Reading};

/// How many numbers share a scale.
const BLOCK: usize = 32;

/// Rows of weights.
pub(crate) struct Matrix {
    columns: usize,
    blocks: Blocks,
}

/// The weights in blocks, row after row.
enum Blocks {
    Nibbles(Vec<Nibbles>),
    Bytes(Vec<Bytes>),
}

impl Matrix {
    /// One matrix of the rows of all these tensors. Formats that there is no kernel for are packed again in 8 bits.
    pub(crate) fn new(tensors: &[QTensor]) -> Result<Self> {
        let columns = tensors.first().map_or(Ok(0), |first| first.shape().dims2().map(|(_, columns)| columns))?;
        if columns == 0 || !columns.is_multiple_of(BLOCK) {
            return Err(Error::msg(format!("rows of {columns} weights do not divide into blocks of {BLOCK}")));
        }
        for tensor in tensors {
            let (_, other) = tensor.shape().dims2()?;
            if other != columns {
                return Err(Error::msg(format!("rows of {other} and {columns} weights do not make one matrix")));
            }
        }
        let nibbles = |tensor: &QTensor| matches!(tensor.dtype(), GgmlDType::Q4_0 | GgmlDType::Q4_1);
        let blocks = if tensors.iter().all(nibbles) {
            let mut blocks = Vec::new();
            for tensor in tensors {
                match tensor.dtype() {
                    GgmlDType::Q4_0 => blocks.extend(parts::<18>(&tensor.data()?)?.map(Nibbles::from_q4_0)),
                    _ => blocks.extend(parts::<20>(&tensor.data()?)?.map(Nibbles::from_q4_1)),
                }
            }
            Blocks::Nibbles(blocks)
        } else {
            let mut blocks = Vec::new();
            for tensor in tensors {
                match tensor.dtype() {
                    GgmlDType::Q8_0 => blocks.extend(parts::<34>(&tensor.data()?)?.map(Bytes::from_q8_0)),
                    _ => {
                        let plain: Vec<f32> = tensor.dequantize(&Device::Cpu)?.flatten_all()?.to_vec1()?;
                        blocks.extend(plain.as_chunks().0.iter().map(Bytes::round));
                    }
                }
            }
            Blocks::Bytes(blocks)
        };
        Ok(Self { columns, blocks })
    }

    /// How many rows.
    pub(crate) fn rows(&self) -> usize {
        let blocks = match &self.blocks {
            Blocks::Nibbles(blocks) => blocks.len(),
            Blocks::Bytes(blocks) => blocks.len(),
        };
        blocks / (self.columns / BLOCK)
    }

    /// These rows, one below the other.
    pub(crate) fn select(&self, rows: &[u32]) -> Result<Tensor> {
        let mut numbers = Vec::with_capacity(rows.len() * self.columns);
        let row = self.columns / BLOCK;
        for &at in rows {
            let from = at as usize * row;
            let known = match &self.blocks {
                Blocks::Nibbles(all) => {
                    all.get(from..from + row).map(|row| numbers.extend(row.iter().flat_map(Nibbles::numbers)))
                }
                Blocks::Bytes(all) => {
                    all.get(from..from + row).map(|row| numbers.extend(row.iter().flat_map(Bytes::numbers)))
                }
            };
            known.ok_or_else(|| Error::msg(format!("there is no row {at}")))?;
        }
        Tensor::from_vec(numbers, (rows.len(), self.columns), &Device::Cpu)
    }

    /// The products of every row of `x` with every row of weights.
    pub(crate) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let (count, width) = x.dims2()?;
        if width != self.columns {
            return Err(Error::msg(format!("{width} numbers do not fit rows of {} weights", self.columns)));
        }
        let x: Vec<f32> = x.flatten_all()?.to_vec1()?;
        let readings = kernel::read(&x);
        let rows = self.rows();
        let mut products = vec![0.0; rows * count];
        match &self.blocks {
            Blocks::Nibbles(blocks) => multiply(blocks, &readings, width / BLOCK, count, &mut products),
            Blocks::Bytes(blocks) => multiply(blocks, &readings, width / BLOCK, count, &mut products),
        }
        if count == 1 {
            Tensor::from_vec(products, (1, rows), &Device::Cpu)
        } else {
            Tensor::from_vec(products, (rows, count), &Device::Cpu)?.t()?.contiguous()
        }
    }
}

/// All products on all cores: those of one row of weights stand side by side in `products`.
fn multiply<B: kernel::Block>(blocks: &[B], readings: &[Reading], row: usize, count: usize, products: &mut [f32]) {
    let rows_at_once = (blocks.len() / row).div_ceil(parallel::PIECES);
    let pieces = blocks.chunks(row * rows_at_once).zip(products.chunks_mut(count * rows_at_once));
    parallel::each(pieces, |(blocks, products)| kernel::multiply(blocks, readings, row, products));
}

/// A tensor's bytes in blocks of `N`.
fn parts<const N: usize>(bytes: &[u8]) -> Result<impl Iterator<Item = &[u8; N]>> {
    let (parts, rest) = bytes.as_chunks();
    if rest.is_empty() { Ok(parts.iter()) } else { Err(Error::msg("a tensor ends within a block")) }
}

/// A half-precision number in a file.
fn half(bytes: [u8; 2]) -> f32 {
    f16::from_le_bytes(bytes).to_f32()
}

#[cfg(test)]
mod tests;
