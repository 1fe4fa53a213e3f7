//! The parts of pages that live in the browser. Rendered on the server first, so that they show, and where they are
//! forms also work, without it.

pub mod answering;
pub mod attaching;
pub mod browser;
mod composer;
pub mod conversations;
mod live;
mod menu;
mod message;
pub mod model_field;
pub mod palette;
mod rating;
pub mod room;
mod starters;
pub mod toasts;
