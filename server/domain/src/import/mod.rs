//! Data of other systems, taken along.

pub mod chats;
pub mod django;
