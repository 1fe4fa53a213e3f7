use super::*;
use crate::{Kind, Limits, estimate_tokens, read};
use std::time::{Duration, Instant};

fn reading(name: &str, text: &str) -> Reading {
    read(name, None, text.as_bytes(), &Limits::default()).unwrap()
}

fn pieces<'t>(reading: &'t Reading, pieces: &[Piece]) -> Vec<&'t str> {
    pieces.iter().map(|piece| &reading.text[piece.start..piece.end]).collect()
}

/// What holds for the pieces of any text.
fn assert_sound(reading: &Reading, sizes: &Sizes) -> Vec<Piece> {
    let found = split(reading, sizes, &estimate_tokens);
    let mut covered = 0;
    for piece in &found {
        let text = &reading.text[piece.start..piece.end];
        assert!(!text.trim().is_empty());
        assert!(piece.tokens <= sizes.max, "{} tokens: {text:?}", piece.tokens);
        assert_eq!(piece.tokens, estimate_tokens(text));
        assert_eq!(piece.first_line as usize, reading.text[..piece.start].matches('\n').count() + 1);
        assert_eq!(piece.last_line as usize, reading.text[..piece.end].matches('\n').count() + 1);
        if piece.start > covered {
            assert!(
                reading.text[covered..piece.start].trim().is_empty(),
                "left out: {:?}",
                &reading.text[covered..piece.start]
            );
        }
        covered = covered.max(piece.end);
    }
    assert!(reading.text[covered..].trim().is_empty());
    found
}

#[test]
fn a_heading_stays_with_what_it_heads() {
    let sentence = "A sentence of some ten words stands here again and again. ";
    let text = format!(
        "# Book\n\n## One\n\n{}\n\n## Two\n\nShort.\n\n### Deep\n\n{}\n",
        sentence.repeat(40),
        sentence.repeat(3)
    );
    let reading = reading("book.md", &text);
    let found = assert_sound(&reading, &Sizes::default());
    let texts = pieces(&reading, &found);
    assert!(
        texts[0].starts_with("# Book\n\n## One")
            || (texts[0] == "# Book" && texts[1].starts_with("## One\n\nA sentence")),
        "{texts:?}"
    );
    let last = found.last().unwrap();
    assert!(texts.last().unwrap().contains("### Deep\n\nA sentence"));
    assert_eq!(last.headings, ["Book", "Two", "Deep"]);
    assert!(found.iter().any(|piece| piece.headings == ["Book", "One"]));
}

#[test]
fn pages_are_not_crossed() {
    let mut reading = reading("a.txt", "First page.\n\nSecond page.\n");
    reading.kind = Kind::Pdf;
    reading.marks = vec![Mark { at: 0, place: Place::Page(1) }, Mark { at: 13, place: Place::Page(2) }];
    let found = assert_sound(&reading, &Sizes::default());
    assert_eq!(pieces(&reading, &found), ["First page.", "Second page."]);
    assert_eq!(found.iter().map(|piece| piece.page).collect::<Vec<_>>(), [Some(1), Some(2)]);
}

#[test]
fn code_is_cut_between_definitions() {
    let function = |name: usize| {
        format!("/// Says {name}.\nfn number_{name}() -> usize {{\n    let x = {name};\n\n    x + 1\n}}\n\n")
    };
    let text: String = (0..60).map(function).collect();
    let reading = reading("numbers.rs", &text);
    let found = assert_sound(&reading, &Sizes::default());
    assert!(found.len() > 5);
    for text in pieces(&reading, &found) {
        assert!(text.starts_with("/// Says") && text.ends_with('}'), "{text}");
    }
}

#[test]
fn sentences_of_japanese_and_korean_stay_whole() {
    for (sentence, end) in [
        ("この文書は検索のために分割されるべき長い日本語の文章です。", '。'),
        ("이 문서는 검색을 위해 나누어야 하는 긴 한국어 문장입니다. ", '.'),
    ] {
        let reading = reading("long.txt", &sentence.repeat(200));
        let found = assert_sound(&reading, &Sizes::default());
        assert!(found.len() > 10);
        assert!(
            pieces(&reading, &found).iter().all(|text| text.trim_end().ends_with(end)),
            "{:?}",
            pieces(&reading, &found)[0]
        );
    }
}

#[test]
fn overlap_repeats_the_end_of_the_piece_before() {
    let text: String = (0..400).map(|number| format!("Sentence number {number} stands here. ")).collect();
    let reading = reading("a.txt", &text);
    let found = assert_sound(&reading, &Sizes { overlap: 40, ..Sizes::default() });
    assert!(found.windows(2).filter(|pair| pair[1].start < pair[0].end).count() * 10 > found.len() * 8);
}

#[test]
fn nothing_is_larger_than_it_may_be_however_the_sizes_are_set() {
    let text = format!("# {}\n\n{}", "Long heading ".repeat(30), "word ".repeat(500));
    let reading = reading("a.md", &text);
    for (target, max, overlap) in [(1, 1, 0), (5, 3, 9), (0, 0, 0), (10, 500, 100)] {
        split(&reading, &Sizes { target, max, overlap }, &estimate_tokens);
    }
    assert_sound(&reading, &Sizes { target: 10, max: 12, overlap: 0 });
}

#[test]
fn any_line_length_takes_linear_time() {
    let words = "lorem ipsum dolor ";
    for unit in [words, "x", "猫", "{\"a\":1},"] {
        let time = |bytes: usize| {
            let reading = reading("one.txt", &unit.repeat(bytes / unit.len()));
            let start = Instant::now();
            assert!(!split(&reading, &Sizes::default(), &estimate_tokens).is_empty());
            start.elapsed()
        };
        let (small, large) = (time(16 * 1024).max(Duration::from_millis(5)), time(256 * 1024));
        assert!(large < small * 80, "{unit:?}: {small:?}, then {large:?} for 16 times as much");
    }
}
