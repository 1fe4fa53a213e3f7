use std::path::PathBuf;

use super::*;

/// The real model's folder, or `None`, loudly, where it is missing.
fn folder() -> Option<PathBuf> {
    use std::io::Write;
    let here = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/models/all-MiniLM-L6-v2");
    let folder = std::env::var_os("ATRIUM_TEST_ENCODER").map_or_else(|| here.into(), PathBuf::from);
    if !folder.is_dir() {
        // Past the test harness, which shows the output of failed tests only.
        let _ = writeln!(std::io::stderr().lock(), "\n!!! SKIPPED: no sentence encoder; set ATRIUM_TEST_ENCODER !!!\n");
        return None;
    }
    Some(folder)
}

fn encoder() -> Option<Encoder> {
    Some(Encoder::load(folder()?).unwrap())
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Sentences, how many tokens they have, and their cosines with those before them, by sentence-transformers 6.2 from
/// the same files: `SentenceTransformer(…).encode(sentences)`, at most 256 tokens, mean pooling.
const SENTENCES: [(&str, usize, &[f32]); 7] = [
    ("How do I reset my password?", 9, &[]),
    ("I forgot my login and cannot get into my account.", 14, &[0.68]),
    ("The harbour lay quiet before the storm.", 10, &[-0.005, -0.035]),
    ("Boundary layer transition on a flat plate at supersonic speed.", 14, &[-0.051, -0.032, 0.096]),
    ("fn main() { println!(\"Hello, world!\"); }", 21, &[0.02, 0.005, 0.087, 0.012]),
    (
        "東京は日本の首都です。 ☕ naïve café — 100 % 'quoted'\u{7}\u{200b} text",
        23,
        &[-0.022, -0.029, 0.134, -0.015, 0.247],
    ),
    ("", 2, &[0.069, 0.165, 0.008, 0.019, 0.097, 0.081]),
];

#[test]
fn vectors_are_those_of_the_reference() {
    let Some(encoder) = encoder() else { return };
    let long = "word ".repeat(1000);
    let mut texts = SENTENCES.map(|(text, ..)| text).to_vec();
    texts.push(&long);
    let vectors = encoder.encode(&texts).unwrap();
    for (at, (text, tokens, cosines)) in SENTENCES.into_iter().enumerate() {
        assert_eq!(encoder.count(text), tokens, "{text}");
        assert_eq!(vectors[at].len(), encoder.dimensions());
        assert!((cosine(&vectors[at], &vectors[at]) - 1.0).abs() < 1e-5);
        for (other, right) in vectors.iter().zip(cosines) {
            let cosine = cosine(other, &vectors[at]);
            assert!((cosine - right).abs() < 0.015, "{text}: {cosine}, not {right}");
        }
    }
    // What follows the 256th token does not count; what is before it does.
    assert_eq!(encoder.count(&long), 1002);
    for (at, right) in [0.096, 0.1, 0.047, 0.046, 0.046, 0.041].into_iter().enumerate() {
        assert!((cosine(&vectors[at], &vectors[7]) - right).abs() < 0.015);
    }
    let start = [0.0069, -0.063, -0.072, -0.0325, -0.0427, 0.0704];
    assert!(
        vectors[0].iter().zip(start).all(|(number, right)| (number - right).abs() < 0.004),
        "{:?}",
        &vectors[0][..6]
    );
}

#[test]
fn a_text_has_the_same_vector_in_any_company() {
    let Some(encoder) = encoder() else { return };
    let texts: Vec<String> = (0..40).map(|n| format!("{} {n}", "All alone on the quay. ".repeat(n % 13))).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let together = encoder.encode(&texts).unwrap();
    for (text, vector) in texts.iter().zip(&together) {
        let alone = encoder.encode(&[text]).unwrap();
        assert!(cosine(&alone[0], vector) > 0.999_99, "{text}");
    }
    assert_eq!(encoder.encode(&[]).unwrap(), Vec::<Vec<f32>>::new());
    assert_eq!(encoder.encode_watched(&texts, 2, &|| false).unwrap(), None);
}

#[test]
fn no_text_takes_long() {
    let Some(encoder) = encoder() else { return };
    let start = std::time::Instant::now();
    let texts = [
        "x".repeat(1 << 20),
        "a.".repeat(1 << 19),
        "語".repeat(1 << 18),
        " ".repeat(1 << 20),
        "\u{0}\u{1b}[2J\u{202e}\u{feff}".repeat(1 << 16),
        "👩‍👩‍👧".repeat(1 << 16),
        "e\u{301}".repeat(1 << 18),
    ];
    for text in &texts {
        let vector = encoder.encode(&[text]).unwrap();
        assert!((cosine(&vector[0], &vector[0]) - 1.0).abs() < 1e-4);
    }
    // Half a second in a release build without other load; a minute would mean that all of it is read.
    assert!(start.elapsed().as_secs() < 30, "{:?}", start.elapsed());
}

#[test]
fn a_folder_that_is_no_model_is_refused_by_the_name_of_the_file() {
    let Some(model) = folder() else { return };
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, content: &[u8]| std::fs::write(folder.path().join(name), content).unwrap();
    let refusal = || Encoder::load(folder.path()).unwrap_err();
    assert_eq!(refusal(), InferenceError::Missing(folder.path().join("config.json")));
    put("config.json", b"{}");
    assert!(matches!(refusal(), InferenceError::Unreadable(error) if error.contains("config.json")));
    let config = std::fs::read_to_string(model.join("config.json")).unwrap();
    put("config.json", config.replace("\"gelu\"", "\"relu\"").as_bytes());
    assert!(matches!(refusal(), InferenceError::Unsupported(error) if error.contains("relu")));
    put("config.json", config.replace("384", "100").as_bytes());
    assert!(matches!(refusal(), InferenceError::Unsupported(error) if error.contains("100")));
    put("config.json", config.as_bytes());
    assert_eq!(refusal(), InferenceError::Missing(folder.path().join("tokenizer.json")));
    put("tokenizer.json", b"[");
    assert!(matches!(refusal(), InferenceError::Unreadable(error) if error.contains("tokenizer.json")));
    std::fs::copy(model.join("tokenizer.json"), folder.path().join("tokenizer.json")).unwrap();
    assert_eq!(refusal(), InferenceError::Missing(folder.path().join("model.safetensors")));
    let header = br#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#;
    let length = (header.len() as u64).to_le_bytes();
    for (content, says) in [
        ([&[0xff; 8][..], b"{}"].concat(), "table of contents"),
        (b"abc".to_vec(), "model.safetensors"),
        ([&length[..], header].concat(), "too early"),
        ([&length[..], header, &[0; 8]].concat(), "is missing"),
    ] {
        put("model.safetensors", &content);
        let error = refusal();
        assert!(matches!(&error, InferenceError::Unreadable(error) if error.contains(says)), "{error}");
    }
}

#[test]
fn packs_are_full_and_leave_nobody_out() {
    let texts: Vec<Vec<u32>> = [256, 3, 200, 56, 57, 2, 128, 128].map(|length| vec![0; length]).into();
    let packs = packs(&texts);
    let mut all = packs.concat();
    all.sort_unstable();
    assert_eq!(all, (0..texts.len()).collect::<Vec<_>>());
    for pack in &packs {
        assert!(pack.iter().map(|&text| texts[text].len()).sum::<usize>() <= PACK, "{packs:?}");
    }
    assert_eq!(packs, [vec![0], vec![2], vec![6, 7], vec![4, 3, 1, 5]]);
}
