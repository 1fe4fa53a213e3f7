//! Charts drawn as SVG: bars from zero, lines, pies. What is drawn is `atrium::charts::Chart`; nothing here reads data.
//!
//! The picture has no style of its own: colours stand as attributes, as they look on paper, and `style/` puts the theme's
//! in their place. A page draws a chart twice, for wide and for narrow columns, because text in a picture shrinks with it.

mod bars;
mod canvas;
mod lines;
mod pie;
mod scale;
#[cfg(test)]
mod tests;
mod text;

use atrium::charts::{Chart, ChartKind};
use canvas::Canvas;
pub use canvas::INKS;

/// How much room there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// A column of text, or half of a wide page.
    Wide,
    /// A phone.
    Narrow,
}

impl Size {
    fn width(self) -> i32 {
        match self {
            Self::Wide => 640,
            Self::Narrow => 340,
        }
    }

    /// Of what has no height by itself.
    fn height(self) -> i32 {
        match self {
            Self::Wide => 280,
            Self::Narrow => 230,
        }
    }
}

/// The picture: an element that can stand in a page, and a file that can stand alone. Without the title, which is text
/// of the page; whoever does not see the picture is told what is in it. Empty if there is nothing to draw.
#[must_use]
pub fn svg(chart: &Chart, size: Size) -> String {
    if chart.is_empty() {
        return String::new();
    }
    let drawn = match chart.kind {
        ChartKind::Bar => bars::draw(chart, size),
        ChartKind::Line => lines::draw(chart, size),
        ChartKind::Pie => pie::draw(chart, size),
    };
    drawn.unwrap_or_else(|error| {
        tracing::error!("a chart could not be drawn: {error}");
        String::new()
    })
}

/// The names of several series, each beside its colour, where there is no room for them beside what they name. Answers
/// with the height that they take.
fn legend(chart: &Chart, size: Size, is_needed: bool) -> Vec<(i32, i32, usize, String)> {
    let mut placed = Vec::new();
    if !is_needed {
        return placed;
    }
    let (mut x, mut y) = (0, 9);
    for (at, series) in chart.series.iter().enumerate().take(atrium::charts::SERIES_MAX) {
        let name = text::cut(&series.name, size.width() - 24);
        let width = 16 + text::width(&name) + 16;
        if x > 0 && x + width - 16 > size.width() {
            (x, y) = (0, y + LEGEND_LINE);
        }
        placed.push((x, y, at, name));
        x += width;
    }
    placed
}

const LEGEND_LINE: i32 = 20;

/// How much of the picture its legend takes.
fn legend_height(placed: &[(i32, i32, usize, String)]) -> i32 {
    placed.last().map_or(0, |it| it.1 + LEGEND_LINE)
}

fn draw_legend(canvas: &Canvas<'_>, placed: &[(i32, i32, usize, String)]) -> canvas::Drawn {
    for (x, y, series, name) in placed {
        canvas.swatch(*x, *y, canvas::series(*series))?;
        canvas.text(x + 16, *y, canvas::Anchor::Start, canvas::TEXT, name)?;
    }
    Ok(())
}
