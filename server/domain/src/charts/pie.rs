//! Pies: parts of a whole, from the top and with the clock. Each part is named beside it, on a phone below.

use super::canvas::{Anchor, Canvas, Drawn, GROUND, Picture, Point, STRONG, TEXT, series};
use super::scale::spread;
use super::{Size, text};
use atrium::charts::{Chart, SERIES_MAX};
use std::f64::consts::TAU;

const LINE: i32 = 22;

/// A part: its name and value.
type Slice = (String, f64);

pub(super) fn draw(chart: &Chart, size: Size) -> Picture {
    let slices = slices(chart);
    let whole: f64 = slices.iter().map(|it| it.1).sum();
    let share = |slice: &Slice| slice.1 / whole;
    let radius = if size == Size::Wide { 110 } else { 90 };
    let list = i32::try_from(slices.len()).unwrap_or_default() * LINE;
    let (centre, height) = match size {
        Size::Wide => ((size.width() / 2, radius + 24), radius * 2 + 48),
        Size::Narrow => ((size.width() / 2, radius + 4), radius * 2 + 24 + list),
    };
    Canvas::picture((size.width(), height), &alternative(chart, &slices, whole), |canvas| {
        let mut turned = 0.0;
        for (at, slice) in slices.iter().enumerate() {
            draw_slice(canvas, centre, radius, (turned, turned + share(slice)), at)?;
            turned += share(slice);
        }
        if slices.len() > 1 {
            let mut turned = 0.0;
            for slice in &slices {
                canvas.line(vec![centre, on_circle(centre, f64::from(radius) + 1.0, turned)], GROUND, 2)?;
                turned += share(slice);
            }
        }
        match size {
            Size::Wide => draw_beside(canvas, chart, &slices, whole, centre, radius, size),
            Size::Narrow => draw_below(canvas, chart, &slices, whole, radius * 2 + 24, size),
        }
    })
}

/// What is above zero. Of more than there are colours for, the smallest become one.
fn slices(chart: &Chart) -> Vec<Slice> {
    let all = chart.categories.iter().enumerate();
    let mut all: Vec<Slice> =
        all.filter_map(|(at, name)| Some((name.clone(), chart.value(0, at).filter(|it| *it > 0.0)?))).collect();
    if all.len() <= SERIES_MAX {
        return all;
    }
    let mut sizes: Vec<f64> = all.iter().map(|it| it.1).collect();
    sizes.sort_by(|a, b| b.total_cmp(a));
    let smallest = sizes[SERIES_MAX - 2];
    let (mut kept, mut rest, mut left) = (Vec::new(), 0.0, 0_usize);
    for slice in all.drain(..) {
        if slice.1 >= smallest && kept.len() < SERIES_MAX - 1 {
            kept.push(slice);
        } else {
            rest += slice.1;
            left += 1;
        }
    }
    kept.push((format!("{left} others"), rest));
    kept
}

fn percent(value: f64, whole: f64) -> String {
    let percent = value / whole * 100.0;
    if percent < 1.0 { "under 1%".to_owned() } else { format!("{percent:.0}%") }
}

fn alternative(chart: &Chart, slices: &[Slice], whole: f64) -> String {
    let parts: Vec<_> = slices.iter().map(|(name, value)| format!("{name} {}", percent(*value, whole))).collect();
    let of = if chart.subtitle.is_empty() { String::new() } else { format!(", {}", chart.subtitle) };
    format!("Pie chart: {}{of}. {}.", chart.title, parts.join(", "))
}

/// A place on a circle, `turned` by so many turns from the top.
#[allow(clippy::cast_possible_truncation)]
fn on_circle(centre: Point, radius: f64, turned: f64) -> Point {
    let (sin, cos) = (turned * TAU).sin_cos();
    (centre.0 + (radius * sin).round() as i32, centre.1 - (radius * cos).round() as i32)
}

fn draw_slice(canvas: &Canvas<'_>, centre: Point, radius: i32, (from, to): (f64, f64), at: usize) -> Drawn {
    let ink = series(at);
    if to - from > 0.999_999 {
        return canvas.dot(centre, radius, ink);
    }
    // A corner each pixel or two, for the eye a curve.
    let corners = ((to - from) * 360.0).ceil().max(1.0);
    let mut points = vec![centre];
    let mut nth = 0.0;
    while nth <= corners {
        points.push(on_circle(centre, f64::from(radius), from + (to - from) * nth / corners));
        nth += 1.0;
    }
    canvas.surface(points, ink, 1.0)
}

/// Each part's name at its outer edge.
#[allow(clippy::cast_possible_truncation)]
fn draw_beside(
    canvas: &Canvas<'_>,
    chart: &Chart,
    slices: &[Slice],
    whole: f64,
    centre: Point,
    radius: i32,
    size: Size,
) -> Drawn {
    let mut turned = 0.0;
    let middles: Vec<f64> = slices
        .iter()
        .map(|it| {
            let middle = turned + it.1 / whole / 2.0;
            turned += it.1 / whole;
            middle
        })
        .collect();
    for is_right in [true, false] {
        let here: Vec<usize> = (0..slices.len()).filter(|at| (middles[*at] < 0.5) == is_right).collect();
        let mut heights: Vec<i32> =
            here.iter().map(|at| on_circle(centre, f64::from(radius) + 14.0, middles[*at]).1).collect();
        spread(&mut heights, 20, (10, centre.1 * 2 - 10));
        for (at, y) in here.into_iter().zip(heights) {
            let (name, value) = &slices[at];
            // At that height just outside the circle, and further where there is none.
            let (outside, down) = (f64::from(radius) + 14.0, f64::from(y - centre.1));
            let away = (outside * outside - down * down).max(0.0).sqrt().max(14.0) as i32;
            let figure = format!("{} ({})", percent(*value, whole), chart.short(*value));
            let room = size.width() / 2 - away - 16 - text::width(&figure) - 6;
            let said = format!("{}  {figure}", text::cut(name, room.max(40)));
            let (x, anchor) = if is_right { (centre.0 + away, Anchor::Start) } else { (centre.0 - away, Anchor::End) };
            canvas.text(x, y, anchor, STRONG, &said)?;
        }
    }
    Ok(())
}

/// Every part's name in a line of its own.
fn draw_below(canvas: &Canvas<'_>, chart: &Chart, slices: &[Slice], whole: f64, top: i32, size: Size) -> Drawn {
    for (at, (name, value)) in slices.iter().enumerate() {
        let y = top + LINE / 2 + LINE * i32::try_from(at).unwrap_or_default();
        let figure = format!("{} ({})", percent(*value, whole), chart.short(*value));
        let room = size.width() - 18 - text::width(&figure) - 10;
        canvas.swatch(0, y, series(at))?;
        canvas.text(18, y, Anchor::Start, TEXT, &text::cut(name, room))?;
        canvas.text(size.width(), y, Anchor::End, STRONG, &figure)?;
    }
    Ok(())
}
