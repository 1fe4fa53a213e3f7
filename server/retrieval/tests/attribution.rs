//! How well sentences are attributed, over questions on the Rust book.
//!
//! `attribution.tsv` holds, for each question, a passage of the book, a sentence that says in other words what it says,
//! and one on the same subject that it does not say; both written by hand. Each is judged against five passages: the one,
//! and those of the four questions after it. The cosines are all-MiniLM-L6-v2's, of the sentence with these five.

#![allow(clippy::unwrap_used)]

use atrium_retrieval::attribution::{Standing, attribute};
use atrium_retrieval::words::Analyzer;

struct Row {
    passage: String,
    /// What is said, its cosines, and whether the passage says so.
    sentences: [(String, Vec<f32>, bool); 2],
}

fn rows() -> Vec<Row> {
    let row = |line: &str| {
        let [_, _, passage, supported, unsupported, yes, no]: [&str; 7] =
            line.split('\t').collect::<Vec<_>>().try_into().unwrap();
        let cosines = |list: &str| list.split(' ').map(|it| it.parse().unwrap()).collect();
        let sentences = [(supported.into(), cosines(yes), true), (unsupported.into(), cosines(no), false)];
        Row { passage: passage.into(), sentences }
    };
    include_str!("attribution.tsv").lines().skip(1).map(row).collect()
}

/// Precision of what was called supported, recall of what is, and the share of the rest that was told as such.
fn judge(with_similarity: bool) -> [f32; 3] {
    let analyzer = Analyzer::new("en");
    let rows = rows();
    let (mut right, mut wrong, mut refused) = (0, 0, 0);
    for at in 0..rows.len() {
        let mut passages: Vec<&str> = (1..=4).map(|it| rows[(at + it) % rows.len()].passage.as_str()).collect();
        passages.insert(at % 5, &rows[at].passage);
        for (sentence, cosines, is_supported) in &rows[at].sentences {
            let similarity = |_: &str, passage: usize| cosines[passage];
            let attribution =
                attribute(&analyzer, sentence, &passages, if with_similarity { Some(&similarity) } else { None });
            let claim = &attribution.claims[0];
            let is_right = match claim.standing {
                Standing::Supported { passage, .. } if *is_supported && passage == at % 5 => {
                    right += 1;
                    true
                }
                Standing::Supported { .. } => {
                    wrong += 1;
                    false
                }
                _ => {
                    refused += i32::from(!is_supported);
                    !is_supported
                }
            };
            if !is_right {
                println!("{:?} {:.2} {sentence}", claim.standing, claim.score);
            }
        }
    }
    let all = rows.len() as f32;
    [right as f32 / (right + wrong) as f32, right as f32 / all, refused as f32 / all]
}

#[test]
fn sentences_on_the_rust_book_are_attributed() {
    let words = judge(false);
    println!("words alone: precision {:.3}, recall {:.3}, unsupported told {:.3}\n", words[0], words[1], words[2]);
    let both = judge(true);
    println!("with cosines: precision {:.3}, recall {:.3}, unsupported told {:.3}", both[0], both[1], both[2]);
    // What was reached when this was written (0.891 and 0.891; 0.860 and 0.935), a sentence of 46 less.
    assert!(words[0] >= 0.87 && words[1] >= 0.87, "{words:?}");
    assert!(both[0] >= 0.84 && both[1] >= 0.91, "{both:?}");
}
