//! Keyboard shortcuts: one table, by which the browser listens and of which the cheat sheets are made.
//!
//! Letters go with Alt and Shift, which neither browsers nor screen readers use for what pages do. What is one key alone
//! does nothing while somebody types, and can be switched off.

use serde::{Deserialize, Serialize};

/// What can be done from anywhere, by keys or from the palette.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    Find,
    Shortcuts,
    New,
    Search,
    Write,
    Older,
    Newer,
    Copy,
    Stop,
    SignOut,
}

/// What is pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Press {
    /// With Ctrl, on a Mac with ⌘.
    Command(&'static str),
    /// With Alt and Shift.
    AltShift(&'static str),
    /// By itself, while nobody types.
    Alone(&'static str),
    /// By itself, even while somebody types.
    Always(&'static str),
    /// Where one types: the field itself listens.
    InField(&'static [&'static str]),
}

impl Press {
    /// The keys, as they are written on them.
    #[must_use]
    pub fn keys(self) -> Vec<&'static str> {
        match self {
            Self::Command(key) => vec!["Ctrl", key],
            Self::AltShift(key) => vec!["Alt", "Shift", key],
            Self::Always("Escape") => vec!["Esc"],
            Self::Alone(key) | Self::Always(key) => vec![key],
            Self::InField(keys) => keys.to_vec(),
        }
    }
}

/// A line of the table.
#[derive(Debug, Clone, Copy)]
pub struct Shortcut {
    pub press: Press,
    /// What it does; keys of fields do it themselves.
    pub action: Option<Action>,
    /// In words.
    pub what: &'static str,
}

const fn line(press: Press, action: Action, what: &'static str) -> Shortcut {
    Shortcut { press, action: Some(action), what }
}

const fn of_field(keys: &'static [&'static str], what: &'static str) -> Shortcut {
    Shortcut { press: Press::InField(keys), action: None, what }
}

/// All of them. A line here is all that a new one needs to be heard and told, once [`Action`] knows what it does.
pub const SHORTCUTS: &[Shortcut] = &[
    line(Press::Command("K"), Action::Find, "Find pages, actions, conversations and messages"),
    line(Press::Alone("?"), Action::Shortcuts, "Show the keyboard shortcuts"),
    line(Press::AltShift("N"), Action::New, "Begin a new conversation"),
    line(Press::AltShift("F"), Action::Search, "Search everything"),
    line(Press::Alone("/"), Action::Write, "Write a message"),
    line(Press::AltShift("J"), Action::Older, "Open the next conversation, which is older"),
    line(Press::AltShift("K"), Action::Newer, "Open the conversation before, which is newer"),
    line(Press::AltShift("C"), Action::Copy, "Copy the last answer"),
    line(Press::Always("Escape"), Action::Stop, "Stop the answer that is being written"),
    of_field(&["Enter"], "Send the message"),
    of_field(&["Shift", "Enter"], "Begin a new line of the message"),
];

/// A key that was pressed, as the browser tells it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pressed<'a> {
    /// What it would type.
    pub key: &'a str,
    /// Where it is.
    pub code: &'a str,
    pub ctrl: bool,
    pub meta: bool,
    pub alt: bool,
    pub shift: bool,
    /// The keyboard is in a field.
    pub is_typing: bool,
    /// Ctrl moves within texts there.
    pub is_mac: bool,
    /// Keys alone are switched off.
    pub only_combined: bool,
}

impl Pressed<'_> {
    /// What it asks for.
    #[must_use]
    pub fn action(&self) -> Option<Action> {
        SHORTCUTS.iter().find(|it| self.is(it.press)).and_then(|it| it.action)
    }

    fn is(&self, press: Press) -> bool {
        let is_plain = !self.ctrl && !self.meta && !self.alt;
        match press {
            Press::Command(key) => {
                let is_command = if self.is_mac { self.meta && !self.ctrl } else { self.ctrl && !self.meta };
                is_command && !self.alt && !self.shift && self.key.eq_ignore_ascii_case(key)
            }
            Press::AltShift(key) => {
                // Where these keys type a letter of their own, as on a Mac, they type it in a field.
                let is_there = !self.is_typing && self.code.strip_prefix("Key") == Some(key);
                let is_it = is_there || self.key.eq_ignore_ascii_case(key);
                is_it && self.alt && self.shift && !self.ctrl && !self.meta
            }
            Press::Alone(key) => is_plain && !self.is_typing && !self.only_combined && self.key == key,
            Press::Always(key) => is_plain && !self.shift && self.key == key,
            Press::InField(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_do_what_the_table_says() {
        let plain = Pressed::default();
        let alt_shift = Pressed { alt: true, shift: true, ..plain };
        for (pressed, action) in [
            (Pressed { key: "k", ctrl: true, ..plain }, Some(Action::Find)),
            (Pressed { key: "k", ctrl: true, is_typing: true, ..plain }, Some(Action::Find)),
            (Pressed { key: "k", meta: true, is_mac: true, ..plain }, Some(Action::Find)),
            (Pressed { key: "k", ctrl: true, is_mac: true, ..plain }, None),
            (Pressed { key: "k", ..plain }, None),
            (Pressed { key: "?", shift: true, ..plain }, Some(Action::Shortcuts)),
            (Pressed { key: "?", shift: true, is_typing: true, ..plain }, None),
            (Pressed { key: "?", shift: true, only_combined: true, ..plain }, None),
            (Pressed { key: "N", ..alt_shift }, Some(Action::New)),
            (Pressed { key: "N", is_typing: true, only_combined: true, ..alt_shift }, Some(Action::New)),
            (Pressed { key: "Ç", code: "KeyC", ..alt_shift }, Some(Action::Copy)),
            (Pressed { key: "Ç", code: "KeyC", is_typing: true, ..alt_shift }, None),
            (Pressed { key: "N", ctrl: true, ..alt_shift }, None),
            (Pressed { key: "Escape", is_typing: true, only_combined: true, ..plain }, Some(Action::Stop)),
            (Pressed { key: "Enter", is_typing: true, ..plain }, None),
        ] {
            assert_eq!(pressed.action(), action, "{pressed:?}");
        }
    }

    #[test]
    fn no_two_shortcuts_have_the_same_keys_and_none_does_the_same() {
        for (at, it) in SHORTCUTS.iter().enumerate() {
            for other in &SHORTCUTS[at + 1..] {
                assert_ne!(it.press.keys(), other.press.keys());
                assert!(it.action.is_none() || it.action != other.action, "{:?}", it.action);
            }
        }
    }
}
