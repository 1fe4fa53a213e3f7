//! What the interpreter draws, as fragments of text: glyphs that stand beside each other on one line.

use crate::limits::Watch;
use hayro_interpret::font::{Glyph, GlyphRun};
use hayro_interpret::hayro_cmap::{BfString, WritingMode};
use hayro_interpret::kurbo::{Affine, BezPath, Point, Vec2};
use hayro_interpret::{BlendMode, ClipPath, Device, DrawMode, DrawProps, Image, ImageDrawProps, SoftMask};

/// A page with more glyphs than this is no page of text.
const MOST: usize = 2_000_000;

/// Neighbouring glyphs on one line, in points; y grows downwards and is the baseline's.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Fragment {
    pub text: String,
    pub left: f64,
    pub right: f64,
    pub y: f64,
    pub size: f64,
}

struct Letter {
    text: BfString,
    at: Point,
    width: f64,
    size: f64,
    /// Not from left to right: drawn in the order in which it is read.
    turned: bool,
}

/// Takes the place of a picture of the page.
pub(super) struct Glyphs {
    fragments: Vec<Fragment>,
    watch: Watch,
    drawn: usize,
    /// Where the last run began, what it began with and how long it was: some draw a run twice to make it bold.
    last: Option<(Point, BfString, usize)>,
    turned: bool,
    pub(super) unknown: usize,
    over: bool,
}

impl Glyphs {
    pub(super) fn new(watch: Watch) -> Self {
        Self { fragments: Vec::new(), watch, drawn: 0, last: None, turned: false, unknown: 0, over: false }
    }

    pub(super) fn fragments(self) -> Vec<Fragment> {
        self.fragments
    }

    fn push(&mut self, letter: &Letter) {
        let mut buffer = [0; 4];
        let text: &str = match &letter.text {
            BfString::Char(character) => character.encode_utf8(&mut buffer),
            BfString::String(text) => text,
        };
        let is_space = text.chars().all(char::is_whitespace);
        let size = letter.size.max(0.1);
        let joins = self.fragments.last().is_some_and(|last| {
            if letter.turned || self.turned {
                return letter.turned && self.turned;
            }
            let gap = letter.at.x - last.right;
            (last.y - letter.at.y).abs() < 0.25 * size
                && gap > -0.6 * size
                && gap < 0.9 * size
                && last.size < 2.5 * size
        });
        self.turned = letter.turned;
        if !joins {
            if is_space {
                return;
            }
            let (left, y) = (letter.at.x, letter.at.y);
            self.fragments.push(Fragment { text: String::new(), left, right: left, y, size });
        }
        let Some(last) = self.fragments.last_mut() else { return };
        let ends_in_space = last.text.is_empty() || last.text.ends_with(' ');
        if is_space {
            if !ends_in_space {
                last.text.push(' ');
            }
        } else {
            // Many PDFs have no spaces, only distances.
            if !ends_in_space && !letter.turned && letter.at.x - last.right > 0.17 * size {
                last.text.push(' ');
            }
            last.text.extend(text.chars().filter(|character| !character.is_control() && *character != '\u{ad}'));
        }
        last.right = last.right.max(letter.at.x + letter.width);
        last.size = last.size.max(size);
    }
}

impl Device<'_> for Glyphs {
    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, '_>, props: DrawProps<'_>, _: &DrawMode) {
        let vertical = matches!(run.writing_mode(), WritingMode::Vertical);
        let mut first = true;
        for glyph in run.glyphs() {
            self.drawn += 1;
            self.over |= self.drawn > MOST || super::is_over(self.watch, self.drawn);
            if self.over {
                return;
            }
            let Some(text) = glyph.as_unicode() else {
                self.unknown += 1;
                continue;
            };
            let letter = place(glyph, text, props.transform * glyph.transform(), vertical);
            if !letter.at.x.is_finite() || !letter.at.y.is_finite() || !letter.width.is_finite() {
                continue;
            }
            if std::mem::take(&mut first) {
                let count = run.glyphs().len();
                let again = self.last.as_ref().is_some_and(|(at, text, length)| {
                    *length == count && *text == letter.text && (*at - letter.at).hypot() < 0.1 * letter.size
                });
                self.last = Some((letter.at, letter.text.clone(), count));
                if again {
                    return;
                }
            }
            self.push(&letter);
        }
    }

    fn draw_path(&mut self, _: &BezPath, _: DrawProps<'_>, _: &DrawMode) {}
    fn push_clip_path(&mut self, _: &ClipPath) {}
    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'_>>, _: BlendMode) {}
    fn draw_image(&mut self, _: Image<'_, '_>, _: ImageDrawProps<'_>) {}
    fn pop_clip(&mut self) {}
    fn pop_transparency_group(&mut self) {}
}

/// Glyphs are drawn in units of a thousandth of their size.
fn place(glyph: &Glyph<'_>, text: BfString, transform: Affine, vertical: bool) -> Letter {
    let advance = match glyph {
        Glyph::Outline(outline) => outline.advance_width().map_or(500.0, f64::from),
        Glyph::Type3(_) => 500.0,
    };
    let along = |vector: Vec2| (transform * vector.to_point()) - (transform * Point::ZERO);
    let (across, up) = (along(Vec2::new(1000.0, 0.0)), along(Vec2::new(0.0, 1000.0)));
    let turned = vertical || across.x <= 0.0 || across.y.abs() > 0.2 * across.x;
    Letter { text, at: transform * Point::ZERO, width: across.x * advance / 1000.0, size: up.hypot(), turned }
}
