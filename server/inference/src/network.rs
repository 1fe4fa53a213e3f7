//! The network: llama's architecture on candle's operations.
//!
//! Candle brings one (`quantized_llama`), with which this one agrees to rounding (see the tests). It differs where a
//! chat on two cores feels it. The attention cache is written in place, where the other copies all of it for every
//! token. It can be rewound, so that a conversation's next question reads only what is new. Matrices that meet the
//! same input are joined, which halves the number of times that the cores wait for each other. The vocabulary's
//! vectors stay quantised instead of being unpacked into 113 MB.

use std::sync::Arc;

use candle_core::quantized::{QMatMul, QTensor};
use candle_core::{D, DType, Device, Module, Result, Tensor};
use candle_nn::ops::{rms_norm, softmax_last_dim};
use candle_nn::rotary_emb::rope_i;

use crate::weights::{Shape, Weights};

/// A network and the tokens it has read.
pub(crate) struct Network {
    shape: Shape,
    embedding: Arc<QTensor>,
    layers: Vec<Layer>,
    norm: Tensor,
    output: QMatMul,
    /// Rotations by position, for as many as the context window has.
    cos: Tensor,
    sin: Tensor,
    /// The tokens whose keys and values the layers hold.
    held: Vec<u32>,
    /// How many tokens the layers have room for.
    capacity: usize,
}

struct Layer {
    attention_norm: Tensor,
    /// Queries, keys and values in one.
    attention_in: QMatMul,
    attention_out: QMatMul,
    feed_norm: Tensor,
    /// Gate and values in one.
    feed_in: QMatMul,
    feed_out: QMatMul,
    /// For every head and position, what the position is found by.
    keys: Tensor,
    /// For every head and position, what is found there.
    values: Tensor,
}

impl Network {
    /// Puts the network together from a file's tensors, for at most `context` tokens.
    pub(crate) fn new(weights: &mut Weights<'_>, context: usize) -> Result<Self> {
        let shape = weights.shape()?;
        let embedding = Arc::new(weights.matrix(&["token_embd.weight"])?);
        // Small models score the next token by the same vectors that they read tokens as.
        let output = if weights.has("output.weight") {
            QMatMul::from_qtensor(weights.matrix(&["output.weight"])?)?
        } else {
            QMatMul::from_arc(Arc::clone(&embedding))?
        };
        let norm = weights.vector("output_norm.weight")?;
        let layers = (0..shape.layers).map(|n| Layer::new(weights, &shape, n)).collect::<Result<_>>()?;
        let (cos, sin) = rotations(&shape, context)?;
        Ok(Self { shape, embedding, layers, norm, output, cos, sin, held: Vec::new(), capacity: 0 })
    }

    /// Goes back to what has been read of `tokens` already, makes room for `capacity` tokens in all, and returns how
    /// many of `tokens` need no reading. At least one always does, for what follows it.
    pub(crate) fn rewind(&mut self, tokens: &[u32], capacity: usize) -> Result<usize> {
        let most = tokens.len().saturating_sub(1);
        let known = self.held.iter().zip(&tokens[..most]).take_while(|(held, token)| held == token).count();
        self.held.truncate(known);
        // Also taken when there is far too much room, to let the memory of a long conversation go.
        if capacity > self.capacity || capacity < self.capacity / 4 {
            for layer in &mut self.layers {
                layer.keys = self.shape.resized(&layer.keys, known, capacity)?;
                layer.values = self.shape.resized(&layer.values, known, capacity)?;
            }
            self.capacity = capacity;
        }
        Ok(known)
    }

    /// Reads tokens that follow those already read.
    pub(crate) fn read(&mut self, tokens: &[u32]) -> Result<Tensor> {
        let (start, count) = (self.held.len(), tokens.len());
        let length = start + count;
        let mask = if count == 1 { None } else { Some(mask(start, count)?) };
        let cos = self.cos.narrow(0, start, count)?;
        let sin = self.sin.narrow(0, start, count)?;
        let mut x = self.embedding.embedding(&Tensor::new(tokens, &Device::Cpu)?)?;
        for layer in &self.layers {
            let normed = rms_norm(&x, &layer.attention_norm, self.shape.epsilon)?;
            x = (x + layer.attend(&self.shape, &normed, (&cos, &sin), mask.as_ref(), start, length)?)?;
            let normed = rms_norm(&x, &layer.feed_norm, self.shape.epsilon)?;
            x = (x + layer.feed(&normed)?)?;
        }
        self.held.extend_from_slice(tokens);
        // What follows the last token is all that anyone asks for.
        x.narrow(0, count - 1, 1)
    }

    /// How well each token of the vocabulary follows what [`Network::read`] returned.
    pub(crate) fn score(&self, x: &Tensor) -> Result<Vec<f32>> {
        let normed = rms_norm(&x.contiguous()?, &self.norm, self.shape.epsilon)?;
        self.output.forward(&normed)?.squeeze(0)?.to_vec1()
    }
}

