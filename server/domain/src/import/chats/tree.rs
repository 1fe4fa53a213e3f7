//! Messages that name the one before them become a tree in the order of time, as conversations are stored: every message
//! comes after its parent, and is younger.
//!
//! What somebody else wrote down may name what is not there, or go in circles. A message without a parent that is there
//! stands at the top, and a circle is opened at its first message.

use super::Source;
use atrium::chat::{Author, MessageStatus};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use uuid::Uuid;

/// Not taken, because of who said it.
pub(super) const OF_SYSTEM: &str = "of the system";
pub(super) const OF_TOOL: &str = "of a tool";
/// Not taken, because there is nothing in it.
pub(super) const EMPTY: &str = "without text";
/// A place in the tree at which nothing was ever said; it is not counted.
pub(super) const PLACE: &str = "";
const TWICE: &str = "with the id of another message";

/// What somebody said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Turn {
    pub author: Author,
    pub content: String,
    pub reasoning: String,
    pub status: MessageStatus,
    pub provider: Option<String>,
    pub model: Option<String>,
    pub prompt_tokens: Option<i64>,
    pub completion_tokens: Option<i64>,
    pub tokens_estimated: bool,
    pub cost_micros: Option<i64>,
    /// Microseconds since 1970, if that was written down.
    pub created_at: Option<i64>,
    pub updated_at: Option<i64>,
}

impl Turn {
    pub(super) fn new(author: Author, content: String) -> Self {
        Self {
            author,
            content,
            reasoning: String::new(),
            status: MessageStatus::Complete,
            provider: None,
            model: None,
            prompt_tokens: None,
            completion_tokens: None,
            tokens_estimated: false,
            cost_micros: None,
            created_at: None,
            updated_at: None,
        }
    }

    /// Whether there is nothing to be read in it.
    fn is_empty(&self) -> bool {
        self.content.trim().is_empty() && self.reasoning.trim().is_empty()
    }

    /// Takes in what the same one went on to say.
    fn go_on(&mut self, next: Self) {
        for (text, more) in [(&mut self.content, next.content), (&mut self.reasoning, next.reasoning)] {
            if !text.is_empty() && !more.is_empty() {
                text.push_str("\n\n");
            }
            text.push_str(&more);
        }
        self.model = next.model.or(self.model.take());
        self.status = next.status;
        self.updated_at = next.updated_at.or(next.created_at).or(self.updated_at);
    }
}

/// A message as it was written down, or why it is not taken. What is not taken still leads to what stood before it.
#[derive(Debug)]
pub(super) struct Node {
    pub id: String,
    pub parent: Option<String>,
    pub turn: Result<Turn, &'static str>,
}

impl Node {
    pub(super) fn new(id: String, parent: Option<String>, turn: Result<Turn, &'static str>) -> Self {
        let turn = turn.and_then(|it| if it.is_empty() { Err(EMPTY) } else { Ok(it) });
        Self { id, parent, turn }
    }
}

/// A message in its place.
#[derive(Debug)]
pub(super) struct Message {
    /// Its place among the messages, which is before this one's.
    pub parent: Option<usize>,
    pub depth: i64,
    pub turn: Turn,
    pub created_at: i64,
    pub updated_at: i64,
}

/// The messages of a conversation.
#[derive(Debug, Default)]
pub(super) struct Tree {
    pub messages: Vec<Message>,
    /// The end of the branch that is shown.
    pub head: Option<usize>,
    pub left_out: BTreeMap<&'static str, u64>,
}

/// A conversation, ready to be written.
#[derive(Debug)]
pub(super) struct Conversation {
    pub source: Source,
    /// What it is called where it comes from.
    pub external_id: String,
    pub title: String,
    /// Of this Atrium, where it was one of the same.
    pub agent: Option<Uuid>,
    pub project: Option<Uuid>,
    pub created_at: Option<i64>,
    pub updated_at: Option<i64>,
    pub tree: Tree,
}

/// How a tree is to be made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan<'a> {
    /// The newest message that was shown.
    pub head: Option<&'a str>,
    /// When the conversation began: what messages without a time go by.
    pub began: i64,
    /// Nothing is younger than this.
    pub now: i64,
    /// Whether answers that follow one another, with what is left out between them, are one answer.
    pub joins_answers: bool,
}

