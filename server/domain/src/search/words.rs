//! What counts as a word, alike on both databases: a message is cut into words here, and a question into terms.
//!
//! Scripts that set spaces are cut at everything that is no letter and no digit. Chinese, Japanese, Korean, Thai and
//! their like are cut into overlapping pairs of characters, because a dictionary would be needed for more, and because
//! an index of trigrams (the ready-made answer) finds no word of two characters, of which Japanese and Korean are full.
//! The last character of a run stands alone too, so that every character begins some entry: a question of one
//! character is then a question for what begins with it.
//!
//! Letters are compared without case, width (`Ａ`, `ｶﾞ`) and, where they are Latin, accents.

use uuid::Uuid;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::canonical_combining_class;

/// How much of a message is indexed, in bytes. PostgreSQL takes no more than 1 MB of words and positions.
const INDEXED_MAX: usize = 128 * 1024;
/// Nobody types a longer word; one that is longer is indexed by its beginning.
const WORD_MAX: usize = 64;
/// Terms of a question; what comes after them is left out.
const TERMS_MAX: usize = 12;
/// PostgreSQL counts positions up to 16,383. Longer texts begin again, which can at worst join their ends.
const POSITIONS: usize = 16_000;

/// A text as it is compared, and where each character of it comes from.
#[derive(Debug, Default)]
pub(super) struct Folded {
    pub chars: Vec<char>,
    /// For each character the bytes of the text that it stands for.
    pub from: Vec<(usize, usize)>,
}

/// Compares as equal what readers take for equal. The text must be in NFC.
pub(super) fn fold(text: &str) -> Folded {
    let mut folded = Folded::default();
    let mut rest = text.char_indices().peekable();
    while let Some((start, first)) = rest.next() {
        let mut end = start + first.len_utf8();
        // A letter and what is set upon it are one.
        while let Some((at, mark)) = rest.next_if(|(_, it)| is_mark(*it)) {
            end = at + mark.len_utf8();
        }
        let source = &text[start..end];
        if source.len() == 1 {
            folded.chars.push(first.to_ascii_lowercase());
            folded.from.push((start, end));
            continue;
        }
        for it in source.nfkc().flat_map(char::to_lowercase).collect::<String>().nfkc() {
            let base = it.nfd().next().filter(char::is_ascii_alphabetic).unwrap_or(it);
            // What is left of an accent that no letter takes in.
            if folded.from.last() == Some(&(start, end)) && canonical_combining_class(it) != 0 && is_latin(&folded) {
                continue;
            }
            folded.chars.push(base);
            folded.from.push((start, end));
        }
    }
    folded
}

/// Combining marks, and the two that half-width katakana are followed by.
fn is_mark(it: char) -> bool {
    matches!(it, '\u{ff9e}' | '\u{ff9f}') || (!it.is_ascii() && canonical_combining_class(it) != 0)
}

fn is_latin(folded: &Folded) -> bool {
    folded.chars.last().is_some_and(char::is_ascii_alphabetic)
}

/// Letters of scripts that set no spaces, or, in Korean, let words grow together with what belongs to them.
pub(crate) fn is_unspaced(it: char) -> bool {
    matches!(it,
        '\u{0e00}'..='\u{0eff}'     // Thai, Lao
        | '\u{1000}'..='\u{109f}'   // Burmese
        | '\u{1100}'..='\u{11ff}'   // Hangul, by letters
        | '\u{1780}'..='\u{17ff}'   // Khmer
        | '\u{3005}'..='\u{3007}'   // 々〆〇
        | '\u{3041}'..='\u{30ff}'   // Hiragana, Katakana
        | '\u{3105}'..='\u{31ff}'   // Bopomofo, Hangul, Katakana
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}'
        | '\u{a960}'..='\u{a97f}' | '\u{ac00}'..='\u{d7ff}')
        && (it.is_alphanumeric() || canonical_combining_class(it) != 0)
}

/// A letter or digit of a script that sets spaces.
pub(super) fn is_spaced(it: char) -> bool {
    !is_unspaced(it) && (it.is_alphanumeric() || (!it.is_ascii() && canonical_combining_class(it) != 0))
}

/// Letters that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Run {
    Spaced(String),
    Unspaced(Vec<char>),
}

fn runs(chars: &[char]) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut ends = true;
    for &it in chars {
        match (runs.last_mut(), is_unspaced(it), is_spaced(it)) {
            (Some(Run::Unspaced(run)), true, _) if !ends => run.push(it),
            (Some(Run::Spaced(run)), _, true) if !ends => run.push(it),
            (_, true, _) => runs.push(Run::Unspaced(vec![it])),
            (_, _, true) => runs.push(Run::Spaced(it.to_string())),
            _ => {
                ends = true;
                continue;
            }
        }
        ends = false;
    }
    runs
}

/// The longest beginning that is at most `max` bytes.
fn beginning(text: &str, max: usize) -> &str {
    &text[..text.floor_char_boundary(max)]
}

fn first_chars(word: &str) -> String {
    word.chars().take(WORD_MAX).collect()
}

/// The words of a message, with what says whose they are in front: no word has an underscore.
#[derive(Debug)]
pub(super) struct Words(Vec<String>);

impl Words {
    pub fn of(owner: Uuid, text: &str) -> Self {
        let text: String = beginning(text, INDEXED_MAX).nfc().collect();
        let mut words = vec![owner_word(owner)];
        for run in runs(&fold(&text).chars) {
            match run {
                Run::Spaced(word) => words.push(first_chars(&word)),
                Run::Unspaced(run) => {
                    words.extend(run.windows(2).map(|it| it.iter().collect()));
                    words.extend(run.last().map(char::to_string));
                }
            }
        }
        Self(words)
    }

