//! Plain text, source code, lines of JSON: every line stays where it is.

use crate::draft::Draft;
use crate::encoding::decode;

pub(crate) fn read(bytes: &[u8], draft: &mut Draft) {
    let text = decode(bytes, None, draft);
    draft.push(&text);
}
