//! The network: BERT's architecture, for several texts at a time.
//!
//! The tokens of all texts lie below each other in one matrix without anything between them: layers that multiply do
//! not care where a text ends, and attention is told. One thread does all of it for a few hundred tokens, because
//! threads that share a layer wait for each other at its end; several threads take other texts.

use std::ops::Range;

use pulp::Arch;

use super::arithmetic::{Gelu, Norm};
use super::attention::{self, attend};
use super::linear::{Linear, Panel, ROWS, round};
use super::source::{Shape, Source, Unsound};

/// The network's weights.
pub(super) struct Network {
    shape: Shape,
    words: Words,
    /// What is added to a token for its position.
    positions: Vec<f32>,
    norm: Norm,
    layers: Vec<Layer>,
}

/// What every token begins as: 8 bits a number and a scale each.
struct Words {
    scales: Vec<f32>,
    numbers: Vec<i8>,
}

struct Layer {
    /// Queries, keys and values in one.
    attention_in: Linear,
    attention_out: Linear,
    attention_norm: Norm,
    feed_in: Linear,
    feed_out: Linear,
    feed_norm: Norm,
}

/// Room to compute in, for one thread.
#[derive(Default)]
pub(super) struct Desk {
    tokens: Vec<f32>,
    narrow: Vec<f32>,
    wide: Vec<f32>,
    panel: Panel,
    heads: attention::Room,
}

impl Network {
    /// Reads the weights of a network of this shape for texts of at most `longest` tokens.
    pub(super) fn read(source: &mut Source, shape: Shape, longest: usize) -> Result<Self, Unsound> {
        let Shape { width, vocabulary, .. } = shape;
        let mut words =
            Words { scales: Vec::with_capacity(vocabulary), numbers: Vec::with_capacity(vocabulary * width) };
        source.rows("embeddings.word_embeddings.weight", &[vocabulary, width], |row| {
            let (scale, numbers) = round(row);
            words.scales.push(scale);
            words.numbers.extend(numbers);
        })?;
        // There are two kinds of tokens, for pairs of texts; of one text all are of the first.
        let mut kind = None;
        source.rows("embeddings.token_type_embeddings.weight", &[2, width], |row| {
            kind.get_or_insert_with(|| row.to_vec());
        })?;
        let kind = kind.unwrap_or_default();
        let mut positions = Vec::with_capacity(longest * width);
        source.rows("embeddings.position_embeddings.weight", &[shape.positions, width], |row| {
            if positions.len() < longest * width {
                positions.extend(row.iter().zip(&kind).map(|(position, kind)| position + kind));
            }
        })?;
        let norm = Norm::read(source, "embeddings.LayerNorm", &shape)?;
        let layers = (0..shape.layers).map(|n| Layer::read(source, n, &shape)).collect::<Result<_, _>>()?;
        Ok(Self { shape, words, positions, norm, layers })
    }

    /// How many numbers stand for a text.
    pub(super) fn width(&self) -> usize {
        self.shape.width
    }

    /// The bytes that it takes.
    pub(super) fn memory(&self) -> usize {
        let words = self.words.numbers.len() + 4 * (self.words.scales.len() + self.positions.len());
        words + self.layers.iter().map(Layer::memory).sum::<usize>()
    }

    /// One vector of length one for each text: the mean of what its tokens become. No text is empty, none longer than
    /// what the network was read for, and no token unknown to it.
    pub(super) fn encode(&self, arch: Arch, texts: &[&[u32]], desk: &mut Desk) -> Vec<Vec<f32>> {
        let width = self.shape.width;
        let count: usize = texts.iter().map(|text| text.len()).sum();
        let rows = count.next_multiple_of(ROWS);
        let Desk { tokens, narrow, wide, panel, heads } = desk;
        for (room, width) in
            [(&mut *tokens, width), (&mut *narrow, width), (&mut *wide, self.shape.inner.max(3 * width))]
        {
            room.clear();
            room.resize(rows * width, 0.0);
        }
        self.embed(texts, tokens);
        self.norm.apply(arch, &mut tokens[..count * width], None);
        let texts: Vec<Range<usize>> = texts
            .iter()
            .scan(0, |start, text| {
                let text = *start..*start + text.len();
                *start = text.end;
                Some(text)
            })
            .collect();
        for layer in &self.layers {
            layer.attend(arch, self.shape.heads, tokens, (narrow, wide), &texts, (panel, heads));
            layer.feed(arch, tokens, (narrow, wide), panel);
        }
        texts.iter().map(|text| mean(&tokens[text.start * width..text.end * width], width)).collect()
    }

