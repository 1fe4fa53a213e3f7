//! CSV: rows by their columns' names.

use crate::draft::Draft;
use crate::encoding::decode;
use crate::rows::Rows;
use crate::{Kind, Refusal};

pub(crate) fn read(bytes: &[u8], draft: &mut Draft) -> Result<(), Refusal> {
    let text = decode(bytes, None, draft);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter(&text))
        .from_reader(text.as_bytes());
    let (mut rows, mut record, mut cells) = (Rows::default(), csv::StringRecord::new(), Vec::new());
    for number in 0_usize.. {
        if number.is_multiple_of(1024) {
            draft.watch.check()?;
        }
        if draft.is_full() || !reader.read_record(&mut record).map_err(|_| Refusal::Broken { kind: Kind::Csv })? {
            break;
        }
        cells.clear();
        cells.extend(record.iter().enumerate().map(|(column, value)| (column, value.to_owned())));
        rows.push(&cells, draft);
    }
    Ok(())
}

/// The separator that there is most of in the first line, or where that has none, in the first few.
fn delimiter(text: &str) -> u8 {
    let count = |line: &str, separator: u8| line.bytes().filter(|byte| *byte == separator).count();
    let lines: Vec<_> = text.lines().filter(|line| !line.trim().is_empty()).take(10).collect();
    let rank = |separator: &u8| {
        let first = lines.first().map_or(0, |line| count(line, *separator));
        (first, lines.iter().map(|line| count(line, *separator)).sum::<usize>())
    };
    // The last of equals wins, and a comma is the likeliest.
    [b'|', b';', b'\t', b','].into_iter().max_by_key(rank).unwrap_or(b',')
}
