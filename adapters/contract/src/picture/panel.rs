//! One chart within a picture: title, legend, axes, bars or lines.

use super::axis::{Axis, short};
use super::pen::{Anchor, BRIGHT, FAINT, Pen, SOFT, colours};
use crate::{Amount, Chart, ChartKind};

/// Width of a picture, in pixels: that of a phone's screen.
pub const WIDTH_PX: u32 = 1080;
/// Height of each chart, in pixels.
pub const CHART_HEIGHT_PX: u32 = 600;
/// The same, as it is drawn with.
pub(super) const HEIGHT: f32 = CHART_HEIGHT_PX as f32;
const WIDTH: f32 = WIDTH_PX as f32;
/// Room at either side.
const SIDE: f32 = 44.0;
const TITLE: f32 = 46.0;
const LETTERS: f32 = 34.0;
/// Side of the square before a name.
const SQUARE: f32 = 28.0;
/// Height of a row of the legend.
const ROW: f32 = 48.0;
/// Room below the plot, for the names of points.
const FOOT: f32 = 72.0;
/// Share of a point's room that its bar takes.
const BAR: f32 = 0.72;
const LINE: f32 = 8.0;
const DOT: f32 = 10.0;

/// Where values are drawn.
struct Plot {
    left: f32,
    right: f32,
    top: f32,
    bottom: f32,
    axis: Axis,
}

impl Plot {
    fn y(&self, value: f64) -> f32 {
        #[expect(clippy::cast_possible_truncation, reason = "between 0 and 1")]
        let share = self.axis.share(value) as f32;
        self.bottom - share * (self.bottom - self.top)
    }

    /// The middle of a point's room, and how wide that is.
    fn x(&self, at: usize, of: usize) -> (f32, f32) {
        #[expect(clippy::cast_precision_loss, reason = "there are few points")]
        let (at, of) = (at as f32, of as f32);
        let room = (self.right - self.left) / of;
        (self.left + room * (at + 0.5), room)
    }
}

/// Draws a chart below a line.
pub(super) fn draw(pen: &mut Pen<'_>, chart: &Chart, top: f32) {
    pen.text(chart.title(), (SIDE, top + 66.0), TITLE, BRIGHT, Anchor::Begin, WIDTH - 2.0 * SIDE);
    let below = legend(pen, chart, top + 84.0);
    let axis = axis(chart);
    let numbers = axis.marks.iter().map(|mark| pen.width(&short(*mark), LETTERS)).fold(0.0, f32::max);
    let plot =
        Plot { left: SIDE + numbers + 18.0, right: WIDTH - SIDE, top: below + 28.0, bottom: top + HEIGHT - FOOT, axis };
    for mark in &plot.axis.marks {
        let y = plot.y(*mark);
        pen.rectangle(plot.left, y - 1.5, plot.right - plot.left, 3.0, FAINT);
        let beside = (plot.left - 16.0, y + LETTERS * 0.36);
        pen.text(&short(*mark), beside, LETTERS, SOFT, Anchor::End, WIDTH / 3.0);
    }
    match chart.kind() {
        ChartKind::Bar => bars(pen, chart, &plot),
        ChartKind::Line => lines(pen, chart, &plot),
    }
    names(pen, chart, &plot);
}

/// Names the series with their colours, and returns where that ends; one alone needs no name.
fn legend(pen: &mut Pen<'_>, chart: &Chart, top: f32) -> f32 {
    let (mut x, mut y) = (SIDE, top);
    for (series, colour) in chart.series().iter().zip(colours(chart.series())) {
        let width = SQUARE + 14.0 + pen.width(&series.name, LETTERS) + 36.0;
        if x > SIDE && x + width > WIDTH - SIDE + 36.0 {
            (x, y) = (SIDE, y + ROW);
        }
        pen.rectangle(x, y + 12.0, SQUARE, SQUARE, colour);
        let beside = (x + SQUARE + 14.0, y + 38.0);
        pen.text(&series.name, beside, LETTERS, SOFT, Anchor::Begin, WIDTH - 2.0 * SIDE - SQUARE - 14.0);
        x += width;
    }
    y + ROW
}

fn axis(chart: &Chart) -> Axis {
    let values = || chart.series().iter().flat_map(|series| series.values.iter().map(|value| value.get()));
    let whole = values().all(|value| value.fract() == 0.0);
    let (least, greatest) = match chart.kind() {
        ChartKind::Line => (values().fold(0.0, f64::min), values().fold(0.0, f64::max)),
        ChartKind::Bar => (0..chart.labels().len())
            .map(|at| stack(chart, at))
            .fold((0.0, 0.0), |ends, stack| (f64::min(ends.0, stack.0), f64::max(ends.1, stack.1))),
    };
    Axis::of(least, greatest, whole)
}

/// Returns how far down and up the series at a point reach when they stand on one another.
fn stack(chart: &Chart, at: usize) -> (f64, f64) {
    let values = chart.series().iter().map(|series| series.values[at].get());
    values.fold((0.0, 0.0), |(down, up), value| if value < 0.0 { (down + value, up) } else { (down, up + value) })
}

fn bars(pen: &mut Pen<'_>, chart: &Chart, plot: &Plot) {
    let colours = colours(chart.series());
    for at in 0..chart.labels().len() {
        let (middle, room) = plot.x(at, chart.labels().len());
        let width = room * BAR;
        let (mut down, mut up) = (0.0, 0.0);
        for (series, colour) in chart.series().iter().zip(&colours) {
            let value = series.values[at].get();
            let reached = if value < 0.0 { &mut down } else { &mut up };
            let (from, to) = (plot.y(*reached), plot.y(*reached + value));
            *reached += value;
            pen.rectangle(middle - width / 2.0, from.min(to), width, (from - to).abs(), *colour);
        }
    }
}

fn lines(pen: &mut Pen<'_>, chart: &Chart, plot: &Plot) {
    let count = chart.labels().len();
    for (series, colour) in chart.series().iter().zip(colours(chart.series())) {
        let point = |(at, value): (usize, &Amount)| (plot.x(at, count).0, plot.y(value.get()));
        let points: Vec<(f32, f32)> = series.values.iter().enumerate().map(point).collect();
        pen.line(&points, LINE, colour);
        points.iter().for_each(|(x, y)| pen.dot(*x, *y, DOT, colour));
    }
}

/// Writes the names of as many points as have room for them.
fn names(pen: &mut Pen<'_>, chart: &Chart, plot: &Plot) {
    let count = chart.labels().len();
    let widest = chart.labels().iter().map(|label| pen.width(label, LETTERS)).fold(0.0, f32::max);
    let room = plot.x(0, count).1;
    let fits = |step: &usize| {
        #[expect(clippy::cast_precision_loss, reason = "there are few points")]
        let step = *step as f32;
        widest + 22.0 <= room * step
    };
    let step = (1..count).find(fits).unwrap_or(count);
    for (at, label) in chart.labels().iter().enumerate().step_by(step) {
        let half = pen.width(label, LETTERS) / 2.0;
        let middle = plot.x(at, count).0.max(SIDE + half).min(WIDTH - 12.0 - half);
        pen.text(label, (middle, plot.bottom + 50.0), LETTERS, SOFT, Anchor::Middle, WIDTH - 2.0 * SIDE);
    }
}
