//! Lines: a course over categories in order. Where a value is missing the line has a gap.

use super::bars::Plot;
use super::canvas::{Anchor, Canvas, Drawn, GROUND, Picture, Point, STRONG, TEXT, series};
use super::scale::spread;
use super::{Size, draw_legend, legend, legend_height, text};
use atrium::charts::{Chart, SERIES_MAX};

/// More points are not told apart: the line alone is drawn.
const DOTS_MAX: usize = 45;
/// Series that are named at their ends, at most.
const NAMED_AT_END: usize = 5;

pub(super) fn draw(chart: &Chart, size: Size) -> Picture {
    let count = chart.series.len().min(SERIES_MAX);
    let widest = chart.series.iter().map(|it| text::width(&it.name)).max().unwrap_or_default() + 10;
    let are_named = size == Size::Wide && (2..=NAMED_AT_END).contains(&count) && widest <= size.width() / 4;
    let names = legend(chart, size, count > 1 && !are_named);
    let head = legend_height(&names);
    let plot = Plot::within(chart, size, head, if are_named { widest } else { 10 }, false);
    let last = i64::try_from(chart.categories.len()).unwrap_or(1) - 1;
    // Points stand a little inside, so that dots are whole.
    let (start, end) = (plot.left + 6, plot.right - 6);
    let place = |at: usize| match (last, i64::try_from(at)) {
        (1.., Ok(at)) => start + i32::try_from(i64::from(end - start) * at / last).unwrap_or_default(),
        _ => i32::midpoint(start, end),
    };
    Canvas::picture((size.width(), head + size.height()), &chart.alternative(), |canvas| {
        draw_legend(canvas, &names)?;
        plot.draw_grid(canvas, chart)?;
        for at in 0..count {
            let pieces = pieces(chart, at, |category, value| (place(category), plot.pixel(value)));
            draw_course(canvas, &pieces, at, count == 1, plot.pixel(plot.scale.zero()), chart.categories.len())?;
        }
        if count == 1 {
            draw_highest(canvas, chart, &plot, place)?;
        } else if are_named {
            draw_ends(canvas, chart, &plot, place, count)?;
        }
        plot.draw_names(canvas, chart, place)
    })
}

/// The parts of a series between its gaps.
fn pieces(chart: &Chart, series: usize, point: impl Fn(usize, f64) -> Point) -> Vec<Vec<Point>> {
    let mut pieces = vec![Vec::new()];
    for at in 0..chart.categories.len() {
        match (chart.value(series, at), pieces.last_mut()) {
            (Some(value), Some(piece)) => piece.push(point(at, value)),
            (None, Some(piece)) if !piece.is_empty() => pieces.push(Vec::new()),
            _ => {}
        }
    }
    pieces.retain(|it| !it.is_empty());
    pieces
}

fn draw_course(
    canvas: &Canvas<'_>,
    pieces: &[Vec<Point>],
    at: usize,
    is_alone: bool,
    zero: i32,
    categories: usize,
) -> Drawn {
    let ink = series(at);
    for piece in pieces {
        if let (true, [first, .., last]) = (is_alone, piece.as_slice()) {
            let below = [(last.0, zero), (first.0, zero)];
            canvas.surface(piece.iter().copied().chain(below).collect(), ink, 0.1)?;
        }
        if piece.len() > 1 {
            canvas.line(piece.clone(), ink, 2)?;
        }
        if categories <= DOTS_MAX || piece.len() == 1 {
            for point in piece {
                canvas.dot(*point, 3, ink)?;
            }
        }
    }
    Ok(())
}

/// The highest value of the only series, said where it is.
fn draw_highest(canvas: &Canvas<'_>, chart: &Chart, plot: &Plot, place: impl Fn(usize) -> i32) -> Drawn {
    let values = (0..chart.categories.len()).filter_map(|at| Some((at, chart.value(0, at)?)));
    let Some((at, value)) = values.max_by(|a, b| a.1.total_cmp(&b.1)) else { return Ok(()) };
    let (x, y) = (place(at), plot.pixel(value));
    let said = chart.short(value);
    let half = text::width(&said) / 2;
    canvas.dot((x, y), 5, GROUND)?;
    canvas.dot((x, y), 4, series(0))?;
    let x = x.clamp(plot.left + half, (plot.right - half).max(plot.left + half));
    canvas.text(x, (y - 14).max(8), Anchor::Middle, STRONG, &said)
}

/// The name of each series where it ends.
fn draw_ends(canvas: &Canvas<'_>, chart: &Chart, plot: &Plot, place: impl Fn(usize) -> i32, count: usize) -> Drawn {
    let end = |at: usize| (0..chart.categories.len()).rev().find_map(|it| Some((it, chart.value(at, it)?)));
    let ends: Vec<_> = (0..count).filter_map(|at| end(at).map(|(category, value)| (at, category, value))).collect();
    let mut heights: Vec<i32> = ends.iter().map(|it| plot.pixel(it.2)).collect();
    spread(&mut heights, 16, (plot.top, plot.bottom));
    for ((at, category, value), y) in ends.iter().zip(heights) {
        let x = plot.right + 6;
        let from = (place(*category) + 5, plot.pixel(*value));
        if from.0 < x - 4 {
            canvas.line(vec![from, (x - 4, y)], series(*at), 1)?;
        }
        canvas.text(x, y, Anchor::Start, TEXT, &chart.series[*at].name)?;
    }
    Ok(())
}
