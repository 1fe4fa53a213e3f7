//! From fragments to lines in reading order: columns are found by the white between them.

use super::glyphs::Fragment;
use crate::draft::tidy;

/// A line as people read it, in points; y grows downwards and is the baseline's.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Line {
    pub text: String,
    pub left: f64,
    pub right: f64,
    pub y: f64,
    pub size: f64,
    /// Edges of the column it stands in.
    pub column: (f64, f64),
}

/// How often a region is cut at most.
const CUTS: usize = 24;

/// The lines of a page, in reading order.
pub(super) fn lines(fragments: Vec<Fragment>) -> Vec<Line> {
    let fragments: Vec<_> = fragments.into_iter().filter(|fragment| !fragment.text.trim().is_empty()).collect();
    let mut lines = Vec::new();
    // A stack instead of recursion, the next region to read on top.
    let mut regions = vec![(fragments, 0)];
    while let Some((region, cuts)) = regions.pop() {
        if region.is_empty() {
            continue;
        }
        if cuts < CUTS
            && let Some((first, second)) = columns(&region).or_else(|| bands(&region))
        {
            regions.push((second, cuts + 1));
            regions.push((first, cuts + 1));
            continue;
        }
        column(region, &mut lines);
    }
    lines
}

/// Cuts at a gutter: white from top to bottom with prose on both sides. Columns of a table are too narrow to be prose, and
/// are read row by row.
fn columns(region: &[Fragment]) -> Option<(Vec<Fragment>, Vec<Fragment>)> {
    let size = median(region.iter().map(|fragment| fragment.size))?;
    let mut spans: Vec<_> = region.iter().map(|fragment| (fragment.left, fragment.right)).collect();
    spans.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut reach = spans.first()?.1;
    for (left, right) in spans {
        if left - reach > 0.9 * size {
            let gutter = f64::midpoint(left, reach);
            let (before, after): (Vec<_>, Vec<_>) = region.iter().cloned().partition(|fragment| fragment.left < gutter);
            if is_prose(&before) && is_prose(&after) {
                return Some((before, after));
            }
        }
        reach = reach.max(right);
    }
    None
}

fn is_prose(side: &[Fragment]) -> bool {
    let mut rows: Vec<_> = side.iter().map(|fragment| (fragment.y, fragment.text.chars().count())).collect();
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    rows.dedup_by(|next, row| {
        let same = (next.0 - row.0).abs() < 2.0;
        if same {
            row.1 += next.1;
        }
        same
    });
    rows.len() >= 3 && median(rows.iter().map(|(_, length)| *length as f64)).is_some_and(|length| length >= 16.0)
}

/// Cuts between lines at the widest white, but only where a gutter shows on one of the sides: a title over two columns.
fn bands(region: &[Fragment]) -> Option<(Vec<Fragment>, Vec<Fragment>)> {
    let size = median(region.iter().map(|fragment| fragment.size))?;
    let mut spans: Vec<_> =
        region.iter().map(|fragment| (fragment.y - 0.8 * fragment.size, fragment.y + 0.25 * fragment.size)).collect();
    spans.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut gaps = Vec::new();
    let mut reach = spans.first()?.1;
    for (top, bottom) in spans {
        if top > reach {
            gaps.push((top - reach, f64::midpoint(top, reach)));
        }
        reach = reach.max(bottom);
    }
    gaps.sort_by(|a, b| b.0.total_cmp(&a.0));
    gaps.into_iter().take(6).filter(|(gap, _)| *gap > 0.3 * size).find_map(|(_, cut)| {
        let (above, below): (Vec<_>, Vec<_>) = region.iter().cloned().partition(|fragment| fragment.y < cut);
        (columns(&above).is_some() || columns(&below).is_some()).then_some((above, below))
    })
}

/// One column: fragments on one baseline are a line.
fn column(mut region: Vec<Fragment>, lines: &mut Vec<Line>) {
    let left = region.iter().map(|fragment| fragment.left).fold(f64::INFINITY, f64::min);
    let right = region.iter().map(|fragment| fragment.right).fold(f64::NEG_INFINITY, f64::max);
    region.sort_by(|a, b| a.y.total_cmp(&b.y));
    let mut rows: Vec<Vec<Fragment>> = Vec::new();
    for fragment in region {
        match rows.last_mut() {
            Some(row)
                if row.iter().any(|other| (other.y - fragment.y).abs() < 0.45 * other.size.max(fragment.size)) =>
            {
                row.push(fragment)
            }
            _ => rows.push(vec![fragment]),
        }
    }
    for mut row in rows {
        row.sort_by(|a, b| a.left.total_cmp(&b.left));
        let mut line = Line { left: row[0].left, right: f64::NEG_INFINITY, column: (left, right), ..Line::default() };
        let mut weight = 0;
        for fragment in row {
            if !line.text.is_empty() && !line.text.ends_with(' ') {
                let gap = fragment.left - line.right;
                // The cells of a table's row stay apart.
                line.text.push_str(if gap > 2.5 * fragment.size {
                    " | "
                } else if gap > 0.12 * fragment.size {
                    " "
                } else {
                    ""
                });
            }
            // The line has the size and baseline of most of it, whatever hangs above.
            if fragment.text.len() > weight {
                weight = fragment.text.len();
                (line.y, line.size) = (fragment.y, fragment.size);
            }
            line.right = line.right.max(fragment.right);
            line.text.push_str(&fragment.text);
        }
        line.text = tidy(&line.text);
        lines.push(line);
    }
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fragment(left: f64, y: f64, text: &str) -> Fragment {
        Fragment { text: text.to_owned(), left, right: left + 5.0 * text.len() as f64, y, size: 10.0 }
    }

    fn text(lines: &[Line]) -> Vec<&str> {
        lines.iter().map(|line| line.text.as_str()).collect()
    }

    #[test]
    fn columns_of_prose_are_read_one_after_the_other_below_their_title() {
        let mut fragments = vec![fragment(150.0, 20.0, "A title that spans both of the columns")];
        for row in 0..5 {
            // Written across, as some programs do.
            fragments.push(fragment(50.0, 60.0 + 12.0 * f64::from(row), &format!("left column, its line {row}")));
            fragments.push(fragment(300.0, 60.0 + 12.0 * f64::from(row), &format!("right column, its line {row}")));
        }
        let lines = lines(fragments);
        assert_eq!(lines.len(), 11);
        assert_eq!(text(&lines)[..2], ["A title that spans both of the columns", "left column, its line 0"]);
        assert_eq!(text(&lines)[6], "right column, its line 0");
    }

    #[test]
    fn rows_of_a_table_stay_together() {
        let mut fragments = Vec::new();
        for row in 0..4 {
            for (column, word) in ["Ada", "London", "1815"].into_iter().enumerate() {
                fragments.push(fragment(50.0 + 120.0 * column as f64, 60.0 + 14.0 * f64::from(row), word));
            }
        }
        assert_eq!(text(&lines(fragments)), ["Ada | London | 1815"; 4]);
    }

    #[test]
    fn a_footnote_mark_stays_on_its_line() {
        let mut raised = fragment(100.0, 96.0, "1");
        raised.size = 6.0;
        assert_eq!(text(&lines(vec![fragment(50.0, 100.0, "ten chars."), raised])), ["ten chars.1"]);
    }
}
