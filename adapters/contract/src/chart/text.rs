//! A chart as lines of text, for a terminal and for mail readers without pictures.

use unicode_width::UnicodeWidthStr;

use super::fit::extent;
use super::{Amount, Chart, ChartKind};

/// Longest bar, in columns.
const MAX_BAR_COLUMNS: usize = 40;

/// What the bars of each series are made of, told apart without colours.
const FILLS: [char; 6] = ['█', '▒', '░', '▓', '▞', '─'];

/// The heights of a line's points, the lowest first.
const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

impl Chart {
    /// Draws it as lines of text: a row of blocks for each point, at most 40 columns long, or for each line one of 20.
    #[must_use]
    pub fn drawn_in_text(&self) -> String {
        match self.kind {
            ChartKind::Bar => bars(self),
            ChartKind::Line => lines(self),
        }
    }
}

fn bars(chart: &Chart) -> String {
    let sizes = |at: usize| chart.series.iter().map(move |series| series.values[at].get().abs());
    let longest = (0..chart.labels.len()).map(|at| sizes(at).sum::<f64>()).fold(0.0, f64::max);
    let width = chart.labels.iter().map(|label| label.width()).max().unwrap_or(0);
    let mut rows = Vec::new();
    for (at, label) in chart.labels.iter().enumerate() {
        let (mut bar, mut reached, mut drawn) = (String::new(), 0.0, 0);
        for (size, fill) in sizes(at).zip(FILLS) {
            reached += size;
            let mut end = columns(reached, longest).max(drawn);
            // What is there is seen, however little it is.
            if size > 0.0 && end == drawn && end < MAX_BAR_COLUMNS {
                end += 1;
            }
            bar.extend(std::iter::repeat_n(fill, end - drawn));
            drawn = end;
        }
        let total = Amount(chart.series.iter().map(|series| series.values[at].get()).sum());
        let bar = if bar.is_empty() { bar } else { bar + " " };
        rows.push(format!("{}{label} {bar}{}", padding(label, width), total.words()));
    }
    if chart.series.len() > 1 {
        let names = chart.series.iter().zip(FILLS).map(|(series, fill)| format!("{fill} {}", series.name));
        rows.push(names.collect::<Vec<_>>().join("   "));
    }
    rows.join("\n")
}

fn lines(chart: &Chart) -> String {
    let width = chart.series.iter().map(|series| series.name.width()).max().unwrap_or(0);
    let all = chart.series.iter().map(|series| {
        let (low, high) = extent(&series.values);
        let span = high.get() - low.get();
        let top = HEIGHTS.len() - 1;
        let height = |value: &Amount| match span > 0.0 {
            true => HEIGHTS[scaled((value.get() - low.get()) / span, top)],
            false => HEIGHTS[0],
        };
        let drawn: String = series.values.iter().map(height).collect();
        format!("{}{} {drawn} {} – {}", padding(&series.name, width), series.name, low.words(), high.words())
    });
    let mut rows: Vec<String> = all.collect();
    if let [first, .., last] = chart.labels.as_slice() {
        rows.push(format!("{} {first} – {last}", " ".repeat(width)));
    }
    rows.join("\n")
}

fn padding(text: &str, width: usize) -> String {
    " ".repeat(width.saturating_sub(text.width()))
}

fn columns(size: f64, longest: f64) -> usize {
    if longest > 0.0 { scaled(size / longest, MAX_BAR_COLUMNS) } else { 0 }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "0 to top")]
fn scaled(share: f64, top: usize) -> usize {
    ((share * top as f64).round() as usize).min(top)
}