    /// Writes what each token begins as.
    fn embed(&self, texts: &[&[u32]], tokens: &mut [f32]) {
        let width = self.shape.width;
        let all = texts.iter().flat_map(|text| text.iter().zip(self.positions.chunks_exact(width)));
        for ((&word, position), token) in all.zip(tokens.chunks_exact_mut(width)) {
            let word = word as usize;
            let scale = self.words.scales[word];
            let numbers = &self.words.numbers[word * width..][..width];
            for ((token, &number), position) in token.iter_mut().zip(numbers).zip(position) {
                *token = scale * f32::from(number) + position;
            }
        }
    }
}

impl Layer {
    fn read(source: &mut Source, n: usize, shape: &Shape) -> Result<Self, Unsound> {
        let &Shape { width, inner, .. } = shape;
        let name = |part: &str| format!("encoder.layer.{n}.{part}");
        let asked = ["query", "key", "value"].map(|part| name(&format!("attention.self.{part}")));
        Ok(Self {
            attention_in: Linear::read(source, &asked.each_ref().map(String::as_str), width, width)?,
            attention_out: Linear::read(source, &[&name("attention.output.dense")], width, width)?,
            attention_norm: Norm::read(source, &name("attention.output.LayerNorm"), shape)?,
            feed_in: Linear::read(source, &[&name("intermediate.dense")], width, inner)?,
            feed_out: Linear::read(source, &[&name("output.dense")], inner, width)?,
            feed_norm: Norm::read(source, &name("output.LayerNorm"), shape)?,
        })
    }

    fn memory(&self) -> usize {
        [&self.attention_in, &self.attention_out, &self.feed_in, &self.feed_out].map(Linear::memory).iter().sum()
    }

    fn attend(
        &self,
        arch: Arch,
        heads: usize,
        tokens: &mut [f32],
        (narrow, wide): (&mut [f32], &mut [f32]),
        texts: &[Range<usize>],
        (panel, room): (&mut Panel, &mut attention::Room),
    ) {
        let width = self.attention_out.outputs();
        let asked = &mut wide[..3 * tokens.len()];
        self.attention_in.forward(arch, tokens, asked, panel);
        for text in texts {
            let (asked, found) =
                (&asked[text.start * 3 * width..text.end * 3 * width], text.start * width..text.end * width);
            attend(arch, heads, width, asked, &mut narrow[found], room);
        }
        // What was asked has been read: its room serves for the answer.
        let answer = &mut wide[..tokens.len()];
        self.attention_out.forward(arch, narrow, answer, panel);
        self.attention_norm.apply(arch, tokens, Some(answer));
    }

    fn feed(&self, arch: Arch, tokens: &mut [f32], (narrow, wide): (&mut [f32], &mut [f32]), panel: &mut Panel) {
        let rows = tokens.len() / self.feed_out.outputs();
        let wide = &mut wide[..rows * self.feed_in.outputs()];
        self.feed_in.forward(arch, tokens, wide, panel);
        arch.dispatch(Gelu(wide));
        self.feed_out.forward(arch, wide, narrow, panel);
        self.feed_norm.apply(arch, tokens, Some(narrow));
    }
}

impl Norm {
    fn read(source: &mut Source, name: &str, shape: &Shape) -> Result<Self, Unsound> {
        Ok(Self {
            weight: source.vector(&format!("{name}.weight"), shape.width)?,
            bias: source.vector(&format!("{name}.bias"), shape.width)?,
            epsilon: shape.epsilon,
        })
    }
}

/// The mean of the rows, as a vector of length one.
fn mean(rows: &[f32], width: usize) -> Vec<f32> {
    let mut mean = vec![0.0; width];
    for row in rows.chunks_exact(width) {
        mean.iter_mut().zip(row).for_each(|(mean, x)| *mean += x);
    }
    let length = mean.iter().map(|x| x * x).sum::<f32>().sqrt();
    // Means do not matter, directions do. Only a broken model has none.
    if length > 0.0 {
        mean.iter_mut().for_each(|x| *x /= length);
    }
    mean
}
