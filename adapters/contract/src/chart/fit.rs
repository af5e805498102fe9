//! Brings what is to be shown into bounds, and keeps book of what was changed.

use std::collections::HashSet;

use super::{
    Amount, Chart, ChartKind, MAX_CHART_NAME_CHARS, MAX_CHART_POINTS, MAX_CHART_SERIES, MAX_CHART_TITLE_CHARS,
    MAX_CHART_WORDS_CHARS, Plot, PlotSeries, Series,
};
use crate::{Tone, one_line};

/// Most points and series that are looked at; what is beyond them is left out.
const MAX_READ_POINTS: usize = 20_000;
const MAX_READ_SERIES: usize = 100;

/// Largest value, in either direction; beyond it nobody reads a chart.
const MAX_AMOUNT: f64 = 1e12;

/// What the series are called that are shown together.
const OTHERS: &str = "others";

/// What a chart is called that has no title.
const NO_TITLE: &str = "Chart";

/// A series while it is brought into bounds.
struct Row {
    name: String,
    tone: Tone,
    values: Vec<f64>,
}

/// What was changed.
#[derive(Default)]
struct Changes {
    notes: Vec<String>,
    /// Values that were no numbers, and such that were too large.
    odd: usize,
    huge: usize,
}

impl Chart {
    /// Makes a chart of anything; `None` where there is no value at all.
    ///
    /// What is too much is added up (bars, series) or averaged (lines), what is no number is nought, and the chart's words
    /// say so.
    #[must_use]
    pub fn of(plot: Plot) -> Option<Self> {
        fitted(plot)
    }
}

impl TryFrom<Plot> for Chart {
    type Error = &'static str;

    fn try_from(plot: Plot) -> Result<Self, Self::Error> {
        Self::of(plot).ok_or("a chart without a value")
    }
}

fn fitted(plot: Plot) -> Option<Chart> {
    let mut changes = Changes::default();
    let longest = plot.series.iter().map(|series| series.values.len()).max()?;
    let length = longest.max(plot.labels.len()).min(MAX_READ_POINTS);
    if longest == 0 {
        return None;
    }
    let left_out = longest.max(plot.labels.len()) - length;
    if left_out > 0 {
        changes.notes.push(format!("{left_out} further points are left out"));
    }
    let (rows, labels) = (rows(plot.series, length, &mut changes), labels(plot.labels, length));
    changes.count();
    let (rows, labels) = grouped(plot.kind, rows, labels, &mut changes);
    let series: Vec<Series> = named(rows);
    let title = shown(&plot.title, MAX_CHART_TITLE_CHARS);
    let title = if title.is_empty() { NO_TITLE.to_owned() } else { title };
    let mut chart = Chart { title, kind: plot.kind, labels: apart(labels), series, said: String::new() };
    chart.said = said(&plot.said, &chart, &changes.notes);
    Some(chart)
}

/// Returns a text on one line, without characters that nobody sees: two names that look alike are one.
fn shown(text: &str, max_chars: usize) -> String {
    let is_hidden = |c: char| {
        matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
    };
    one_line(&text.chars().filter(|c| !is_hidden(*c)).collect::<String>(), max_chars)
}

/// Reads the series to one length; those beyond the sixth are one with it.
fn rows(series: Vec<PlotSeries>, length: usize, changes: &mut Changes) -> Vec<Row> {
    let count = series.len();
    if count > MAX_READ_SERIES {
        changes.notes.push(format!("{} further series are left out", count - MAX_READ_SERIES));
    }
    let read = |series: PlotSeries| {
        let mut values: Vec<f64> = series.values.into_iter().take(length).map(|value| changes.tidy(value)).collect();
        values.resize(length, 0.0);
        Row { name: shown(&series.name, MAX_CHART_NAME_CHARS), tone: series.tone, values }
    };
    let mut rows: Vec<Row> = series.into_iter().take(MAX_READ_SERIES).map(read).collect();
    if rows.len() > MAX_CHART_SERIES {
        let rest = rows.split_off(MAX_CHART_SERIES - 1);
        changes.notes.push(format!("{} series are added up as {OTHERS}", rest.len()));
        let mut values = vec![0.0; length];
        for row in &rest {
            values.iter_mut().zip(&row.values).for_each(|(sum, value)| *sum += value);
        }
        rows.push(Row { name: OTHERS.to_owned(), tone: Tone::Unknown, values });
    }
    rows
}

fn labels(labels: Vec<String>, length: usize) -> Vec<String> {
    let numbers = (labels.len()..length).map(|at| (at + 1).to_string());
    let given = labels.iter().take(length).map(|label| shown(label, MAX_CHART_NAME_CHARS));
    given
        .chain(numbers)
        .enumerate()
        .map(|(at, label)| if label.is_empty() { (at + 1).to_string() } else { label })
        .collect()
}

