//! The dialogue as protocols want it.

use super::{RESUME_PROMPT, Request, Role, Turn};

/// The turns with empty ones left out and neighbours of one role made one, so that roles alternate.
///
/// `in_words`: an answer to be resumed is asked for with [`RESUME_PROMPT`], so that the last turn is the user's.
pub(super) fn alternating(request: &Request, in_words: bool) -> Vec<Turn> {
    let mut turns: Vec<Turn> = Vec::with_capacity(request.turns.len() + 1);
    for turn in request.turns.iter().filter(|turn| !turn.is_blank()) {
        match turns.last_mut() {
            Some(last) if last.role == turn.role => {
                if !last.text.is_empty() && !turn.text.is_empty() {
                    last.text.push_str("\n\n");
                }
                last.text.push_str(&turn.text);
                last.pictures.extend(turn.pictures.iter().cloned());
            }
            _ => turns.push(turn.clone()),
        }
    }
    let unfinished = turns.last().is_some_and(|last| last.role == Role::Assistant);
    if request.resume && in_words && unfinished {
        turns.push(Turn::said(Role::User, RESUME_PROMPT));
    }
    turns
}

/// The same for protocols whose first turn must be the user's: a greeting gets something to answer.
pub(super) fn user_first(request: &Request) -> Vec<Turn> {
    let mut turns = alternating(request, true);
    if turns.first().is_some_and(|first| first.role == Role::Assistant) {
        turns.insert(0, Turn::said(Role::User, "…"));
    }
    turns
}

/// The instructions, unless they are blank.
pub(super) fn system(request: &Request) -> Option<&str> {
    request.system.as_deref().filter(|it| !it.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::Picture;

    fn request(turns: &[(Role, &str)], resume: bool) -> Request {
        let turns = turns.iter().map(|(role, text)| Turn::said(*role, *text)).collect();
        Request { model: String::new(), system: None, turns, resume, temperature: None, max_tokens: None }
    }

    fn texts(turns: &[Turn]) -> Vec<(Role, &str)> {
        turns.iter().map(|turn| (turn.role, turn.text.as_str())).collect()
    }

    #[test]
    fn neighbours_of_one_role_are_merged_and_empty_turns_dropped() {
        use Role::{Assistant, User};
        let request = request(&[(User, "a"), (Assistant, " \n"), (User, "b"), (Assistant, "c"), (User, "d")], false);
        assert_eq!(texts(&alternating(&request, true)), [(User, "a\n\nb"), (Assistant, "c"), (User, "d")]);
    }

    #[test]
    fn a_turn_may_be_a_picture_alone_and_keeps_it_when_it_is_merged() {
        let picture = |file: &[u8]| Picture::new("image/png", file);
        let shown = |file: &[u8]| Turn { pictures: vec![picture(file)], ..Turn::said(Role::User, "") };
        let mut request = request(&[(Role::User, "What is it?")], false);
        request.turns.insert(0, shown(b"a"));
        request.turns.push(shown(b"b"));
        let [turn] = &alternating(&request, true)[..] else { panic!("one role, one turn") };
        assert_eq!((turn.text.as_str(), &turn.pictures), ("What is it?", &vec![picture(b"a"), picture(b"b")]));
    }

    #[test]
    fn resuming_asks_in_words_only_where_there_is_something_to_resume() {
        use Role::{Assistant, User};
        let begun = request(&[(User, "a"), (Assistant, "b")], true);
        assert_eq!(texts(&alternating(&begun, true)), [(User, "a"), (Assistant, "b"), (User, RESUME_PROMPT)]);
        assert_eq!(texts(&alternating(&begun, false)), [(User, "a"), (Assistant, "b")]);
        let nothing_yet = request(&[(User, "a"), (Assistant, "")], true);
        assert_eq!(texts(&alternating(&nothing_yet, true)), [(User, "a")]);
    }

    #[test]
    fn a_greeting_is_kept_behind_a_user_turn() {
        use Role::{Assistant, User};
        let greeted = request(&[(Assistant, "Hello"), (User, "Hi")], false);
        assert_eq!(texts(&user_first(&greeted)), [(User, "…"), (Assistant, "Hello"), (User, "Hi")]);
    }
}
