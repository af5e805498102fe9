//! A sentence of an answer, with what shows it.

use super::fact::Fact;
use super::probe::Probe;

/// A sentence, and the lines of probes that show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    /// The sentence, one line of Markdown without its full stop.
    pub(crate) text: String,
    /// What shows it: the probe and its line.
    pub(crate) shown_by: Vec<(Probe, String)>,
}

impl Said {
    /// Says something that nothing needs to show.
    pub(crate) fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), shown_by: Vec::new() }
    }

    /// Says something that a fact shows.
    pub(crate) fn by(text: impl Into<String>, fact: &Fact) -> Self {
        Self { text: text.into(), shown_by: vec![(fact.measure.traits().0, fact.quote.clone())] }
    }
}
