//! How many answers are written for guests at once: each holds a turn as long as it is written. Every server counts its own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The turns that are taken, by network.
#[derive(Debug, Clone, Default)]
pub(super) struct Turns(Arc<Mutex<HashMap<String, usize>>>);

/// One of them, until it is dropped.
#[derive(Debug)]
pub struct Turn {
    turns: Turns,
    network: String,
}

impl Turns {
    /// A turn for somebody of `network`, unless `each` of that network or `all` of them are taken. 0 is no limit.
    pub(super) fn take(&self, network: &str, each: usize, all: usize) -> Option<Turn> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let here = taken.get(network).copied().unwrap_or_default();
        if each > 0 && here >= each || all > 0 && taken.values().sum::<usize>() >= all {
            return None;
        }
        taken.insert(network.to_owned(), here + 1);
        Some(Turn { turns: self.clone(), network: network.to_owned() })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut taken = self.turns.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(here) = taken.get_mut(&self.network) {
            *here -= 1;
            if *here == 0 {
                taken.remove(&self.network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Turns;

    #[test]
    fn turns_are_limited_and_given_back() {
        let turns = Turns::default();
        let (first, second) = (turns.take("a", 2, 3), turns.take("a", 2, 3));
        assert!(first.is_some() && second.is_some());
        assert!(turns.take("a", 2, 3).is_none(), "too many of one network");
        let other = turns.take("b", 2, 3);
        assert!(other.is_some() && turns.take("c", 2, 3).is_none(), "too many of all");
        drop(first);
        assert!(turns.take("a", 2, 3).is_some());
        drop((second, other));
        assert!(turns.0.lock().unwrap().is_empty(), "nothing is kept of who has gone");
        let many: Vec<_> = (0..100).map(|_| turns.take("a", 0, 0)).collect();
        assert!(many.iter().all(Option::is_some), "0 is no limit");
    }
}
