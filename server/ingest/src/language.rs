//! Which language a text is in.

use crate::draft::crop;
use whatlang::Lang;

/// How much is looked at, in bytes: the detector counts trigrams, and two pages have enough of them.
const SAMPLE: usize = 4 * 1024;

/// ISO 639-1, where it is clear. A sample from the middle speaks for the document; its beginning is often names and dates.
pub(crate) fn detect(text: &str) -> Option<String> {
    let from = text.ceil_char_boundary(text.len().saturating_sub(SAMPLE) / 2);
    let info = whatlang::detect(crop(&text[from..], SAMPLE))?;
    let letters = text.chars().take(2000).filter(|letter| letter.is_alphabetic()).count();
    (info.is_reliable() && letters >= 12).then(|| two_letters(info.lang())).flatten().map(str::to_owned)
}

/// Only languages with a two-letter code, which whatlang's all have.
fn two_letters(language: Lang) -> Option<&'static str> {
    #[rustfmt::skip]
    let code = match language.code() {
        "afr" => "af", "aka" => "ak", "amh" => "am", "ara" => "ar", "aze" => "az", "bel" => "be", "ben" => "bn", "bul" => "bg", "cat" => "ca",
        "ces" => "cs", "cmn" => "zh", "cym" => "cy", "dan" => "da", "deu" => "de", "ell" => "el", "eng" => "en", "epo" => "eo", "est" => "et",
        "fin" => "fi", "fra" => "fr", "guj" => "gu", "heb" => "he", "hin" => "hi", "hrv" => "hr", "hun" => "hu", "hye" => "hy", "ind" => "id",
        "ita" => "it", "jav" => "jv", "jpn" => "ja", "kan" => "kn", "kat" => "ka", "khm" => "km", "kor" => "ko", "lat" => "la", "lav" => "lv",
        "lit" => "lt", "mal" => "ml", "mar" => "mr", "mkd" => "mk", "mya" => "my", "nep" => "ne", "nld" => "nl", "nob" => "nb", "ori" => "or",
        "pan" => "pa", "pes" => "fa", "pol" => "pl", "por" => "pt", "ron" => "ro", "rus" => "ru", "sin" => "si", "slk" => "sk", "slv" => "sl",
        "sna" => "sn", "spa" => "es", "srp" => "sr", "swe" => "sv", "tam" => "ta", "tel" => "te", "tgl" => "tl", "tha" => "th", "tuk" => "tk",
        "tur" => "tr", "ukr" => "uk", "urd" => "ur", "uzb" => "uz", "vie" => "vi", "yid" => "yi", "zul" => "zu",
        _ => return None,
    };
    Some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_that_can_be_found_has_a_code() {
        for language in Lang::all() {
            assert!(two_letters(*language).is_some(), "{}", language.code());
        }
    }

    #[test]
    fn tells_languages_apart_and_admits_not_to_know() {
        for (expected, text) in [
            ("en", "The borrow checker keeps track of who owns a value, and for how long it may be lent to others."),
            ("de", "Die Bücherei ist am Mittwoch geschlossen, weil dort neue Regale aufgestellt werden sollen."),
            ("ja", "この文書は日本語で書かれています。検索できるはずです。"),
            ("ko", "이 문서는 한국어로 작성되었으며 검색할 수 있어야 합니다."),
        ] {
            assert_eq!(detect(text).as_deref(), Some(expected));
        }
        assert_eq!(detect("42 + 17 = 59"), None);
        assert_eq!(detect(""), None);
    }
}
