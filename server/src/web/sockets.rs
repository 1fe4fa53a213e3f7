//! WebSockets that are open: they outlive the requests that opened them, must be told when the server ends, and are not
//! to be had without end.

use atrium::ids::UserId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Sockets that one person may have open on one server.
pub const SEATS: usize = 20;

type Taken = Arc<Mutex<HashMap<UserId, usize>>>;

/// All of them. Cheap to clone.
#[derive(Clone, Default)]
pub struct Sockets {
    /// Ends them.
    pub stop: CancellationToken,
    /// Knows when the last one is closed.
    pub open: TaskTracker,
    taken: Taken,
}

/// One of a person's sockets, for as long as it lives.
pub struct Seat {
    person: UserId,
    taken: Taken,
}

impl Sockets {
    /// For one more of `person`'s; none if they have too many.
    pub fn seat(&self, person: UserId) -> Option<Seat> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let theirs = taken.entry(person).or_default();
        if *theirs >= SEATS {
            return None;
        }
        *theirs += 1;
        Some(Seat { person, taken: self.taken.clone() })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(theirs) = taken.get_mut(&self.person) {
            *theirs -= 1;
            if *theirs == 0 {
                taken.remove(&self.person);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_seat_is_free_again_when_its_socket_is_closed() {
        let sockets = Sockets::default();
        let (ada, bob) = (UserId(Uuid::from_u128(1)), UserId(Uuid::from_u128(2)));
        let mut hers: Vec<_> = (0..SEATS).map(|_| sockets.seat(ada).unwrap()).collect();
        assert!(sockets.clone().seat(ada).is_none());
        assert!(sockets.seat(bob).is_some(), "they are each one's own");
        hers.pop();
        hers.push(sockets.seat(ada).unwrap());
        assert!(sockets.seat(ada).is_none());
        drop(hers);
        assert!(sockets.taken.lock().unwrap().is_empty(), "nothing is kept of whoever has none");
    }
}