pub(super) fn plant(nodes: Vec<Node>, plan: Plan<'_>) -> Tree {
    let mut left_out = BTreeMap::new();
    let mut places = HashMap::new();
    for (at, node) in nodes.iter().enumerate() {
        places.entry(node.id.clone()).or_insert(at);
    }
    let above: Vec<Option<usize>> =
        nodes.iter().map(|it| it.parent.as_ref().and_then(|parent| places.get(parent)).copied()).collect();
    let mut turns: Vec<Option<Turn>> = Vec::with_capacity(nodes.len());
    for (at, node) in nodes.into_iter().enumerate() {
        let turn = if places[&node.id] == at { node.turn } else { Err(TWICE) };
        if let Err(reason) = turn
            && reason != PLACE
        {
            *left_out.entry(reason).or_default() += 1;
        }
        turns.push(turn.ok());
    }
    let is_kept: Vec<bool> = turns.iter().map(Option::is_some).collect();
    // The nearest one that is kept; more steps than messages lead in a circle.
    let kept_from = |from: Option<usize>| {
        let mut at = from;
        for _ in 0..=is_kept.len() {
            match at {
                Some(it) if !is_kept[it] => at = above[it],
                found => return found,
            }
        }
        None
    };
    let mut below: Vec<Vec<usize>> = vec![Vec::new(); is_kept.len()];
    let mut waiting = BinaryHeap::new();
    let at_top = |turn: Option<&Turn>| turn.and_then(|it| it.created_at).unwrap_or(plan.began).min(plan.now);
    let after = |turn: Option<&Turn>, parent: i64| {
        turn.and_then(|it| it.created_at).unwrap_or(parent).min(plan.now).max(parent + 1)
    };
    for at in (0..is_kept.len()).filter(|at| is_kept[*at]) {
        match kept_from(above[at]) {
            Some(parent) if parent != at => below[parent].push(at),
            _ => waiting.push(Reverse((at_top(turns[at].as_ref()), at, None::<usize>))),
        }
    }
    let mut messages: Vec<Message> = Vec::new();
    // Where each node has gone; the same place for those that were joined.
    let mut gone_to: Vec<Option<usize>> = vec![None; is_kept.len()];
    let mut unseen = 0;
    loop {
        let Some(Reverse((created_at, at, parent))) = waiting.pop() else {
            // What no top leads to goes in circles.
            while unseen < is_kept.len() && (!is_kept[unseen] || gone_to[unseen].is_some()) {
                unseen += 1;
            }
            if unseen == is_kept.len() {
                break;
            }
            waiting.push(Reverse((at_top(turns[unseen].as_ref()), unseen, None)));
            continue;
        };
        let Some(mut turn) = turns[at].take() else { continue };
        let place = messages.len();
        gone_to[at] = Some(place);
        let mut last = at;
        while plan.joins_answers
            && turn.author == Author::Assistant
            && let [only] = below[last][..]
            && let Some(next) = turns[only].take_if(|it| it.author == Author::Assistant)
        {
            turn.go_on(next);
            gone_to[only] = Some(place);
            last = only;
        }
        for child in std::mem::take(&mut below[last]) {
            waiting.push(Reverse((after(turns[child].as_ref(), created_at), child, Some(place))));
        }
        messages.push(Message {
            parent,
            depth: parent.map_or(0, |it| messages[it].depth + 1),
            created_at,
            updated_at: turn.updated_at.unwrap_or(created_at).min(plan.now).max(created_at),
            turn,
        });
    }
    let head = plan.head.and_then(|it| kept_from(places.get(it).copied())).and_then(|it| gone_to[it]);
    Tree { head: newest_below(&messages, head), messages, left_out }
}

