use std::fs::File;
use std::io::{BufReader, Seek};

use candle_core::quantized::gguf_file::{self, Content, Value};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_transformers::models::quantized_llama::ModelWeights;

use super::*;

const WORDS: u32 = 64;

/// A small network of random weights.
fn random_file() -> BufReader<File> {
    let (width, kv, feed) = (64, 32, 96);
    let mut shapes = vec![
        ("token_embd.weight".to_owned(), vec![WORDS as usize, width]),
        ("output_norm.weight".to_owned(), vec![width]),
    ];
    for layer in 0..2 {
        for (part, shape) in [
            ("attn_q", vec![width, width]),
            ("attn_k", vec![kv, width]),
            ("attn_v", vec![kv, width]),
            ("attn_output", vec![width, width]),
            ("ffn_gate", vec![feed, width]),
            ("ffn_up", vec![feed, width]),
            ("ffn_down", vec![width, feed]),
            ("attn_norm", vec![width]),
            ("ffn_norm", vec![width]),
        ] {
            shapes.push((format!("blk.{layer}.{part}.weight"), shape));
        }
    }
    let tensors: Vec<_> = shapes
        .into_iter()
        .map(|(name, shape)| {
            let plain = Tensor::randn(0f32, 0.5, shape, &Device::Cpu).unwrap();
            let format = if plain.rank() == 1 { GgmlDType::F32 } else { GgmlDType::Q8_0 };
            (name, QTensor::quantize(&plain, format).unwrap())
        })
        .collect();
    let metadata = [
        ("general.architecture", Value::String("llama".into())),
        ("llama.block_count", Value::U32(2)),
        ("llama.embedding_length", Value::U32(width as u32)),
        ("llama.attention.head_count", Value::U32(4)),
        ("llama.attention.head_count_kv", Value::U32(2)),
        ("llama.rope.dimension_count", Value::U32(16)),
        ("llama.rope.freq_base", Value::F32(100.0)),
        ("llama.attention.layer_norm_rms_epsilon", Value::F32(1e-5)),
    ];
    let mut file = tempfile::tempfile().unwrap();
    let metadata: Vec<_> = metadata.iter().map(|(key, value)| (*key, value)).collect();
    let tensors: Vec<_> = tensors.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
    gguf_file::write(&mut file, &metadata, &tensors).unwrap();
    BufReader::new(file)
}

fn content(file: &mut BufReader<File>) -> Content {
    file.rewind().unwrap();
    Content::read(file).unwrap()
}

fn ours(file: &mut BufReader<File>) -> Network {
    Network::new(&mut Weights::new(content(file), file), 256).unwrap()
}

fn candles(file: &mut BufReader<File>) -> ModelWeights {
    ModelWeights::from_gguf(content(file), file, &Device::Cpu).unwrap()
}

fn apart(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

fn spread(scores: &[f32]) -> f32 {
    scores.iter().copied().fold(f32::MIN, f32::max) - scores.iter().copied().fold(f32::MAX, f32::min)
}

/// Both networks over the same tokens, in pieces and one by one.
fn compare(ours: &mut Network, candle: &mut ModelWeights, tokens: &[u32]) -> Vec<(f32, Vec<f32>)> {
    assert_eq!(ours.rewind(tokens, tokens.len() + 10), 0);
    [(0, 40), (40, 88), (88, 89), (89, 90)]
        .into_iter()
        .map(|(from, to)| {
            let input = Tensor::new(&tokens[from..to], &Device::Cpu).unwrap().unsqueeze(0).unwrap();
            let theirs: Vec<f32> = candle.forward(&input, from).unwrap().squeeze(0).unwrap().to_vec1().unwrap();
            let read = ours.read(&tokens[from..to]).unwrap();
            let scores = ours.score(&read).unwrap();
            (apart(&scores, &theirs), scores)
        })
        .collect()
}

/// What is read is rounded too, and with random weights what is rounded differently early on is some twentieths of the
/// spread apart at the end. A mistake sets them a whole spread apart.
#[test]
fn it_agrees_with_candles_own() {
    let mut file = random_file();
    let (mut ours, mut candle) = (ours(&mut file), candles(&mut file));
    let tokens: Vec<u32> = (0..90).map(|n| n * 7 % WORDS).collect();
    for (apart, scores) in compare(&mut ours, &mut candle, &tokens) {
        assert!(apart < spread(&scores) / 8.0, "{apart} apart of {}", spread(&scores));
    }
}

#[test]
fn going_back_leaves_no_trace() {
    let mut file = random_file();
    let mut network = ours(&mut file);
    let tokens: Vec<u32> = (0..90).map(|n| n * 7 % WORDS).collect();
    network.rewind(&tokens, 100);
    let read = network.read(&tokens).unwrap();
    let before = network.score(&read).unwrap();

    // Another question after the same beginning, with more room, and back to the first with less.
    let other: Vec<u32> = tokens[..70].iter().copied().chain((0..60).map(|n| n % WORDS)).collect();
    assert_eq!(network.rewind(&other, 500), 70);
    network.read(&other[70..]).unwrap();
    assert_eq!(network.rewind(&tokens, 100), 70);
    let read = network.read(&tokens[70..]).unwrap();
    let after = network.score(&read).unwrap();
    assert!(apart(&before, &after) < 1e-3, "{} apart", apart(&before, &after));
    // Of a text that is known to its end, the last token is read again.
    assert_eq!(network.rewind(&tokens, 100), 89);
}

#[test]
fn on_the_real_model_it_wants_what_candles_own_wants() {
    let Some(path) = crate::test_model() else {
        return;
    };
    let mut file = BufReader::new(File::open(path).unwrap());
    let vocabulary = crate::vocabulary::Vocabulary::read(&content(&mut file)).unwrap();
    let text = "The sun rises in the east and sets in the west. ".repeat(9);
    let mut tokens = crate::template::Encode::encode(&vocabulary, &text).unwrap();
    tokens.truncate(90);
    let mut candle = candles(&mut file);
    let mut ours = ours(&mut file);
    for (apart, scores) in compare(&mut ours, &mut candle, &tokens) {
        assert!(apart < spread(&scores) / 20.0, "{apart} apart of {}", spread(&scores));
    }
}
