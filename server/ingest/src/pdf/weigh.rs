//! The interpreter unpacks streams whole and sets itself no limit, so every compressed stream is unpacked into nowhere first.

use crate::Refusal;
use crate::limits::{Limits, Watch};
use flate2::read::ZlibDecoder;
use std::io::{self, Read};

/// No content stream, font or table of a document that people wrote is larger.
const STREAM: u64 = 128 * 1024 * 1024;

/// How much of what stands before a stream describes it.
const DESCRIPTION: usize = 1024;

/// Refuses a file in which a stream unpacks to more than is reasonable, or all of them to more than the limit. Pictures are
/// never unpacked to find text, and don't count.
pub(super) fn weigh(bytes: &[u8], limits: &Limits, watch: Watch) -> Result<(), Refusal> {
    const BEGIN: &[u8] = b"stream";
    const END: &[u8] = b"endstream";
    let (mut at, mut left) = (0, limits.unpacked);
    while let Some(found) = memchr::memmem::find(&bytes[at..], BEGIN) {
        watch.check()?;
        let keyword = at + found;
        let mut data = keyword + BEGIN.len();
        at = data;
        if bytes[..keyword].ends_with(b"end") {
            continue;
        }
        data += usize::from(bytes.get(data) == Some(&b'\r'));
        data += usize::from(bytes.get(data) == Some(&b'\n'));
        let description = &bytes[keyword.saturating_sub(DESCRIPTION)..keyword];
        let start = memchr::memmem::rfind(description, b" obj").unwrap_or(0);
        let description = &description[start..];
        let says = |word: &[u8]| memchr::memmem::find(description, word).is_some();
        if says(b"/Image") && !says(b"/ObjStm") {
            continue;
        }
        let filters = memchr::memmem::find_iter(description, b"/Fl").count().min(4);
        if filters == 0 {
            continue;
        }
        let end = memchr::memmem::find(&bytes[data..], END).map_or(bytes.len(), |length| data + length);
        left = inflate(&bytes[data..end], filters, left.min(STREAM)).map(|size| left.saturating_sub(size))?;
        if left == 0 {
            return Err(Refusal::Bomb);
        }
        at = end;
    }
    Ok(())
}

/// How many bytes come out of the last of so many filters in a row.
fn inflate(data: &[u8], filters: usize, limit: u64) -> Result<u64, Refusal> {
    let mut source: Box<dyn Read + '_> = Box::new(data);
    for _ in 0..filters {
        // Every stage counts: what comes out of the first may be the bomb.
        source = Box::new(ZlibDecoder::new(source).take(limit + 1));
    }
    let (mut total, mut buffer) = (0_u64, vec![0; 64 * 1024]);
    // Damaged streams end early, here as in the interpreter.
    while let Ok(read @ 1..) = io::Read::read(&mut source, &mut buffer) {
        total += read as u64;
        if total > limit {
            return Err(Refusal::Bomb);
        }
    }
    Ok(total)
}
