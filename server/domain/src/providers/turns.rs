//! The dialogue as protocols want it.

use super::{RESUME_PROMPT, Request, Role, Turn};

/// The turns with empty ones left out and neighbours of one role made one, so that roles alternate.
///
/// `in_words`: an answer to be resumed is asked for with [`RESUME_PROMPT`], so that the last turn is the user's.
pub(super) fn alternating(request: &Request, in_words: bool) -> Vec<Turn> {
    let mut turns: Vec<Turn> = Vec::with_capacity(request.turns.len() + 1);
    for turn in request.turns.iter().filter(|turn| !turn.text.trim().is_empty()) {
        match turns.last_mut() {
            Some(last) if last.role == turn.role => {
                last.text.push_str("\n\n");
                last.text.push_str(&turn.text);
            }
            _ => turns.push(turn.clone()),
        }
    }
    let unfinished = turns.last().is_some_and(|last| last.role == Role::Assistant);
    if request.resume && in_words && unfinished {
        turns.push(Turn { role: Role::User, text: RESUME_PROMPT.to_owned() });
    }
    turns
}

/// The same for protocols whose first turn must be the user's: a greeting gets something to answer.
pub(super) fn user_first(request: &Request) -> Vec<Turn> {
    let mut turns = alternating(request, true);
    if turns.first().is_some_and(|first| first.role == Role::Assistant) {
        turns.insert(0, Turn { role: Role::User, text: "…".to_owned() });
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

    fn request(turns: &[(Role, &str)], resume: bool) -> Request {
        let turns = turns.iter().map(|(role, text)| Turn { role: *role, text: (*text).to_owned() }).collect();
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
