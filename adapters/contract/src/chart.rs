//! A chart: few numbers to be seen at a glance, and always told in words too.
//!
//! The numbers and names come from anywhere. [`Chart::of`] brings them into what the strictest provider takes (Slack: 6
//! series of 20 points, names of 20 characters) and says in words what it changed. So what is drawn is bounded, and every
//! value in it is a number.

mod fit;
mod text;

use serde::{Deserialize, Serialize};

use crate::{Inline, Tone};

/// Longest title, in characters.
/// Source: <https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block>, read 2026-11, like those below.
pub const MAX_CHART_TITLE_CHARS: usize = 50;

/// Most series.
pub const MAX_CHART_SERIES: usize = 6;

/// Most points of a series.
pub const MAX_CHART_POINTS: usize = 20;

/// Longest name of a series or of a point, in characters.
pub const MAX_CHART_NAME_CHARS: usize = 20;

/// Longest words of a chart, in characters: two charts fit beside a picture in Telegram.
pub const MAX_CHART_WORDS_CHARS: usize = 300;

/// A chart that every provider takes: at least one series and one point, all names different, all values numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Plot")]
pub struct Chart {
    title: String,
    kind: ChartKind,
    labels: Vec<String>,
    series: Vec<Series>,
    said: String,
}

/// How a chart is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChartKind {
    /// A bar for each point, in which the series stand on one another.
    Bar,
    /// A line for each series.
    Line,
}

/// One series of a chart: as many values as the chart has points.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Series {
    /// What it counts.
    pub name: String,
    /// How bad that is, for a colour.
    pub tone: Tone,
    /// The values, in the order of the chart's labels.
    pub values: Vec<Amount>,
}

/// A finite number of a bounded size.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize)]
pub struct Amount(f64);

// None is no number.
impl Eq for Amount {}

/// What is to be shown, as it comes: of any length, with any numbers and names.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Plot {
    /// What it shows.
    pub title: String,
    /// How.
    pub kind: ChartKind,
    /// What each point is called; missing ones are numbered.
    pub labels: Vec<String>,
    /// What is counted.
    pub series: Vec<PlotSeries>,
    /// What it shows in words; where there are none, sums and the highest point are told.
    pub said: String,
}

/// One series of what is to be shown.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct PlotSeries {
    /// What it counts.
    pub name: String,
    /// How bad that is.
    pub tone: Tone,
    /// The values; missing ones are nought.
    pub values: Vec<f64>,
}

impl Chart {
    /// What it shows, on one line.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// How it is drawn.
    #[must_use]
    pub fn kind(&self) -> ChartKind {
        self.kind
    }

    /// What each point is called, no two alike.
    #[must_use]
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// The series, no two with one name.
    #[must_use]
    pub fn series(&self) -> &[Series] {
        &self.series
    }

    /// What it shows in words, on one line; never empty.
    #[must_use]
    pub fn said(&self) -> &str {
        &self.said
    }

    /// Returns title and words as a run of text, which stands wherever the chart does or would.
    #[must_use]
    pub fn in_words(&self) -> Vec<Inline> {
        vec![Inline::strong(&self.title), Inline::Break, Inline::text(&self.said)]
    }
}

impl Amount {
    /// The number.
    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }

    /// Writes a number as people read it: no more than two digits behind the point.
    #[must_use]
    pub fn words(self) -> String {
        let rounded = (self.0 * 100.0).round() / 100.0;
        // Not `-0`.
        format!("{}", if rounded == 0.0 { 0.0 } else { rounded })
    }
}

#[cfg(test)]
mod tests;