    /// As FTS5 takes them.
    pub fn for_fts5(&self) -> String {
        self.0.join(" ")
    }

    /// As a tsvector is written. Words are letters and digits: none needs escaping.
    pub fn for_tsvector(&self) -> String {
        let positioned = self.0.iter().enumerate().map(|(at, word)| format!("'{word}':{}", 1 + at % POSITIONS));
        positioned.collect::<Vec<_>>().join(" ")
    }
}

fn owner_word(owner: Uuid) -> String {
    format!("_{}", owner.simple())
}

/// One thing that a text must contain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Term {
    /// A word that begins so.
    Beginning(String),
    /// A single letter or digit as a word of its own: what begins with it is everything.
    Whole(String),
    /// These characters, one after another, anywhere.
    Anywhere(Vec<char>),
}

/// A question, as terms that all must be met. Whatever was typed, quotes, stars and AND among it, is text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Question {
    pub(super) terms: Vec<Term>,
    /// As it was typed: documents have words of their own, by language.
    pub(super) typed: String,
}

impl Question {
    /// What somebody typed.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let typed: String = beginning(text, 4 * 1024).nfc().collect();
        let mut terms = Vec::new();
        for run in runs(&fold(&typed).chars) {
            let term = match run {
                Run::Spaced(word) if word.chars().count() > 1 => Term::Beginning(first_chars(&word)),
                Run::Spaced(word) => Term::Whole(word),
                Run::Unspaced(run) => Term::Anywhere(run.into_iter().take(WORD_MAX).collect()),
            };
            if !terms.contains(&term) && terms.len() < TERMS_MAX {
                terms.push(term);
            }
        }
        Self { terms, typed }
    }

    /// Whether there is nothing in it to look for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// In FTS5's language, for the messages of one person.
    pub(super) fn for_fts5(&self, owner: Uuid) -> String {
        let terms = self.terms.iter().map(|term| match term {
            Term::Beginning(word) => format!("\"{word}\" *"),
            Term::Whole(word) => format!("\"{word}\""),
            Term::Anywhere(run) if run.len() == 1 => format!("\"{}\" *", run[0]),
            Term::Anywhere(run) => format!("\"{}\"", pairs(run).join(" ")),
        });
        [format!("\"{}\"", owner_word(owner))].into_iter().chain(terms).collect::<Vec<_>>().join(" AND ")
    }

    /// In PostgreSQL's.
    pub(super) fn for_tsquery(&self, owner: Uuid) -> String {
        let terms = self.terms.iter().map(|term| match term {
            Term::Beginning(word) => format!("'{word}':*"),
            Term::Whole(word) => format!("'{word}'"),
            Term::Anywhere(run) if run.len() == 1 => format!("'{}':*", run[0]),
            Term::Anywhere(run) => {
                let quoted: Vec<_> = pairs(run).into_iter().map(|it| format!("'{it}'")).collect();
                format!("({})", quoted.join(" <-> "))
            }
        });
        [format!("'{}'", owner_word(owner))].into_iter().chain(terms).collect::<Vec<_>>().join(" & ")
    }
}

fn pairs(run: &[char]) -> Vec<String> {
    run.windows(2).map(|it| it.iter().collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        Words::of(Uuid::nil(), text).0.split_off(1)
    }

    #[test]
    fn words_are_folded_and_runs_without_spaces_cut_into_pairs() {
        assert_eq!(words("The Café, re-opened in 2024!"), ["the", "cafe", "re", "opened", "in", "2024"]);
        assert_eq!(words("東京都へ行く"), ["東京", "京都", "都へ", "へ行", "行く", "く"]);
        assert_eq!(words("서울에서 만나요"), ["서울", "울에", "에서", "서", "만나", "나요", "요"]);
        assert_eq!(words("Rust言語v2"), ["rust", "言語", "語", "v2"]);
        assert_eq!(words("ＡＢＣ ｶﾞｽ"), ["abc", "ガス", "ス"], "width does not matter");
        assert_eq!(words("cafe\u{301} が か\u{3099}"), ["cafe", "が", "が"], "nor how accents are written");
        assert_eq!(words("हिन्दी"), ["हिन्दी"], "marks belong to their word");
        assert_eq!(words(&"x".repeat(1000))[0].len(), WORD_MAX);
        assert_eq!(words("\"*'()<>&|!:\\ _ \u{1f980}"), Vec::<String>::new());
    }

    #[test]
    fn a_question_is_text_whatever_it_looks_like() {
        let owner = Uuid::nil();
        let mine = owner_word(owner);
        for (typed, fts5, tsquery) in [
            ("tide", r#""tide" *"#, "'tide':*"),
            ("a OR b*", r#""a" AND "or" * AND "b""#, "'a' & 'or':* & 'b'"),
            ("\"NEAR(x y\"", r#""near" * AND "x" AND "y""#, "'near':* & 'x' & 'y'"),
            ("words:it's", r#""words" * AND "it" * AND "s""#, "'words':* & 'it':* & 's'"),
            ("東京都", r#""東京 京都""#, "('東京' <-> '京都')"),
            ("都", r#""都" *"#, "'都':*"),
        ] {
            let question = Question::new(typed);
            assert_eq!(question.for_fts5(owner), format!("\"{mine}\" AND {fts5}"));
            assert_eq!(question.for_tsquery(owner), format!("'{mine}' & {tsquery}"));
        }
        assert!(Question::new("\"' * _ -- ;").is_empty());
        assert_eq!(Question::new(&"a b c d e f g ".repeat(100)).terms.len(), 7);
    }
}
