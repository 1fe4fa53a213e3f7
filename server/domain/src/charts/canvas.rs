//! What charts are drawn with: plotters' elements, in the inks of this file alone.

use super::text;
use plotters::coord::Shift;
use plotters::drawing::DrawingAreaErrorKind;
use plotters::prelude::{
    Circle, Color as _, DrawingArea, IntoDrawingArea as _, IntoFont as _, PathElement, Polygon, RGBColor, Rectangle,
    SVGBackend, Text, TextStyle,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// A colour, as it looks on paper; `style/components/charts.css` puts the theme's in its place.
pub(super) type Ink = RGBColor;

/// What names and counts.
pub(super) const TEXT: Ink = RGBColor(0x6B, 0x66, 0x5F);
/// What matters.
pub(super) const STRONG: Ink = RGBColor(0x2B, 0x29, 0x26);
/// Helps the eye.
pub(super) const GRID: Ink = RGBColor(0xE4, 0xE1, 0xDC);
/// Where bars begin.
pub(super) const BASE: Ink = RGBColor(0xC6, 0xC1, 0xBA);
/// What the picture stands on.
pub(super) const GROUND: Ink = RGBColor(0xFD, 0xFD, 0xFC);

const SERIES: [Ink; atrium::charts::SERIES_MAX] = [
    RGBColor(0x0B, 0x7A, 0x75),
    RGBColor(0xB8, 0x54, 0x0E),
    RGBColor(0x3B, 0x69, 0xB0),
    RGBColor(0xA2, 0x3B, 0x72),
    RGBColor(0x56, 0x80, 0x2A),
    RGBColor(0x74, 0x57, 0xB8),
    RGBColor(0x8C, 0x6A, 0x00),
    RGBColor(0x66, 0x6B, 0x74),
];

/// Every ink, as the picture has it and by the token that takes its place.
pub const INKS: [(&str, &str); 13] = [
    ("#6B665F", "--muted"),
    ("#2B2926", "--text"),
    ("#E4E1DC", "--line"),
    ("#C6C1BA", "--line-firm"),
    ("#FDFDFC", "--ground"),
    ("#0B7A75", "--chart-1"),
    ("#B8540E", "--chart-2"),
    ("#3B69B0", "--chart-3"),
    ("#A23B72", "--chart-4"),
    ("#56802A", "--chart-5"),
    ("#7457B8", "--chart-6"),
    ("#8C6A00", "--chart-7"),
    ("#666B74", "--chart-8"),
];

/// The ink of a series, or of a slice.
pub(super) fn series(at: usize) -> Ink {
    SERIES[at % SERIES.len()]
}

/// On which side of its place a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

pub(super) type Fault = DrawingAreaErrorKind<std::io::Error>;
pub(super) type Drawn = Result<(), Fault>;
/// A picture, or why there is none.
pub(super) type Picture = Result<String, Fault>;
/// Right and down, in pixels.
pub(super) type Point = (i32, i32);

/// What is drawn on.
pub(super) struct Canvas<'a>(DrawingArea<SVGBackend<'a>, Shift>);

impl Canvas<'_> {
    /// A picture of that size, and what it says in words.
    pub(super) fn picture(
        (width, height): Point,
        alternative: &str,
        draw: impl FnOnce(&Canvas<'_>) -> Drawn,
    ) -> Picture {
        let pixels = |it: i32| u32::try_from(it.max(1)).unwrap_or(1);
        let mut drawn = String::new();
        {
            let area = SVGBackend::with_string(&mut drawn, (pixels(width), pixels(height))).into_drawing_area();
            let canvas = Canvas(area);
            draw(&canvas)?;
            canvas.0.present()?;
        }
        // The backend knows no attributes but its own.
        let told = escape(alternative);
        Ok(drawn.replacen("<svg ", &format!("<svg class=\"chart\" role=\"img\" aria-label=\"{told}\" "), 1))
    }

    /// A line of text, centred on its height.
    pub(super) fn text(&self, x: i32, y: i32, anchor: Anchor, ink: Ink, text: &str) -> Drawn {
        let side = match anchor {
            Anchor::Start => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::End => HPos::Right,
        };
        // The backend divides by this.
        let font = ("system-ui, sans-serif", text::SIZE * 1.24).into_font();
        let style = TextStyle::from(font).color(&ink).pos(Pos::new(side, VPos::Center));
        self.0.draw(&Text::new(text.to_owned(), (x, y), style))
    }

    pub(super) fn rectangle(&self, from: Point, to: Point, ink: Ink) -> Drawn {
        self.0.draw(&Rectangle::new([from, to], ink.filled()))
    }

    /// The colour beside a name.
    pub(super) fn swatch(&self, x: i32, y: i32, ink: Ink) -> Drawn {
        self.rectangle((x, y - 5), (x + 10, y + 5), ink)
    }

    pub(super) fn line(&self, points: Vec<Point>, ink: Ink, width: u32) -> Drawn {
        self.0.draw(&PathElement::new(points, ink.stroke_width(width)))
    }

    /// A surface, from nothing (0) to full (1).
    pub(super) fn surface(&self, points: Vec<Point>, ink: Ink, opacity: f64) -> Drawn {
        self.0.draw(&Polygon::new(points, ink.mix(opacity).filled()))
    }

    pub(super) fn dot(&self, at: Point, radius: i32, ink: Ink) -> Drawn {
        self.0.draw(&Circle::new(at, radius, ink.filled()))
    }
}

fn escape(text: &str) -> String {
    // What XML has no place for would make the file unreadable.
    let allowed = |it: &char| !it.is_control() && !matches!(it, '\u{fffe}' | '\u{ffff}');
    atrium::text::escape_html(&text.chars().filter(allowed).collect::<String>()).replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ink_has_a_token_in_the_styles() {
        let written = |ink: Ink| format!("#{:02X}{:02X}{:02X}", ink.0, ink.1, ink.2);
        let inks: Vec<_> = [TEXT, STRONG, GRID, BASE, GROUND].into_iter().chain(SERIES).map(written).collect();
        assert_eq!(inks, INKS.map(|it| it.0));
        let styles = include_str!("../../../../style/components/charts.css");
        for (ink, token) in INKS {
            for property in ["fill", "stroke"] {
                let rule = format!("[{property}=\"{ink}\"] {{\n      {property}: var({token});");
                assert!(styles.contains(&rule), "style/components/charts.css lacks {rule}");
            }
        }
    }
}
