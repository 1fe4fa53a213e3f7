//! A question taken apart.

/// A word, number or sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    /// As it was written.
    pub raw: String,
    /// In lower case.
    pub word: String,
    pub is_quoted: bool,
}

/// The words of a question. Dates and numbers stay whole, and so does what stands in quotation marks.
pub(super) fn split(question: &str) -> Vec<Token> {
    let letters: Vec<char> = question.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < letters.len() {
        let letter = letters[at];
        let end = if let Some(close) = closing(letter).filter(|_| at == 0 || !letters[at - 1].is_alphanumeric()) {
            match letters[at + 1..].iter().position(|it| *it == close) {
                Some(length) => {
                    push(&mut tokens, &letters[at + 1..at + 1 + length], true);
                    at += length + 2;
                    continue;
                }
                None => at + 1,
            }
        } else if letter.is_alphanumeric() {
            word_end(&letters, at)
        } else if "<>=!".contains(letter) {
            at + letters[at..].iter().take_while(|it| "<>=!".contains(**it)).count()
        } else {
            at += 1;
            continue;
        };
        push(&mut tokens, &letters[at..end], false);
        at = end;
    }
    tokens
}

fn push(tokens: &mut Vec<Token>, letters: &[char], is_quoted: bool) {
    let raw: String = letters.iter().collect();
    if is_quoted || raw.chars().any(|it| it.is_alphanumeric() || "<>=".contains(it)) {
        tokens.push(Token { word: raw.to_lowercase(), raw, is_quoted });
    }
}

fn closing(open: char) -> Option<char> {
    match open {
        '"' => Some('"'),
        '\'' => Some('\''),
        '“' | '„' => Some('”'),
        '‘' => Some('’'),
        '`' => Some('`'),
        _ => None,
    }
}

/// A word ends at the first sign that is neither letter nor figure, but for what holds dates, times and numbers together.
fn word_end(letters: &[char], start: usize) -> usize {
    let is_number = letters[start].is_ascii_digit();
    let mut at = start + 1;
    while let Some(letter) = letters.get(at) {
        let joins = *letter == '_' || (is_number && "-.,:".contains(*letter) && letters[at - 1].is_ascii_digit());
        let is_followed =
            letters.get(at + 1).is_some_and(|it| if is_number { it.is_ascii_digit() } else { it.is_alphanumeric() });
        if letter.is_alphanumeric() || (joins && is_followed) {
            at += 1;
        } else {
            break;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn a_question_is_taken_apart() {
        let told = |text: &str| split(text).into_iter().map(|it| it.word).collect::<Vec<_>>();
        assert_eq!(told("Top-5 unit_prices, by “New York”?"), ["top", "5", "unit_prices", "by", "new york"]);
        assert_eq!(told("n >= 1,000.5 since 2024-05-31!"), ["n", ">=", "1,000.5", "since", "2024-05-31"]);
        assert_eq!(told("what's up"), ["what", "s", "up"]);
        assert_eq!(told("«»!"), [] as [&str; 0]);
    }
}