impl Layer {
    fn new(weights: &mut Weights<'_>, shape: &Shape, n: usize) -> Result<Self> {
        let name = |part: &str| format!("blk.{n}.{part}.weight");
        let mut joined = |parts: &[&str]| {
            let names: Vec<String> = parts.iter().map(|part| name(part)).collect();
            QMatMul::from_qtensor(weights.matrix(&names.iter().map(String::as_str).collect::<Vec<_>>())?)
        };
        Ok(Self {
            attention_in: joined(&["attn_q", "attn_k", "attn_v"])?,
            attention_out: joined(&["attn_output"])?,
            feed_in: joined(&["ffn_gate", "ffn_up"])?,
            feed_out: joined(&["ffn_down"])?,
            attention_norm: weights.vector(&name("attn_norm"))?,
            feed_norm: weights.vector(&name("ffn_norm"))?,
            keys: shape.room(0)?,
            values: shape.room(0)?,
        })
    }

    fn attend(
        &self,
        shape: &Shape,
        x: &Tensor,
        rotation: (&Tensor, &Tensor),
        mask: Option<&Tensor>,
        start: usize,
        length: usize,
    ) -> Result<Tensor> {
        let &Shape { heads, kv_heads, head, .. } = shape;
        let count = length - start;
        let all = self.attention_in.forward(x)?;
        let part = |from: usize, heads: usize| {
            all.narrow(1, from * head, heads * head)?.reshape((count, heads, head))?.transpose(0, 1)?.contiguous()
        };
        let turned = |x: Tensor| rope_i(&x.unsqueeze(0)?, rotation.0, rotation.1)?.squeeze(0);
        let queries = (turned(part(0, heads)?)? * (head as f64).powf(-0.5))?;
        self.keys.slice_set(&turned(part(heads, kv_heads)?)?, 1, start)?;
        self.values.slice_set(&part(heads + kv_heads, kv_heads)?, 1, start)?;
        let keys = self.keys.narrow(1, 0, length)?;
        let values = self.values.narrow(1, 0, length)?;

        // Several heads ask the same keys: their queries stand one below the other, so that the keys are read once.
        let group = heads / kv_heads;
        let found = queries.reshape((kv_heads, group * count, head))?.matmul(&keys.transpose(1, 2)?)?;
        let found = match mask {
            None => found,
            Some(mask) => {
                let by_head = found.reshape((heads, count, length))?;
                by_head.broadcast_add(mask)?.reshape((kv_heads, group * count, length))?
            }
        };
        let mixed = softmax_last_dim(&found)?.matmul(&values)?;
        let mixed = mixed.reshape((heads, count, head))?.transpose(0, 1)?.contiguous()?;
        self.attention_out.forward(&mixed.reshape((count, heads * head))?)
    }

    fn feed(&self, x: &Tensor) -> Result<Tensor> {
        let all = self.feed_in.forward(x)?;
        let half = all.dim(D::Minus1)? / 2;
        let gate = all.narrow(1, 0, half)?.contiguous()?.silu()?;
        let values = all.narrow(1, half, half)?.contiguous()?;
        self.feed_out.forward(&(gate * values)?)
    }
}

impl Shape {
    /// Empty room for the keys or values of `tokens`. Untouched pages of it cost no memory.
    fn room(&self, tokens: usize) -> Result<Tensor> {
        Tensor::zeros((self.kv_heads, tokens, self.head), DType::F32, &Device::Cpu)
    }

    /// Room for `capacity` tokens, the first `known` of which are those of `old`.
    fn resized(&self, old: &Tensor, known: usize, capacity: usize) -> Result<Tensor> {
        let new = self.room(capacity)?;
        if known > 0 {
            new.slice_set(&old.narrow(1, 0, known)?.contiguous()?, 1, 0)?;
        }
        Ok(new)
    }
}

/// Minus infinity wherever one of `count` tokens from `start` on would see a later one.
fn mask(start: usize, count: usize) -> Result<Tensor> {
    let length = start + count;
    let mask: Vec<f32> = (0..count)
        .flat_map(|row| (0..length).map(move |at| if at > start + row { f32::NEG_INFINITY } else { 0.0 }))
        .collect();
    Tensor::from_vec(mask, (count, length), &Device::Cpu)
}

/// Cosine and sine of every position's angle in every pair of a head's dimensions.
fn rotations(shape: &Shape, positions: usize) -> Result<(Tensor, Tensor)> {
    let pairs = shape.rope / 2;
    let slow: Vec<f32> = (0..pairs).map(|pair| shape.rope_base.powf(-2.0 * pair as f32 / shape.rope as f32)).collect();
    let angles: Vec<f32> = (0..positions).flat_map(|at| slow.iter().map(move |slow| at as f32 * slow)).collect();
    let angles = Tensor::from_vec(angles, (positions, pairs), &Device::Cpu)?;
    Ok((angles.cos()?, angles.sin()?))
}

#[cfg(test)]
mod tests;
