//! The network: llama's architecture on candle's operations.
//!
//! Candle brings one (`quantized_llama`), with which this one agrees to rounding (see the tests). It differs where a
//! chat on two cores feels it. The attention cache is written in place, where the other copies all of it for every
//! token. It can be rewound, so that a conversation's next question reads only what is new. Matrices that meet the
//! same input are joined, which halves the number of times that the cores wait for each other. The vocabulary's
//! vectors stay quantised instead of being unpacked into 113 MB. Matrices are our own, for their speed (`matrix`).

use candle_core::{D, Device, Result, Tensor};
use candle_nn::ops::rms_norm;

use crate::attention::{Memory, Rotations};
use crate::matrix::Matrix;
use crate::weights::{Shape, Weights};

/// A network and the tokens it has read.
pub(crate) struct Network {
    shape: Shape,
    embedding: Matrix,
    layers: Vec<Layer>,
    norm: Tensor,
    /// Small models score the next token by the same vectors that they read tokens as.
    output: Option<Matrix>,
    /// For as many positions as the context window has.
    rotations: Rotations,
    /// The tokens whose keys and values the layers hold.
    held: Vec<u32>,
    /// How many tokens the layers have room for.
    capacity: usize,
}

struct Layer {
    attention_norm: Tensor,
    /// Queries, keys and values in one.
    attention_in: Matrix,
    attention_out: Matrix,
    feed_norm: Tensor,
    /// Gate and values in one.
    feed_in: Matrix,
    feed_out: Matrix,
    memory: Memory,
}

impl Network {
    /// Puts the network together from a file's tensors, for at most `context` tokens.
    pub(crate) fn new(weights: &mut Weights<'_>, context: usize) -> Result<Self> {
        let shape = weights.shape()?;
        let embedding = weights.matrix(&["token_embd.weight"])?;
        let output = weights.has("output.weight").then(|| weights.matrix(&["output.weight"])).transpose()?;
        let norm = weights.vector("output_norm.weight")?;
        let layers = (0..shape.layers).map(|n| Layer::new(weights, n)).collect::<Result<_>>()?;
        let rotations = Rotations::new(&shape, context);
        Ok(Self { shape, embedding, layers, norm, output, rotations, held: Vec::new(), capacity: 0 })
    }

    /// Goes back to what has been read of `tokens` already, makes room for `capacity` tokens in all, and returns how
    /// many of `tokens` need no reading. At least one always does, for what follows it.
    pub(crate) fn rewind(&mut self, tokens: &[u32], capacity: usize) -> usize {
        let most = tokens.len().saturating_sub(1);
        let known = self.held.iter().zip(&tokens[..most]).take_while(|(held, token)| held == token).count();
        self.held.truncate(known);
        // Also taken when there is far too much room, to let the memory of a long conversation go.
        if capacity > self.capacity || capacity < self.capacity / 4 {
            for layer in &mut self.layers {
                layer.memory.resize(&self.shape, known, capacity);
            }
            self.capacity = capacity;
        }
        known
    }

    /// Reads tokens that follow those already read.
    pub(crate) fn read(&mut self, tokens: &[u32]) -> Result<Tensor> {
        let start = self.held.len();
        let mut x = self.embedding.select(tokens)?;
        for layer in &mut self.layers {
            let normed = rms_norm(&x, &layer.attention_norm, self.shape.epsilon)?;
            x = (x + layer.attend(&self.shape, &normed, &self.rotations, start)?)?;
            let normed = rms_norm(&x, &layer.feed_norm, self.shape.epsilon)?;
            x = (x + layer.feed(&normed)?)?;
        }
        self.held.extend_from_slice(tokens);
        // What follows the last token is all that anyone asks for.
        x.narrow(0, tokens.len() - 1, 1)
    }

    /// How well each token of the vocabulary follows what [`Network::read`] returned.
    pub(crate) fn score(&self, x: &Tensor) -> Result<Vec<f32>> {
        let normed = rms_norm(&x.contiguous()?, &self.norm, self.shape.epsilon)?;
        self.output.as_ref().unwrap_or(&self.embedding).forward(&normed)?.squeeze(0)?.to_vec1()
    }
}

impl Layer {
    fn new(weights: &mut Weights<'_>, n: usize) -> Result<Self> {
        let name = |part: &str| format!("blk.{n}.{part}.weight");
        let mut joined = |parts: &[&str]| {
            let names: Vec<String> = parts.iter().map(|part| name(part)).collect();
            weights.matrix(&names.iter().map(String::as_str).collect::<Vec<_>>())
        };
        Ok(Self {
            attention_in: joined(&["attn_q", "attn_k", "attn_v"])?,
            attention_out: joined(&["attn_output"])?,
            feed_in: joined(&["ffn_gate", "ffn_up"])?,
            feed_out: joined(&["ffn_down"])?,
            attention_norm: weights.vector(&name("attn_norm"))?,
            feed_norm: weights.vector(&name("ffn_norm"))?,
            memory: Memory::default(),
        })
    }

    fn attend(&mut self, shape: &Shape, x: &Tensor, rotations: &Rotations, start: usize) -> Result<Tensor> {
        let mut asked = self.attention_in.forward(x)?.flatten_all()?.to_vec1()?;
        let found = self.memory.attend(shape, rotations, &mut asked, start);
        self.attention_out.forward(&Tensor::from_vec(found, (x.dim(0)?, shape.heads * shape.head), &Device::Cpu)?)
    }

    fn feed(&self, x: &Tensor) -> Result<Tensor> {
        let all = self.feed_in.forward(x)?;
        let half = all.dim(D::Minus1)? / 2;
        let gate = all.narrow(1, 0, half)?.contiguous()?.silu()?;
        let values = all.narrow(1, half, half)?.contiguous()?;
        self.feed_out.forward(&(gate * values)?)
    }
}

#[cfg(test)]
mod tests;
