//! What counts as a word in documents and in questions about them.

/// The words of a text, in order.
pub(super) fn of(text: &str, _language: &str) -> Vec<String> {
    text.split(|it: char| !it.is_alphanumeric()).filter(|it| !it.is_empty()).map(str::to_lowercase).collect()
}

/// The words of a question that are worth looking for.
pub(super) fn asked(question: &str) -> Vec<String> {
    let mut words = of(question, "");
    words.sort();
    words.dedup();
    words
}