/// Puts points together until there are few enough: bars are added up, lines averaged.
fn grouped(kind: ChartKind, rows: Vec<Row>, labels: Vec<String>, changes: &mut Changes) -> (Vec<Row>, Vec<String>) {
    let size = labels.len().div_ceil(MAX_CHART_POINTS);
    if size <= 1 {
        return (rows, labels);
    }
    let together = |points: &[f64]| match kind {
        ChartKind::Bar => points.iter().sum(),
        #[expect(clippy::cast_precision_loss, reason = "there are few points")]
        ChartKind::Line => points.iter().sum::<f64>() / points.len() as f64,
    };
    changes.notes.push(match kind {
        ChartKind::Bar => format!("each bar adds {size} points up"),
        ChartKind::Line => format!("each point is the mean of {size}"),
    });
    let rows = rows.into_iter().map(|row| Row { values: row.values.chunks(size).map(together).collect(), ..row });
    (rows.collect(), labels.into_iter().step_by(size).collect())
}

fn named(rows: Vec<Row>) -> Vec<Series> {
    let names = rows.iter().map(|row| if row.name.is_empty() { "-".to_owned() } else { row.name.clone() });
    let names = apart(names.collect());
    let amount = |value: f64| Amount(value.clamp(-MAX_AMOUNT, MAX_AMOUNT));
    let series = |(row, name): (Row, String)| Series {
        name,
        tone: row.tone,
        values: row.values.into_iter().map(amount).collect(),
    };
    rows.into_iter().zip(names).map(series).collect()
}

/// Gives each text that was there already a number behind it.
fn apart(texts: Vec<String>) -> Vec<String> {
    let mut seen: HashSet<String> = HashSet::new();
    let mut all = Vec::with_capacity(texts.len());
    for text in texts {
        let mut candidate = text.clone();
        let mut number = 2;
        while !seen.insert(candidate.clone()) {
            let mark = format!(" ({number})");
            candidate = one_line(&text, MAX_CHART_NAME_CHARS - mark.len()) + &mark;
            number += 1;
        }
        all.push(candidate);
    }
    all
}

/// Says what the chart shows, and what was changed for it.
fn said(words: &str, chart: &Chart, notes: &[String]) -> String {
    let notes = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join("; ")) };
    let words = shown(words, MAX_CHART_WORDS_CHARS);
    let words = if words.is_empty() { summed(chart) } else { words };
    // What was changed is not what is cut off.
    let room = MAX_CHART_WORDS_CHARS.saturating_sub(notes.chars().count()).max(MAX_CHART_WORDS_CHARS / 2);
    one_line(&(one_line(&words, room) + &notes), MAX_CHART_WORDS_CHARS)
}

fn summed(chart: &Chart) -> String {
    let sum = |values: &[Amount]| Amount(values.iter().map(|value| value.0).sum()).words();
    let of_series = |series: &Series| match chart.kind {
        ChartKind::Bar => format!("{} {}", sum(&series.values), series.name),
        ChartKind::Line => {
            let last = series.values.last().map_or_else(String::new, |value| value.words());
            let (low, high) = extent(&series.values);
            format!("{} from {} to {}, last {last}", series.name, low.words(), high.words())
        }
    };
    let told: Vec<String> = chart.series.iter().map(of_series).collect();
    let told = told.join(", ");
    match chart.kind {
        ChartKind::Line => told,
        ChartKind::Bar => {
            let total = |at: usize| chart.series.iter().map(|series| series.values[at].0).sum::<f64>();
            let highest = (0..chart.labels.len()).max_by(|a, b| total(*a).total_cmp(&total(*b)).then(b.cmp(a)));
            let peak = highest.map(|at| format!("; most ({}) from {}", Amount(total(at)).words(), chart.labels[at]));
            told + &peak.unwrap_or_default()
        }
    }
}

/// Returns the least and the greatest of values.
pub(super) fn extent(values: &[Amount]) -> (Amount, Amount) {
    let first = values.first().copied().unwrap_or(Amount(0.0));
    values.iter().fold((first, first), |(low, high), value| {
        (if *value < low { *value } else { low }, if *value > high { *value } else { high })
    })
}

impl Changes {
    fn tidy(&mut self, value: f64) -> f64 {
        if value.is_nan() {
            self.odd += 1;
            return 0.0;
        }
        if value.abs() > MAX_AMOUNT {
            self.huge += 1;
        }
        value.clamp(-MAX_AMOUNT, MAX_AMOUNT)
    }

    fn count(&mut self) {
        if self.odd > 0 {
            self.notes.push(format!("{} values are no numbers and shown as 0", self.odd));
        }
        if self.huge > 0 {
            self.notes.push(format!("{} values are cut at {MAX_AMOUNT:e}", self.huge));
        }
    }
}
