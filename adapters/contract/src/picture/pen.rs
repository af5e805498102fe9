//! What is drawn with: colours, rectangles, lines and letters.

use tiny_skia::{Color, FillRule, LineCap, LineJoin, Paint, PathBuilder, Pixmap, Rect, Shader, Stroke, Transform};
use ttf_parser::{Face, GlyphId, OutlineBuilder};

use crate::{Series, Tone};

/// The letters.
static FACE: &[u8] = include_bytes!("face.ttf");
/// What stands for a sign that the face lacks.
const MISSING: char = '□';

/// Behind everything: dark enough that all colours of severities are seen on it.
pub(super) const BACKGROUND: Ink = Ink(0x1B, 0x20, 0x28);
/// Titles.
pub(super) const BRIGHT: Ink = Ink(0xF5, 0xF7, 0xFA);
/// Numbers and names.
pub(super) const SOFT: Ink = Ink(0xC3, 0xCB, 0xD6);
/// Lines behind what is shown.
pub(super) const FAINT: Ink = Ink(0x3A, 0x44, 0x52);

/// Colours of series whose own another has already.
const SPARE: [Ink; 4] = [Ink(0x4D, 0xD0, 0xE1), Ink(0xC7, 0x92, 0xEA), Ink(0xF4, 0x8F, 0xB1), Ink(0xA5, 0xD6, 0xA7)];

/// A colour: red, green and blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ink(u8, u8, u8);

impl Ink {
    pub(super) fn colour(self) -> Color {
        Color::from_rgba8(self.0, self.1, self.2, u8::MAX)
    }
}

/// Returns a colour for each series: that of how bad it is, so far as no two have the same.
pub(super) fn colours(series: &[Series]) -> Vec<Ink> {
    let mut spare = SPARE.into_iter().cycle();
    let mut taken: Vec<Ink> = Vec::new();
    for series in series {
        let own = colour(series.tone);
        let colour = if taken.contains(&own) { spare.next().unwrap_or(own) } else { own };
        taken.push(colour);
    }
    taken
}

/// Told apart also by who sees red and green alike: by their lightness, and by the order of the legend.
fn colour(tone: Tone) -> Ink {
    match tone {
        Tone::Critical => Ink(0xFF, 0x5A, 0x52),
        Tone::Error => Ink(0xFF, 0x9F, 0x43),
        Tone::Warning => Ink(0xFF, 0xDD, 0x57),
        Tone::Info => Ink(0x5A, 0xA9, 0xFF),
        Tone::Quiet => Ink(0x8C, 0x96, 0xA3),
        Tone::Unknown => Ink(0xC7, 0xCE, 0xD8),
        Tone::Over => Ink(0x3F, 0xC3, 0x80),
    }
}

/// Where a text stands by the point that it is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    /// Right of it.
    Begin,
    /// Around it.
    Middle,
    /// Left of it.
    End,
}

/// Draws on a canvas.
pub(super) struct Pen<'c> {
    canvas: &'c mut Pixmap,
    face: Face<'static>,
}

impl<'c> Pen<'c> {
    pub(super) fn new(canvas: &'c mut Pixmap) -> Option<Self> {
        Some(Self { canvas, face: Face::parse(FACE, 0).ok()? })
    }

    pub(super) fn rectangle(&mut self, x: f32, y: f32, width: f32, height: f32, colour: Ink) {
        if let Some(rectangle) = Rect::from_xywh(x, y, width, height) {
            self.canvas.fill_rect(rectangle, &paint(colour), Transform::identity(), None);
        }
    }

    pub(super) fn line(&mut self, points: &[(f32, f32)], width: f32, colour: Ink) {
        let mut path = PathBuilder::new();
        for (at, (x, y)) in points.iter().enumerate() {
            if at == 0 { path.move_to(*x, *y) } else { path.line_to(*x, *y) }
        }
        let stroke = Stroke { width, line_cap: LineCap::Round, line_join: LineJoin::Round, ..Stroke::default() };
        if let Some(path) = path.finish() {
            self.canvas.stroke_path(&path, &paint(colour), &stroke, Transform::identity(), None);
        }
    }

    pub(super) fn dot(&mut self, x: f32, y: f32, radius: f32, colour: Ink) {
        if let Some(path) = PathBuilder::from_circle(x, y, radius) {
            self.canvas.fill_path(&path, &paint(colour), FillRule::Winding, Transform::identity(), None);
        }
    }

    /// Writes a text on a line, cut to a width.
    pub(super) fn text(&mut self, text: &str, at: (f32, f32), size: f32, colour: Ink, anchor: Anchor, room: f32) {
        let text = self.cut(text, size, room);
        let width = self.width(&text, size);
        let begin = match anchor {
            Anchor::Begin => at.0,
            Anchor::Middle => at.0 - width / 2.0,
            Anchor::End => at.0 - width,
        };
        let mut outline = Outline { path: PathBuilder::new(), x: begin, y: at.1, scale: self.scale(size) };
        for c in text.chars() {
            let glyph = self.glyph(c);
            // A sign without an outline is a space.
            let _ = self.face.outline_glyph(glyph, &mut outline);
            outline.x += self.advance(glyph, size);
        }
        if let Some(path) = outline.path.finish() {
            self.canvas.fill_path(&path, &paint(colour), FillRule::Winding, Transform::identity(), None);
        }
    }

    /// Returns how wide a text is.
    pub(super) fn width(&self, text: &str, size: f32) -> f32 {
        text.chars().map(|c| self.advance(self.glyph(c), size)).sum()
    }

    fn cut(&self, text: &str, size: f32, room: f32) -> String {
        if self.width(text, size) <= room {
            return text.to_owned();
        }
        let mut cut = text.to_owned();
        while !cut.is_empty() && self.width(&cut, size) + self.width("…", size) > room {
            cut.pop();
        }
        cut + "…"
    }

    fn glyph(&self, c: char) -> GlyphId {
        let found = self.face.glyph_index(c).or_else(|| self.face.glyph_index(MISSING));
        found.unwrap_or(GlyphId(0))
    }

    fn scale(&self, size: f32) -> f32 {
        size / f32::from(self.face.units_per_em())
    }

    fn advance(&self, glyph: GlyphId, size: f32) -> f32 {
        f32::from(self.face.glyph_hor_advance(glyph).unwrap_or_default()) * self.scale(size)
    }
}

fn paint(colour: Ink) -> Paint<'static> {
    Paint { shader: Shader::SolidColor(colour.colour()), anti_alias: true, ..Paint::default() }
}

/// The outline of letters, moved to where they stand.
struct Outline {
    path: PathBuilder,
    x: f32,
    y: f32,
    scale: f32,
}

impl Outline {
    fn at(&self, x: f32, y: f32) -> (f32, f32) {
        (self.x + x * self.scale, self.y - y * self.scale)
    }
}

impl OutlineBuilder for Outline {
    fn move_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.move_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.line_to(x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let ((x1, y1), (x, y)) = (self.at(x1, y1), self.at(x, y));
        self.path.quad_to(x1, y1, x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let ((x1, y1), (x2, y2), (x, y)) = (self.at(x1, y1), self.at(x2, y2), self.at(x, y));
        self.path.cubic_to(x1, y1, x2, y2, x, y);
    }

    fn close(&mut self) {
        self.path.close();
    }
}
