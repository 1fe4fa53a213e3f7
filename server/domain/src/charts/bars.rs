//! Bars, from zero: columns where their names fit below them, else rows.

use super::canvas::{Anchor, BASE, Canvas, Drawn, GRID, Picture, STRONG, TEXT, series};
use super::scale::Scale;
use super::{Size, draw_legend, legend, legend_height, text};
use atrium::charts::{Chart, SERIES_MAX};

/// Rows, at most; the table has the others.
const ROWS_MAX: usize = 24;
/// A row's name above its bars, where there is no room beside them.
const NAME_LINE: i32 = 18;
/// Below columns: what they are named.
pub(super) const FOOT: i32 = 24;

pub(super) fn draw(chart: &Chart, size: Size) -> Picture {
    let plot = Plot::of(chart, size);
    if plot.fits_names(chart) || text::are_on_a_scale(&chart.categories) {
        columns(chart, size, &plot)
    } else {
        rows(chart, size)
    }
}

/// The place of columns, and of lines: within an axis of values and one of categories.
pub(super) struct Plot {
    pub(super) scale: Scale,
    pub(super) left: i32,
    pub(super) right: i32,
    pub(super) top: i32,
    pub(super) bottom: i32,
    count: i32,
}

impl Plot {
    fn of(chart: &Chart, size: Size) -> Self {
        let names = legend(chart, size, chart.series.len() > 1);
        Self::within(chart, size, legend_height(&names), 0, true)
    }

    pub(super) fn within(chart: &Chart, size: Size, head: i32, right: i32, from_zero: bool) -> Self {
        let scale = Scale::of(chart, if size == Size::Wide { 5 } else { 4 }, from_zero);
        let widest = scale.ticks.iter().map(|it| text::width(&chart.short(*it))).max().unwrap_or_default();
        Self {
            scale,
            left: widest + 8,
            right: size.width() - right.max(4),
            top: head + 16,
            bottom: head + size.height() - FOOT,
            count: i32::try_from(chart.categories.len()).unwrap_or(i32::MAX).max(1),
        }
    }

    /// As a share of the picture, where the `at`th of all categories begins.
    fn edge(&self, at: i32) -> i32 {
        let all = i64::from(self.right - self.left) * i64::from(at) / i64::from(self.count);
        self.left + i32::try_from(all).unwrap_or_default()
    }

    fn slot(&self) -> i32 {
        (self.right - self.left) / self.count
    }

    fn fits_names(&self, chart: &Chart) -> bool {
        chart.categories.iter().all(|it| text::width(&text::on_axis(it)) + 8 <= self.slot())
    }

    pub(super) fn pixel(&self, value: f64) -> i32 {
        self.scale.pixel(value, (self.bottom, self.top))
    }

    /// Lines to measure by, and what they stand for.
    pub(super) fn draw_grid(&self, canvas: &Canvas<'_>, chart: &Chart) -> Drawn {
        for tick in &self.scale.ticks {
            let y = self.pixel(*tick);
            let ink = if *tick == 0.0 { BASE } else { GRID };
            canvas.line(vec![(self.left, y), (self.right, y)], ink, 1)?;
            canvas.text(self.left - 8, y, Anchor::End, TEXT, &chart.short(*tick))?;
        }
        Ok(())
    }

    /// As many names of categories as there is room for, at `place`.
    pub(super) fn draw_names(&self, canvas: &Canvas<'_>, chart: &Chart, place: impl Fn(usize) -> i32) -> Drawn {
        let names: Vec<_> = chart.categories.iter().map(|it| text::on_axis(it)).collect();
        let widest = names.iter().map(|it| text::width(it)).max().unwrap_or(1).min(120);
        let room = usize::try_from((self.right - self.left) / (widest + 14)).unwrap_or(1).max(1);
        let every = names.len().div_ceil(room).max(1);
        let y = self.bottom + FOOT / 2 + 2;
        for (at, name) in names.iter().enumerate().step_by(every) {
            let name = text::cut(name, if every == 1 { widest.max(self.slot() - 6) } else { widest });
            let half = text::width(&name) / 2;
            // The outermost stay in the picture.
            let x = place(at).clamp(half, (self.right - half).max(half));
            canvas.text(x, y, Anchor::Middle, TEXT, &name)?;
        }
        Ok(())
    }
}