/// The youngest end of what is below a message; of all of them if there is none.
fn newest_below(messages: &[Message], top: Option<usize>) -> Option<usize> {
    let Some(top) = top else { return messages.len().checked_sub(1) };
    let mut is_below = vec![false; messages.len()];
    let mut newest = top;
    for (at, message) in messages.iter().enumerate().skip(top) {
        is_below[at] = at == top || message.parent.is_some_and(|it| is_below[it]);
        if is_below[at] {
            newest = at;
        }
    }
    Some(newest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(id: &str, parent: &str, text: &str, at: i64) -> Node {
        let author = if text.starts_with('?') { Author::User } else { Author::Assistant };
        let turn = match text {
            "-" => Err(OF_TOOL),
            _ => Ok(Turn { created_at: (at > 0).then_some(at), ..Turn::new(author, text.to_owned()) }),
        };
        Node::new(id.to_owned(), (!parent.is_empty()).then(|| parent.to_owned()), turn)
    }

    fn planted(nodes: Vec<Node>, head: Option<&str>, joins_answers: bool) -> Tree {
        let tree = plant(nodes, Plan { head, began: 10, now: 1_000, joins_answers });
        for (at, it) in tree.messages.iter().enumerate() {
            if let Some(parent) = it.parent {
                assert!(parent < at && tree.messages[parent].created_at < it.created_at, "{tree:?}");
                assert_eq!(it.depth, tree.messages[parent].depth + 1);
            }
        }
        tree
    }

    fn told(tree: &Tree) -> Vec<(&str, Option<usize>, i64)> {
        tree.messages.iter().map(|it| (it.turn.content.as_str(), it.parent, it.created_at)).collect()
    }

    #[test]
    fn branches_stay_branches_and_the_shown_one_is_shown_to_its_end() {
        let nodes = || {
            vec![
                node("d", "c", "four", 40),
                node("a", "", "?one", 10),
                node("b", "a", "two", 20),
                node("b2", "a", "other", 50),
                node("c", "b", "?three", 30),
            ]
        };
        let tree = planted(nodes(), Some("b"), true);
        let expected = [
            ("?one", None, 10),
            ("two", Some(0), 20),
            ("?three", Some(1), 30),
            ("four", Some(2), 40),
            ("other", Some(0), 50),
        ];
        assert_eq!(told(&tree), expected);
        assert_eq!(tree.head, Some(3));
        assert_eq!(planted(nodes(), None, true).head, Some(4), "the newest");
        assert_eq!(planted(nodes(), Some("nowhere"), true).head, Some(4));
    }

    #[test]
    fn what_is_left_out_leads_on() {
        let nodes = vec![
            node("a", "", "?one", 10),
            node("t", "a", "-", 20),
            node("e", "t", "  ", 25),
            node("b", "e", "two", 30),
            node("b", "a", "twice", 40),
        ];
        let tree = planted(nodes, Some("e"), false);
        assert_eq!(told(&tree), [("?one", None, 10), ("two", Some(0), 30)]);
        assert_eq!(tree.left_out, BTreeMap::from([(OF_TOOL, 1), (EMPTY, 1), (TWICE, 1)]));
        assert_eq!(tree.head, Some(1));
    }

    #[test]
    fn an_answer_in_pieces_is_one() {
        let nodes = || {
            vec![
                node("a", "", "?one", 10),
                node("b", "a", "Let me look.", 20),
                node("t", "b", "-", 30),
                node("c", "t", "Found it.", 40),
                node("d", "c", "?more", 50),
            ]
        };
        let tree = planted(nodes(), Some("c"), true);
        assert_eq!(
            told(&tree),
            [("?one", None, 10), ("Let me look.\n\nFound it.", Some(0), 20), ("?more", Some(1), 50)]
        );
        assert_eq!((tree.messages[1].updated_at, tree.head), (40, Some(2)));
        assert_eq!(planted(nodes(), None, false).messages.len(), 4);
    }

    #[test]
    fn circles_are_opened_and_the_missing_is_not_missed() {
        let nodes = vec![
            node("a", "c", "?one", 0),
            node("b", "a", "two", 0),
            node("c", "b", "?three", 0),
            node("s", "s", "?self", 5_000),
            node("o", "gone", "?orphan", 3),
            node("x", "y", "-", 0),
            node("y", "x", "-", 0),
            node("z", "x", "?after", 0),
        ];
        let tree = planted(nodes, None, true);
        assert_eq!(tree.messages.len(), 6, "{tree:?}");
        assert!(tree.messages.iter().all(|it| it.created_at <= 1_003), "nothing is from the future");
        assert_eq!(tree.messages.iter().filter(|it| it.parent.is_none()).count(), 4);
    }
}
