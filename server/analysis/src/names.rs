//! Words of names and questions, so that `unit_price`, `UnitPrice` and “unit prices” are the same.

/// The words of a column's name, in lower case and without endings.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut is_open = false;
    let mut before = ' ';
    for letter in name.chars() {
        if !letter.is_alphanumeric() {
            is_open = false;
        } else {
            let is_new_hump = letter.is_uppercase() && before.is_lowercase();
            match words.last_mut() {
                Some(word) if is_open && !is_new_hump => word.extend(letter.to_lowercase()),
                _ => words.push(letter.to_lowercase().collect()),
            }
            is_open = true;
        }
        before = letter;
    }
    words.iter().map(|it| stem(it)).collect()
}

/// A word in lower case without the ending of its plural.
pub(crate) fn stem(word: &str) -> String {
    let word = word.to_lowercase();
    if let Some(it) = word.strip_suffix("ies").filter(|it| it.len() > 2) {
        return format!("{it}y");
    }
    for ending in ["sses", "xes", "ches", "shes"] {
        if word.ends_with(ending) {
            return word[..word.len() - 2].to_owned();
        }
    }
    let keeps = ["ss", "us", "is"].iter().any(|it| word.ends_with(it));
    match word.strip_suffix('s') {
        Some(it) if it.len() > 2 && !keeps => it.to_owned(),
        _ => word,
    }
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn names_are_taken_apart() {
        assert_eq!(words("unit_price"), ["unit", "price"]);
        assert_eq!(words("UnitPrices"), ["unit", "price"]);
        assert_eq!(words("Temperature (°C)"), ["temperature", "c"]);
        assert_eq!(words("Categories"), ["category"]);
        assert_eq!(words("status"), ["status"]);
        assert_eq!(words("HTTP status"), ["http", "status"]);
        assert_eq!(words("Größe"), ["größe"]);
    }
}
