//! Every setting that there is: its names, what it is for, what it is unless somebody says otherwise.

mod serving;
mod working;

use super::kinds::Kind;

/// One setting.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// In `atrium.toml` and in the database.
    pub name: &'static str,
    /// In the environment and in `.env`; the first one that is set counts.
    pub env: &'static [&'static str],
    /// Built-in value; empty is unset.
    pub default: &'static str,
    /// Of its field.
    pub label: &'static str,
    /// What it does.
    pub help: &'static str,
    /// How it is read and shown.
    pub kind: Kind,
    /// Administrators can change it while the server runs; the others are fixed at start.
    pub is_live: bool,
}

const fn key(
    name: &'static str,
    env: &'static [&'static str],
    default: &'static str,
    kind: Kind,
    label: &'static str,
    help: &'static str,
) -> Key {
    Key { name, env, default, label, help, kind, is_live: false }
}

const fn live(
    name: &'static str,
    env: &'static [&'static str],
    default: &'static str,
    kind: Kind,
    label: &'static str,
    help: &'static str,
) -> Key {
    Key { name, env, default, label, help, kind, is_live: true }
}

/// All settings, in the order in which they are shown and documented.
pub const KEYS: &[Key] = &join::<{ serving::KEYS.len() + working::KEYS.len() }>(serving::KEYS, working::KEYS);

const fn join<const N: usize>(first: &[Key], second: &[Key]) -> [Key; N] {
    let mut all = [first[0]; N];
    let mut at = 0;
    while at < N {
        all[at] = if at < first.len() { first[at] } else { second[at - first.len()] };
        at += 1;
    }
    all
}

/// Names of settings that other systems used for MySQL, which Atrium does not speak.
pub const MYSQL: &[&str] = &[
    "MYSQL_HOST",
    "BACKEND_DB",
    "BACKEND_DB_HOST",
    "BACKEND_DB_NAME",
    "BACKEND_DB_USER",
    "BACKEND_DB_PASSWORD",
    "BACKEND_DB_PORT",
];

/// The setting of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|it| it.name == name)
}
