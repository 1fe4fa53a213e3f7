//! Files that come with a message, as they cross the wire.

use crate::ids::AttachmentId;
use serde::{Deserialize, Serialize};

/// The largest file, in bytes.
pub const ATTACHMENT_MAX: u64 = 10 << 20;
/// The largest picture, in bytes: what all providers take.
pub const PICTURE_MAX: u64 = 5 << 20;
/// Files of one message.
pub const ATTACHMENTS_MAX: usize = 10;

/// A file that goes with a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Which.
    pub id: AttachmentId,
    /// As it was called.
    pub name: String,
    /// `picture`, or what was read: `pdf`, `markdown`, `code`, …
    pub kind: String,
    /// As its content is, whatever was said.
    pub media_type: String,
    /// Bytes.
    pub size: i64,
    /// Something its owner should know, such as that only its beginning was read.
    pub note: Option<String>,
    /// Microseconds since 1970.
    pub created_at: i64,
}

impl Attachment {
    /// The kind of those that are looked at, not read.
    pub const PICTURE: &str = "picture";

    /// Whether a model has to see to make use of it.
    #[must_use]
    pub fn is_picture(&self) -> bool {
        self.kind == Self::PICTURE
    }

    /// Where it is saved from.
    #[must_use]
    pub fn path(&self) -> String {
        format!("/attachments/{}", self.id)
    }
}
