//! What counts as a word: the same when something is stored and when it is asked for.
//!
//! Scripts that set spaces are cut at everything that is no letter and no digit, folded (compatibility forms, case),
//! stripped of stop words and reduced to stems by Snowball's rules for the language. Scripts that set none, and Korean,
//! whose words grow together with what belongs to them, are cut into overlapping pairs of characters; Chinese
//! characters and Korean syllables stand alone as well, because many are a word. A name out of a program is kept whole
//! and in its parts: `getHttpUrl` is also `get`, `http` and `url`.

use std::collections::HashSet;
use std::ops::Range;

use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::canonical_combining_class;

/// Nobody asks for a longer word, in characters; one that is longer is known by its beginning.
const WORD_MAX: usize = 64;

/// One word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// As it is compared: folded and stemmed. No spaces, quotes or underscores in it.
    pub text: String,
    /// The bytes of the text that it stands for.
    pub range: Range<usize>,
}

/// Cuts texts of one language.
pub struct Analyzer {
    stemmer: Option<Stemmer>,
    stop_words: HashSet<String>,
}

impl Analyzer {
    /// For a language by its code of ISO 639-1 (`en`, `de`), with a region or not. Where the language has no rules, words
    /// stay as they are.
    #[must_use]
    pub fn new(language: &str) -> Self {
        let language = language.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
        let Some(algorithm) = rules(&language) else {
            return Self { stemmer: None, stop_words: HashSet::new() };
        };
        let words = stop_words::lookup(&language).unwrap_or_default();
        // The lists have apostrophes, where we cut.
        let pieces = words.iter().flat_map(|word| word.split(|it: char| !it.is_alphanumeric()));
        let stop_words = pieces.filter(|it| !it.is_empty()).map(fold).collect();
        Self { stemmer: Some(Stemmer::create(algorithm)), stop_words }
    }

    /// The words of a text in order, stop words left out. Parts of a name follow it.
    #[must_use]
    pub fn words(&self, text: &str) -> Vec<Word> {
        let mut words = Vec::new();
        for run in runs(text) {
            match run {
                Run::Spaced(range) => self.spaced(text, range, &mut words),
                Run::Unspaced(characters) => unspaced(&characters, &mut words),
            }
        }
        words
    }

    /// The words alone, joined by spaces: what a database indexes and keeps, and [`Counts`](crate::bm25::Counts) reads.
    #[must_use]
    pub fn joined(&self, text: &str) -> String {
        let words: Vec<_> = self.words(text).into_iter().map(|it| it.text).collect();
        words.join(" ")
    }

    fn spaced(&self, text: &str, range: Range<usize>, words: &mut Vec<Word>) {
        let parts = parts(text, range.clone());
        if parts.len() > 1 {
            // No rules of grammar for a name as a whole.
            let whole = fold(&text[range.clone()].replace('_', ""));
            words.push(Word { text: whole, range });
        }
        for part in parts {
            let folded = fold(&text[part.clone()]);
            if folded.is_empty() || self.stop_words.contains(&folded) {
                continue;
            }
            let stem = self.stemmer.as_ref().map_or_else(|| folded.clone(), |it| it.stem(&folded).into_owned());
            words.push(Word { text: without_accents(&stem), range: part });
        }
    }
}

impl std::fmt::Debug for Analyzer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Analyzer").field("stop_words", &self.stop_words.len()).finish_non_exhaustive()
    }
}

fn rules(code: &str) -> Option<Algorithm> {
    Some(match code {
        "ar" => Algorithm::Arabic,
        "da" => Algorithm::Danish,
        "de" => Algorithm::German,
        "el" => Algorithm::Greek,
        "en" => Algorithm::English,
        "es" => Algorithm::Spanish,
        "fi" => Algorithm::Finnish,
        "fr" => Algorithm::French,
        "hu" => Algorithm::Hungarian,
        "it" => Algorithm::Italian,
        "nl" => Algorithm::Dutch,
        "no" | "nb" | "nn" => Algorithm::Norwegian,
        "pt" => Algorithm::Portuguese,
        "ro" => Algorithm::Romanian,
        "ru" => Algorithm::Russian,
        "sv" => Algorithm::Swedish,
        "ta" => Algorithm::Tamil,
        "tr" => Algorithm::Turkish,
        _ => return None,
    })
}

/// Letters that belong together.
enum Run {
    Spaced(Range<usize>),
    /// Each character, folded, and where it is from.
    Unspaced(Vec<(String, Range<usize>)>),
}

fn runs(text: &str) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut open = false;
    for (start, it) in text.char_indices() {
        let range = start..start + it.len_utf8();
        let is_mark = is_mark(it);
        match runs.last_mut() {
            Some(Run::Unspaced(run)) if open && is_mark => {
                if let Some((folded, from)) = run.last_mut() {
                    from.end = range.end;
                    *folded = fold(&text[from.clone()]);
                }
            }
            Some(Run::Unspaced(run)) if open && is_unspaced(it) => run.push((fold(&text[range.clone()]), range)),
            Some(Run::Spaced(run)) if open && !is_unspaced(it) && (is_letter(it) || is_mark || it == '_') => {
                run.end = range.end;
            }
            _ if is_unspaced(it) => {
                runs.push(Run::Unspaced(vec![(fold(&text[range.clone()]), range)]));
                open = true;
            }
            _ => {
                open = is_letter(it);
                if open {
                    runs.push(Run::Spaced(range));
                }
            }
        }
    }
    runs
}

