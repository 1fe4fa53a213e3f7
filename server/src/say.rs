//! What commands print. Whoever listens may stop listening, as `head` does: then the rest is said to nobody, and the
//! command goes on to its end.

use std::fmt::Arguments;
use std::io::{ErrorKind, Write as _};

/// A line to standard output.
macro_rules! say {
    ($($text:tt)*) => { $crate::say::line(format_args!($($text)*)) };
}

/// See [`say!`].
pub fn line(text: Arguments<'_>) {
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => complain(&format!("nothing can be printed: {error}")),
        Ok(()) | Err(_) => {}
    }
}

/// A sentence to standard error, where there is nobody left to tell that it cannot be said.
pub fn complain(text: &str) {
    let _ = writeln!(std::io::stderr(), "atrium: {text}");
}
