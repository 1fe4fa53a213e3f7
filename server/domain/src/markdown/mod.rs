//! Markdown to safe HTML, whole or while it streams.
//!
//! What lives here: cutting a text into blocks that will not change any more (`split`), writing a
//! block as HTML (`html`, `highlight`), what to show of the block that is still being written
//! (`tail`), the last line of defence (`sanitise`), marks behind parts of a text (`marks`) and one-line
//! excerpts for titles (`excerpt`). What does not: what is cited, the page around a message and the colours (`style/highlight.css`).
//!
//! CommonMark with tables, strikethrough and task lists. Raw HTML is shown as text. Only http,
//! https and mailto links are links, and an image is a link too.
//!
//! A reference link (`[text][label]`) finds its definition when that came earlier or stands in the
//! same block. A definition further down would change blocks that are already on the page.

mod excerpt;
mod highlight;
mod html;
mod marks;
mod sanitise;
mod split;
mod split_line;
mod stream;
mod tail;
#[cfg(test)]
mod tests;

pub use excerpt::{plain_excerpt, plain_headings};
pub use highlight::source;
pub use marks::{Mark, render_marked};
pub use stream::{Stream, Update};

/// A whole document as sanitised HTML. The same as all blocks of a [`Stream`] that was finished.
pub fn render(text: &str) -> String {
    let mut stream = Stream::new();
    stream.push(text);
    stream.finish().blocks.concat()
}