/// The parts of a name; a word has one.
fn parts(text: &str, range: Range<usize>) -> Vec<Range<usize>> {
    let mut parts: Vec<Range<usize>> = Vec::new();
    let mut open = false;
    let mut before = [None, None];
    let characters = || text[range.clone()].char_indices().map(|(at, it)| (range.start + at, it));
    for ((start, it), next) in characters().zip(characters().skip(1).map(|(_, it)| Some(it)).chain([None])) {
        if it == '_' {
            (open, before) = (false, [None, None]);
            continue;
        }
        let end = start + it.len_utf8();
        let [_, last] = before;
        // `httpUrl` and the `U` of `HTTPUrl`, whose follower is small.
        let begins = it.is_uppercase()
            && last.is_some_and(|last: char| {
                last.is_lowercase() || (last.is_uppercase() && next.is_some_and(char::is_lowercase))
            });
        match parts.last_mut() {
            Some(part) if open && !begins => part.end = end,
            _ => parts.push(start..end),
        }
        open = true;
        before = [last, Some(it)];
    }
    parts
}

fn unspaced(run: &[(String, Range<usize>)], words: &mut Vec<Word>) {
    for (at, (character, range)) in run.iter().enumerate() {
        if let Some((next, to)) = run.get(at + 1) {
            words.push(Word { text: format!("{character}{next}"), range: range.start..to.end });
        }
        if run.len() == 1 || character.chars().all(stands_alone) {
            words.push(Word { text: character.clone(), range: range.clone() });
        }
    }
}

/// As words are compared, accents still on: stemmers read them.
fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.chars().take(WORD_MAX).map(|it| it.to_ascii_lowercase()).collect();
    }
    text.nfkc().flat_map(char::to_lowercase).nfkc().take(WORD_MAX).collect()
}

/// Latin letters without what is set upon them.
fn without_accents(word: &str) -> String {
    if word.is_ascii() {
        return word.to_owned();
    }
    let mut plain = String::with_capacity(word.len());
    for it in word.nfd() {
        let upon_latin = canonical_combining_class(it) != 0 && plain.ends_with(|last: char| last.is_ascii_alphabetic());
        if !upon_latin {
            plain.push(it);
        }
    }
    plain.nfc().collect()
}

fn is_letter(it: char) -> bool {
    it.is_alphanumeric()
}

/// Combining marks, and the two that half-width katakana are followed by.
fn is_mark(it: char) -> bool {
    matches!(it, '\u{ff9e}' | '\u{ff9f}') || (!it.is_ascii() && canonical_combining_class(it) != 0)
}

/// Letters of scripts that set no spaces, or, in Korean, let words grow together with what belongs to them.
fn is_unspaced(it: char) -> bool {
    matches!(it,
        '\u{0e00}'..='\u{0eff}'     // Thai, Lao
        | '\u{1000}'..='\u{109f}'   // Burmese
        | '\u{1100}'..='\u{11ff}'   // Hangul, by letters
        | '\u{1780}'..='\u{17ff}'   // Khmer
        | '\u{3005}'..='\u{3007}'   // 々〆〇
        | '\u{3041}'..='\u{30ff}'   // Hiragana, Katakana
        | '\u{3105}'..='\u{31ff}'   // Bopomofo, Hangul, Katakana
        | '\u{a960}'..='\u{a97f}' | '\u{d7b0}'..='\u{d7ff}'
        | '\u{ff66}'..='\u{ff9d}')  // Katakana of half width
        && it.is_alphanumeric()
        || stands_alone(it)
}

/// Chinese characters and Korean syllables.
fn stands_alone(it: char) -> bool {
    matches!(it, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}'
        | '\u{ac00}'..='\u{d7a3}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(language: &str, text: &str) -> Vec<String> {
        let words = Analyzer::new(language).words(text);
        for word in &words {
            assert!(text.get(word.range.clone()).is_some_and(|it| !it.is_empty()), "{word:?}");
        }
        words.into_iter().map(|it| it.text).collect()
    }

    #[test]
    fn words_are_folded_and_reduced_to_stems() {
        assert_eq!(words("en", "The boundaries of the flows, heated in 1958"), ["boundari", "flow", "heat", "1958"]);
        assert_eq!(words("en-GB", "don't running"), ["run"]);
        assert_eq!(words("de", "Die Häuser und das Haus"), ["haus", "haus"]);
        assert_eq!(words("fr", "les CAFÉS"), ["caf"]);
        assert_eq!(words("en", "cafe\u{301} caf\u{e9} ＡＢＣ"), ["cafe", "cafe", "abc"]);
        assert_eq!(words("ru", "красивая красивые"), ["красив", "красив"]);
        assert_eq!(words("xx", "The flows"), ["the", "flows"], "no rules for what is not known");
        assert_eq!(words("en", "\"*'()<>&|!:\\ \u{1f980}"), Vec::<String>::new());
        assert_eq!(words("en", &"x".repeat(1000))[0].len(), WORD_MAX);
    }

    #[test]
    fn scripts_without_spaces_are_cut_into_pairs() {
        assert_eq!(words("ja", "東京へ行く"), ["東京", "東", "京へ", "京", "へ行", "行く", "行"]);
        assert_eq!(words("ja", "ｶﾞｽ ガス"), ["ガス", "ガス"]);
        assert_eq!(words("ko", "집에서"), ["집에", "집", "에서", "에", "서"]);
        assert_eq!(words("en", "Rust言語v2"), ["rust", "言語", "言", "語", "v2"]);
        assert_eq!(words("ja", "か\u{3099}く"), ["がく"]);
    }

    #[test]
    fn names_out_of_programs_are_found_whole_and_in_parts() {
        assert_eq!(words("en", "getHttpUrl"), ["gethttpurl", "get", "http", "url"]);
        assert_eq!(words("en", "parse_HTTPHeaders"), ["parsehttpheaders", "pars", "http", "header"]);
        assert_eq!(words("en", "MAX_LEN __init__ co2 v2"), ["maxlen", "max", "len", "init", "co2", "v2"]);
    }
}