fn columns(chart: &Chart, size: Size, plot: &Plot) -> Picture {
    let names = legend(chart, size, chart.series.len() > 1);
    let height = legend_height(&names) + size.height();
    Canvas::picture((size.width(), height), &chart.alternative(), |canvas| {
        draw_legend(canvas, &names)?;
        plot.draw_grid(canvas, chart)?;
        let zero = plot.pixel(plot.scale.zero());
        let together = i32::try_from(chart.series.len().min(SERIES_MAX)).unwrap_or(1).max(1);
        let values: Vec<_> = chart.values().map(|it| text::width(&chart.short(it))).collect();
        let are_labelled = together == 1 && values.iter().all(|it| it + 4 <= plot.slot());
        for at in 0..chart.categories.len() {
            let slot = i32::try_from(at).unwrap_or_default();
            let (from, to) = (plot.edge(slot), plot.edge(slot + 1));
            let gap = ((to - from) / 5).max(i32::from(to - from > 2));
            // A single bar is not a wall.
            let room = (to - from - gap).clamp(1, 72 * together);
            let start = from + (to - from - room) / 2;
            for nth in 0..together {
                let series_at = usize::try_from(nth).unwrap_or_default();
                let Some(value) = chart.value(series_at, at) else { continue };
                let (x, end) = (start + room * nth / together, (start + room * (nth + 1) / together).max(start + 1));
                let y = plot.pixel(value);
                // What is there is seen, however small it is.
                let y = if value > 0.0 && y == zero { zero - 1 } else { y };
                canvas.rectangle((x, y.min(zero)), (end, y.max(zero)), series(series_at))?;
                if are_labelled {
                    let above = if value < 0.0 { y.max(zero) + 9 } else { y.min(zero) - 9 };
                    canvas.text(i32::midpoint(from, to), above, Anchor::Middle, STRONG, &chart.short(value))?;
                }
            }
        }
        plot.draw_names(canvas, chart, |at| {
            let at = i32::try_from(at).unwrap_or_default();
            i32::midpoint(plot.edge(at), plot.edge(at + 1))
        })
    })
}

fn rows(chart: &Chart, size: Size) -> Picture {
    let names = legend(chart, size, chart.series.len() > 1);
    let top = legend_height(&names);
    let shown = chart.categories.len().min(ROWS_MAX);
    let more = chart.categories.len() - shown;
    let together = i32::try_from(chart.series.len().min(SERIES_MAX)).unwrap_or(1).max(1);
    let thick = if together == 1 { 18 } else { 14 };
    let (beside, above) = match size {
        Size::Wide => {
            let widest = chart.categories.iter().take(shown).map(|it| text::width(it)).max().unwrap_or_default();
            (widest.min(size.width() * 2 / 5) + 10, 0)
        }
        Size::Narrow => (0, NAME_LINE),
    };
    let row = above + thick * together + if size == Size::Wide { 12 } else { 14 };
    let rows = i32::try_from(shown).unwrap_or_default();
    let height = top + row * rows + if more > 0 { NAME_LINE } else { 0 };
    let widest_value = chart.values().map(|it| text::width(&chart.short(it))).max().unwrap_or_default();
    let scale = Scale::of(chart, 5, true);
    let has_negative = chart.values().any(|it| it < 0.0);
    let left = beside + if has_negative { widest_value + 6 } else { 0 };
    let ends = (left, size.width() - widest_value - 6);
    let zero = scale.pixel(scale.zero(), ends);
    Canvas::picture((size.width(), height), &chart.alternative(), |canvas| {
        draw_legend(canvas, &names)?;
        for (at, name) in chart.categories.iter().enumerate().take(shown) {
            let y = top + row * i32::try_from(at).unwrap_or_default();
            let bars = y + above;
            if above > 0 {
                canvas.text(0, y + 8, Anchor::Start, TEXT, &text::cut(name, size.width()))?;
            } else {
                let middle = bars + thick * together / 2;
                canvas.text(beside - 10, middle, Anchor::End, TEXT, &text::cut(name, beside - 10))?;
            }
            for nth in 0..together {
                let series_at = usize::try_from(nth).unwrap_or_default();
                let Some(value) = chart.value(series_at, at) else { continue };
                let y = bars + thick * nth;
                let x = scale.pixel(value, ends);
                let x = if value > 0.0 && x == zero { zero + 1 } else { x };
                canvas.rectangle((x.min(zero), y), (x.max(zero), y + thick - 2), series(series_at))?;
                let (x, anchor) = if value < 0.0 { (x - 6, Anchor::End) } else { (x + 6, Anchor::Start) };
                canvas.text(x, y + thick / 2 - 1, anchor, STRONG, &chart.short(value))?;
            }
        }
        canvas.line(vec![(zero, top), (zero, top + row * rows - 8)], BASE, 1)?;
        if more > 0 {
            let told = format!("and {more} more, which the table has");
            canvas.text(beside, height - NAME_LINE / 2, Anchor::Start, TEXT, &told)?;
        }
        Ok(())
    })
}
