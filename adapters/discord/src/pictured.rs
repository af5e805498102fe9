//! Messages with charts: a part that is text and the numbers of its charts, kept as JSON between the renderer and the call.
//!
//! Discord draws no charts. They go as a picture beside the text, drawn anew for each attempt, with their words as what is
//! read out; where no file is taken the text alone goes, which has the words too.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use signalbox_adapter::picture::FILE_NAME;
use signalbox_adapter::{Chart, Outgoing};

/// Longest description of a file, in characters.
/// Source: <https://docs.discord.com/developers/resources/message#attachment-object>, read 2026-11.
const MAX_DESCRIPTION_CHARS: usize = 1024;

/// No text that is rendered begins so: control characters are taken out of it.
const BEGIN: &str = "\u{1}chart ";

/// A message with charts, as its row keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pictured {
    /// What it says, in Discord's Markdown.
    pub(crate) text: String,
    /// What is drawn beside it.
    pub(crate) charts: Vec<Chart>,
}

impl Pictured {
    /// Writes it as the body of a part.
    pub(crate) fn body(&self) -> String {
        format!("{BEGIN}{}", serde_json::to_string(self).expect("charts are JSON"))
    }

    /// Reads the body of a part; `None` where it has no charts.
    pub(crate) fn read(body: &str) -> Option<Self> {
        serde_json::from_str(body.strip_prefix(BEGIN)?).ok()
    }

    /// Returns the charts that a message shows as a picture: a new one that is not to go in the plainest form.
    pub(crate) fn charts(message: &Outgoing) -> Vec<Chart> {
        let shows = !message.plain && message.target.edit_of.is_none();
        let read = shows.then(|| Self::read(&message.part.body)).flatten();
        read.map(|pictured| pictured.charts).unwrap_or_default()
    }
}

/// Names the picture of charts among the files of a body, at this place.
pub(crate) fn named(charts: &[Chart], place: usize) -> Value {
    let said = charts.iter().map(|chart| format!("{}: {}", chart.title(), chart.said()));
    let said: String = said.collect::<Vec<_>>().join(" ").chars().take(MAX_DESCRIPTION_CHARS).collect();
    json!({ "id": place, "filename": FILE_NAME, "description": said })
}

#[cfg(test)]
mod tests {
    use signalbox_adapter::{ChartKind, Plot, PlotSeries, Tone};

    use super::*;

    #[test]
    fn what_is_kept_is_read_and_a_text_has_no_charts() {
        let series = vec![PlotSeries { name: "n".to_owned(), tone: Tone::Info, values: vec![1.0] }];
        let plot =
            Plot { title: "Runs".to_owned(), kind: ChartKind::Bar, labels: Vec::new(), series, said: String::new() };
        let charts = vec![Chart::of(plot).expect("a value")];
        assert_eq!(
            named(&charts, 1),
            json!({
                "id": 1, "filename": "chart.png", "description": "Runs: 1 n; most (1) from 1",
            })
        );
        let pictured = Pictured { text: "**hi**".to_owned(), charts };
        assert_eq!(Pictured::read(&pictured.body()), Some(pictured));
        for text in ["", "chart {}", "{}", "\u{1}chart {}", "\u{1}chart {\"text\":\"x\",\"charts\":[{}]}"] {
            assert_eq!(Pictured::read(text), None, "{text}");
        }
    }
}
